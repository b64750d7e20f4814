/** What crash tests are played on: a story on the smallest plane or on FRR, which can be asked what it runs. */
import type { Generation } from "../../reconcilers/generation.ts";
import { parseConfig, walk } from "../../reconcilers/frr/tree.ts";
import { Problem } from "../../schemas/problem.ts";
import { simFrr, type FrrStanding, type SimFrr } from "./frr-sim.ts";
import type { Standing } from "./host.ts";
import { bootFile, restartPlane, shown, stateFolder, story, textOf, type Story } from "./story.ts";

/** What a tale is played on. */
export interface Ground {
  readonly name: string;
  /** Of every so many points one is tried; IMP_EVERY=1 tries all. */
  readonly every: number;
  /** A new box, or one that goes on as another one stood. */
  open(from?: Stand): Box;
  /** What runs, and would run after a reboot, when nothing but this generation is configured. */
  holding(generation: Generation | undefined): string;
}

/** How a box and its plane stand while no agent runs. */
export interface Stand {
  readonly box: Standing;
  readonly lines: readonly string[];
  readonly restarts: number;
  readonly frr: FrrStanding | undefined;
  /** By unit, what it read of the system plane's files. */
  readonly read: ReadonlyMap<string, string>;
}

/** A story whose plane can be asked what it runs. */
export interface Box extends Story {
  readonly runs: () => string;
  /** What it would run if it started now. */
  readonly starts: () => string;
  /** The plane starts anew from what stands on the disk. */
  readonly startPlane: () => void;
  /** The plane takes nothing that it is told, until it starts anew. */
  readonly jam: () => void;
  readonly stand: () => Stand;
  /** How often the box was told to reboot. */
  readonly reboots: () => number;
  /** Changes that began although nothing would have taken them back (I2), and secrets that stand where they must not (I13). */
  readonly faults: () => readonly string[];
}

/** Lines of the file that FRR, or the smallest plane, starts from. */
function bootText(box: Story): string {
  return textOf(box, bootFile) ?? "";
}

/** I2: what is missing at this moment so that something may change; undefined: nothing is. */
function unprotected(box: Story): string | undefined {
  const journal = textOf(box, `${stateFolder}/journal/current.json`) ?? "";
  const id = /"to":\{"at":"(?:applying|committing|rolling-back)",.*?"deployment":\{.*?"id":"([^"]+)"/.exec(
    journal,
  )?.[1];
  if (id === undefined) return `no deployment is in flight in the journal: ${journal.slice(0, 200)}`;
  const record = textOf(box, "/run/imp/armed") ?? "";
  return record.includes(`deployment ${id}\n`) ? undefined : `the failsafe is not armed for ${id}: ${record}`;
}

/** Adds what both planes have in common. */
export function boxOf(
  s: Story,
  frr: SimFrr | undefined,
  own: Pick<Box, "runs" | "starts" | "jam"> & Partial<Pick<Box, "startPlane">>,
  leaks: () => string[],
): Box {
  let reboots = 0;
  const rash: string[] = [];
  const changing = (line: string): void => {
    const missing = unprotected(s);
    if (missing !== undefined) rash.push(`before ${line}: ${missing}`);
  };
  s.plane.changing = changing;
  if (frr) frr.watch = (_daemon, line) => changing(line);
  s.systemd.asked = changing;
  const startPlane = own.startPlane ?? ((): void => restartPlane(s.sim, s.plane, frr));
  s.sim.answer(([program, verb]) => {
    if (program !== "systemctl" || verb !== "reboot") return undefined;
    reboots += 1;
    s.sim.reboot();
    startPlane();
    return { exitCode: 0, stdout: "", stderr: "" };
  });
  const stand = (): Stand => ({
    box: s.sim.standing(),
    lines: [...s.plane.live],
    restarts: s.plane.restarts,
    frr: frr?.standing(),
    read: new Map(s.systemd.read),
  });
  return Object.assign(s, own, { startPlane, stand, reboots: () => reboots, faults: () => [...rash, ...leaks()] });
}

export function every(count: number): number {
  return Number(process.env["IMP_EVERY"] ?? count);
}

/** The smallest plane; the first peer answers. */
export const lines: Ground = {
  name: "lines",
  every: every(11),
  open(from) {
    const s = story(from && { from: from.box, lines: from.lines });
    s.plane.restarts = from?.restarts ?? 0;
    s.answering.add("192.0.2.1");
    return boxOf(
      s,
      undefined,
      {
        runs: () => shown(s.plane.live),
        starts: () => shown(bootText(s).split("\n").filter(Boolean)),
        jam() {
          const { restarts } = s.plane;
          const away = new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
          s.plane.refuse = () => (s.plane.restarts === restarts ? away : undefined);
        },
      },
      () => [],
    );
  },
  holding: (generation) => shown((generation?.desired.frr.config ?? "").split("\n").filter(Boolean)),
};

/** Simulated FRR with passwords on its sessions; the peers answer with this one, and are in this AS. */
export function frrGround(password: string, sealed: string, peers: ReadonlyMap<string, number>): Ground {
  const started = (config: string): string => normal(simFrr({ config }).config());
  return {
    name: "frr",
    every: every(25),
    open(from) {
      const frr = simFrr();
      for (const [peer, as] of peers) frr.peers.set(peer, { as, password });
      if (from?.frr) frr.continue(from.frr);
      const s = story({ frr, ...(from && { from: from.box }) });
      s.secrets.set(sealed, password);
      // The few, closed files in which it must stand.
      const mayHold = /\/files\/secrets\.json$|\/frr\.conf$|\/\.temporary$/;
      const leaks = (): string[] =>
        [...s.sim.files].flatMap(([path, node]) => {
          const isIn = "text" in node && node.text.includes(password);
          return isIn && !(mayHold.test(path) && node.mode <= 0o640) ? [`${path} holds a password`] : [];
        });
      return boxOf(
        s,
        frr,
        {
          runs: () => normal(frr.config()),
          starts: () => started(bootText(s)),
          jam: () => frr.jam(),
        },
        leaks,
      );
    },
    holding: (generation) => started((generation?.desired.frr.config ?? "").replaceAll(sealed, password)),
  };
}

/** The same whatever was configured first: each line with the contexts that it is in. */
function normal(config: string): string {
  const lines: string[] = [];
  walk(parseConfig(config), (path, { line }) => void lines.push([...path, line].join(" / ")));
  return shown(lines);
}
