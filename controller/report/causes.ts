/**
 * Why nothing is happening, or nothing else: what the status document holds, in the order in which one thing keeps the
 * next from mattering. Pure, so that whoever has the document can answer.
 */
import { reviveProblem, type ProblemReport } from "../../schemas/problem.ts";
import type { Wait } from "../reasons.ts";
import type { Status } from "./status.ts";

export interface Cause {
  /** A reason to wait, or how things stand otherwise. */
  readonly why: Wait | Standing;
  /** One sentence or more: what is so. */
  readonly reason: string;
  /** Wall clock. */
  readonly since?: number;
  /** Who or what would change it. */
  readonly unblock?: string;
  /** Wall clock at which it is looked at next, or ends. */
  readonly next?: number;
  /** More of it, a line each. */
  readonly details?: readonly string[];
}

type Standing =
  | "frozen"
  | "starting"
  | "rolling-back"
  | "in-flight"
  | "repository"
  | "invalid"
  | "problem"
  | "overlays"
  | "not-managed"
  | "in-sync"
  | "looking";

/** Causes after which nothing gets better by waiting. */
export const needSomebody: readonly Cause["why"][] = ["frozen", "stranded", "held"];

/** All causes, the one that has to go first in front. */
export function causesOf(status: Status): readonly [Cause, ...Cause[]] {
  const found = causes.flatMap((cause) => cause(status) ?? []);
  const [first = looking(status), ...others] = status.inSync && !status.held ? [inSync(status), ...found] : found;
  return [first, ...others];
}

const causes: readonly ((status: Status) => Cause | undefined)[] = [
  frozen,
  starting,
  stranded,
  rollingBack,
  inFlight,
  repository,
  invalid,
  held,
  waiting,
  overlays,
  chosenByHand,
  later,
  problem,
  notManaged,
];

const shownErrors = 3;
const shownAwaited = 20;

function frozen({ frozen: reason, problems, nextLookAt }: Status): Cause | undefined {
  if (reason === undefined) return undefined;
  return { why: "frozen", reason, ...unblockBy(problems[0]), ...next(nextLookAt) };
}

function starting({ git, frozen, deployment }: Status): Cause | undefined {
  if (frozen !== undefined || git.lastPollAt !== undefined || deployment) return undefined;
  return { why: "starting", reason: "The agent is starting: it has not asked the sites repository yet." };
}

function stranded({ state, since, reason }: Status): Cause | undefined {
  if (state !== "stranded") return undefined;
  return {
    why: "stranded",
    reason: `Rolling back did not succeed, and the box is left as it forwards. ${reason ?? ""}`.trim(),
    since,
    unblock: "See `impctl show`; `impctl rollback` tries again.",
  };
}

function rollingBack({ state, since, deployment }: Status): Cause | undefined {
  if (state !== "rolling-back" || !deployment) return undefined;
  return {
    why: "rolling-back",
    reason: `${named(deployment)} is rolled back: ${deployment.reason ?? "it failed."}`,
    since,
    unblock: "Nothing else begins before that succeeds.",
  };
}

const phases: Readonly<Record<string, string>> = {
  planning: "The appliance is observed and planned.",
  staging: "What going forward and back needs is put on disk.",
  armed: "is about to be applied",
  "trial-booting": "is being booted for a trial",
  applying: "is being applied",
  verifying: "was applied, and is read back",
  proving: "was applied, and is being proven",
  committing: "is proven, and is being committed",
};

function inFlight({ state, since, deployment, reason }: Status): Cause | undefined {
  const phase = phases[state];
  if (phase === undefined) return undefined;
  if (!deployment) return { why: "in-flight", reason: phase, since };
  const { steps, stepsDone, until } = deployment;
  return {
    why: "in-flight",
    reason: `${named(deployment)} ${phase}: ${stepsDone} of ${steps} steps done.`,
    since,
    // What waits for it.
    ...(reason !== undefined && { details: [reason] }),
    ...(until !== undefined && { unblock: "It is rolled back unless it is proven in time.", next: until }),
  };
}

function repository({ git, desired, nextLookAt }: Status): Cause | undefined {
  const { lastError, failingSince } = git;
  if (!lastError) return undefined;
  const stays = desired ? ` The newest commit that was accepted is ${short(desired.commit)}.` : "";
  return {
    why: "repository",
    reason: `${lastError.message}${stays}`,
    ...(failingSince !== undefined && { since: failingSince }),
    ...unblockBy(lastError),
    ...next(nextLookAt),
  };
}

/** A commit with errors asks for no generation. */
function invalid({ desired, problems, git, frozen, nextLookAt }: Status): Cause | undefined {
  if (!desired || desired.generation !== undefined) return undefined;
  const others = new Set([git.lastError?.message, frozen]);
  const errors = problems.filter(({ code, message }) => code !== "SETTINGS" && !others.has(message));
  if (errors.length === 0) return undefined;
  const more = errors.length - shownErrors;
  return {
    why: "invalid",
    reason: `Commit ${short(desired.commit)} has ${errors.length === 1 ? "an error" : `${errors.length} errors`}, so nothing of it is applied.`,
    unblock: "Correct it in the repository: `impctl validate` shows all of it there.",
    ...next(nextLookAt),
    details: [
      ...errors.slice(0, shownErrors).map((error) => reviveProblem(error).toString()),
      ...(more > 0 ? [`and ${more} more`] : []),
    ],
  };
}

