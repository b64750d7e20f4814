/** What the loop knows. Only the loop changes it; status-of.ts makes the status document of it. */
import type { Standing as BootStanding } from "../../reconcilers/bootenv/standing.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Drift } from "../drift.ts";
import type { Ledger } from "../ledger.ts";
import type { Shut, State } from "../machine.ts";
import type { Survey } from "../planes.ts";
import type { Overlaid } from "../overlaid.ts";
import type { Awaited } from "../rollout/decide.ts";
import type { Good } from "../rollout/good.ts";
import type { Clock } from "../term.ts";
import type { WantedImage } from "../images/catalogue.ts";
import type { ImageStatus } from "../images/stage.ts";
import type { UpdateStatus, WantedAgent } from "../update/update.ts";
import type { ChecksStatus, Status } from "./status.ts";

export interface Known {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly version: string;
  readonly state: State;
  readonly ledger: Ledger | undefined;
  /** The newest commit that was accepted and loaded since the agent started. */
  readonly wanted:
    | {
        readonly commit: string;
        readonly generation: Generation | undefined;
        readonly problems: readonly Problem[];
        readonly agent?: WantedAgent | undefined;
        readonly image?: WantedImage | undefined;
        readonly tree: Tree;
        /** Which overlays it was loaded with: overlaysKey. */
        readonly overlays: string;
        /** What stood on the box when it was loaded, and how many polls ago that was. */
        readonly inputs: string;
        readonly polls: number;
      }
    | undefined;
  readonly committed: Generation | undefined;
  /** What is committed with what stands above it now, where neither that nor the wanted one is it: overlaid.ts. */
  readonly overlaid: Overlaid | undefined;
  /** The last plan towards the wanted generation. */
  readonly planned: { readonly plan: Survey; readonly at: number } | undefined;
  /** How the box differed from what is committed when it was last looked at. */
  readonly drift: Drift | undefined;
  /** Why drift is not corrected. */
  readonly correction: Shut | undefined;
  /** Whom the wanted generation waited for when the gate was asked last. */
  readonly awaited: readonly Awaited[];
  readonly good: Good | undefined;
  /** Subjects of the checks that were green when nothing was wanted but what is committed; undefined: nobody looked. */
  readonly wellBefore: readonly string[] | undefined;
  /** Why nothing at all is done: the journal cannot be read. */
  readonly frozen: Problem | undefined;
  /** What went wrong in this tick, and what did in the one before until this one ends. */
  readonly complaints: readonly Problem[];
  /** What is wrong with the settings' file, which is not used for it. */
  readonly mistakes: readonly Problem[];
  /** Why tags that may approve what is wanted do not count. */
  readonly ignoredTags: readonly Problem[];
  /** What the checks showed when they were looked at last. */
  readonly checks: ChecksStatus | undefined;
  /** What each guard of the gate said of the newest generation when they were asked last. */
  readonly guards: Status["gate"] | undefined;
  /** Whether this process armed the failsafe. */
  readonly failsafeArmed: boolean;
  /** Where another version of the agent is wanted than runs. */
  readonly update?: UpdateStatus | undefined;
  /** How far the image is that is wanted and does not run. */
  readonly image?: ImageStatus | undefined;
  /** Failed deployments of which there is evidence. */
  readonly bundles?: number;
  readonly git: {
    readonly remote?: string;
    readonly lastPollAt?: number;
    readonly lastError?: Problem;
    /** Wall clock of the first of the polls that failed in a row. */
    readonly failingSince?: number;
  };
  /** The pool and its boot environments, where the box runs from one. */
  readonly environments?: BootStanding | undefined;
  /** Wall clock of the next tick, while the loop rests. */
  readonly nextLookAt: number | undefined;
}

/** Before the journal was read. */
export function unknownYet(settings: Settings, version: string, clock: Clock): Known {
  return {
    settings,
    version,
    clock,
    state: { at: "idle", since: clock.now() },
    ledger: undefined,
    wanted: undefined,
    committed: undefined,
    overlaid: undefined,
    planned: undefined,
    drift: undefined,
    correction: undefined,
    awaited: [],
    good: undefined,
    wellBefore: undefined,
    checks: undefined,
    guards: undefined,
    failsafeArmed: false,
    frozen: undefined,
    complaints: [],
    mistakes: [],
    ignoredTags: [],
    git: {},
    nextLookAt: undefined,
  };
}
