/** What the gate must know of the box and of others before it can decide: looked up once for each question. */
import type { Host } from "../../reconcilers/core.ts";

export interface Facts {
  /** Wall clock. */
  readonly now: number;
}

/** Looks them up. What cannot be found out is told as such, never assumed to be well. */
export async function gatherFacts(host: Host, _signal: AbortSignal): Promise<Facts> {
  return { now: host.now() };
}
