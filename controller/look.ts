/** The first half of a tick: what does the sites repository ask for now? */
import { asProblem } from "../schemas/problem.ts";
import { approvable, hearApproval } from "./approvals.ts";
import { inFlight } from "./machine.ts";
import { hurryAwaits, withHurryFor } from "./gate/allowed.ts";
import type { Known } from "./report/known.ts";
import { withDeadline } from "./retry.ts";
import type { Words } from "./source.ts";
import type { Turn } from "./turn.ts";
import { retriedBy, withAccepted, withoutWords } from "./words.ts";

const pollLimitMs = 60_000;
/** How often a commit with an error is checked again although nothing that it is checked with seems to have changed. */
const pollsBetweenChecks = 10;
/** Limit for fetching, and for loading. */
export const fetchLimitMs = 300_000;

/** One poll of the sites repository; a commit that is new, or is to be looked at `again`, is checked and rendered. False: it failed. */
export async function look(turn: Turn, again: boolean): Promise<boolean> {
  const { parts, signal, known, publish } = turn;
  const { host, source } = parts;
  const { listener, memory } = turn.appliance;
  const { failingSince = host.now() } = known().git;
  const inHurry = hurryAwaits(memory.ledger());
  try {
    const sought = approvable(turn);
    const head = await withDeadline(host, pollLimitMs, signal, "Polling the sites repository", (limited) =>
      source.head(limited, sought),
    );
    const isNew = head.commit !== known().wanted?.commit;
    publish({ git: { remote: head.remote, lastPollAt: host.now() } });
    const inputs = await parts.secrets.inputs();
    if (isNew || again || mayBeMended(known().wanted, inputs)) await take(turn, head.commit, inputs);
    else publish({ wanted: polledAgain(known().wanted) });
    if (sought && !isNew) await hearApproval(turn, sought, head.tags ?? []);
    else publish({ ignoredTags: [] });
    if (inHurry) await memory.remember((ledger) => withHurryFor(ledger, known().wanted?.generation?.digest));
    listener.event({ type: "polled", result: isNew ? "fetched" : "unchanged" });
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = asProblem(thrown);
    publish({ git: { ...known().git, lastPollAt: host.now(), lastError: problem, failingSince } });
    listener.event({ type: "polled", result: problem.code });
    if (!known().wanted) await goOn(turn);
    return false;
  }
}

/** A start without the repository: what was accepted before is in the cache, and is what the box goes on with. */
async function goOn(turn: Turn): Promise<void> {
  const { accepted } = turn.appliance.memory.ledger();
  if (accepted === undefined) return;
  try {
    await take(turn, accepted, await turn.parts.secrets.inputs());
  } catch {
    turn.signal.throwIfAborted();
    // No cache either. Why the poll failed is what somebody must see; this is tried again with the next one.
  }
}

/** What is wrong with a commit may be put right on the box: a secret, a key; and, seldom, by another disk or card. */
function mayBeMended(wanted: Known["wanted"], inputs: string): boolean {
  if (!wanted) return true;
  return !wanted.generation && (wanted.inputs !== inputs || wanted.polls + 1 >= pollsBetweenChecks);
}

function polledAgain(wanted: Known["wanted"]): Known["wanted"] {
  return wanted && { ...wanted, polls: wanted.polls + 1 };
}

async function take(turn: Turn, commit: string, inputs: string): Promise<void> {
  const { parts, appliance, signal, publish } = turn;
  const { host, source } = parts;
  const { accepted, overrides } = appliance.memory.ledger();
  const vouched = { rewrite: overrides.rewrite, commits: new Set(overrides.commits) };
  const tree = await withDeadline(host, fetchLimitMs, signal, "Fetching the sites repository", (limited) =>
    source.accept(commit, accepted, vouched, limited),
  );
  // The anchor moves before anything is done with the commit: from here on only its descendants are accepted.
  if (commit !== accepted) await accept(turn, commit, tree.words);
  const wanted = await withDeadline(host, fetchLimitMs, signal, "Loading the machine", (limited) =>
    parts.load(tree, commit, limited),
  );
  publish({ wanted: { commit, ...wanted, inputs, polls: 0 } });
  // Nothing is to be done for it: what it says was for others, and must not count for what comes after.
  const isCommitted = wanted.generation?.digest === turn.known().committed?.digest;
  if (wanted.generation && isCommitted && !inFlight(appliance.progress.state())) {
    await appliance.memory.remember(withoutWords);
  }
}

/** On disk at once with what its words allow, so that each counts once. */
async function accept({ appliance, note }: Turn, commit: string, words: Words | undefined): Promise<void> {
  const { memory, progress } = appliance;
  const { allowRemoval, emergency } = words ?? {};
  if (allowRemoval) await note({ asked: "allow-removal", details: { ...allowRemoval } });
  if (emergency) await note({ asked: "emergency", details: { ...emergency } });
  for (const { generation, ...said } of words ? retriedBy(memory.ledger(), words) : []) {
    await note({ asked: "retry", details: said, generation });
  }
  const during = inFlight(progress.state())?.id;
  await memory.remember((ledger) => withAccepted(ledger, commit, words, during));
}
