/** The way from what runs into the boot environment on trial: load, leave, enter. Resolves only where the box did not go. */
import { environmentOf } from "../../reconcilers/bootenv/model.ts";
import { trialArguments } from "../../reconcilers/bootenv/trial.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { standingOf } from "../boot-environments.ts";
import type { Deployment } from "../machine.ts";
import { withReboot, withTrial } from "../ledger.ts";
import { withDeadline } from "../retry.ts";
import { enter, load, unload, type Entry } from "./enter.ts";
import { noteEntering } from "./kept.ts";
import { trialOf } from "./where.ts";

/** How long the trial may take longer than its agent gives itself, before its deadline resets the box. */
export const marginSeconds = 60;

/** What hangs on the way out is noticed so long before the failsafe acts for the agent. */
const windUpMs = 10_000;

/** Takes the box there. Rejects with a Problem where it stays, and when the signal aborts. */
export async function go(appliance: Appliance, deployment: Deployment, signal: AbortSignal): Promise<never> {
  const { host, means, store, listener } = appliance;
  const committed = deployment.from === undefined ? undefined : await store.kept(deployment.from);
  if (!committed)
    throw new Problem("JOURNAL", "What is committed here is not kept: a trial could not come back to it.");
  const entry = await entryOf(appliance, deployment, signal);
  const leftMs = 1000 * Math.max(0, Math.round((deployment.deadline - windUpMs - host.uptime()) / 1000));
  listener.event({ type: "alive", withinMs: 2 * leftMs });
  const isRecorded = entry.method === "firmware";
  if (!isRecorded) await load(host, entry, signal);
  const told = (text: string): void => listener.happened({ happened: "noted", text });
  const quiet = await withDeadline(host, leftMs, signal, "Leaving", (limited) =>
    means.leave({ deployment, committed, drainSeconds: deployment.trial?.drainSeconds ?? 0, told }, limited),
  );
  try {
    await countTrial(appliance, deployment);
    // From here on the loader enters it, whatever resets the box.
    if (isRecorded) await load(host, entry, signal);
    return await enter(host, entry, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    await quiet.revive(signal).catch((second: unknown) => listener.complain(asProblem(second)));
    throw thrown;
  }
}

/** I10: before its kernel is entered, and not before it is about to be: what keeps the box from leaving is no trial. */
export async function countTrial(
  { host, state, memory }: Appliance,
  { id, generation, trial }: Deployment,
): Promise<void> {
  await noteEntering(host, state, id);
  await memory.remember((ledger) => {
    const counted = withReboot(ledger, host);
    return trial?.isDrill ? counted : withTrial(counted, generation, id);
  });
}

/** No boot is the trial any more. Complains of what cannot be taken back; it resolves in any case. */
export async function stay(appliance: Appliance, deployment: Deployment, signal: AbortSignal): Promise<void> {
  const { host, listener, state } = appliance;
  if (!deployment.trial) return;
  const { method, name } = deployment.trial;
  try {
    const root = (await standingOf({ host, state }, signal))?.observed.pool.root;
    if (root !== undefined) await unload(host, { method, dataset: `${root}/${name}` }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
  }
}

async function entryOf(appliance: Appliance, deployment: Deployment, signal: AbortSignal): Promise<Entry> {
  const { host, means, state, runFolder } = appliance;
  const trial = trialOf(deployment);
  const standing = await standingOf({ host, state }, signal);
  const environment = standing && environmentOf(standing.observed, trial?.environment);
  if (!trial || !environment || !deployment.trial) {
    throw new Problem("BOOT_ENVIRONMENT", `${deployment.trial?.name} is not in the pool any more.`);
  }
  const choice = await means.choose(environment, signal);
  const seconds = Math.ceil((deployment.deadlineMs ?? 0) / 1000) + marginSeconds;
  return {
    method: deployment.trial.method,
    trial,
    dataset: environment.dataset,
    name: environment.name,
    choice,
    args: trialArguments(choice.usual, trial, seconds),
    folder: `${runFolder}/trial`,
  };
}
