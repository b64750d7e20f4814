/**
 * The sites repository as a Source. This side is small and stays in the agent: it asks for heads here, and
 * examines commits in git/candidate.ts; packs are read only by the child (git-fetch.ts).
 */
import type { Host } from "../reconcilers/core.ts";
import { asProblem, type Problem } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import { readApproval, type ReadTags } from "./git/approval.ts";
import { allFailed, examine, type Candidate, type GitContext, type GitLimits } from "./git/candidate.ts";
import { fetchProgram } from "./git/child.ts";
import { remoteHead } from "./git/head.ts";
import { resolveRemote, type RemoteSettings } from "./git/remote.ts";
import { wantedPaths } from "./git/snapshot.ts";
import type { Head, Source } from "./source.ts";

export interface GitTuning {
  readonly limits?: Partial<GitLimits>;
  /** How to start the child. */
  readonly program?: readonly [string, ...string[]];
  /** Told in a sentence when a remote was skipped or the cache was made anew. */
  readonly note?: (text: string) => void;
}

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
  const context: GitContext = {
    settings,
    host,
    remotes,
    folder: `${settings.paths.cache}/git`,
    wanted: wantedPaths,
    limits: { ...defaultLimits, ...tuning.limits },
    program: tuning.program ?? fetchProgram(),
    note: tuning.note ?? (() => undefined),
    children: inTurn(),
  };
  let offered: { readonly commit: string; readonly by: RemoteSettings } | undefined;
  let last: Candidate | undefined;
  let own: Candidate | undefined;
  const read: ReadTags = { tags: new Map(), distrusted: new Map() };
  return {
    async head(signal, sought) {
      const { head, by } = await firstHead(context, sought ? [sought.generation, sought.commit] : [], signal);
      offered = { commit: head.commit, by };
      return head;
    },
    async accept(commit, accepted, overrides, signal) {
      const { rewrite } = overrides;
      if (commit === accepted) {
        if (own?.commit !== commit) own = { commit, accepted, rewrite: false, isProven: true };
        return await examine(context, own, { order: remotes, vouched: overrides.commits, signal });
      }
      if (last?.commit !== commit || last.accepted !== accepted || last.rewrite !== rewrite) {
        last = { commit, accepted, rewrite, isProven: false };
      }
      const order = offered?.commit === commit ? [offered.by] : remotes;
      return await examine(context, last, { order, vouched: overrides.commits, signal });
    },
    approval: (tag, sought, signal) => readApproval(context, read, tag, sought, signal),
  };
}

/** Works on one thing after the other. */
function inTurn(): GitContext["children"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

async function firstHead(
  context: GitContext,
  sought: readonly string[],
  signal: AbortSignal,
): Promise<{ head: Head; by: RemoteSettings }> {
  const failed: Problem[] = [];
  for (const by of context.remotes) {
    try {
      const remote = await resolveRemote(by);
      const options = { host: context.host, branch: context.settings.repository.branch, limits: context.limits };
      const { commit, tags } = await remoteHead(remote, sought, options, signal);
      return { head: { commit, remote: remote.label, failed, tags }, by };
    } catch (error) {
      signal.throwIfAborted();
      failed.push(asProblem(error));
    }
  }
  throw allFailed(failed);
}
