/**
 * The failsafe as the agent sees it: a program beside the agent that puts the box back when the agent cannot. It is armed
 * by a record in the agent's run folder before the first change, and disarmed by the commit or a finished rollback.
 * docs/failsafe.md has the record's lines.
 */
import type { Host, PlaneName, RunResult } from "../reconcilers/core.ts";
import { readersOf } from "../reconcilers/system/catalogue.ts";
import { instances } from "../reconcilers/vpp/model.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import { parseActed, type Acted } from "./acted.ts";
import { restoringLines, type BootFiles, type Restoring } from "./boot-files.ts";
import type { Deployment } from "./machine.ts";

/** What was well right before the change: what the failsafe can tell by whether the box is fine. */
export interface Lifelines {
  /** Addresses that answered a ping from the management namespace. */
  readonly anchors: readonly string[];
  /** Peers whose BGP sessions were up. */
  readonly sessions: readonly string[];
}

export interface Failsafe {
  /** Whether there is one; `off` is for trials. */
  readonly mode: "required" | "off";
  /** Why it cannot be relied on; undefined: it watches. */
  check(signal: AbortSignal): Promise<Problem | undefined>;
  /** From when this resolves it puts the box back, unless it hears from the agent before the deployment's deadline. */
  arm(deployment: Deployment, lifelines: Lifelines): Promise<void>;
  /** The agent itself goes `to` a generation: it has `ms` milliseconds for that, or to say so again. */
  goingBack(deployment: Deployment, to: string | undefined, ms: number): Promise<void>;
  disarm(): Promise<void>;
  isArmed(): boolean;
  /** I2, as an assertion: throws INTERNAL unless this process armed it for the deployment. */
  mustBeArmed(deployment: Deployment): void;
  /** Puts one plane of the armed record back by its files and units. Rejects with FAILSAFE when that fails. */
  restore(plane: PlaneName, signal: AbortSignal): Promise<void>;
  /** Whether every anchor and session of the armed record is as it was; false where it names none. */
  isFine(signal: AbortSignal): Promise<boolean>;
  /** What it did while the agent could not, until that is acknowledged. */
  acted(): Promise<Acted | undefined>;
  acknowledge(): Promise<void>;
}

/** How long after the deployment's deadline it waits for the agent, which acts at the deadline. */
const marginMs = 3000;
const checkLimitMs = 20_000;
/** For looking at all that was well. */
export const fineLimitMs = 60_000;
/** For one unit in `restore`: the program gives up on it before. */
const unitLimitMs = 110_000;

/** For the files of a plane and the restart of its units, which a deployment touched. */
export function restoreLimitMs({ units = [] }: Pick<Deployment, "units">, plane: PlaneName): number {
  const count = { system: Math.max(1, units.length), vpp: instances.length, frr: 1, incus: 1, bootenv: 1 }[plane];
  return 30_000 + unitLimitMs * count;
}

