/** Where routes lead, whoever holds them: FRR (static-routes.ts) or VPP's VRFs (vrfs.ts). */
import type { z } from "zod";

interface Ways {
  readonly via?: readonly string[] | undefined;
  readonly interface?: string | undefined;
  readonly discard?: unknown;
}

/** It forwards or it drops. */
export function forwardsOrDrops(ctx: z.core.ParsePayload<Ways>): void {
  const { via, interface: out, discard } = ctx.value;
  const forwards = via !== undefined || out !== undefined;
  if (forwards === (discard === undefined)) return;
  const message = forwards ? "has both next hops and discard" : "needs via, interface or discard";
  ctx.issues.push({ code: "custom", message, input: ctx.value });
}

/** Next hops are of the family of their destination. */
export function fitsDestination(ctx: z.core.ParsePayload<Readonly<Record<string, Ways>>>): void {
  for (const [prefix, route] of Object.entries(ctx.value)) {
    for (const [at, hop] of (route.via ?? []).entries()) {
      if (hop.includes(":") === prefix.includes(":")) continue;
      const message = `"${hop}" is of the other address family than ${prefix}`;
      ctx.issues.push({ code: "custom", path: [prefix, "via", at], message, input: ctx.value });
    }
  }
}
