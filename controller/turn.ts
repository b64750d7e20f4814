/** What the stages of one tick of the loop (agent.ts) share: the agent's parts, its appliance, and what is known so far. */
import type { Host } from "../reconcilers/core.ts";
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import type { LocalFile } from "../schemas/local.ts";
import type { Problem } from "../schemas/problem.ts";
import type { AgentPackage } from "../schemas/images.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Tree } from "../schemas/tree.ts";
import type { Appliance, SecretKeeper } from "./appliance.ts";
import type { BootFiles } from "./boot-files.ts";
import type { Failsafe } from "./failsafe.ts";
import type { Prober } from "./health/probe.ts";
import type { Spoken } from "./journal.ts";
import { survey, type Reconcilers, type Survey } from "./planes.ts";
import type { Known } from "./report/known.ts";
import type { Observer } from "./report/observer.ts";
import { retryTransient, withDeadline } from "./retry.ts";
import type { Ask } from "./rollout/peers.ts";
import type { WantedImage } from "./images/catalogue.ts";
import type { ClearStaging, StageImage } from "./images/stage.ts";
import type { WantedAgent } from "./update/update.ts";
import type { Source } from "./source.ts";
import type { TrialMeans } from "./trial/means.ts";

/** What a tree asks of this machine; the generation is undefined when a problem is an error. */
export interface Wanted {
  readonly generation: Generation | undefined;
  readonly problems: readonly Problem[];
  /** The agent that it names. */
  readonly agent?: WantedAgent;
  /** The image that it names. */
  readonly image?: WantedImage;
}

/** Everything that the agent works with. */
export interface AgentParts {
  readonly settings: Settings;
  readonly version: string;
  readonly host: Host;
  readonly source: Source;
  /** Reads, checks and renders this machine from a tree, with the overlays of this box above it. */
  readonly load: (tree: Tree, commit: string, local: readonly LocalFile[], signal: AbortSignal) => Promise<Wanted>;
  readonly reconcilers: Reconcilers;
  readonly secrets: SecretKeeper;
  readonly probe: Prober;
  readonly bootFiles: BootFiles;
  readonly failsafe: Failsafe;
  /** As the appliance has it. */
  readonly hold: Appliance["hold"];
  /** Brings another agent's package into the update folder, checked. Rejects with a Problem. */
  readonly fetchPackage: (wanted: AgentPackage, signal: AbortSignal) => Promise<void>;
  /** Brings an image into the pool, beside what runs. */
  readonly stageImage: StageImage;
  /** Removes what is left of images that are not to come any more. */
  readonly clearStaging: ClearStaging;
  /** What a trial boot needs of the box. */
  readonly means: TrialMeans;
  readonly observer: Observer;
  /** The newest lines of the agent's own log. */
  readonly logged?: () => readonly string[];
  /** What is wrong with the settings' file by now, while the agent goes on with what stood in it. */
  readonly mistakes?: () => readonly Problem[];
  /** Asks another appliance for its status. */
  readonly ask: Ask;
}

/** Asking the sites repository for what is newest: once in each tick, and beside a deployment that takes longer. */
export interface Polling {
  /** What it finds is known, and accepted, when it resolves. Rejects only when the turn's signal aborts. */
  poll(turn: Turn): Promise<void>;
  /** Whether somebody asked for it, so that it is not put off. */
  isAsked(): boolean;
  /** The next tick begins without a pause. */
  hasten(): void;
  everyMs(): number;
}

/** One tick. */
export interface Turn {
  readonly parts: AgentParts;
  readonly appliance: Appliance;
  readonly signal: AbortSignal;
  readonly known: () => Known;
  readonly repository: Polling;
  /** Adds to what is known and shows it to the observer. */
  readonly publish: (news: Partial<Known>) => void;
  /** Resolves once somebody's word stands in the history. */
  readonly note: (word: Spoken) => Promise<void>;
}

/** Limit for fetching, and for loading. */
export const fetchLimitMs = 300_000;
/** Limit for looking at the planes once. */
export const surveyLimitMs = 120_000;

/** What would bring the planes from what they are to the candidate; what was committed is ours to remove. */
export async function surveyed(
  { host, reconcilers }: Pick<AgentParts, "host" | "reconcilers">,
  candidate: Generation,
  committed: Generation | undefined,
  signal: AbortSignal,
): Promise<Survey> {
  const owned = committed ? [desiredOf(committed)] : [];
  return retryTransient(host, { retries: 2, pauseMs: 1000, signal }, () =>
    withDeadline(host, surveyLimitMs, signal, "Observing", (limited) =>
      survey(reconcilers, host, desiredOf(candidate), owned, limited),
    ),
  );
}
