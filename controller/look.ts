/** The first half of a tick: what does the sites repository ask for now? */
import { asProblem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";
import { approvable, hearApproval } from "./approvals.ts";
import { inFlight } from "./machine.ts";
import { hurryAwaits, withHurryFor } from "./gate/allowed.ts";
import { loadBelow } from "./overlaid.ts";
import { overlaysKey, standing } from "./overlay.ts";
import type { Known } from "./report/known.ts";
import { withDeadline } from "./retry.ts";
import type { Words } from "./source.ts";
import { fetchLimitMs, type Turn } from "./turn.ts";
import { retriedBy, withAccepted } from "./words.ts";

const pollLimitMs = 60_000;
/** How often a commit with an error is checked again although nothing that it is checked with seems to have changed. */
const pollsBetweenChecks = 10;

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
    if (isNew || again || isOvertaken(turn) || mayBeMended(known().wanted, inputs)) {
      await take(turn, head.commit, inputs);
    } else publish({ wanted: polledAgain(known().wanted) });
    if (sought && !isNew) await hearApproval(turn, sought, head.tags ?? []);
    else publish({ ignoredTags: [] });
    if (inHurry) await memory.remember((ledger) => withHurryFor(ledger, newestHere(known()), host));
    listener.event({ type: "polled", result: isNew ? "fetched" : "unchanged" });
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = asProblem(thrown);
    publish({ git: { ...known().git, lastPollAt: host.now(), lastError: problem, failingSince } });
    listener.event({ type: "polled", result: problem.code });
    if (!known().wanted || isOvertaken(turn)) await goOn(turn);
    return false;
  }
}

/** What a hurry is about: undefined when nothing is left to do for the newest commit. */
function newestHere({ wanted, committed }: Known): string | undefined {
  const digest = wanted?.generation?.digest;
  return digest === committed?.digest ? undefined : digest;
}

/** Something else stands above the repository on this box than when the commit was loaded. */
function isOvertaken({ appliance, known }: Turn): boolean {
  const { wanted } = known();
  return wanted !== undefined && wanted.overlays !== overlaysKey(standing(appliance.memory.ledger()));
}

/**
 * Without the repository: what was accepted before is what the box goes on with. After a start it is in the cache; later
 * only what stands above it may have changed.
 */
async function goOn(turn: Turn): Promise<void> {
  const { accepted } = turn.appliance.memory.ledger();
  const { wanted } = turn.known();
  try {
    const inputs = await turn.parts.secrets.inputs();
    if (wanted) await load(turn, wanted.commit, wanted.tree, inputs);
    else if (accepted !== undefined) await take(turn, accepted, inputs);
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
  const { parts, appliance, signal } = turn;
  const { host, source } = parts;
  const { accepted, overrides } = appliance.memory.ledger();
  const vouched = { rewrite: overrides.rewrite, commits: new Set(overrides.commits) };
  const tree = await withDeadline(host, fetchLimitMs, signal, "Fetching the sites repository", (limited) =>
    source.accept(commit, accepted, vouched, limited),
  );
  // The anchor moves before anything is done with the commit: from here on only its descendants are accepted.
  if (commit !== accepted) await accept(turn, commit, tree.words);
  await load(turn, commit, tree, inputs);
}

/** The machine of a commit, with what stands above the repository on this box. */
async function load(turn: Turn, commit: string, tree: Tree, inputs: string): Promise<void> {
  const overlays = standing(turn.appliance.memory.ledger());
  const { generation, problems, agent, image } = await loadBelow(turn, { commit, tree }, overlays);
  turn.publish({
    wanted: { commit, generation, problems, agent, image, tree, overlays: overlaysKey(overlays), inputs, polls: 0 },
  });
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
