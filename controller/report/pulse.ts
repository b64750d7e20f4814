/** Whether the loop still makes progress: it says when it will be heard of next, and is late when it is not. */
import type { Observer } from "./observer.ts";

export interface Pulse {
  readonly observer: Observer;
  /** Why the loop counts as stuck, or undefined while it lives. */
  readonly late: () => string | undefined;
}

/** @param uptime CLOCK_BOOTTIME in milliseconds. @param startMs how long the first sign of life may take. */
export function pulse(uptime: () => number, startMs = 60_000): Pulse {
  let last = uptime();
  let due = last + startMs;
  return {
    observer: {
      event(event) {
        if (event.type !== "alive") return;
        last = uptime();
        due = last + event.withinMs;
      },
    },
    late() {
      const now = uptime();
      if (now <= due) return undefined;
      const seconds = (ms: number) => Math.round(ms / 1000);
      return `the loop was last heard of ${seconds(now - last)} s ago and is ${seconds(now - due)} s late`;
    },
  };
}
