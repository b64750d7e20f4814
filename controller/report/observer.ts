/**
 * What the loop tells those who report (metrics, log, notifications): the status after every transition, and events that
 * a status cannot show. Observers only listen: they return nothing that the loop waits for and cannot fail it.
 */
import type { Impact, PlaneName } from "../../reconcilers/core.ts";
import type { EndedOverlay } from "../overlay.ts";
import type { ProblemCode } from "../../schemas/problem.ts";
import type { DeploymentStatus, Status } from "./status.ts";

export interface Observer {
  /** After every transition and every poll: the whole document, which replaces the one before. */
  status?(status: Status): void;
  event?(event: AgentEvent): void;
}

/** A step as people read it, without secrets. */
export interface StepNews {
  readonly impact: Impact;
  readonly text: string;
}

/** What one check showed. */
export interface CheckNews {
  readonly name: string;
  readonly severity: "required" | "advisory";
  /** undefined: it cannot be told. */
  readonly ok: boolean | undefined;
  readonly detail: string;
}

export type AgentEvent =
  /** The loop lives, and says so again within this time unless it hangs. Sent at least once a poll and once a phase. */
  | { readonly type: "alive"; readonly withinMs: number }
  /** A state of the state machine was left. */
  | { readonly type: "phase-ended"; readonly phase: string; readonly seconds: number }
  /** A run of steps is journalled and begins, forward or on the way back: exactly what will be done. */
  | { readonly type: "run-started"; readonly plane: PlaneName; readonly steps: readonly StepNews[] }
  /** A step is known to be done, forward or on the way back. */
  | ({ readonly type: "step-done"; readonly plane: PlaneName } & StepNews)
  /** The checks of what is committed were looked at; undefined: they could not be. */
  | { readonly type: "checked"; readonly results: readonly CheckNews[] | undefined }
  /** What is red at a look while a deployment is proven. */
  | { readonly type: "looked"; readonly red: readonly string[] }
  /** A deployment ended. `trigger` says what made it roll back. */
  | {
      readonly type: "deployment-ended";
      readonly outcome: NonNullable<DeploymentStatus["outcome"]>;
      readonly trigger?: string;
      /** What it touched. */
      readonly planes?: readonly PlaneName[];
      /** A boot environment was booted for it. */
      readonly isTrial?: boolean;
    }
  /** What an operator changed or drained for a while ended, and why. */
  | ({ readonly type: "overlay-ended" } & EndedOverlay)
  /** An operator works on the box by hand no more. */
  | { readonly type: "break-glass-ended"; readonly why: "over" | "operator"; readonly reason: string }
  /** A poll of the sites repository ended: nothing new, a new commit was fetched, or why not. */
  | { readonly type: "polled"; readonly result: "unchanged" | "fetched" | ProblemCode };

/** Several observers as one. What one of them throws goes to `complain`, never to the loop. */
export function observers(list: readonly Observer[], complain: (fault: unknown) => void): Required<Observer> {
  const each = (tell: (observer: Observer) => void) => {
    for (const observer of list) {
      try {
        tell(observer);
      } catch (fault) {
        complain(fault);
      }
    }
  };
  return {
    status: (status) => each((observer) => observer.status?.(status)),
    event: (event) => each((observer) => observer.event?.(event)),
  };
}
