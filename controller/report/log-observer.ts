/** What the log says of the loop: each change of state, each deployment's end, each problem once. */
import { reviveProblem } from "../../schemas/problem.ts";
import type { ProblemReport } from "../../schemas/problem.ts";
import { endText } from "../overlay.ts";
import type { Log, LogFields } from "./log.ts";
import type { Observer, StepNews } from "./observer.ts";
import type { Status } from "./status.ts";

/** Listens to the loop and writes to `log` what is new. */
export function logObserver(log: Log): Observer {
  let before: Status | undefined;
  return {
    status(status) {
      for (const { level, message, fields } of news(before, status)) log[level](message, fields);
      before = status;
    },
    event(event) {
      if (["alive", "polled", "checked", "looked"].includes(event.type)) return;
      if (event.type === "run-started") return willDo(log, event.plane, event.steps);
      if (event.type === "step-done") return log.info("did", { plane: event.plane, ...step(event) });
      if (event.type === "overlay-ended") return log.warn(endText(event), { reason: event.reason });
      if (event.type === "break-glass-ended")
        return log.warn("break-glass ended", { why: event.why, reason: event.reason });
      const { type, ...fields } = event;
      log.debug(type, fields);
    },
  };
}

/** Of a long run the rest is counted; each step is told again once it is done. */
const toldSteps = 50;

function willDo(log: Log, plane: string, steps: readonly StepNews[]): void {
  for (const one of steps.slice(0, toldSteps)) log.info("will", { plane, ...step(one) });
  if (steps.length > toldSteps) log.info("will", { plane, more: steps.length - toldSteps });
}

function step({ impact, text }: StepNews): LogFields {
  return { impact, step: text };
}

interface Line {
  readonly level: "error" | "warn" | "info";
  readonly message: string;
  readonly fields: LogFields;
}

function news(before: Status | undefined, now: Status): readonly Line[] {
  return [...commitNews(before, now), ...stateNews(before, now), ...endNews(before, now), ...problemNews(before, now)];
}

function commitNews(before: Status | undefined, { desired }: Status): readonly Line[] {
  if (!desired || (before?.desired?.commit === desired.commit && before.desired.generation === desired.generation))
    return [];
  return [{ level: "info", message: "new commit", fields: short(desired) }];
}

function stateNews(before: Status | undefined, { state, reason, deployment }: Status): readonly Line[] {
  if (before?.state === state && before.reason === reason) return [];
  const worst = deployment?.worstImpact;
  const plan = state === "armed" && deployment ? { ...short(deployment), steps: deployment.steps, worst } : {};
  const level = state === "held" || state === "rolling-back" ? "warn" : "info";
  return [{ level, message: `now ${state}`, fields: { ...plan, reason } }];
}

function endNews(before: Status | undefined, { lastDeployment: last }: Status): readonly Line[] {
  if (
    !last ||
    before === undefined ||
    (before.lastDeployment?.id === last.id && before.lastDeployment.outcome === last.outcome)
  ) {
    return [];
  }
  const seconds = last.endedAt === undefined ? undefined : Math.round((last.endedAt - last.startedAt) / 100) / 10;
  const { trigger, reason } = last;
  const level = last.outcome === "committed" ? "info" : "error";
  return [
    { level, message: `deployment ${last.outcome ?? "ended"}`, fields: { ...short(last), seconds, trigger, reason } },
  ];
}

function problemNews(before: Status | undefined, now: Status): readonly Line[] {
  const known = new Set([...reports(before)].map(key));
  const found = reports(now).filter((report) => !known.has(key(report)));
  return found.map((problem) => ({
    level: problem.severity === "warning" ? "warn" : "error",
    message: "problem",
    fields: { problem: reviveProblem(problem) },
  }));
}

function reports(status: Status | undefined): readonly ProblemReport[] {
  if (!status) return [];
  const { lastError } = status.git;
  return [...status.problems, ...status.warnings, ...(lastError ? [lastError] : [])];
}

function key(report: ProblemReport): string {
  return JSON.stringify([report.code, report.message, report.file, report.line, report.column]);
}

function short(one: { readonly commit: string; readonly generation?: string }): LogFields {
  return { commit: one.commit.slice(0, 12), generation: one.generation?.slice(0, 12) };
}
