/** What the agent asks of the child that fetches, and what it answers: plain data, one JSON document each way. */
import type { ProblemReport } from "../../schemas/problem.ts";
import type { HttpLimits } from "./http.ts";
import type { Remote } from "./remote.ts";

export interface FetchJob {
  /** The cache folder: `repo/` (disposable) and `snapshots/`. */
  readonly folder: string;
  readonly remote: Remote;
  readonly branch: string;
  readonly commit: string;
  /** The candidate must descend from it; undefined when nothing was ever accepted. */
  readonly accepted: string | undefined;
  /** An operator said that it need not. */
  readonly rewrite: boolean;
  /** What is made once descent is proven. */
  readonly give: {
    /** For the answer: every commit that somebody must answer for, or only those with a word in their trailers. */
    readonly commits?: "all" | "wordy";
    /** For the answer: this annotated tag alone, whose commit must be here. */
    readonly tag?: { readonly name: string; readonly id: string; readonly target: string };
    /** On disk: only of a commit that is trusted. */
    readonly snapshot?: boolean;
  };
  readonly wanted: readonly string[];
  readonly limits: HttpLimits & {
    /** Commits of history in a fresh clone, and in the second attempt when they do not reach the accepted one. */
    readonly depths: readonly [number, number];
    /** A cache with more packs, or so many times the bytes of the fresh clone, is made anew. */
    readonly packs: number;
    readonly growth: number;
  };
}

/** Ways in which the cache had to be made anew are told in `notes`, for the log. */
export type FetchAnswer =
  | {
      /** Commits, newest first, or the tag: whole objects in base64. */
      readonly objects: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly problem: ProblemReport };
