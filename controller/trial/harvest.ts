/** Why a trial came back without being committed: what it left for whoever comes up. */
import type { Host } from "../../reconcilers/core.ts";
import type { Deployment, Failure, State } from "../machine.ts";
import { mostTrials } from "../../reconcilers/bootenv/trial.ts";

/** What is looked at. */
export interface Left {
  readonly host: Host;
  /** The agent's folder. */
  readonly state: string;
  /** Its kernel may have been entered. */
  readonly isEntered: boolean;
  /** How often this generation was booted for a trial. */
  readonly trials: number;
  /** What `crashes` said before. */
  readonly known: readonly string[];
}

/**
 * The failure of a trial whose agent did not say itself why it failed. `bad` where it panicked, or did not come up twice; of one that was
 * never entered nothing is said by what happened to the box that it was to leave. Rejects only when the signal aborts: what cannot be read tells nothing.
 */
export async function harvest(
  { at }: Pick<State, "at">,
  deployment: Deployment,
  left: Left,
  signal: AbortSignal,
): Promise<Failure> {
  const { host, state, isEntered, trials, known } = left;
  const name = deployment.trial?.name ?? "";
  const reached = reachedText[at] ?? "its agent never went on there";
  const panic = await panicOf(host, known, signal);
  if (!isEntered) {
    const reason = `The box was reset before it entered ${name}: ${panic ?? "a watchdog, or the power"}.`;
    return { trigger: "trial", reason, verdict: "inconclusive" };
  }
  const ended = await deadlineWord(host, state, deployment);
  const last = await lastWord(host, deployment, signal);
  const why = panic ?? ended ?? "nobody left a word: a watchdog, or the power";
  const reason = `The trial boot of ${name} came back; ${reached}; ${why}${last === undefined ? "" : `; last in its journal: ${last}`}.`;
  return { trigger: "trial", reason, verdict: panic !== undefined || trials >= mostTrials ? "bad" : "inconclusive" };
}

/** How far the trial was, by the last state that its agent wrote down. */
const reachedText: Readonly<Partial<Record<State["at"], string>>> = {
  applying: "it was applying its configuration",
  verifying: "it was reading back its configuration",
  proving: "it was being proven",
  committing: "it was proven, and its commit was cut off before it counted",
};

/** What the deadline wrote before it reset the box, if that was about this trial. */
export async function deadlineWord(
  host: Host,
  state: string,
  { generation }: Pick<Deployment, "generation">,
): Promise<string | undefined> {
  const text = await host.readFile(`${state}/trial-ended`).catch(() => undefined);
  const [first = "", second = ""] = text?.split("\n") ?? [];
  if (first !== `trial ${generation}`) return undefined;
  const [, at, limit] = /^ended at (\d+) s of (\d+) s/.exec(second) ?? [];
  return at === undefined ? "its deadline reset it" : `its deadline reset it ${at} s after its boot (limit ${limit} s)`;
}

/** The last error in the journal of the trial's boot, where its agent wrote down which that was and the journal is shared. */
async function lastWord(host: Host, { boot, trial }: Deployment, signal: AbortSignal): Promise<string | undefined> {
  if (!trial || boot === trial.boot) return undefined;
  const argv = [
    "journalctl",
    "-q",
    "--no-pager",
    "-o",
    "cat",
    "-p",
    "err",
    "-n",
    "1",
    "-b",
    boot.replaceAll("-", ""),
  ] as const;
  try {
    const { exitCode, stdout } = await host.run(argv, { timeoutMs: 20_000, signal });
    const text = stdout.trim().slice(0, 200);
    return exitCode === 0 && text !== "" ? text : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Where a panic is kept across a reset: the kernel's own place, and where systemd moves it, a folder a crash. */
const places = ["/sys/fs/pstore", "/var/lib/systemd/pstore"];
const mostCrashes = 50;

/** Every crash that is kept on this box, by its path: those that were there before a trial are not its. */
export async function crashes(host: Host): Promise<readonly string[]> {
  const found = await Promise.all(
    places.map(async (place) => {
      const names = await host.readFolder(place).catch((): readonly string[] => []);
      return names.slice(-mostCrashes).map((name) => `${place}/${name}`);
    }),
  );
  return found.flat();
}

/** The first panic that is kept and was not known, in words. Rejects only when the signal aborts. */
export async function panicOf(host: Host, known: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  for (const path of await crashes(host)) {
    signal.throwIfAborted();
    if (known.includes(path)) continue;
    const inside = await host.readFolder(path).catch((): readonly string[] => []);
    for (const one of inside.length > 0 ? inside.map((name) => `${path}/${name}`) : [path]) {
      const text = await host.readFile(one).catch(() => undefined);
      const said = /Kernel panic - not syncing: ([^\n]{1,200})/.exec(text ?? "")?.[1];
      if (said !== undefined) return `its kernel panicked: ${said.trim()}`;
    }
  }
  return undefined;
}