/** The failsafe of this box. */
export function openFailsafe(host: Host, settings: Pick<Settings, "failsafe" | "paths">, files: BootFiles): Failsafe {
  if (settings.failsafe.mode === "off") return noFailsafe;
  const { run, state } = settings.paths;
  const { program } = settings.failsafe;
  const record = `${run}/armed`;
  const goneList = `${state}/gone`;
  const reports = [`${state}/failsafe/acted`, `${run}/failsafe.acted`];
  let armed: Deployment | undefined;

  async function ask(argv: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<RunResult> {
    const env = { IMP_RUN: run, IMP_STATE: state };
    return host.run([program, ...argv], { timeoutMs, signal, env });
  }
  /** For a boot in the middle of the deployment, of which nobody else would know. */
  async function keepGone({ environment }: Deployment, gone: readonly string[]): Promise<void> {
    if (gone.length === 0) return host.remove(goneList);
    const lines = [`environment ${environment}`, ...gone.map((path) => `gone ${path}`)];
    return host.writeFile(goneList, `${lines.join("\n")}\n`, { mode: 0o600 });
  }
  async function write(deployment: Deployment, { phase, to, deadlineMs, before }: Order): Promise<void> {
    const gone = deployment.planes.includes("system") ? await files.added(deployment.generation, to) : [];
    await keepGone(deployment, gone);
    const restoring = withoutAdded(to === undefined ? [] : await files.restoring(to), gone);
    const touched = restoring
      .filter(({ plane }) => deployment.planes.includes(plane))
      .map((one) => (one.plane === "system" ? onlyTouched(one, deployment) : one));
    const lines = [
      "format 1",
      `deployment ${deployment.id}`,
      `generation ${deployment.generation}`,
      `committed ${to ?? "-"}`,
      `environment ${deployment.environment}`,
      `armed ${Math.floor(host.uptime() / 1000)}`,
      `deadline ${Math.ceil(deadlineMs / 1000)}`,
      `phase ${phase}`,
      `impact ${deployment.worstImpact ?? "hitless"}`,
      ...before.anchors.map((address) => `anchor ${address}`),
      ...before.sessions.map((peer) => `session ${peer}`),
      ...restoringLines(touched),
    ];
    await host.writeFile(record, `${lines.join("\n")}\n`, { mode: 0o600 });
    armed = deployment;
  }

  return {
    mode: "required",
    async check(signal) {
      const remedy = "See `systemctl status imp-failsafe`.";
      try {
        const { exitCode, stdout } = await ask(["self-test"], checkLimitMs, signal);
        if (exitCode === 0) return undefined;
        return new Problem("FAILSAFE", `The failsafe says: ${oneLine(stdout)}.`, { remedy });
      } catch (cause) {
        signal.throwIfAborted();
        const { message } = asProblem(cause);
        return new Problem("FAILSAFE", `The failsafe does not answer: ${message}`, { remedy, cause });
      }
    },
    arm: (deployment, before) =>
      write(deployment, {
        phase: "forward",
        to: deployment.from,
        deadlineMs: deployment.deadline + marginMs,
        before,
      }),
    async goingBack(deployment, to, ms) {
      const before = lifelinesOf((await host.readFile(record)) ?? "", deployment.id);
      await write(deployment, { phase: "rolling-back", to, deadlineMs: host.uptime() + ms, before });
    },
    async disarm() {
      await host.remove(record);
      await host.remove(goneList);
      armed = undefined;
    },
    isArmed: () => armed !== undefined,
    mustBeArmed({ id }) {
      if (armed?.id !== id) throw new Problem("INTERNAL", `The failsafe is not armed for deployment ${id}.`);
    },
    async restore(plane, signal) {
      const { exitCode, stdout } = await ask(["restore", plane], restoreLimitMs(armed ?? {}, plane), signal);
      if (exitCode === 0) return;
      throw new Problem("FAILSAFE", `The failsafe could not restore ${plane}: ${oneLine(stdout)}.`);
    },
    async isFine(signal) {
      const { anchors, sessions } = lifelinesOf((await host.readFile(record)) ?? "", armed?.id ?? "");
      if (anchors.length + sessions.length === 0) return false;
      return (await ask(["fine"], fineLimitMs, signal)).exitCode === 0;
    },
    async acted() {
      for (const path of reports) {
        const text = await host.readFile(path);
        if (text !== undefined) return parseActed(text);
      }
      return undefined;
    },
    async acknowledge() {
      for (const path of reports) await host.remove(path);
    },
  };
}

/** What the record says beside the deployment. */
interface Order {
  readonly phase: "forward" | "rolling-back";
  /** The generation that it puts the box back to; undefined: nothing was ever committed. */
  readonly to: string | undefined;
  readonly deadlineMs: number;
  readonly before: Lifelines;
}

/** `failsafe: { mode: off }`: nobody watches, nothing beyond planning is tried. */
export const noFailsafe: Failsafe = {
  mode: "off",
  check: async () => undefined,
  arm: async () => undefined,
  goingBack: async () => undefined,
  disarm: async () => undefined,
  isArmed: () => false,
  mustBeArmed: () => undefined,
  restore: async () => undefined,
  isFine: async () => false,
  acted: async () => undefined,
  acknowledge: async () => undefined,
};

/** The files that only the candidate has go with those of the system, and what read them reads what is left. */
function withoutAdded(restoring: readonly Restoring[], gone: readonly string[]): readonly Restoring[] {
  if (gone.length === 0) return restoring;
  const { files } = restoring.find(({ plane }) => plane === "system") ?? { files: [] };
  const units = readersOf([...files.map(({ target }) => target), ...gone]);
  return [{ plane: "system", files, gone, units }, ...restoring.filter(({ plane }) => plane !== "system")];
}

/** Of many units, those that the deployment leaves alone are none of the failsafe's business: VPP forwards through them. */
function onlyTouched(restoring: Restoring, { units: touched }: Deployment): Restoring {
  return touched ? { ...restoring, units: restoring.units.filter((unit) => touched.includes(unit)) } : restoring;
}

/** What the record of this deployment says was well before it; nothing when there is none, as after a reboot. */
function lifelinesOf(record: string, deployment: string): Lifelines {
  const lines = record.split("\n");
  if (!lines.includes(`deployment ${deployment}`)) return { anchors: [], sessions: [] };
  const all = (key: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  return { anchors: all("anchor"), sessions: all("session") };
}

function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim().replace(/\.$/, ""));
  return lines.filter((line) => line !== "").join("; ") || "it failed without a word";
}
