/**
 * What the agent says of itself: one document, shown by `/status`, `impctl status`, and turned into metrics. Only the
 * loop writes it; everything that reports only reads it, so that reporting can never hold up a deployment.
 */
import type { ProblemReport } from "../../schemas/problem.ts";
import type { Impact, PlaneName } from "../../reconcilers/core.ts";
import type { Purpose, Shut, Verdict } from "../machine.ts";
import type { ShownGlass } from "../break-glass.ts";
import type { EndedOverlay, ShownOverlay } from "../overlay.ts";
import type { Awaited } from "../rollout/decide.ts";
import type { Wait } from "../reasons.ts";
import type { ImageStatus } from "../images/stage.ts";
import type { UpdateStatus } from "../update/update.ts";

export interface Status {
  readonly format: 1;
  readonly machine: string;
  readonly agentVersion: string;
  /** State of the state machine, and since when (milliseconds since 1970). */
  readonly state: string;
  readonly since: number;
  /** Why it waits or holds, in one sentence; undefined when it does neither. */
  readonly reason?: string;
  /** Why nothing at all is done until an operator cleared it; undefined: the agent works. */
  readonly frozen?: string;
  readonly mode: "apply" | "observe";
  /** The newest accepted commit and what it asks for. */
  readonly desired?: {
    readonly commit: string;
    readonly generation?: string;
    /** The same without what stands above the repository on this box. */
    readonly below?: string;
    /** What the repository asks of this appliance, by the digest that others know it by: docs/rollout.md. */
    readonly asked?: string;
  };
  /** What became of the desired generation here. */
  readonly verdict?: Verdict;
  /** Since when the desired generation is committed and well here; `soaked`: for its soak time already. */
  readonly good?: { readonly since: number; readonly soaked: boolean };
  /** What is committed on this box. */
  readonly committed?: { readonly commit: string; readonly generation: string; readonly at: number };
  /** True only when observed state, journal and desired generation agree and every section has a plane. */
  readonly inSync: boolean;
  /** Sections of the machine file that no plane carries out yet. */
  readonly notManaged: readonly string[];
  readonly planes: Readonly<Partial<Record<PlaneName, PlaneStatus>>>;
  /** Why the newest commit is not applied: validation, trust, health. */
  readonly problems: readonly ProblemReport[];
  readonly warnings: readonly ProblemReport[];
  readonly deployment?: DeploymentStatus;
  readonly lastDeployment?: DeploymentStatus;
  readonly lastSuccessAt?: number;
  readonly git: {
    readonly remote?: string;
    readonly lastPollAt?: number;
    readonly lastError?: ProblemReport;
    /** When the first of the polls failed of which none succeeded since. */
    readonly failingSince?: number;
  };
  /** When the loop looks at everything again; left out while it does. */
  readonly nextLookAt?: number;
  /** What operators vouched for and no accepted commit has used up yet: see source.ts. */
  readonly overrides?: { readonly rewrite: boolean; readonly commits: readonly string[] };
  /** That an operator works on the box by hand. */
  readonly breakGlass?: ShownGlass;
  /** What stands above the repository on this box for a while. */
  readonly overlays?: readonly ShownOverlay[];
  /**
   * The committed commit with them, where the newest one is not what they are tried with; without a generation: it cannot be
   * had. `reason`: why the box is not brought there.
   */
  readonly overlaid?: {
    readonly commit?: string;
    readonly generation?: string;
    readonly below?: string;
    readonly reason?: string;
    readonly unblock?: string;
  };
  /** The last one that ended. */
  readonly endedOverlay?: EndedOverlay;
  /** The repository's pause has no end of its own, an operator's has. */
  readonly paused?: { readonly reason: string; readonly until?: number };
  /** Why the newest generation, or the correction of drift, is not armed. */
  readonly waiting?: Shut;
  /** Of every guard whether it lets the newest generation pass; left out when nothing is wanted. */
  readonly gate?: Readonly<Partial<Record<Wait, boolean>>>;
  /** Whether something puts the box back should the agent not do it; off: there is none, by the settings. */
  readonly failsafe?: "armed" | "quiet" | "off";
  readonly checks?: ChecksStatus;
  /** Since a commit, until when: what was well then must stay well. */
  readonly probation?: {
    readonly until: number;
    readonly watched: number;
    readonly regressed?: { readonly since: number; readonly checks: readonly string[]; readonly reason: string };
  };
  /** The pool that the box runs from; left out: its root is no ZFS dataset, or nobody looked yet. */
  readonly boot?: BootStatus;
  /** Where another version of the agent is wanted than is installed. */
  readonly update?: UpdateStatus;
  /** Where another image is wanted than runs. */
  readonly image?: ImageStatus;
  /** Failed deployments of which there is evidence on this box. */
  readonly evidence?: number;
  /** Where it waits for appliances that go first: for whom, why, and since when. */
  readonly rollout?: readonly Awaited[];
  /** `failed`: the newest generation failed here. `regressed`: what is committed is worse than it was at the commit. */
  readonly held?: {
    /** That failed. */
    readonly generation: string;
    readonly reason: string;
    readonly why?: "failed" | "regressed";
    /** Not the newest one is held, but what stands above the repository: see overlaid. */
    readonly above?: true;
  };
}

/** The checks when they were looked at last. */
export interface ChecksStatus {
  readonly at: number;
  /** What is red, a sentence each, those that must be green first; of many the first. */
  readonly red: readonly string[];
  /** How many are green, red and not known; undefined while a deployment is proven. */
  readonly green?: number;
  readonly unknown?: number;
}

/** What runs and what boots next, by name. */
export interface BootStatus {
  readonly pool: string;
  /** "ONLINE", "DEGRADED" … */
  readonly health: string;
  readonly availableBytes: number;
  readonly running?: string;
  /** Left out: `bootfs` names none, and the loader stops in its menu. */
  readonly next?: string;
  /** Somebody booted another one than boots next: nothing is deployed. */
  readonly chosenByHand?: true;
  readonly environments: number;
}

export interface PlaneStatus {
  /** Steps that would bring the plane to the committed generation: drift. Left out until it was measured since the commit. */
  readonly drift?: number;
  /** Of drift: whether the plane started anew or somebody changed it, and what becomes of it. */
  readonly cause?: "restart" | "somebody";
  readonly fate?: "correct" | "report" | "accepted";
  /** The first of those steps, for people. */
  readonly steps?: readonly string[];
  readonly foreign: number;
  readonly lastObservedAt: number;
}

export interface DeploymentStatus {
  readonly id: string;
  /** Missing in what an older agent recorded. */
  readonly purpose?: Purpose;
  readonly commit: string;
  readonly generation: string;
  readonly startedAt: number;
  /** When it is rolled back unless it was proven by then; only while it is in flight and goes forward. */
  readonly until?: number;
  readonly endedAt?: number;
  readonly outcome?: "committed" | "rolled-back";
  /** What made it roll back: "health", "apply", "read-back", "crash", "operator". */
  readonly trigger?: string;
  readonly reason?: string;
  readonly steps: number;
  readonly stepsDone: number;
  readonly worstImpact?: Impact;
  /** For how long everything had to be green, and how long it could take from arming on: the policy's, or as its impact asks. */
  readonly soakSeconds?: number;
  readonly deadlineSeconds?: number;
  /** The boot environment that is booted for it, once, and how that is entered. */
  readonly trial?: { readonly name: string; readonly method: "kexec" | "firmware" };
}
