/**
 * The gate: whether a plan may be armed now. A list of guards, each with what it looks at and what it says; the first that
 * says something decides. Pure: what must be looked up first is in the question (facts.ts).
 */
import type { Generation } from "../../reconcilers/generation.ts";
import type { Impact } from "../../reconcilers/core.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Ledger } from "../ledger.ts";
import type { Purpose, Shut } from "../machine.ts";
import type { Survey } from "../planes.ts";
import type { Facts } from "./facts.ts";
import { atMost, isOpen, whenText } from "./windows.ts";

export interface Question {
  readonly mode: "apply" | "observe";
  readonly policy: Policy;
  readonly purpose: Purpose;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  readonly plan: Pick<Survey, "worstImpact" | "steps" | "foreign">;
  readonly ledger: Ledger;
  readonly facts: Facts;
}

type Guard = (question: Question) => Shut | undefined;

/** Why the plan must wait, or undefined when it may be armed. */
export function gate(question: Question): Shut | undefined {
  for (const guard of guards) {
    const shut = guard(question);
    if (shut) return shut;
  }
  return undefined;
}

const guards: readonly Guard[] = [observeOnly, paused, notAdopted, impactAllowed];

function observeOnly({ mode }: Question): Shut | undefined {
  if (mode !== "observe") return undefined;
  return {
    why: "observe-only",
    reason: "The agent's settings say to observe only.",
    unblock: 'Set "mode: apply" in the agent\'s settings.',
  };
}

function paused({ policy }: Question): Shut | undefined {
  if (policy.pause === undefined) return undefined;
  return { why: "paused", reason: `Paused: ${policy.pause}`, unblock: "Remove policy.pause from the repository." };
}

function notAdopted({ committed, plan, ledger, purpose }: Question): Shut | undefined {
  if (purpose === "correct" || committed || plan.foreign === 0 || ledger.adopted) return undefined;
  return {
    why: "not-adopted",
    reason: `Nothing was ever committed here, and ${plan.foreign} objects are already there.`,
    unblock: "Look at `impctl plan --live`, then `impctl adopt --accept`.",
  };
}

function impactAllowed({ policy, purpose, plan, facts }: Question): Shut | undefined {
  const impact: Impact = plan.worstImpact ?? "hitless";
  // Bringing back what was committed repairs; it does not wait for a window.
  if (purpose === "correct" && atMost(impact, "restart")) return undefined;
  if (atMost(impact, policy["max-impact"])) return undefined;
  const windows = Object.entries(policy.windows);
  if (windows.some(([, window]) => atMost(impact, window["max-impact"]) && isOpen(window, policy, facts.now))) {
    return undefined;
  }
  const usable = windows.filter(([, window]) => atMost(impact, window["max-impact"]));
  if (usable.length === 0) {
    return {
      why: "impact",
      reason: `Its impact is ${impact}, and policy allows at most ${policy["max-impact"]}.`,
      unblock: "Add a window for it to policy.windows.",
    };
  }
  const list = usable.map(([name, window]) => `${name} (${whenText(window)} ${policy["time-zone"]})`).join(", ");
  return { why: "window", reason: `Its impact is ${impact}: it waits for ${list}.`, unblock: "The window opens." };
}
