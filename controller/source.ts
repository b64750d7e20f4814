/** The port through which the agent follows a sites repository: what is on offer, and what of it may be believed. */
import type { Problem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";

/** The newest commit that a remote offers. Nothing about it was checked yet. */
export interface Head {
  /** 40 hex digits. */
  readonly commit: string;
  /** The remote that offers it, without credentials, for people. */
  readonly remote: string;
  /** Remotes before it in the settings that did not answer. */
  readonly failed: readonly Problem[];
}

/** What an operator vouched for, on the box. */
export interface Overrides {
  /** Take this commit although it does not descend from the accepted one (`impctl accept-rewrite`). */
  readonly rewrite: boolean;
  /** Commits that need no valid signature (`impctl accept <commit>`), 40 hex digits each. */
  readonly commits: ReadonlySet<string>;
}

/** Nobody vouched for anything. */
export const noOverrides: Overrides = { rewrite: false, commits: new Set() };

export interface Source {
  /** The newest commit on offer: one or two requests, no fetch. Rejects with a GIT_ Problem when no remote offers one. */
  head(signal: AbortSignal): Promise<Head>;
  /**
   * Fetches if needed, proves that `commit` descends from `accepted` and is trusted, and gives its tree; `accepted` is
   * undefined until the first commit was ever accepted. The tree stays readable while the two next ones are accepted.
   * Rejects with a GIT_ or TRUST_ Problem; asking again for a refused commit costs nothing.
   */
  accept(commit: string, accepted: string | undefined, overrides: Overrides, signal: AbortSignal): Promise<Tree>;
}
