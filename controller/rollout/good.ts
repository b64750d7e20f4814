/** Since when this appliance is well with what the newest commit asks of it: what those that go after it wait for. Pure. */
import type { Host } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Ledger } from "../ledger.ts";
import type { State } from "../machine.ts";
import type { Survey } from "../planes.ts";
import { timing } from "../timing.ts";

export interface Good {
  readonly generation: string;
  /** Wall clock, for people. */
  readonly since: number;
  readonly uptime: number;
  /** It has been so for the soak time of the deployment that brought it. */
  readonly soaked: boolean;
}

/** What is known of the appliance. */
export interface Standing {
  readonly state: State;
  readonly ledger: Ledger | undefined;
  readonly wanted: { readonly generation: Generation | undefined } | undefined;
  readonly committed: Generation | undefined;
  readonly drift: { readonly plan: Survey } | undefined;
  readonly frozen: unknown;
}

/** `before` is what it was at the last look. Undefined: it is not well, or nobody can tell; counting begins anew then. */
export function goodSince(
  standing: Standing,
  before: Good | undefined,
  clock: Pick<Host, "now" | "uptime">,
): Good | undefined {
  const { committed, ledger } = standing;
  if (!committed || !ledger || !isWell(standing)) return undefined;
  const now = clock.uptime();
  const same = before?.generation === committed.digest ? before : undefined;
  const last = ledger.lastDeployment;
  const impact = last?.generation === committed.digest ? last.worstImpact : undefined;
  const { since, uptime } = same ?? { since: clock.now(), uptime: now };
  const soaked = now - uptime >= timing(committed.policy, impact).soakMs;
  return { generation: committed.digest, since, uptime, soaked };
}

/** Committed is what is wanted, nothing is going on or got worse since, and what is there does not differ from it. */
function isWell({ state, ledger, wanted, committed, drift, frozen }: Standing): boolean {
  if (frozen !== undefined || state.at !== "idle" || !drift) return false;
  if (!wanted?.generation || wanted.generation.digest !== committed?.digest) return false;
  if (ledger?.probation?.regressed !== undefined) return false;
  return drift.plan.steps.length === 0 && drift.plan.problems.length === 0;
}
