/** What an operator may ask of the running agent through its control socket. The loop implements it. */
import type { Status } from "./status.ts";

/** Whatever JSON can hold. */
export type Answer = Readonly<Record<string, unknown>>;

/** Each resolves with what to show and rejects with a Problem; `signal` aborts when the asker goes away or time is up. */
export interface Operations {
  status(): Status;
  /** The plan against the newest accepted commit, made anew; changes nothing. */
  plan(signal: AbortSignal): Promise<Answer>;
  /** Polls now instead of at the next interval. Resolves once the poll is done, not once a deployment is. */
  sync(signal: AbortSignal): Promise<Answer>;
  /** Lets one commit pass that the trust rules refuse. */
  accept(commit: string, signal: AbortSignal): Promise<Answer>;
  /** Lets the next head be one that does not descend from the accepted commit. */
  acceptRewrite(signal: AbortSignal): Promise<Answer>;
  /** Takes over a box on which nothing was ever committed: the next plan may be armed. */
  adopt(signal: AbortSignal): Promise<Answer>;
  /** Forgets that the newest generation was tried here and failed; `reason` is for the log and the history. */
  retry(reason: string, signal: AbortSignal): Promise<Answer>;
}
