/**
 * The failsafe of a simulated appliance: answers as the program does, and acts by itself at the deadline of the record when
 * the agent did not. It reads the record and the files of the committed generation, as the real one.
 */
import type { PlaneName, RunResult } from "../../reconcilers/core.ts";
import type { Sim } from "./host.ts";

export interface SimFailsafe {
  /** Why its self-test fails. */
  broken: string | undefined;
  /** Planes that it cannot restore. */
  readonly failing: Set<PlaneName>;
  /** Whether anchors and sessions are as they were; asked with those of the record. */
  isFine: (anchors: readonly string[], sessions: readonly string[]) => boolean;
  /** What it was asked, and what it did by itself: "self-test", "restore frr", "act deadline". */
  readonly history: string[];
}

/** Where it is, and where it looks. */
const program = "/usr/lib/imp/imp-failsafe";
const record = "/run/imp/armed";
const report = "/persistent/config/imp/failsafe/acted";

/** Makes one that watches `sim`; `restart` is told of each unit that it restarts. */
export function simFailsafe(sim: Sim, restart: (unit: string) => void): SimFailsafe {
  const self: SimFailsafe = { broken: undefined, failing: new Set(), isFine: () => true, history: [] };

  function restore(plane: string): string | undefined {
    const lines = blockOf(armed(sim), plane);
    if (lines.length === 0) return `${plane} is not in the record`;
    if (self.failing.has(plane as PlaneName)) return `${plane} cannot be restored`;
    for (const [, mode = "", uid = "", gid = "", source = "", target = ""] of all(lines, "file")) {
      const node = sim.files.get(source);
      if (!node || !("text" in node)) return `${source} is missing`;
      const owner = { uid: Number(uid), gid: Number(gid) };
      sim.files.set(target, { text: node.text, mode: Number.parseInt(mode, 8), owner });
    }
    for (const [, target = ""] of all(lines, "gone")) sim.files.delete(target);
    for (const [, unit = ""] of all(lines, "unit")) restart(unit);
    return undefined;
  }
  function isFine(): boolean {
    const of = (key: string): string[] => all(armed(sim), key).map(([, value = ""]) => value);
    return self.isFine(of("anchor"), of("session"));
  }
  function answer(verb: string, plane = ""): string | undefined {
    if (verb === "self-test") return self.broken;
    if (verb === "fine") return isFine() ? undefined : "an anchor or a session is gone";
    if (verb === "restore") return restore(plane);
    return `it does not know ${verb}`;
  }

  /** What it does when nobody rewrote the record in time. */
  function act(): void {
    const lines = armed(sim);
    sim.kill();
    self.history.push("act deadline");
    const value = (key: string): string => all(lines, key)[0]?.[1] ?? "";
    const did: string[] = [];
    const holds = value("impact") === "hitless" && isFine();
    for (const [, plane = ""] of holds ? [] : all(lines, "plane")) {
      if (restore(plane) === undefined) did.push(plane);
      if (isFine()) break;
    }
    const ended = !holds && isFine() ? "restored" : "held";
    const text = [
      `deployment ${value("deployment")}`,
      `generation ${value("generation")}`,
      `at ${Math.floor(sim.uptime() / 1000)} boot ${Math.floor(sim.now() / 1000)}`,
      "why deadline",
      ...did.map((plane) => `did ${plane}`),
      `ended ${ended}`,
    ];
    sim.files.set(report, { text: `${text.join("\n")}\n`, mode: 0o600 });
    sim.files.delete(record);
  }

  sim.answer((argv): RunResult | undefined => {
    const [name, verb = "", plane] = argv;
    if (name !== program) return undefined;
    self.history.push(argv.slice(1).join(" "));
    const fault = answer(verb, plane);
    return { exitCode: fault === undefined ? 0 : 1, stdout: fault === undefined ? "" : `${fault}\n`, stderr: "" };
  });
  sim.attend({
    nextAt() {
      const deadline = all(armed(sim), "deadline")[0]?.[1];
      return deadline === undefined ? undefined : Number(deadline) * 1000;
    },
    act,
  });
  return self;
}

/** The record's lines; none when nothing is armed. */
function armed(sim: Sim): readonly string[] {
  const node = sim.files.get(record);
  return node && "text" in node ? node.text.split("\n") : [];
}

function all(lines: readonly string[], key: string): readonly (readonly string[])[] {
  return lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.split(" "));
}

/** The lines between this plane's and the next one's. */
function blockOf(lines: readonly string[], plane: string): readonly string[] {
  const from = lines.indexOf(`plane ${plane}`);
  if (from < 0) return [];
  const rest = lines.slice(from + 1);
  const end = rest.findIndex((line) => line.startsWith("plane "));
  return end < 0 ? rest : rest.slice(0, end);
}
