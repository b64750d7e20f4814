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
  /** What is made once descent is proven: the chain for the answer, or the snapshot, when it is trusted. */
  readonly give: "chain" | "snapshot";
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
      /** Commit objects (base64) that somebody must answer for, newest first; empty with a snapshot. */
      readonly commits: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly problem: ProblemReport };
