/**
 * What is worth telling of a status, as compared to what was told before. Pure: each event has a topic, and is news when
 * what the topic is about changes.
 */
import type { NotifyEvent } from "../../schemas/notify.ts";
import { isOfContent } from "../../schemas/problem.ts";
import { endText } from "../overlay.ts";
import type { DeploymentStatus, Status } from "../report/status.ts";

export interface News {
  readonly event: NotifyEvent;
  readonly commit?: string;
  readonly generation?: string;
  readonly deployment?: string;
  readonly impact?: string;
  readonly trigger?: string;
  /** Code of docs/reasons.md. */
  readonly why?: string;
  /** One sentence, not yet bounded. */
  readonly reason?: string;
}

/** What was told last, by event. */
export interface Told {
  readonly keys: Readonly<Partial<Record<NotifyEvent, string>>>;
  /** Until the first status that knows how things are: what it says happened before the agent started. */
  readonly isBegun: boolean;
}
export const nothingTold: Told = { keys: {}, isBegun: false };

/** What a topic is about now, and what there is to say. */
type Topic = Omit<News, "event"> & { readonly key: string };
/** undefined: nothing; "as-before": it cannot be told now, and is no news. */
type Ask = (status: Status) => Topic | undefined | "as-before";

/** What lasts over a start of the agent, and is told again after it. */
const alsoAtFirst: readonly NotifyEvent[] = ["frozen", "stranded", "regressed"];

export function newsOf(
  { keys, isBegun }: Told,
  status: Status,
): { readonly told: Told; readonly news: readonly News[] } {
  const now: Partial<Record<NotifyEvent, string>> = {};
  const news: News[] = [];
  for (const [event, ask] of Object.entries(topics) as [NotifyEvent, Ask][]) {
    const before = keys[event];
    // What the agent knows while it cannot read its records is not what is so.
    const topic = status.frozen !== undefined && event !== "frozen" ? "as-before" : ask(status);
    const key = topic === "as-before" ? before : topic?.key;
    if (key !== undefined) now[event] = key;
    if (topic === "as-before" || topic === undefined || topic.key === before) continue;
    const { key: _key, ...content } = topic;
    if (isBegun || alsoAtFirst.includes(event)) news.push({ event, ...content });
  }
  return { told: { keys: now, isBegun: isBegun || status.frozen === undefined }, news };
}

const topics: Readonly<Record<NotifyEvent, Ask>> = {
  started({ state, deployment }) {
    if (!deployment || deployment.purpose === "correct") return undefined;
    if (state === "rolling-back" || state === "stranded") return "as-before";
    const impact = deployment.worstImpact;
    return { key: deployment.id, ...about(deployment), ...(impact && { impact }) };
  },
  committed: ({ lastDeployment }) => ended(lastDeployment, "committed"),
  "rolled-back": ({ lastDeployment }) => ended(lastDeployment, "rolled-back"),
  held({ held, desired, committed }) {
    if (!held || held.why === "regressed") return undefined;
    const { generation, reason } = held;
    return { key: generation, ...(held.above ? ofCommitted(committed) : desired), generation, reason };
  },
  regressed({ probation, committed }) {
    const found = probation?.regressed;
    return found && { key: `${found.since}`, ...ofCommitted(committed), reason: found.reason };
  },
  recovered: ({ probation, committed }) =>
    probation?.regressed ? undefined : { key: "well", ...ofCommitted(committed) },
  stranded({ state, reason, deployment }) {
    if (state !== "stranded") return undefined;
    return { key: deployment?.id ?? "", ...(deployment && about(deployment)), ...(reason !== undefined && { reason }) };
  },
  waiting({ state, waiting, desired }) {
    if (state === "planning" || state === "staging") return "as-before";
    // What a pause, a hold or drift says is said by their own events.
    if (state !== "waiting" || !waiting || waiting.why === "paused" || waiting.why === "held") return undefined;
    const { why, reason } = waiting;
    return { key: `${desired?.commit} ${why}`, ...desired, why, reason };
  },
  refused({ desired, problems, git }) {
    const all = [...(git.lastError ? [git.lastError] : []), ...problems];
    // A commit that is well by itself is not refused: what was changed on the box is in its way.
    const found = all.some(({ code }) => code === "LOCAL") ? undefined : all.find(({ code }) => isRefusal(code));
    if (!found) return git.lastError ? "as-before" : undefined;
    const { code, message, file, line } = found;
    const reason = `${file === undefined ? "" : `${file}:${line ?? 1}: `}${message}`;
    // A commit that cannot be trusted is not the one that is desired.
    return { key: `${code} ${reason}`, ...(isOfContent(code) && desired), why: code, reason };
  },
  paused: ({ paused }) => paused && { key: paused.reason, reason: paused.reason },
  resumed: ({ paused }) => (paused ? undefined : { key: "not paused" }),
  drift({ state, planes }) {
    const isKnown = Object.values(planes).every(({ drift }) => drift !== undefined);
    if (state !== "idle" || !isKnown) return "as-before";
    const drifted = Object.entries(planes).filter(([, { drift = 0, fate }]) => drift > 0 && fate === "report");
    if (drifted.length === 0) return undefined;
    const names = drifted.map(([plane]) => plane).join(", ");
    const steps = drifted.flatMap(([, { steps = [] }]) => steps).slice(0, 3);
    return {
      key: names,
      reason: `${names}: ${steps.length > 0 ? steps.join("; ") : "differs from what is committed"}`,
    };
  },
  "break-glass": ({ breakGlass }) =>
    breakGlass && { key: `${breakGlass.since}`, reason: `An operator works on the box by hand: ${breakGlass.reason}` },
  "local-ended": ({ endedOverlay }) => endedOverlay && { key: endedOverlay.id, reason: endText(endedOverlay) },
  frozen: ({ frozen }) => (frozen === undefined ? undefined : { key: frozen, reason: frozen }),
};

function ended(
  last: DeploymentStatus | undefined,
  outcome: DeploymentStatus["outcome"],
): Topic | undefined | "as-before" {
  if (!last) return undefined;
  if (last.outcome !== outcome || (last.purpose === "correct" && outcome === "committed")) return "as-before";
  const { trigger, reason } = last;
  return { key: last.id, ...about(last), ...(trigger && { trigger }), ...(reason !== undefined && { reason }) };
}

function about({ id, commit, generation }: DeploymentStatus): Pick<News, "commit" | "generation" | "deployment"> {
  return { commit, generation, deployment: id };
}

function ofCommitted(committed: Status["committed"]): Pick<News, "commit" | "generation"> {
  return committed ? { commit: committed.commit, generation: committed.generation } : {};
}

function isRefusal(code: Status["problems"][number]["code"]): boolean {
  return isOfContent(code) || code.startsWith("TRUST_") || code === "GIT_REWRITTEN" || code === "GIT_BEHIND";
}
