/** The states of one appliance with their data, and every event; transition.ts says which leads where. */
import type { TrialStanding } from "../reconcilers/bootenv/trial.ts";
import type { Impact, PlaneName } from "../reconcilers/core.ts";
import type { Trigger, Wait } from "./reasons.ts";
import type { Asked } from "./verdicts.ts";

/**
 * What a deployment is for: a new generation, bringing the appliance back to the committed one, or back to one that was
 * committed before because an operator ordered it.
 */
export type Purpose = "deploy" | "correct" | "roll-back";

/** What somebody wants applied: the candidate. */
export interface Target extends Asked {
  readonly purpose: Purpose;
  readonly commit: string;
}

/** One attempt to apply a candidate, from arming to its end. Plain data: the journal holds it. */
export interface Deployment extends Target {
  readonly id: string;
  /** The boot environment in which it goes on: of a trial, the one that it leaves, then the one that it enters. */
  readonly environment: string;
  /** The generation to go back to; undefined when nothing was ever committed here. */
  readonly from: string | undefined;
  /** Wall clock, for people. */
  readonly startedAt: number;
  readonly boot: string;
  /** Uptime in milliseconds, in this boot, at which it is rolled back unless it was proven. */
  readonly deadline: number;
  /** What that came to from arming on, and for how long everything must be green; in milliseconds. */
  readonly deadlineMs?: number;
  readonly soakMs?: number;
  readonly planes: readonly PlaneName[];
  /** The units that the system plane starts or reloads for it. */
  readonly units?: readonly string[];
  readonly steps: number;
  readonly stepsDone: number;
  /** Of all that was begun for it, the way back included. */
  readonly worstImpact: Impact | undefined;
  /** Which order it carries out: going-back.ts. */
  readonly ordered?: string;
  /** That another boot environment is booted for it, once. */
  readonly trial?: TrialBoot;
}

/** How a trial boot is entered: by kexec from here, or by the record that zfsbootmenu's hook reads. */
export type BootMethod = "kexec" | "firmware";

/** The trial boot of a deployment. */
export interface TrialBoot {
  /** GUID of the boot environment that is tried, and of the committed one that every reset comes back to. */
  readonly environment: string;
  readonly from: string;
  /** What people call the one that is tried. */
  readonly name: string;
  readonly method: BootMethod;
  /** The boot in which it was armed. */
  readonly boot: string;
  readonly pool: string;
  /** How long traffic is given to go elsewhere. */
  readonly drainSeconds: number;
  /** What runs is tried, in a clone: nothing comes of it but the way there and back. */
  readonly isDrill?: true;
  /** The hardware watchdog is to reset the box at its end, and is waited for so long. */
  readonly watchdogSeconds?: number;
}

/** Consecutive steps of one plane, journalled before the first of them runs. */
export interface Run {
  readonly plane: PlaneName;
  readonly steps: readonly string[];
  /** The worst of its steps. */
  readonly impact: Impact;
  /** The first of them as people read them: for the history. */
  readonly does?: readonly string[];
}

/** `bad`: never again here. `inconclusive`: it was not the candidate's fault, or nobody can tell. */
export type Verdict = "good" | "bad" | "inconclusive";

export interface Failure {
  readonly trigger: Trigger;
  readonly reason: string;
  readonly verdict: Exclude<Verdict, "good">;
}

/** Why a target is not armed now. */
export interface Shut {
  readonly why: Wait;
  /** One sentence: what is so. */
  readonly reason: string;
  /** One sentence: who or what would change it. */
  readonly unblock: string;
  /** Wall clock at which it will be looked at next, where that is not simply the next poll. */
  readonly againAt?: number;
}

/**
 * What is done when going back by plan failed twice: one at a time, for the planes that the deployment touched, each once.
 * `reboot` comes last, and only once.
 */
export type Rung = PlaneName | "reboot";

/** Where the appliance stands. `since` is wall clock, for people. */
export type State =
  | { readonly at: "idle"; readonly since: number }
  | { readonly at: "planning"; readonly since: number; readonly target: Target }
  | ({ readonly at: "waiting"; readonly since: number; readonly target: Target } & Shut)
  /** All that going forward and back needs is put on disk; nothing that traffic or the next boot can see. */
  | { readonly at: "staging"; readonly since: number; readonly target: Target }
  | { readonly at: "armed"; readonly since: number; readonly deployment: Deployment }
  /** The box leaves for the boot environment on trial, or has arrived there and nothing was applied yet. */
  | { readonly at: "trial-booting"; readonly since: number; readonly deployment: Deployment }
  | { readonly at: "applying"; readonly since: number; readonly deployment: Deployment; readonly run: Run }
  | { readonly at: "verifying"; readonly since: number; readonly deployment: Deployment }
  | { readonly at: "proving"; readonly since: number; readonly deployment: Deployment }
  | {
      readonly at: "committing";
      readonly since: number;
      readonly deployment: Deployment;
      /** Only after a restart, when the planes lost what was proven. */
      readonly run: Run | undefined;
    }
  | {
      readonly at: "rolling-back";
      readonly since: number;
      readonly deployment: Deployment;
      readonly failure: Failure;
      /** How often going back by plan failed since it began, or since the last rung. */
      readonly failures: number;
      /** What was tried beyond planning, in order: each is recorded before it begins, and never done twice. */
      readonly rungs: readonly Rung[];
      /** The boot that the rung `reboot` is to end. */
      readonly leaving?: string;
      readonly run: Run | undefined;
    }
  /** Going back failed for good: nothing is touched that may still forward, until an operator says so. */
  | {
      readonly at: "stranded";
      readonly since: number;
      readonly deployment: Deployment;
      readonly failure: Failure;
      readonly reason: string;
      /** An order that stood already: only another one lets it try again. */
      readonly spent?: string;
    }
  | { readonly at: "held"; readonly since: number; readonly target: Target; readonly reason: string };

/** What happens to it. */
export type Event =
  | { readonly type: "wanted"; readonly target: Target }
  | { readonly type: "nothing-to-do" }
  | ({ readonly type: "must-wait" } & Shut)
  | { readonly type: "must-hold"; readonly target: Target; readonly reason: string }
  | { readonly type: "staging" }
  | { readonly type: "armed"; readonly deployment: Deployment }
  /** The box is about to leave for the boot environment on trial. */
  | { readonly type: "booting" }
  /** It runs: the deployment as it goes on there, by that boot's clock. */
  | { readonly type: "entered"; readonly deployment: Deployment }
  | { readonly type: "run-started"; readonly run: Run }
  | { readonly type: "step-done" }
  | { readonly type: "applied" }
  | { readonly type: "verified" }
  | { readonly type: "proven" }
  | { readonly type: "committed" }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "rollback-failed" }
  | { readonly type: "rung-started"; readonly rung: Rung; readonly boot: string }
  | { readonly type: "abandoned"; readonly reason: string; readonly spent?: string }
  | { readonly type: "resumed" }
  | { readonly type: "rolled-back"; readonly hold: boolean }
  /** `acted`: what the failsafe did about the deployment in flight, or why its trial came back. `trial`: where that stands. */
  | { readonly type: "restarted"; readonly boot: string; readonly acted?: Failure; readonly trial?: TrialStanding };

export type StateName = State["at"];
export type EventName = Event["type"];

/** The deployment in flight, if there is one. */
export function inFlight(state: State): Deployment | undefined {
  return "deployment" in state ? state.deployment : undefined;
}
