/** What the gate is asked, and what a guard of it is. */
import type { Downgrade } from "../../reconcilers/bootenv/standing.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Ledger } from "../ledger.ts";
import type { Purpose, Shut } from "../machine.ts";
import type { Survey } from "../planes.ts";
import type { Facts } from "./facts.ts";

export interface Question {
  readonly mode: "apply" | "observe";
  readonly policy: Policy;
  readonly purpose: Purpose;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  readonly plan: Pick<Survey, "worstImpact" | "steps" | "foreign" | "problems" | "before">;
  /** The image that is booted for it, where another one runs. */
  readonly trial?: { readonly name: string; readonly isThere: boolean; readonly downgrade?: Downgrade };
  readonly ledger: Ledger;
  readonly facts: Facts;
}

/** Looks at the question, and says what stands against arming. Pure: what must be looked up first is in the facts. */
export type Guard = (question: Question) => Omit<Shut, "why"> | undefined;
