/** What the gate must know of the box and of others before it can decide: looked up once for each question. */
import { chosenByHand, type ChosenByHand } from "../../reconcilers/bootenv/standing.ts";
import type { Host } from "../../reconcilers/core.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { glassOf, type ShownGlass } from "../break-glass.ts";
import { measureDrift, wouldRevert } from "../drift.ts";
import type { Awaited } from "../rollout/decide.ts";
import { findAwaited } from "../rollout/wait.ts";
import type { Turn } from "../turn.ts";
import { pauseOf, type Pause } from "./pause.ts";
import { footing, type Footing } from "./prerequisites.ts";
import type { Question } from "./question.ts";
import { removals, type Removal } from "./removal.ts";
import { startFilesOfOthers } from "./start-files.ts";

export interface Facts {
  /** Wall clock. */
  readonly now: number;
  /** An operator's pause that still lasts. */
  readonly pause: Pause | undefined;
  /** That an operator works on the box by hand. */
  readonly breakGlass: ShownGlass | undefined;
  /** What it would take back of what somebody changed by hand, a line a step. */
  readonly reverts: readonly string[];
  /** Looked up for reboots alone: only they need it. */
  readonly clockSynchronised: boolean;
  readonly footing: Footing;
  readonly removals: readonly Removal[];
  /** What somebody else wrote for FRR and VPP to start from. Looked up where nothing was ever committed. */
  readonly startFiles: readonly string[];
  /** That somebody booted another boot environment than boots next. */
  readonly chosenByHand?: ChosenByHand | undefined;
  /** Appliances that go first and have not shown yet that they are well with the commit. */
  readonly awaited: readonly Awaited[];
}

const clockLimitMs = 10_000;

/** Looks them up. What cannot be found out is told as such, never assumed to be well. */
export async function gatherFacts(turn: Turn, asked: Omit<Question, "mode" | "ledger" | "facts">): Promise<Facts> {
  const { parts, appliance, signal } = turn;
  const { purpose, plan, candidate, committed, policy } = asked;
  const { host, memory, listener, reconcilers } = appliance;
  const { environments } = turn.known();
  const isAsked = purpose === "deploy" || (purpose === "roll-back" && memory.ledger().order?.by === "probation");
  const changes = isAsked && committed !== undefined && plan.steps.length > 0;
  const drift = changes ? await measureDrift(parts, committed, policy, memory.ledger(), signal) : undefined;
  const clock = { synchronised: false };
  if (plan.worstImpact === "reboot") {
    clock.synchronised = await isClockSynchronised(host, signal).catch((thrown: unknown) => {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
      return false;
    });
  }
  return {
    ...factsOfNow(appliance),
    reverts: drift ? wouldRevert(plan, drift) : [],
    clockSynchronised: clock.synchronised,
    footing: await footing(appliance, parts.settings.paths.state, signal),
    removals: committed ? removals(reconcilers, committed.desired, candidate.desired) : [],
    startFiles: committed ? [] : await startFilesOfOthers(host, parts.settings, plan.before),
    chosenByHand: environments && chosenByHand(environments),
    awaited: await findAwaited(turn, asked),
  };
}

/** Those that are at hand. */
export function factsOfNow({ host, memory }: Appliance): Pick<Facts, "now" | "pause" | "breakGlass"> {
  return {
    now: host.now(),
    pause: pauseOf(memory.ledger(), host),
    breakGlass: glassOf(memory.ledger(), host),
  };
}

async function isClockSynchronised(host: Host, signal: AbortSignal): Promise<boolean> {
  const argv = ["timedatectl", "show", "--property=NTPSynchronized", "--value"] as const;
  const { exitCode, stdout } = await host.run(argv, { timeoutMs: clockLimitMs, signal });
  return exitCode === 0 && stdout.trim() === "yes";
}
