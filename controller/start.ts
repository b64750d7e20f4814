/**
 * What is done before anything else: what is booted, linked and armed is compared with what journal and ledger say. What the
 * failsafe did, and what somebody else put back (the console, the boot menu), is taken over here.
 */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import { actedText, type Acted } from "./acted.ts";
import type { Appliance } from "./appliance.ts";
import type { Ledger, Tuple } from "./ledger.ts";
import { inFlight, type Failure } from "./machine.ts";
import { findTrial } from "./trial/back.ts";
import { removeLostDrill } from "./trial/drill-clone.ts";
import { unloadTried } from "./trial/kernel-check.ts";
import { askedOf, blamed, withVerdict } from "./verdicts.ts";

/** Takes the state that the journal holds to where this start goes on from. Nothing is armed then that is not in flight. */
export async function begin(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, progress, failsafe, store, listener, runFolder } = appliance;
  const acted = await failsafe.acted();
  const deployment = inFlight(progress.state());
  const { trial, failure } = await findTrial(appliance, progress.state(), signal);
  // What the rename has made the committed generation, or `bootfs` what boots next, is not undone any more.
  const isLinked = deployment?.purpose === "deploy" && (await store.committed())?.digest === deployment.generation;
  const isDone = trial === undefined ? isLinked : trial === "committed";
  const isMeant = acted !== undefined && acted.deployment === deployment?.id && !isDone;
  const why = isMeant ? failureOf(acted) : failure;
  await progress.move({ type: "restarted", boot: host.bootId(), ...(why && { acted: why }), ...(trial && { trial }) });
  if (isMeant) await failsafe.acknowledge();
  if (!inFlight(progress.state())) await failsafe.disarm();
  const orComplain = async (work: Promise<void>): Promise<void> => {
    await work.catch((thrown: unknown) => {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
    });
  };
  await orComplain(unloadTried(host, `${runFolder}/trial`, signal));
  if (!inFlight(progress.state())) await orComplain(removeLostDrill(host, signal));
}

/** `bad` where it had to restore something: another try could cost the same again. */
function failureOf(acted: Acted): Failure {
  return {
    trigger: "failsafe",
    reason: actedText(acted),
    verdict: acted.did.length > 0 ? "bad" : "inconclusive",
  };
}

/**
 * While nothing is in flight: takes over what others did to what is committed. Resolves with the committed generation.
 * Rejects with JOURNAL when what was committed is not there any more.
 */
export async function takeStock(appliance: Appliance): Promise<Generation | undefined> {
  const { store, memory, environment } = appliance;
  await takeReport(appliance);
  const committed = await store.committed();
  const expected = memory.ledger().committed;
  const found = committed && tupleOf(committed, environment, appliance.host.now());
  if (found && !expected) await memory.remember((ledger) => ({ ...ledger, committed: found }));
  if (!expected || isSame(found, expected)) return committed;
  if (found) await putBack(appliance, found, expected);
  else if (expected.environment === environment) throw vanished(expected);
  return committed;
}

/** Removes generations that nobody will go back to: `committed` is the newest that was; undefined: none was just now. */
export async function tidy({ store, memory, listener }: Appliance, committed?: string): Promise<void> {
  const { previous, lastDeployment, order } = memory.ledger();
  const listed = (...digests: readonly (string | undefined)[]) => digests.filter((digest) => digest !== undefined);
  const newest = committed === undefined ? [] : listed(previous?.generation, committed);
  await store
    .prune(newest, listed(previous?.generation, lastDeployment?.generation, order?.to))
    .catch((thrown: unknown) => listener.complain(asProblem(thrown)));
}

/** What is committed, as the ledger has it. */
export function tupleOf(generation: Generation, environment: string, at: number): Tuple {
  const { secrets, commit } = generation;
  return { environment, ...askedOf(generation), secrets, commit, at };
}

function isSame(found: Tuple | undefined, expected: Tuple): boolean {
  const { environment, generation, secrets } = expected;
  return found?.environment === environment && found.generation === generation && found.secrets === secrets;
}

/** Rolled back externally: what was left is held until something newer comes, or an operator lets it be tried again. */
async function putBack({ memory, progress, host }: Appliance, found: Tuple, left: Tuple): Promise<void> {
  const by =
    found.environment === left.environment
      ? "somebody switched the link in committed.d"
      : `boot environment ${found.environment} was booted instead of ${left.environment}`;
  const reason = `Rolled back externally: ${by}. Generation ${found.generation.slice(0, 12)} is committed here.`;
  const now = host.now();
  const isLeft = found.generation !== left.generation;
  await memory.remember((ledger) => {
    // Whoever put it back wants it so, whatever was ordered before.
    const next: Ledger = { ...ledger, committed: found, previous: undefined, order: undefined, hurry: undefined };
    if (!isLeft) return next;
    const id = `${now}-${left.generation.slice(0, 12)}`;
    const { commit, generation } = left;
    const times = { startedAt: now, endedAt: now, steps: 0, stepsDone: 0 };
    return {
      ...withVerdict(next, generation, id, "bad", reason, now, blamed(left, found)),
      lastDeployment: { id, commit, generation, ...times, outcome: "rolled-back", trigger: "external", reason },
    };
  });
  if (!isLeft) return;
  const { commit, generation } = left;
  await progress.move({ type: "must-hold", target: { purpose: "deploy", commit, generation }, reason });
}

/** What the failsafe did about something that is over by now. */
async function takeReport({ failsafe, memory, listener, host }: Appliance): Promise<void> {
  const acted = await failsafe.acted();
  if (!acted) return;
  const { verdict, reason } = failureOf(acted);
  listener.complain(new Problem("FAILSAFE", reason));
  listener.happened({ happened: "failsafe-acted", text: reason });
  const { generation, deployment } = acted;
  await memory.remember((ledger) =>
    ledger.committed?.generation === generation || generation === ""
      ? ledger
      : withVerdict(ledger, generation, deployment, verdict, reason, host.now()),
  );
  await failsafe.acknowledge();
}

function vanished({ environment, generation }: Tuple): Problem {
  return new Problem("JOURNAL", `committed.d/${environment} is missing, and generation ${generation} was committed.`, {
    remedy: `Nothing is changed until it is back: ln -s ../generations/${generation} committed.d/${environment}`,
  });
}
