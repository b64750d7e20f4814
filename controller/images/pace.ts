/** No faster than the owner of the box wants it: what arrives waits until its bytes are due. */
import type { Host } from "../../reconcilers/core.ts";

/** Resolves when so many more bytes may have arrived. */
export type Pace = (bytes: number, signal: AbortSignal) => Promise<void>;

/** Milliseconds for which nothing came that may be caught up with. */
const caughtUpMs = 1000;

/** undefined: as fast as it comes. */
export function paced(host: Pick<Host, "uptime" | "sleep">, bytesPerSecond: number | undefined): Pace {
  let due = 0;
  return async (bytes, signal) => {
    if (bytesPerSecond === undefined) return;
    const now = host.uptime();
    due = Math.max(due, now - caughtUpMs) + (1000 * bytes) / bytesPerSecond;
    if (due > now) await host.sleep(due - now, signal);
  };
}
