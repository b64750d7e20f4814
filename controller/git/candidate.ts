/**
 * Whether a commit may be believed, for git.ts, and its files: first the child fetches and proves descent, then
 * signatures are checked here, and only then does the child write what is in it to disk.
 */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem, type ProblemCode, type ProblemReport } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { AcceptedTree } from "../source.ts";
import { checkChain, trustDigest } from "../trust.ts";
import { runFetch } from "./child.ts";
import { parseCommit, type Commit } from "./commit.ts";
import type { FetchJob } from "./job.ts";
import { resolveRemote, type RemoteSettings } from "./remote.ts";
import { openSnapshot, type Snapshot } from "./snapshot.ts";
import { wordsOf } from "./words.ts";

export type GitLimits = FetchJob["limits"] & {
  /** Milliseconds for one remote to name its head. */
  readonly headMs: number;
  /** Milliseconds for a fetch or clone. */
  readonly fetchMs: number;
};

/** What stays the same for as long as the agent runs. */
export interface GitContext {
  readonly settings: Settings;
  readonly host: Pick<Host, "run">;
  readonly remotes: readonly RemoteSettings[];
  readonly folder: string;
  readonly wanted: readonly string[];
  readonly limits: GitLimits;
  readonly program: readonly [string, ...string[]];
  readonly note: (text: string) => void;
  /** The cache is used by one child at a time; whoever starts one waits for the others here. */
  readonly children: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A commit and what was found out about it, so that the next poll does not do it again. */
export interface Candidate {
  readonly commit: string;
  /** What it must descend from, unless an operator accepted a rewrite. */
  readonly accepted: string | undefined;
  readonly rewrite: boolean;
  /** Its descent is as it must be. */
  isProven: boolean;
  /** Why it can never be taken, whatever the box says. */
  refused?: Problem;
  /** Those that somebody must answer for, newest first; where signatures are off, those with a word in their trailers. */
  chain?: readonly Commit[];
  /** Why it is not trusted while the lists and the operators say what they say in `under`. */
  distrusted?: { readonly problem: Problem; readonly under: string };
  snapshot?: Snapshot;
}

export interface Question {
  /** Remotes to fetch it from. */
  readonly order: readonly RemoteSettings[];
  /** Commits that need no valid signature. */
  readonly vouched: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** What no other remote and no later attempt changes. */
const final: readonly ProblemCode[] = ["GIT_REWRITTEN", "GIT_BEHIND", "YAML_HOSTILE"];

/** The candidate's tree. Rejects with a GIT_ or TRUST_ Problem, or YAML_HOSTILE when it is too large to be meant. */
export async function examine(context: GitContext, candidate: Candidate, question: Question): Promise<AcceptedTree> {
  if (candidate.refused) throw candidate.refused;
  // What was accepted before was trusted then, and its signer's key may have ended since.
  if (candidate.commit === candidate.accepted) {
    return (await snapshotOf(context, candidate, question)).tree(undefined);
  }
  const isSigned = context.settings.trust.signatures === "required";
  const signers = isSigned ? await trusted(context, candidate, question) : undefined;
  const snapshot = await snapshotOf(context, candidate, question);
  const words = wordsOf(candidate.chain ?? [], signers);
  return { ...snapshot.tree(signers?.get(candidate.commit)), words };
}

/** Who signed what. Rejects with a TRUST_ Problem, without a look at anything when nothing changed since the last time. */
async function trusted(
  context: GitContext,
  candidate: Candidate,
  question: Question,
): Promise<ReadonlyMap<string, string>> {
  const { trust } = context.settings;
  const { vouched, signal } = question;
  const under = await trustDigest(trust, vouched);
  if (candidate.distrusted && candidate.distrusted.under === under) throw candidate.distrusted.problem;
  candidate.chain ??= await ask(context, candidate, question, { commits: "all" });
  const options = { trust, host: context.host, folder: `${context.folder}/signatures`, signal };
  const verdict = await checkChain(candidate.chain, vouched, options);
  if (!("problem" in verdict)) return verdict.signers;
  const { problem } = verdict;
  // What a key's dates mean changes with the clock.
  const mayChange = problem.code === "TRUST_KEY_EXPIRED" || under === undefined;
  if (!mayChange) candidate.distrusted = { problem, under };
  throw problem;
}

async function snapshotOf(context: GitContext, candidate: Candidate, question: Question): Promise<Snapshot> {
  const { snapshot } = candidate;
  if (snapshot && (await snapshot.isUnchanged())) return snapshot;
  const open = () => openSnapshot(`${context.folder}/snapshots`, candidate.commit, context.wanted);
  let opened = candidate.isProven ? await open() : undefined;
  if (!opened) {
    const isKnown = candidate.chain !== undefined || candidate.commit === candidate.accepted;
    const give = { snapshot: true, ...(!isKnown && { commits: "wordy" as const }) };
    const commits = await ask(context, candidate, question, give);
    candidate.chain ??= commits;
    opened = await open();
  }
  if (opened) return (candidate.snapshot = opened);
  throw new Problem("GIT_CACHE", `the snapshot of ${candidate.commit} is missing or damaged`, { transient: true });
}

/** Has the child do a job with the first remote that can; the commit's descent is proven then. */
async function ask(
  context: GitContext,
  candidate: Candidate,
  { order, signal }: Question,
  give: FetchJob["give"],
): Promise<readonly Commit[]> {
  const { commit, accepted, rewrite } = candidate;
  try {
    const raw = await fetchFromAny(context, order, { commit, accepted, rewrite, give }, signal);
    candidate.isProven = true;
    return raw.map((one) => parseCommit(Buffer.from(one, "base64")));
  } catch (error) {
    if (error instanceof Problem && final.includes(error.code)) candidate.refused = error;
    throw error;
  }
}

/** What the child answers to a job, from the first remote that can do it. Rejects with a Problem. */
export async function fetchFromAny(
  context: GitContext,
  order: readonly RemoteSettings[],
  what: Pick<FetchJob, "commit" | "accepted" | "rewrite" | "give">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failed: Problem[] = [];
  for (const by of order) {
    try {
      return await fetchFrom(context, by, what, signal);
    } catch (error) {
      signal.throwIfAborted();
      const problem = asProblem(error);
      if (final.includes(problem.code)) throw problem;
      failed.push(problem);
    }
  }
  throw allFailed(failed);
}

async function fetchFrom(
  context: GitContext,
  by: RemoteSettings,
  what: Pick<FetchJob, "commit" | "accepted" | "rewrite" | "give">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const job: FetchJob = {
    folder: context.folder,
    remote: await resolveRemote(by),
    branch: context.settings.repository.branch,
    ...what,
    wanted: context.wanted,
    limits: context.limits,
  };
  const answer = await context.children(async () => {
    signal.throwIfAborted();
    return runFetch(context.program, job, context.limits.fetchMs, signal);
  });
  if ("problem" in answer) throw fromReport(answer.problem);
  for (const note of answer.notes) context.note(note);
  return answer.objects;
}

function fromReport(report: ProblemReport): Problem {
  const { code, message, remedy, transient } = report;
  return new Problem(code, message, { transient, ...(remedy !== undefined && { remedy }) });
}

/** The first remote's Problem, with what the others said. */
export function allFailed(failed: readonly Problem[]): Problem {
  const [first, ...others] = failed;
  if (first === undefined) throw new Problem("SETTINGS", "agent.yaml names no remote of the sites repository");
  if (others.length === 0) return first;
  return new Problem(first.code, failed.map(({ message }) => message).join("; "), {
    transient: failed.some(({ transient }) => transient),
    ...(first.remedy !== undefined && { remedy: first.remedy }),
    cause: first,
  });
}
