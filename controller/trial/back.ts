/** The way back from a trial: a reset where it runs; what is left of it is taken away where its box came back to. */
import type { TrialStanding } from "../../reconcilers/bootenv/trial.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { trialsOf } from "../ledger.ts";
import { inFlight, type Deployment, type Failure, type State } from "../machine.ts";
import { withReboot } from "../ledger.ts";
import { withDeadline } from "../retry.ts";
import { sayGoingBack } from "../rungs.ts";
import { removeDrill } from "./drill-clone.ts";
import { reset } from "./enter.ts";
import { stay } from "./go.ts";
import { harvest } from "./harvest.ts";
import { crashesBefore, mayHaveEntered } from "./kept.ts";
import { concludeWatchdogTest, isWatchdogAsked, waitForWatchdog } from "./watchdog-test.ts";
import { whereIs } from "./where.ts";

/** Between two tries to reset the box, and longer than one takes. */
const pauseMs = 10_000;
const resetMs = 500_000;

/** What a start of the agent has to know of a trial that is in flight. */
export interface Found {
  readonly trial?: TrialStanding;
  /** Why it came back, where nobody wrote that down yet. */
  readonly failure?: Failure;
}

/** Rejects with POOL while the pool cannot be read. */
export async function findTrial(appliance: Appliance, state: State, signal: AbortSignal): Promise<Found> {
  const deployment = inFlight(state);
  const trial = deployment && (await whereIs(appliance.host, deployment, signal));
  if (!trial) return {};
  if (trial !== "came-back" || state.at === "rolling-back" || state.at === "stranded") return { trial };
  const { host, state: folder, memory } = appliance;
  const trials = trialsOf(memory.ledger(), deployment.generation);
  const known = await crashesBefore(host, folder, deployment);
  const isEntered = await mayHaveEntered(host, folder, deployment.id);
  return {
    trial,
    failure: await harvest(state, deployment, { host, state: folder, isEntered, trials, known }, signal),
  };
}

/**
 * What of going back a trial needs beside the planes. `gone`: the box is elsewhere, and nothing of it is to be touched. Never resolves in
 * the trial, where only a reset leads back.
 */
export async function leaveTrial(
  appliance: Appliance,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<"planes" | "gone"> {
  const { host, memory, listener, state } = appliance;
  const standing = await whereIs(host, deployment, signal);
  if (standing === "in-trial") {
    if (!(await isWatchdogAsked(appliance))) {
      const count = memory.remember((ledger) => withReboot(ledger, host));
      // Counted as it happens; but nothing keeps anybody from going back.
      await count.catch((thrown: unknown) => listener.complain(asProblem(thrown)));
      if (isWatchdogsTurn(appliance, deployment)) await waitForWatchdog(appliance, deployment, signal);
    }
    return resetForSure(appliance, signal);
  }
  if (standing === undefined) return "planes";
  if (standing !== "leaving" && standing !== "came-back") return "gone";
  // The way back may be a reboot, by the agent or its failsafe, and must not lead there.
  await stay(appliance, deployment, signal);
  if (standing === "leaving") await stayHere(appliance, signal);
  else if (await mayHaveEntered(host, state, deployment.id)) await putBack(appliance, deployment, signal);
  return "planes";
}

/** A drill that failed is over at once. */
function isWatchdogsTurn({ progress }: Appliance, { trial }: Deployment): boolean {
  const state = progress.state();
  return trial?.watchdogSeconds !== undefined && state.at === "rolling-back" && state.failure.trigger === "drill";
}

/** Before anything is planned: with what the trial left of a database its program does not even answer. */
async function putBack(appliance: Appliance, deployment: Deployment, signal: AbortSignal): Promise<void> {
  const { host, means, listener } = appliance;
  listener.event({ type: "alive", withinMs: 2 * means.comeBackMs });
  try {
    await sayGoingBack(appliance, means.comeBackMs).catch((thrown: unknown) => listener.complain(asProblem(thrown)));
    await withDeadline(host, means.comeBackMs, signal, "Putting back what was migrated", (limited) =>
      means.comeBack(deployment, limited),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
  }
}

/** For as long as it takes: nothing else leads back, and the deadline does it at last. */
async function resetForSure({ host, listener }: Appliance, signal: AbortSignal): Promise<never> {
  for (;;) {
    listener.event({ type: "alive", withinMs: 2 * resetMs });
    try {
      await reset(host, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
      await host.sleep(pauseMs, signal);
    }
  }
}

/** What was said to neighbours on the way out is nobody's in git, so that no plan takes it back. */
async function stayHere({ means, store, listener, secrets }: Appliance, signal: AbortSignal): Promise<void> {
  try {
    const committed = await store.committed();
    if (!committed) return;
    secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
    await means.stay(committed, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
  }
}

/** Takes away what a trial left that is over: its record, what was kept for coming back. Complains of what it cannot. */
export async function clearUp(
  appliance: Appliance,
  deployment: Deployment,
  outcome: "committed" | "back",
  signal: AbortSignal,
): Promise<void> {
  const { listener, host, state } = appliance;
  if (!deployment.trial) return;
  const work = [
    () => stay(appliance, deployment, signal),
    () => forget(appliance, deployment, outcome, signal),
    () => concludeWatchdogTest(appliance, deployment, signal),
    () => host.remove(`${state}/trial-ended`),
    ...(deployment.trial.isDrill ? [() => removeDrill(host, signal)] : []),
  ];
  for (const one of work) {
    try {
      await one();
    } catch (thrown) {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
    }
  }
}

/** Only what nobody needs any more: what a trial may have changed, and was not put back, stays kept, and somebody is told. */
async function forget(
  { host, means, listener, state }: Appliance,
  deployment: Deployment,
  outcome: "committed" | "back",
  signal: AbortSignal,
): Promise<void> {
  const standing = outcome === "back" ? await whereIs(host, deployment, signal) : undefined;
  const hasCome = standing === "came-back" && (await mayHaveEntered(host, state, deployment.id));
  const mayHaveRun = hasCome || standing === "elsewhere";
  const kept = await means.settle(deployment, mayHaveRun ? "put-back" : "all", signal);
  if (kept.length === 0) return;
  const name = deployment.trial?.name ?? "";
  const text = `What the trial of ${name} may have changed was not put back, and is kept as it was before: ${kept.join(", ")}.`;
  const remedy = `By hand: docs/trial-boot.md, "What is migrated".`;
  listener.complain(new Problem("POOL", text, { remedy }));
  listener.happened({ happened: "noted", text: `${text} ${remedy}` });
}
