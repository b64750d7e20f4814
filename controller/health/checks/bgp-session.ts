import type { HealthCheck } from "../../../schemas/health.ts";
import type { Sight } from "../sight.ts";
import { counted, type Finding } from "./finding.ts";

/** Established, for as long as is wanted, with as many prefixes as are wanted. */
export function bgpSession(
  check: Extract<HealthCheck, { check: "bgp-session" }>,
  { sessions }: Pick<Sight, "sessions">,
): Finding {
  const session = sessions.get(check.peer);
  if (!session?.up) return { ok: false, detail: `is ${session?.state ?? "not configured"}` };
  const least = check["min-prefixes"] ?? 0;
  if (session.prefixes < least) {
    const brought = counted(session.prefixes, "accepted prefix", "accepted prefixes");
    return { ok: false, detail: `brings ${brought}, and at least ${least} are wanted` };
  }
  const seconds = Math.round((session.upMs ?? 0) / 1000);
  const [young, old] = [check["min-age-seconds"], check["max-age-seconds"]];
  if (young !== undefined && seconds < young) {
    return { ok: false, detail: `is Established for ${seconds} s, and at least ${young} s are wanted` };
  }
  if (old !== undefined && seconds > old) {
    return { ok: false, detail: `is Established for ${seconds} s, and at most ${old} s are wanted` };
  }
  return { ok: true, detail: "is Established" };
}

/** How many of all that FRR has are Established. */
export function bgpSessions(
  { min }: Extract<HealthCheck, { check: "bgp-sessions" }>,
  { sessions }: Pick<Sight, "sessions">,
): Finding {
  const up = [...sessions.values()].filter((session) => session.up).length;
  const detail = `${up} of ${counted(sessions.size, "session is", "sessions are")} Established`;
  return up >= min ? { ok: true, detail } : { ok: false, detail: `${detail}, and at least ${min} are wanted` };
}
