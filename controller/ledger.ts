/**
 * The ledger: what the agent must remember between deployments, in one file that is replaced whole: the accepted commit,
 * verdicts, what operators allowed. The journal beside it has only the deployment in flight.
 */
import type { Host, PlaneName } from "../reconcilers/core.ts";
import { Problem } from "../schemas/problem.ts";
import { damageOfLedger } from "../schemas/recorded.ts";
import type { DeploymentStatus } from "./report/status.ts";
import type { Seen } from "./rollout/decide.ts";
import type { BrokenGlass } from "./break-glass.ts";
import type { EndedOverlay, Overlay } from "./overlay.ts";
import type { Probation } from "./probation.ts";
import { isOver, term, type Clock, type Term } from "./term.ts";
import type { SeenReset } from "./trial/watchdog.ts";
import type { UpdateRecord } from "./update/record.ts";
import type { Asked, VerdictRecord } from "./verdicts.ts";

/** What the author of a commit says in its trailers. */
export interface Word {
  readonly reason: string;
  readonly commit: string;
  /** The deployment that was in flight when it was heard: it does not use it up. */
  readonly during?: string;
}

/** That a generation may be applied although its impact or what it removes asks for a second look. */
export interface Approval {
  readonly reason: string;
  /** Wall clock. */
  readonly at: number;
  /** `impctl approve`, or a signed tag of the repository. */
  readonly by: "operator" | "tag";
  /** The tag's id. */
  readonly tag?: string;
}

/** What an operator decided about a difference that somebody made by hand. */
export interface Decision {
  readonly verdict: "accepted" | "discarded";
  /** Names the difference: any other one is not decided. */
  readonly signature: string;
  readonly reason: string;
  /** Wall clock. */
  readonly at: number;
}

export interface Hurry {
  readonly reason: string;
  /** Wall clock. */
  readonly at: number;
  /** How long it waits for a poll that finds something. */
  readonly term: Term;
  readonly generation?: string;
}

/** To go back to what was committed before, or to a kept generation: `to`, its digest. */
export interface Order {
  readonly to?: string;
  /** Empty where none was given. */
  readonly reason: string;
  /** Wall clock. */
  readonly at: number;
  /** Policy, after a regression; left out: an operator. */
  readonly by?: "probation";
  /** How often it was begun and ended without a result. */
  readonly tries?: number;
}

/** What a commit commits, as one: a generation with the secrets that it was rendered with, in a boot environment. */
export interface Tuple extends Asked {
  /** GUID of the root's dataset, or "default". */
  readonly environment: string;
  /** 64 hex digits over the versions of its secrets. */
  readonly secrets: string;
  readonly commit: string;
  /** Wall clock. */
  readonly at: number;
}

export interface Ledger {
  readonly format: 1;
  /** The newest commit whose ancestry and signatures were accepted: the next one must descend from it. */
  readonly accepted: string | undefined;
  /** What operators allowed once: cleared when a commit is accepted. */
  readonly overrides: { readonly rewrite: boolean; readonly commits: readonly string[] };
  /** An operator said that what stands on this box may be taken over. */
  readonly adopted: boolean;
  /** Ids of the steps that he allowed for that, although they remove or disturb something. */
  readonly allowedSteps: readonly string[];
  readonly verdicts: Readonly<Record<string, VerdictRecord>>;
  /** When this boot corrected drift, by uptime: limits how often. */
  readonly corrections: { readonly boot: string; readonly at: readonly number[] };
  /** When the agent rebooted the box lately: each counts for a day. */
  readonly reboots: readonly Term[];
  /** The deployments in which a generation was booted for a trial, by its digest. */
  readonly trials: Readonly<Record<string, readonly string[]>>;
  /** What ran of each plane when it was last seen without drift. */
  readonly incarnations: Readonly<Partial<Record<PlaneName, string>>>;
  /** What operators decided about drift, by plane. */
  readonly decisions: Readonly<Partial<Record<PlaneName, Decision>>>;
  /** That an operator works on the box by hand, over or not. */
  readonly breakGlass: BrokenGlass | undefined;
  /** What operators changed on this box for a while, above the repository: the later above the earlier. */
  readonly overlays: readonly Overlay[];
  /** The last one that ended. */
  readonly endedOverlay: EndedOverlay | undefined;
  readonly committed: Tuple | undefined;
  /** What was committed before it: where `impctl rollback` goes. */
  readonly previous: Tuple | undefined;
  /** What an operator ordered and was not carried out yet: going-back.ts. */
  readonly order: Order | undefined;
  /** An operator wants the way into a trial tried, and it was not begun yet: trial/drill.ts. */
  readonly drill: { readonly reason: string; readonly at: number; readonly watchdog?: true } | undefined;
  /** The hardware watchdog that reset this box in a drill, the last time that one was asked to. */
  readonly watchdog: SeenReset | undefined;
  readonly lastDeployment: DeploymentStatus | undefined;
  /** Wall clock of the last commit. */
  readonly lastSuccessAt: number | undefined;
  /** What the commits from the committed one to the accepted one say; `ignored`: what does not count, and why. */
  readonly words: {
    readonly allowRemoval?: Word;
    /** It names its image, and stands until another one does: an image is brought long after its commit. */
    readonly allowDowngrade?: Word & { readonly image: string };
    readonly emergency?: Word;
    readonly ignored?: readonly string[];
  };
  /** By generation. */
  readonly approvals: Readonly<Record<string, Approval>>;
  /** An operator's pause, over or not. */
  readonly pause: { readonly reason: string; readonly term: Term } | undefined;
  /** `impctl sync --now`: the generation that may pass windows, which is not known before the poll that it asks for. */
  readonly hurry: Hurry | undefined;
  /** What the newest commit that asks for what is committed here asked of the others. */
  readonly seen: Seen | undefined;
  /** Of the committed generation, until it is over. */
  readonly probation: Probation | undefined;
  /** What was seen of the deployment that is proven and not committed yet. */
  readonly proven: Proven | undefined;
  /** What became of other versions of the agent, by the SHA-256 of their packages. */
  readonly updates: Readonly<Record<string, UpdateRecord>>;
}

