/**
 * Drift: what differs on the box from what is committed here. A plane that started anew lost something, which is brought
 * back at once; else somebody changed it, and the policy says whether that is reported or taken back.
 */
import { createHash } from "node:crypto";
import type { Host, PlaneName, Step } from "../reconcilers/core.ts";
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import type { Policy } from "../schemas/policy.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Decision, Ledger } from "./ledger.ts";
import { planeNames, reconcilerOf, type Reconcilers, type Survey } from "./planes.ts";
import { surveyed } from "./turn.ts";

export interface Drift {
  /** Towards the committed generation. */
  readonly plan: Survey;
  /** Wall clock. */
  readonly at: number;
  /** The planes that differ. */
  readonly planes: Readonly<Partial<Record<PlaneName, PlaneDrift>>>;
}

export interface PlaneDrift {
  readonly cause: "restart" | "somebody";
  /** accepted: as report, but an operator has seen it, and nobody needs to be told any more. */
  readonly fate: "correct" | "report" | "accepted";
  /** Names this difference; any other one has another. */
  readonly signature: string;
  /** What would take it back, a line a step, without secrets. */
  readonly steps: readonly string[];
}

/** Measures it anew. Rejects with a Problem when a plane cannot be observed. */
export async function measureDrift(
  { host, reconcilers }: { readonly host: Host; readonly reconcilers: Reconcilers },
  committed: Generation,
  { drift: policy = {} }: Partial<Pick<Policy, "drift">>,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Drift> {
  const plan = await surveyed({ host, reconcilers }, committed, committed, signal);
  const planes: Partial<Record<PlaneName, PlaneDrift>> = {};
  for (const plane of planeNames) {
    const { steps } = plan.plans[plane];
    if (steps.length === 0) continue;
    const [now, known] = [plan.incarnations[plane], ledger.incarnations[plane]];
    const cause = now !== undefined && known !== undefined && now !== known ? "restart" : "somebody";
    const signature = signatureOf(steps, linesOf(reconcilers, plane, committed, plan));
    const decision = ledger.decisions[plane];
    const decided = decision?.signature === signature ? decision.verdict : undefined;
    const byPolicy = policy[plane] ?? "report";
    const isOurs = cause === "restart" || steps.every(({ renews }) => renews);
    const fate = isOurs || decided === "discarded" ? "correct" : (decided ?? byPolicy);
    planes[plane] = { cause, fate, signature, steps: steps.map((step) => reconcilers[plane].describe(step)) };
  }
  return { plan, at: host.now(), planes };
}

/** Of the steps back alone two changes of one thing could not be told apart. What is foreign is no part of it. */
function signatureOf(steps: readonly Step[], lines: readonly string[]): string {
  const changed = lines.filter((line) => /^[+-]/.test(line));
  return createHash("sha256")
    .update(canonicalJson([steps, changed]))
    .digest("hex");
}

/** The planes that are to be brought back; what somebody changed in another one is not touched. */
export function toCorrect({ planes }: Drift): readonly PlaneName[] {
  return planeNames.filter((plane) => planes[plane]?.fate === "correct");
}

/** Whether an operator asked for all that is to be brought back: that is not counted, since it cannot happen by itself. */
export function isDiscarded({ planes }: Drift, ledger: Ledger): boolean {
  const corrected = Object.entries(planes).filter(([, { fate }]) => fate === "correct");
  return (
    corrected.length > 0 &&
    corrected.every(
      ([plane, { signature }]) => decisionOn(ledger, plane as PlaneName, signature)?.verdict === "discarded",
    )
  );
}

function decisionOn(ledger: Ledger, plane: PlaneName, signature: string): Decision | undefined {
  const decision = ledger.decisions[plane];
  return decision?.signature === signature ? decision : undefined;
}

/** Lines of what a plan would take back although somebody changed it by hand and nobody decided that it may go. */
export function wouldRevert(plan: Pick<Survey, "steps">, drift: Drift): readonly string[] {
  const touched = new Set(plan.steps.map(({ id }) => objectOf(id)));
  return planeNames.flatMap((plane) => {
    const differs = drift.planes[plane];
    if (!differs || differs.fate === "correct") return [];
    return drift.plan.plans[plane].steps.flatMap(({ id }, index) =>
      touched.has(objectOf(id)) ? [differs.steps[index] ?? id] : [],
    );
  });
}

/** A plan may have more than one step for a thing: "…#2". */
function objectOf(id: string): string {
  return id.replace(/#\d+$/, "");
}

/** What differs of each plane, line by line, for people; what is foreign too. */
export function differenceOf(reconcilers: Reconcilers, committed: Generation, { plan }: Drift): Difference {
  return Object.fromEntries(planeNames.map((plane) => [plane, linesOf(reconcilers, plane, committed, plan)]));
}

function linesOf(
  reconcilers: Reconcilers,
  plane: (typeof planeNames)[number],
  committed: Pick<Generation, "desired" | "shown">,
  { before }: Pick<Survey, "before">,
): readonly string[] {
  const desired = desiredOf(committed);
  return reconcilerOf(reconcilers, plane).difference?.(desired[plane], before[plane], [desired[plane]]) ?? [];
}

export type Difference = Readonly<Partial<Record<PlaneName, readonly string[]>>>;

/** The ledger after an operator decided about all that differs. */
export function withDecision(
  ledger: Ledger,
  { planes, at }: Drift,
  word: Pick<Decision, "verdict" | "reason">,
): Ledger {
  const decided = Object.entries(planes).map(([plane, { signature }]) => [plane, { ...word, signature, at }] as const);
  return { ...ledger, decisions: { ...ledger.decisions, ...Object.fromEntries(decided) } };
}

/** The ledger after drift was measured: what ran without drift, and no decision about what is not there any more. */
export function withDrift(ledger: Ledger, { plan, planes }: Drift): Ledger {
  const clean = Object.entries(plan.incarnations).filter(([plane]) => planes[plane as PlaneName] === undefined);
  const decisions = Object.entries(ledger.decisions).filter(
    ([plane, { signature }]) => planes[plane as PlaneName]?.signature === signature,
  );
  return {
    ...ledger,
    incarnations: { ...ledger.incarnations, ...Object.fromEntries(clean) },
    decisions: Object.fromEntries(decisions),
  };
}
