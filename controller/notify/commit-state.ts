/** What the status of a commit on the forge should be, by what the agent says of itself. Pure. */
import { isOfContent } from "../../schemas/problem.ts";
import { printable } from "../../schemas/printable.ts";
import type { Status } from "../report/status.ts";

export interface CommitState {
  readonly commit: string;
  readonly state: "pending" | "success" | "failure";
  /** One printable line of at most 140 characters: GitHub takes no more. */
  readonly description: string;
  /** Changes when somebody should hear of it: not with each new wording of the same reason. */
  readonly key: string;
}

const longest = 140;

/** undefined: nothing can be said now, and what was said before stands. */
export function commitState(status: Status): CommitState | undefined {
  const { frozen, deployment, overlays, committed, desired } = status;
  if (frozen !== undefined) return undefined;
  // What is changed on the box alone says nothing of a commit that was proven before it.
  if (overlays !== undefined && committed !== undefined && committed.commit === desired?.commit) return undefined;
  if (deployment && deployment.purpose !== "correct") {
    return deployment.commit === committed?.commit ? undefined : inFlight(status, deployment);
  }
  return desired && atRest(status, desired);
}

function inFlight({ state, reason = "" }: Status, deployment: NonNullable<Status["deployment"]>): CommitState {
  const { commit, id, trigger = "", reason: why = "", worstImpact } = deployment;
  if (state === "stranded") return said(commit, "failure", `stranded ${id}`, `stranded: ${reason}`);
  if (state === "rolling-back") return said(commit, "failure", `back ${id}`, `rolled back (${trigger}): ${why}`);
  return said(commit, "pending", `forward ${id}`, `being deployed${worstImpact ? `, impact ${worstImpact}` : ""}`);
}

function atRest(status: Status, { commit, generation }: NonNullable<Status["desired"]>): CommitState | undefined {
  const { state, waiting, held, committed, problems, lastDeployment: last } = status;
  if (generation === undefined) {
    const inTheWay = problems.find(({ code }) => code === "LOCAL");
    if (inTheWay) return said(commit, "pending", "waits local", `waits: ${inTheWay.message}`);
    const mistake = problems.find(({ code }) => isOfContent(code));
    if (!mistake) return undefined;
    const { code, file, line, message } = mistake;
    const where = file === undefined ? "" : `${file}:${line ?? 1}: `;
    return said(commit, "failure", `${code} ${where}`, `${where}${message}`);
  }
  if (held?.why === "regressed" && committed?.commit === commit) {
    return said(commit, "failure", "regressed", `worse than when it was committed: ${held.reason}`);
  }
  if (held && held.why !== "regressed" && !held.above) {
    const isLast = last?.generation === generation && last.commit === commit && last.outcome === "rolled-back";
    if (!isLast) return said(commit, "failure", `held ${generation}`, `held: ${held.reason}`);
    return said(commit, "failure", `back ${last.id}`, `rolled back (${last.trigger ?? ""}): ${held.reason}`);
  }
  if (state === "waiting" && waiting) {
    return said(commit, "pending", `waits ${waiting.why}`, `waits (${waiting.why}): ${waiting.reason}`);
  }
  if (state !== "idle" || committed?.generation !== generation) return undefined;
  const isNew = committed.commit === commit;
  return said(commit, "success", "committed", isNew ? "proven and committed" : "changes nothing here");
}

function said(commit: string, state: CommitState["state"], key: string, text: string): CommitState {
  // Beyond the basic plane some forges' databases take none.
  const line = printable(text).replaceAll(/[\u{10000}-\u{10ffff}]/gu, "?");
  const description = line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
  return { commit, state, description, key: `${state} ${key}` };
}
