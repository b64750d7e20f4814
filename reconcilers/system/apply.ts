/** Carries steps out: all files, each whole or not at all, then the units that read them. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { chain } from "./catalogue.ts";
import type { FileStep, SystemStep, UnitStep } from "./model.ts";
import { forgetPending, notePending } from "./pending.ts";
import { unitsOf } from "./plan.ts";

/** VPP with many NICs, or FRR with a full table, takes its time to stop. */
const unitLimitMs = 90_000;
/** Most units run as users of their own, and must find their files. */
const folderMode = 0o755;

/** Implements Reconciler.apply. `run` is the agent's run folder. */
export async function* applySystem(
  steps: readonly SystemStep[],
  host: Host,
  run: string,
  signal: AbortSignal,
): AsyncIterable<SystemStep> {
  const units = unitsOf(steps);
  if (units.length > 0) await notePending(host, run, units);
  for (const step of steps) {
    signal.throwIfAborted();
    if ("unit" in step) await activate(step, host, signal);
    else await lay(step, host);
    yield step;
  }
  if (units.length > 0) await forgetPending(host, run);
}

async function lay({ path, file }: FileStep, host: Host): Promise<void> {
  if (file === undefined) return host.remove(path);
  const { text, mode, owner } = file;
  await host.writeFile(path, text, { mode, owner, folderMode });
}

async function activate({ unit, kind }: UnitStep, host: Host, signal: AbortSignal): Promise<void> {
  const own = chain.find((one) => one.unit === unit)?.argv;
  // A unit that cannot reload, or does not run, starts.
  const verb = kind === "reload" ? "reload-or-restart" : "restart";
  const { exitCode, stderr } = await host.run(own ?? ["systemctl", verb, unit], { timeoutMs: unitLimitMs, signal });
  if (exitCode === 0) return;
  const why = stderr.trim().replaceAll(/\s+/g, " ").slice(0, 300) || `exit code ${exitCode}`;
  throw new Problem("SYSTEM_UNIT", `${unit} did not ${kind}: ${why}`, {
    remedy: `See journalctl -u ${unit}.`,
  });
}
