/** Looks around again and again while a change is proven, beside the health checks: a place that is silent is slow to ask. */
import type { Host } from "../../reconcilers/core.ts";
import type { Failure } from "../machine.ts";
import { believed, lookAround, type Round, type Surroundings } from "./reach.ts";

export interface Patrol {
  /** What two looks in a row say. */
  believed(): Round | undefined;
  /** Of the last two looks the newest at which not everything was reached: what is waited for while they do not agree. */
  missed(): Round | undefined;
  /** Ends it; a look that is under way is left. */
  close(): void;
}

/** From one look to the next: what is only lost for a moment is not believed. */
const everyMs = 3000;

/** Begins at once. */
export function startPatrol(host: Host, around: Surroundings, signal: AbortSignal): Patrol {
  const closing = new AbortController();
  const either = AbortSignal.any([signal, closing.signal]);
  const rounds: Round[] = [];
  const hasPlaces = around.git !== undefined || around.anchors.length > 0;
  async function walk(): Promise<void> {
    for (;;) {
      rounds.push(await lookAround(around, either));
      if (rounds.length > 2) rounds.shift();
      await host.sleep(everyMs, either);
    }
  }
  if (hasPlaces) walk().catch(() => undefined); // it only ends by closing
  return {
    believed: () => (hasPlaces ? believed(rounds) : { found: "reached", lost: [] }),
    missed: () => rounds.findLast(({ found }) => found !== "reached"),
    close: () => closing.abort(),
  };
}

/** What it means at the deadline that not everything answers any more; undefined: nothing. */
export function unreached(round: Round | undefined): Failure | undefined {
  if (!round || round.found === "reached") return undefined;
  const lost = round.lost.join(", ");
  const reason = {
    "cut-off": `Nothing outside answers any more that did before the change: ${lost}.`,
    "git-lost": "The sites repository was reachable before the change and is not now.",
    "anchors-lost": `The sites repository answers, but no anchor does any more: ${lost}.`,
  }[round.found];
  // With something still answering nobody here can tell whether the change or somebody else took the rest away.
  return { trigger: "reachability", reason, verdict: round.found === "cut-off" ? "bad" : "inconclusive" };
}
