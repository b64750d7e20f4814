/** The status document for people. */
import { printableData } from "../../schemas/printable.ts";
import type { DeploymentStatus, Status } from "../report/status.ts";
import type { ShownGlass } from "../break-glass.ts";
import { endText, type ShownOverlay } from "../overlay.ts";
import type { ProblemReport } from "../../schemas/problem.ts";
import { spanText } from "../term.ts";
import type { Terminal } from "./terminal.ts";

/** `now` is wall clock in milliseconds: the document holds times, people want to know how long ago. */
export function statusText(document: Status, now: number, terminal: Terminal): string {
  // It quotes others: authors of commits, remotes, daemons.
  const status = printableData(document);
  const rows: (readonly [string, string | undefined])[] = [
    ["machine", `${terminal.style("bold", status.machine)} (agent ${status.agentVersion}, mode ${status.mode})`],
    ["in sync", status.inSync ? terminal.style("green", "yes") : terminal.style("yellow", "no")],
    ["state", `${status.state} for ${ago(status.since, now)}${status.reason ? `: ${status.reason}` : ""}`],
    ["goes after", status.rollout?.map((one) => `${one.machine} (${one.why} for ${ago(one.since, now)})`).join(", ")],
    [
      "paused",
      status.paused && `${status.paused.reason}${status.paused.until ? ` until ${time(status.paused.until)}` : ""}`,
    ],
    [
      "held",
      status.held && terminal.style("red", `generation ${short(status.held.generation)}: ${status.held.reason}`),
    ],
    ["break-glass", status.breakGlass && glass(status.breakGlass, terminal)],
    ...(status.overlays ?? []).map(
      (one) => [one.kind === "drain" ? "drained" : "local", overlay(one, terminal)] as const,
    ),
    ["ended", status.endedOverlay && `${ago(status.endedOverlay.at, now)} ago: ${endText(status.endedOverlay)}`],
    ["desired", status.desired && revision(status.desired.commit, status.desired.generation)],
    [
      "committed",
      status.committed &&
        `${revision(status.committed.commit, status.committed.generation)}, ${ago(status.committed.at, now)} ago`,
    ],
    ["deployment", status.deployment && deployment(status.deployment, now)],
    ["last", status.lastDeployment && deployment(status.lastDeployment, now)],
    ["repository", repository(status, now)],
    ["vouched", status.overrides && overrides(status.overrides)],
    ["not managed", status.notManaged.length > 0 ? status.notManaged.join(", ") : undefined],
  ];
  const shown = rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(12)} ${text}`]));
  return [...shown, ...planes(status, now), ...problems(status, terminal)].join("\n");
}

function glass({ reason, until, deviations }: ShownGlass, terminal: Terminal): string {
  const seen = deviations === 0 ? "nothing seen yet" : `${deviations} differences recorded`;
  return terminal.style("red", `by hand until ${time(until)} (${reason}), ${seen}`);
}

function overlay({ name, reason, until }: ShownOverlay, terminal: Terminal): string {
  return terminal.style("yellow", `${name} until ${time(until)} (${reason})`);
}

function planes(status: Status, now: number): readonly string[] {
  return Object.entries(status.planes).flatMap(([name, plane]) => {
    const by = plane.cause === "restart" ? "it started anew" : `somebody changed it, ${plane.fate}`;
    const drift = plane.drift === 0 ? "no drift" : `${plane.drift} steps of drift (${plane.cause ? by : ""})`;
    const steps = plane.steps ?? [];
    const more = plane.drift > steps.length && steps.length > 0 ? [`  back: … ${plane.drift - steps.length} more`] : [];
    return [
      `${name.padEnd(12)} ${drift}, ${plane.foreign} foreign, observed ${ago(plane.lastObservedAt, now)} ago`,
      ...steps.map((step) => `  back: ${step}`),
      ...more,
    ];
  });
}

function problems(status: Status, terminal: Terminal): readonly string[] {
  const one = (style: "red" | "yellow") => (problem: ProblemReport) =>
    `  ${terminal.style(style, problem.code)} ${place(problem)}${problem.message}${problem.remedy ? ` ${problem.remedy}` : ""}`;
  return [
    ...(status.problems.length > 0 ? ["problems", ...status.problems.map(one("red"))] : []),
    ...(status.warnings.length > 0 ? ["warnings", ...status.warnings.map(one("yellow"))] : []),
  ];
}

function place(problem: ProblemReport): string {
  const file = problem.file === undefined ? "" : `${problem.file}:${problem.line}:${problem.column}: `;
  return `${file}${problem.path === undefined ? "" : `${problem.path}: `}`;
}

function deployment(one: DeploymentStatus, now: number): string {
  const ended = one.endedAt === undefined ? `started ${ago(one.startedAt, now)} ago` : `${ago(one.endedAt, now)} ago`;
  const outcome = one.outcome ?? `${one.stepsDone} of ${one.steps} steps`;
  const impact = one.worstImpact ? `, worst impact ${one.worstImpact}` : "";
  const { soakSeconds: soak, deadlineSeconds: deadline } = one;
  const limits = soak === undefined || deadline === undefined ? "" : `, soak ${soak} s, deadline ${deadline} s`;
  const why = one.trigger ? ` (${one.trigger}${one.reason ? `: ${one.reason}` : ""})` : "";
  return `${revision(one.commit, one.generation)} ${outcome}${why}${impact}${limits}, ${ended}`;
}

function repository(status: Status, now: number): string | undefined {
  const { remote, lastPollAt, lastError } = status.git;
  if (lastPollAt === undefined && !lastError) return undefined;
  const polled = lastPollAt === undefined ? "never polled" : `polled ${ago(lastPollAt, now)} ago`;
  return `${remote ? `${remote}, ` : ""}${polled}${lastError ? `, ${lastError.code}: ${lastError.message}` : ""}`;
}

function overrides({ rewrite, commits }: NonNullable<Status["overrides"]>): string {
  const what = [...(rewrite ? ["a rewritten history"] : []), ...commits.map((commit) => `commit ${short(commit)}`)];
  return `for ${what.join(", ")}, until the next commit is accepted`;
}

function revision(commit: string, generation: string | undefined): string {
  return `commit ${short(commit)}${generation ? ` (generation ${short(generation)})` : ""}`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}

function time(at: number): string {
  return new Date(at).toISOString();
}

/** "4 s", "12 min", "3 h", "5 d". */
function ago(at: number, now: number): string {
  return spanText(now - at);
}