export interface Proven {
  readonly deployment: string;
  /** Keys of the checks that were well then. */
  readonly green?: readonly string[];
  /** What is worth a word although it is proven. */
  readonly note?: string;
}

/** Of a box that remembers nothing yet. */
export const emptyLedger: Ledger = {
  format: 1,
  accepted: undefined,
  overrides: { rewrite: false, commits: [] },
  adopted: false,
  allowedSteps: [],
  verdicts: {},
  corrections: { boot: "", at: [] },
  reboots: [],
  trials: {},
  incarnations: {},
  decisions: {},
  breakGlass: undefined,
  overlays: [],
  endedOverlay: undefined,
  committed: undefined,
  previous: undefined,
  order: undefined,
  drill: undefined,
  watchdog: undefined,
  lastDeployment: undefined,
  lastSuccessAt: undefined,
  words: {},
  approvals: {},
  pause: undefined,
  hurry: undefined,
  seen: undefined,
  probation: undefined,
  proven: undefined,
  updates: {},
};

/** Corrections allowed in `correctionWindowMs`. */
export const correctionLimit = 3;
export const correctionWindowMs = 3_600_000;
/** I10: how often the agent reboots the box within a day. */
export const rebootLimit = 4;
const dayMs = 86_400_000;

/** The ledger of a running agent. */
export interface Memory {
  ledger(): Ledger;
  /** Resolves once the change is on disk; until then, and when it rejects, the old one stands. */
  remember(change: (ledger: Ledger) => Ledger): Promise<void>;
}

/** Opens the ledger in `path`. Rejects with JOURNAL when it is damaged. */
export async function openMemory(host: Host, path: string): Promise<Memory> {
  let ledger = await readLedger(host, path);
  let last: Promise<void> = Promise.resolve();
  async function change(how: (ledger: Ledger) => Ledger): Promise<void> {
    const next = how(ledger);
    if (JSON.stringify(next) === JSON.stringify(ledger)) return;
    await host.writeFile(path, `${JSON.stringify(next)}\n`, { mode: 0o600 });
    ledger = next;
  }
  return {
    ledger: () => ledger,
    // One after the other: an operator's word and the loop's verdict must not overwrite each other.
    remember(how) {
      const mine = last.then(() => change(how));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** Reads it; an empty one when there is none. Rejects with JOURNAL when it is damaged: it anchors what may be accepted. */
async function readLedger(host: Host, path: string): Promise<Ledger> {
  const text = await host.readFile(path);
  if (text === undefined) return emptyLedger;
  let damage: string | undefined;
  try {
    const value: unknown = JSON.parse(text);
    damage = damageOfLedger(value);
    if (damage === undefined) return { ...emptyLedger, ...(value as Ledger) };
  } catch {
    damage = "it is no JSON";
  }
  throw new Problem("JOURNAL", `${path} is damaged (${damage}): the accepted commit and the verdicts are not known.`, {
    remedy:
      "Restore it from a backup, or remove it to trust the newest commit of the sites repository anew; the agent goes on by itself.",
  });
}

/** The ledger after a correction began; `undefined` when there were too many in the last hour. */
export function withCorrection(ledger: Ledger, boot: string, uptime: number): Ledger | undefined {
  const earlier = ledger.corrections.boot === boot ? ledger.corrections.at : [];
  const recent = earlier.filter((at) => at > uptime - correctionWindowMs);
  if (recent.length >= correctionLimit) return undefined;
  return { ...ledger, corrections: { boot, at: [...recent, uptime] } };
}

/** How often the agent rebooted this box within the last day. */
export function rebootsLately({ reboots }: Ledger, clock: Clock): number {
  return reboots.filter((one) => !isOver(one, clock)).length;
}

const keptTrials = 100;

/** The ledger when a generation is about to be booted for a trial by this deployment. Saying it twice changes nothing. */
export function withTrial(ledger: Ledger, generation: string, deployment: string): Ledger {
  const { [generation]: before = [], ...others } = ledger.trials;
  const kept = Object.entries(others).slice(1 - keptTrials);
  const ids = before.includes(deployment) ? before : [...before, deployment];
  return { ...ledger, trials: { ...Object.fromEntries(kept), [generation]: ids } };
}

/** The ledger when these generations may be booted for a trial again. */
export function withoutTrials(ledger: Ledger, generations: readonly string[]): Ledger {
  const others = Object.entries(ledger.trials).filter(([one]) => !generations.includes(one));
  return { ...ledger, trials: Object.fromEntries(others) };
}

/** How often it was. */
export function trialsOf({ trials }: Ledger, generation: string): number {
  return trials[generation]?.length ?? 0;
}

/** The ledger when the agent is about to reboot the box. */
export function withReboot(ledger: Ledger, clock: Clock): Ledger {
  return { ...ledger, reboots: [...ledger.reboots.filter((one) => !isOver(one, clock)), term(clock, dayMs)] };
}
