/**
 * The sites repository as a Source. This side is small and stays in the agent: it asks for heads, starts the child that
 * fetches (git-fetch.ts), checks signatures, and reads files out of the snapshot that the child left.
 */
import type { Host } from "../reconcilers/core.ts";
import { asProblem, Problem, type ProblemReport } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Tree } from "../schemas/tree.ts";
import { fetchProgram, runFetch } from "./git/child.ts";
import { parseCommit, type Commit } from "./git/commit.ts";
import { remoteHead } from "./git/head.ts";
import type { FetchJob } from "./git/job.ts";
import { resolveRemote, type RemoteSettings } from "./git/remote.ts";
import { openSnapshot, wantedPaths, type Snapshot } from "./git/snapshot.ts";
import type { Head, Overrides, Source } from "./source.ts";
import { checkCommit } from "./trust.ts";

export interface GitTuning {
  readonly limits?: Partial<GitLimits>;
  /** How to start the child. */
  readonly program?: readonly [string, ...string[]];
  /** Told in a sentence when a remote was skipped or the cache was made anew. */
  readonly note?: (text: string) => void;
}

export type GitLimits = FetchJob["limits"] & {
  /** Milliseconds for one remote to name its head. */
  readonly headMs: number;
  /** Milliseconds for a fetch or clone. */
  readonly fetchMs: number;
};

const defaultLimits: GitLimits = {
  headMs: 20_000,
  fetchMs: 300_000,
  idleMs: 30_000,
  maxBytes: 256 << 20,
  depths: [200, 5000],
  packs: 200,
  growth: 4,
};

/** Follows the remotes in the settings. Its cache, `<paths.cache>/git`, may be deleted at any time. */
export function gitSource(settings: Settings, host: Pick<Host, "run">, tuning: GitTuning = {}): Source {
  const remotes = settings.repository.remotes ?? [];
  const context: Context = {
    settings,
    host,
    remotes,
    folder: `${settings.paths.cache}/git`,
    wanted: wantedPaths(settings.machine),
    limits: { ...defaultLimits, ...tuning.limits },
    program: tuning.program ?? fetchProgram(),
    note: tuning.note ?? (() => undefined),
  };
  let offered: { readonly commit: string; readonly by: RemoteSettings } | undefined;
  let last: Proven | undefined;
  return {
    async head(signal) {
      const { head, by } = await firstHead(context, signal);
      offered = { commit: head.commit, by };
      return head;
    },
    async accept(commit, accepted, overrides, signal) {
      const base = overrides.rewrite ? undefined : accepted;
      // Trust depends on files that an operator edits and is checked each time; descent never changes.
      if (last?.commit !== commit || last.base !== base) last = undefined;
      if (last?.refused) throw last.refused;
      const order = offered?.commit === commit ? [offered.by] : remotes;
      last = await proven(context, { commit, base, order, known: last }, signal);
      if (last.refused) throw last.refused;
      return await trusted(context, last, overrides, signal);
    },
  };
}

interface Context {
  readonly settings: Settings;
  readonly host: Pick<Host, "run">;
  readonly remotes: readonly RemoteSettings[];
  readonly folder: string;
  readonly wanted: readonly string[];
  readonly limits: GitLimits;
  readonly program: readonly [string, ...string[]];
  readonly note: (text: string) => void;
}

/** What is known of a commit's descent. */
interface Proven {
  readonly commit: string;
  readonly base: string | undefined;
  /** Those that somebody must answer for, newest first. */
  readonly chain: readonly Commit[];
  /** Why it can never follow `base`. */
  readonly refused?: Problem;
}

async function firstHead(context: Context, signal: AbortSignal): Promise<{ head: Head; by: RemoteSettings }> {
  const failed: Problem[] = [];
  for (const by of context.remotes) {
    try {
      const remote = await resolveRemote(by);
      const options = { host: context.host, branch: context.settings.repository.branch, limits: context.limits };
      const commit = await remoteHead(remote, options, signal);
      return { head: { commit, remote: remote.label, failed }, by };
    } catch (error) {
      signal.throwIfAborted();
      failed.push(asProblem(error));
    }
  }
  throw allFailed(failed);
}

/** The first remote's Problem, with what the others said. */
function allFailed(failed: readonly Problem[]): Problem {
  const [first, ...others] = failed;
  if (first === undefined) throw new Problem("SETTINGS", "agent.yaml names no remote of the sites repository");
  if (others.length === 0) return first;
  return new Problem(first.code, failed.map(({ message }) => message).join("; "), {
    transient: failed.some(({ transient }) => transient),
    ...(first.remedy !== undefined && { remedy: first.remedy }),
    cause: first,
  });
}

interface Asked {
  readonly commit: string;
  readonly base: string | undefined;
  readonly order: readonly RemoteSettings[];
  readonly known: Proven | undefined;
}

/** Makes sure that the commit's snapshot is there and that the commit descends from `base`. */
async function proven(context: Context, asked: Asked, signal: AbortSignal): Promise<Proven> {
  const { commit, base } = asked;
  if (asked.known !== undefined || commit === base) {
    if (await snapshot(context, commit)) return asked.known ?? { commit, base, chain: [] };
  }
  const failed: Problem[] = [];
  for (const by of asked.order) {
    try {
      return { commit, base, chain: await fetchFrom(context, by, asked, signal) };
    } catch (error) {
      signal.throwIfAborted();
      const problem = asProblem(error);
      if (problem.code === "GIT_REWRITTEN" || problem.code === "GIT_BEHIND") {
        return { commit, base, chain: [], refused: problem };
      }
      failed.push(problem);
    }
  }
  throw allFailed(failed);
}

async function fetchFrom(
  context: Context,
  by: RemoteSettings,
  { commit, base }: Asked,
  signal: AbortSignal,
): Promise<readonly Commit[]> {
  const job: FetchJob = {
    folder: context.folder,
    remote: await resolveRemote(by),
    branch: context.settings.repository.branch,
    commit,
    accepted: base,
    wanted: context.wanted,
    limits: context.limits,
  };
  const answer = await runFetch(context.program, job, context.limits.fetchMs, signal);
  if ("problem" in answer) throw fromReport(answer.problem);
  for (const note of answer.notes) context.note(note);
  return answer.commits.map((raw) => parseCommit(Buffer.from(raw, "base64")));
}

function fromReport(report: ProblemReport): Problem {
  const { code, message, remedy, transient } = report;
  return new Problem(code, message, { transient, ...(remedy !== undefined && { remedy }) });
}

async function snapshot(context: Context, commit: string): Promise<Snapshot | undefined> {
  return await openSnapshot(`${context.folder}/snapshots`, commit, context.wanted);
}

async function trusted(context: Context, found: Proven, overrides: Overrides, signal: AbortSignal): Promise<Tree> {
  const opened = await snapshot(context, found.commit);
  if (!opened) {
    throw new Problem("GIT_CACHE", `the snapshot of ${found.commit} is missing or damaged`, { transient: true });
  }
  const { trust } = context.settings;
  if (trust.signatures === "off") return opened.tree(undefined);
  const options = { trust, host: context.host, folder: `${context.folder}/signatures`, signal };
  let signer: string | undefined;
  // The oldest first: that is the one to look at when several are bad.
  for (const commit of found.chain.toReversed()) {
    const verdict = await checkCommit(commit, options);
    if ("problem" in verdict && !overrides.commits.has(commit.id)) throw verdict.problem;
    signer = "signer" in verdict ? verdict.signer : undefined;
  }
  return opened.tree(signer);
}
