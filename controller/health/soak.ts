/** For how long everything is green, and for how long what is red is red. */
import type { Host } from "../../reconcilers/core.ts";
import { type HealthCheck, timingOf } from "../../schemas/health.ts";
import type { Red } from "./judge.ts";

export interface Soak {
  /** Takes in what is red at a look; `due`: only what holds up. */
  saw(due: readonly Red[]): void;
  /** Since the look at which it became red. */
  redForMs(red: Red): number;
  /** Everything is green for as long as is wanted, and every check was judged for as long as it wants. */
  isOver(): boolean;
}

/** Begins when the change was applied. `soakMs`: the policy's. */
export function startSoak(host: Host, health: readonly HealthCheck[], soakMs: number): Soak {
  const appliedAt = host.uptime();
  const own = health.filter((check) => check.required).map(timingOf);
  const redSince = new Map<string, number>();
  let greenSince: number | undefined;
  return {
    saw(due) {
      const now = host.uptime();
      greenSince = due.length > 0 ? undefined : (greenSince ?? now);
      for (const key of redSince.keys()) if (!due.some((one) => one.key === key)) redSince.delete(key);
      for (const { key } of due) if (!redSince.has(key)) redSince.set(key, now);
    },
    redForMs: ({ key }) => host.uptime() - (redSince.get(key) ?? host.uptime()),
    isOver() {
      if (greenSince === undefined) return false;
      const since = greenSince;
      const ends = own.map((check) => Math.max(since, appliedAt + check.startMs) + check.soakMs);
      return host.uptime() >= Math.max(since + soakMs, ...ends);
    },
  };
}
