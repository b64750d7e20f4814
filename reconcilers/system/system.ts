/** The system plane: files that must stand on the disk before the others start, and the units that read them. */
import type { Reconciler } from "../core.ts";
import { applySystem } from "./apply.ts";
import type { Managed } from "./catalogue.ts";
import { changesOf, isSame } from "./changes.ts";
import { describeStep } from "./describe.ts";
import type { SystemDesired, SystemObserved, SystemStep } from "./model.ts";
import { observeSystem } from "./observe.ts";
import { planSystem } from "./plan.ts";

/** `managed` are the files that it may touch, `run` is the agent's run folder. */
export function system(options: {
  readonly managed: readonly Managed[];
  readonly run: string;
}): Reconciler<SystemDesired, SystemObserved, SystemStep> {
  const { managed, run } = options;
  return {
    plane: "system",
    observe: (host) => observeSystem(host, managed, run),
    plan: (desired, observed, owned) => planSystem(managed, desired, observed, owned),
    asDesired: ({ files }) => ({ files }),
    goingBack,
    difference,
    describe: describeStep,
    apply: (steps, host, signal) => applySystem(steps, host, run, signal),
  };
}

/** Files that only the candidate has go, or become again what somebody else had there. */
function goingBack(committed: SystemDesired, candidate: SystemDesired, before: SystemDesired): SystemDesired {
  const [ours, taken] = [pathsOf(committed), pathsOf(candidate)];
  return { files: [...committed.files, ...before.files.filter(({ path }) => taken.has(path) && !ours.has(path))] };
}

function difference(desired: SystemDesired, live: SystemDesired, owned: readonly SystemDesired[]): readonly string[] {
  const ours = new Set(owned.flatMap((one) => [...pathsOf(one)]));
  const paths = [...new Set([...pathsOf(desired), ...pathsOf(live)])];
  return paths.flatMap((path) => {
    const wanted = desired.files.find((file) => file.path === path);
    const found = live.files.find((file) => file.path === path);
    if (!wanted && !ours.has(path)) return [`? ${path}`];
    return wanted && found && isSame(wanted, found) ? [] : [`  ${path}`, ...changesOf(wanted, found)];
  });
}

function pathsOf({ files }: SystemDesired): ReadonlySet<string> {
  return new Set(files.map(({ path }) => path));
}
