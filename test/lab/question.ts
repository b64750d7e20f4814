/** A question to the gate that nothing stands against, but for what a test says. */
import { gate } from "../../controller/gate/gate.ts";
import type { Facts } from "../../controller/gate/facts.ts";
import type { Footing } from "../../controller/gate/prerequisites.ts";
import type { Question } from "../../controller/gate/question.ts";
import { emptyLedger } from "../../controller/ledger.ts";
import { emptyDesired } from "../../controller/planes.ts";
import type { Shut } from "../../controller/machine.ts";
import type { Impact } from "../../reconcilers/core.ts";
import { Policy } from "../../schemas/policy.ts";
import { generation } from "./story.ts";

export interface Asked extends Partial<Omit<Question, "policy" | "facts" | "plan">> {
  readonly policy?: object;
  readonly plan?: Partial<Question["plan"]>;
  readonly facts?: Partial<Facts>;
  readonly impact?: Impact | undefined;
  /** In place of Monday 2026-01-05, noon UTC. */
  readonly at?: string;
}

/** Nothing speaks against relying on a rollback. */
export const firm: Footing = { target: undefined, freeBytes: 2 ** 40, failsafe: undefined };

export const candidate = generation(["router bgp 64501"]);
/** As the command line is told about it. */
export const named = candidate.digest.slice(0, 12);

export function ask({ policy, plan, facts, impact = "hitless", at = "2026-01-05T12:00Z", ...more }: Asked = {}):
  | Shut
  | undefined {
  return gate({
    mode: "apply",
    policy: Policy.parse(policy ?? {}),
    purpose: "deploy",
    candidate,
    committed: generation(["router bgp 64500"]),
    plan: { worstImpact: impact, steps: [], foreign: 0, problems: [], before: emptyDesired, ...plan },
    ledger: emptyLedger,
    facts: {
      now: Date.parse(at),
      pause: undefined,
      breakGlass: undefined,
      reverts: [],
      clockSynchronised: true,
      footing: firm,
      removals: [],
      startFiles: [],
      awaited: [],
      ...facts,
    },
    ...more,
  });
}
