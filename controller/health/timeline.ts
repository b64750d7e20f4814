/** What was red while a change was proven, and from when on: the story that is told of it afterwards. */
import type { Host } from "../../reconcilers/core.ts";
import type { Red } from "./judge.ts";

/** One moment at which something became red, or green again. */
export interface Moment {
  /** Wall clock, for people. */
  readonly at: number;
  /** Milliseconds since the deployment was armed. */
  readonly afterMs: number;
  /** Everything that is red now and matters, as it was first seen; empty: all is green. */
  readonly red: readonly { readonly key: string; readonly reason: string }[];
}

/** Oldest first; of a long one the middle is missing. */
export type Timeline = readonly Moment[];

/** At each end. */
const kept = 50;
/** Of what is red at one moment. */
const shown = 30;

/** Keeps one; `since` is the uptime of the arming. */
export function startTimeline(host: Host, since: number): { note(red: readonly Red[]): void; moments(): Timeline } {
  const first: Moment[] = [];
  const last: Moment[] = [];
  let before = "";
  return {
    note(red) {
      const now = red.map(({ key }) => key).join("\n");
      if (now === before) return;
      before = now;
      const moment = {
        at: host.now(),
        afterMs: host.uptime() - since,
        red: red.slice(0, shown).map(({ key, reason }) => ({ key, reason })),
      };
      if (first.length < kept) first.push(moment);
      else last.push(moment);
      if (last.length > kept) last.shift();
    },
    moments: () => [...first, ...last],
  };
}
