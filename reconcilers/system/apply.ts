/** Carries steps out: all files, each whole or not at all, then the units that read them. */
import { asProblem, Problem } from "../../schemas/problem.ts";
import { type Host, type Impact, impacts } from "../core.ts";
import { chain } from "./catalogue.ts";
import type { FileStep, SystemStep, UnitStep } from "./model.ts";
import { keepParameters, parametersFile, parametersUnit, putBackParameters } from "./parameters.ts";
import { forgetPending, noteAsked, notePending } from "./pending.ts";
import { unitsOf } from "./plan.ts";

/** For one unit: VPP with many NICs, or FRR with a full table, takes its time to stop. */
export const unitLimitMs = 90_000;
/** Most units run as users of their own, and must find their files. */
const folderMode = 0o755;

/**
 * Implements Reconciler.apply. `run` is the agent's run folder. A unit that fails keeps none from reading its files that
 * disturbs no more than it; nor any other, where this is to put right what was left half done. It rejects at the end then.
 */
export async function* applySystem(
  steps: readonly SystemStep[],
  host: Host,
  run: string,
  signal: AbortSignal,
): AsyncIterable<SystemStep> {
  const units = unitsOf(steps);
  const mends = units.length > 0 && (await notePending(host, run, units));
  let failed: { readonly problem: Problem; readonly impact: Impact } | undefined;
  for (const step of steps) {
    signal.throwIfAborted();
    if ("path" in step) await lay(step, host, run);
    else if (failed && !mends && isWorse(step.impact, failed.impact)) continue;
    else {
      await noteAsked(host, run, step.unit);
      if (step.unit === parametersUnit) await putBackParameters(host, run, signal);
      const problem = await activate(step, host, signal);
      if (problem && step.mayFail !== true) {
        failed ??= { problem, impact: step.impact };
        continue;
      }
    }
    yield step;
  }
  if (failed) throw failed.problem;
  if (steps.length > 0) await forgetPending(host, run);
}

function isWorse(one: Impact, other: Impact): boolean {
  return impacts.indexOf(one) > impacts.indexOf(other);
}

async function lay({ path, file }: FileStep, host: Host, run: string): Promise<void> {
  if (path === parametersFile) await keepParameters(host, run, file?.text ?? "");
  if (file === undefined) return host.remove(path);
  const { text, mode, owner } = file;
  await host.writeFile(path, text, { mode, owner, folderMode });
}

/** Why it did not. */
async function activate({ unit, kind }: UnitStep, host: Host, signal: AbortSignal): Promise<Problem | undefined> {
  const own = chain.find((one) => one.unit === unit)?.argv;
  // A unit that cannot reload, or does not run, starts.
  const verb = kind === "reload" ? "reload-or-restart" : "restart";
  try {
    const { exitCode, stderr } = await host.run(own ?? ["systemctl", verb, unit], { timeoutMs: unitLimitMs, signal });
    if (exitCode === 0) return undefined;
    const why = stderr.trim().replaceAll(/\s+/g, " ").slice(0, 300) || `exit code ${exitCode}`;
    return new Problem("SYSTEM_UNIT", `${unit} did not ${kind}: ${why}`, { remedy: `See journalctl -u ${unit}.` });
  } catch (thrown) {
    signal.throwIfAborted();
    return asProblem(thrown);
  }
}
