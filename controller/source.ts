/** The port through which the agent follows a sites repository: what is on offer, and what of it may be believed. */
import type { Problem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";
import type { Word } from "./ledger.ts";

/** The newest commit that a remote offers. Nothing about it was checked yet. */
export interface Head {
  /** 40 hex digits. */
  readonly commit: string;
  /** The remote that offers it, without credentials, for people. */
  readonly remote: string;
  /** Remotes before it in the settings that did not answer. */
  readonly failed: readonly Problem[];
  /** Tags that may approve what was sought. */
  readonly tags?: readonly OfferedTag[];
}

/** A tag that a remote offers. Nothing about it was checked yet. */
export interface OfferedTag {
  /** "approve/0123456789ab". */
  readonly name: string;
  /** 40 hex digits. */
  readonly id: string;
  /** The commit behind it; undefined when it is no annotated tag, which alone can be signed. */
  readonly target: string | undefined;
}

/** What somebody approves, or may approve. */
export interface Approvable {
  readonly commit: string;
  readonly generation: string;
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

/** What commits say in their trailers: see git/words.ts. Texts are printable, and of bounded length and number. */
export interface Words {
  readonly allowRemoval?: Word;
  /** An image that may come although it is older than what is committed. */
  readonly allowDowngrade?: Word & { readonly image: string };
  /** Signed. */
  readonly emergency?: Word & { readonly signer: string };
  /** Signed: generations, by the first 12 digits or more, that may be tried again. */
  readonly retries: readonly (Word & { readonly generation: string; readonly signer: string })[];
  /** Sentences: what does not count, and why. */
  readonly ignored: readonly string[];
}

/** The files of a commit that is accepted, and what those between the accepted one before and this say. */
export type AcceptedTree = Tree & { readonly words?: Words };

export interface Source {
  /**
   * The newest commit on offer, and tags that may approve what is sought: one or two requests, no fetch. Rejects with a GIT_
   * Problem when no remote offers one.
   */
  head(signal: AbortSignal, sought?: Approvable): Promise<Head>;
  /**
   * Fetches if needed, proves that `commit` descends from `accepted` and is trusted, and gives its tree; `accepted` is
   * undefined until the first commit was ever accepted. The tree stays readable while the two next ones are accepted.
   * Rejects with a GIT_ or TRUST_ Problem; asking again for a refused commit costs nothing.
   */
  accept(
    commit: string,
    accepted: string | undefined,
    overrides: Overrides,
    signal: AbortSignal,
  ): Promise<AcceptedTree>;
  /**
   * Who signed a tag that approves `sought`, and their reason. Fetches it when it is new; the accepted commit is `sought`'s
   * or a later one. Rejects with a Problem that says why it does not count. Missing where nothing can be signed.
   */
  approval?(tag: OfferedTag, sought: Approvable, signal: AbortSignal): Promise<Approver>;
}

export interface Approver {
  readonly signer: string;
  /** Printable, perhaps empty. */
  readonly reason: string;
}
