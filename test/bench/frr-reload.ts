/** Debian's frr-reload.py, as a baseline: run, what it says, and what it costs. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const program = "/usr/lib/frr/frr-reload.py";

/** Why it cannot be run, or undefined. */
export function whyNoReload(): string | undefined {
  return existsSync(program) ? undefined : "needs Debian's frr-pythontools";
}

export interface Reloaded {
  /** Exit code 0: it says that FRR is as the file says. */
  readonly said: boolean;
  readonly why: string;
  readonly wallMs: number;
  /** Of it and of all that it started. */
  readonly cpuMs: number;
}

/** `--test` only looks. The instance is that of a pathspace. */
export function reload(verb: "--reload" | "--test", pathspace: string, file: string): Reloaded {
  const before = childrenMs();
  const begin = performance.now();
  const argv = [verb, "--pathspace", pathspace, file];
  const { status, stderr } = spawnSync(program, argv, { encoding: "utf8", timeout: 900_000, maxBuffer: 1 << 28 });
  const wallMs = performance.now() - begin;
  return { said: status === 0, why: stderr.slice(-200), wallMs, cpuMs: childrenMs() - before };
}

/** CPU of all children that ended, and of theirs: cutime and cstime of proc(5), in ticks of 10 ms. */
function childrenMs(): number {
  return 10 * sum(processStat("self").slice(13, 15));
}

/** CPU of a process that runs, in milliseconds. */
export function cpuMsOf(pid: number): number {
  return 10 * sum(processStat(String(pid)).slice(11, 13));
}

function processStat(pid: string): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function sum(values: readonly string[]): number {
  return values.reduce((total, one) => total + Number(one), 0);
}