function held({ held: holds, state, since, probation }: Status): Cause | undefined {
  if (!holds) return undefined;
  if (holds.why === "regressed") {
    return {
      why: "held",
      reason: `Generation ${short(holds.generation)} got worse after it was committed: ${holds.reason}`,
      ...(probation?.regressed && { since: probation.regressed.since }),
      unblock: "It ends when all is well again, with another commit, or by `impctl retry --reason`.",
    };
  }
  return {
    why: "held",
    reason: `Generation ${short(holds.generation)} failed here and is not tried again: ${holds.reason}`,
    ...(state === "held" && { since }),
    unblock: "Push a commit that asks for something else, or `impctl retry --reason`.",
  };
}

function waiting({ waiting: shut, state, since, nextLookAt, rollout }: Status): Cause | undefined {
  if (!shut) return undefined;
  const { why, reason, unblock, againAt } = shut;
  const forTarget = state === "waiting";
  return {
    why,
    reason: forTarget ? reason : `Drift is not corrected: ${reason}`,
    ...(forTarget && { since }),
    unblock,
    ...next(againAt ?? nextLookAt),
    ...(rollout && { details: rollout.slice(0, shownAwaited).map((one) => `${one.machine} ${one.reason}`) }),
  };
}

/** What begins and ends above the repository goes ahead of a commit that waits, unless something keeps that too. */
function overlays({ overlaid, overlays: shown = [] }: Status): Cause | undefined {
  if (overlaid?.reason === undefined) return undefined;
  const gone = shown.filter(({ ended }) => ended).map(({ name }) => name);
  const what =
    gone.length > 0
      ? `${gone.join(", ")} ended, and is still live`
      : "What stands above the repository is not live yet";
  const { reason, unblock } = overlaid;
  return { why: "overlays", reason: `${what}: ${reason}`, ...(unblock !== undefined && { unblock }) };
}

/** What runs is not what the next reset brings, and no commit has waited for that yet. */
function chosenByHand({ boot, waiting: shut }: Status): Cause | undefined {
  if (!boot?.chosenByHand || shut?.why === "boot-environment") return undefined;
  const { running, next: comes } = boot;
  return {
    why: "boot-environment",
    reason: `Boot environment ${running} was chosen by hand: ${comes} boots next, and a new commit is not applied.`,
    unblock: `Reboot to be back in ${comes}, or \`impctl be activate ${running}\` to stay.`,
  };
}

/** What would hold up the next commit, where that is not what is waited for already. */
function later({ mode, paused, waiting: shut }: Status): Cause | undefined {
  if (shut) return undefined;
  if (mode === "observe") {
    return {
      why: "observe-only",
      reason: "The agent's settings say to observe only: a new commit is planned, and not applied.",
      unblock: 'Set "mode: apply" in the agent\'s settings.',
    };
  }
  if (!paused) return undefined;
  const { reason, until } = paused;
  return {
    why: "paused",
    reason: `Paused, so that a new commit is planned and not applied: ${reason}`,
    unblock:
      until === undefined ? "Remove policy.pause from the repository." : "It ends by itself, or by `impctl resume`.",
    ...next(until),
  };
}

/** What the loop complains of, where nothing above tells it. */
function problem(status: Status): Cause | undefined {
  const [first] = complaintsOf(status);
  if (!first) return undefined;
  const { remedy: _unblock, ...shown } = first;
  const reason = reviveProblem(shown).toString();
  return { why: "problem", reason, ...unblockBy(first), ...next(status.nextLookAt) };
}

/** What no cause tells, but the first of it. */
export function complaintsOf({ problems, git, frozen, desired, waiting: shut }: Status): readonly ProblemReport[] {
  const isInvalid = desired && desired.generation === undefined;
  const told = new Set([git.lastError?.message, frozen, shut?.reason]);
  return problems.filter(({ code, message }) => {
    return code === "SETTINGS" || (!isInvalid && code !== "STRANDED" && !told.has(message));
  });
}

function notManaged({ notManaged: sections }: Status): Cause | undefined {
  if (sections.length === 0) return undefined;
  return {
    why: "not-managed",
    reason: `This version of the agent carries out nothing of: ${sections.join(", ")}.`,
    unblock: "Install a version that does, or take them out.",
  };
}

function inSync({ committed, nextLookAt }: Status): Cause {
  const what = committed
    ? `generation ${short(committed.generation)}, committed with ${short(committed.commit)},`
    : "what is there";
  return {
    why: "in-sync",
    reason: `Nothing is wanted: ${what} is what the repository asks for, and nothing drifted from it.`,
    ...(committed && { since: committed.at }),
    ...next(nextLookAt),
  };
}

function looking({ nextLookAt }: Status): Cause {
  return {
    why: "looking",
    reason: "Nothing is known to stand in the way: the appliance is being looked at.",
    ...next(nextLookAt),
  };
}

function unblockBy(report: ProblemReport | undefined): Pick<Cause, "unblock"> {
  return report?.remedy === undefined ? {} : { unblock: report.remedy };
}

function next(at: number | undefined): Pick<Cause, "next"> {
  return at === undefined ? {} : { next: at };
}

function named({ commit, generation }: { readonly commit: string; readonly generation: string }): string {
  return `Commit ${short(commit)} (generation ${short(generation)})`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
