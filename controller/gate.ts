/** The gate: whether policy and settings let a plan be armed now. Pure; the loop asks again at every tick. */
import type { Impact } from "../reconcilers/core.ts";
import { impacts } from "../reconcilers/core.ts";
import type { Policy } from "../schemas/policy.ts";
import type { Purpose, Wait } from "./machine.ts";

export interface GateQuestion {
  readonly mode: "apply" | "observe";
  readonly policy: Policy;
  readonly purpose: Purpose;
  /** undefined: the plan has no steps. */
  readonly worstImpact: Impact | undefined;
  /** Wall clock. */
  readonly now: number;
}

/** Why the plan must wait, or undefined when it may be armed. */
export function gate(question: GateQuestion): { readonly why: Wait; readonly reason: string } | undefined {
  const { mode, policy, purpose } = question;
  if (mode === "observe") return { why: "observe-only", reason: "The agent's settings say to observe only." };
  if (policy.pause !== undefined) return { why: "paused", reason: `Paused: ${policy.pause}` };
  const impact = question.worstImpact ?? "hitless";
  // Bringing back what was committed repairs; it does not wait for a window.
  if (purpose === "correct" && atMost(impact, "restart")) return undefined;
  if (atMost(impact, policy["max-impact"])) return undefined;
  const windows = Object.entries(policy.windows);
  if (windows.some(([, window]) => atMost(impact, window["max-impact"]) && isOpen(window, policy, question.now))) {
    return undefined;
  }
  const usable = windows.filter(([, window]) => atMost(impact, window["max-impact"]));
  if (usable.length === 0) {
    return { why: "impact", reason: `Its impact is ${impact}, and policy allows at most ${policy["max-impact"]}.` };
  }
  const list = usable.map(([name, window]) => `${name} (${when(window)} ${policy["time-zone"]})`).join(", ");
  return { why: "window", reason: `Its impact is ${impact}: it waits for ${list}.` };
}

type Window = Policy["windows"][string];
type Day = NonNullable<Window["days"]>[number];
const week: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function atMost(impact: Impact, limit: Impact): boolean {
  return impacts.indexOf(impact) <= impacts.indexOf(limit);
}

/** A window that ends before it begins passes midnight, and belongs to the day on which it begins. */
function isOpen(window: Window, policy: Policy, now: number): boolean {
  const { day, time } = localTime(now, policy["time-zone"]);
  const on = (which: Day | undefined): boolean => which !== undefined && (window.days ?? week).includes(which);
  if (window.from < window.to) return on(day) && time >= window.from && time < window.to;
  const yesterday = week[(week.indexOf(day) + 6) % 7];
  return (on(day) && time >= window.from) || (on(yesterday) && time < window.to);
}

function localTime(now: number, timeZone: string): { readonly day: Day; readonly time: string } {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(now).map((part) => [part.type, part.value]));
  const day = week.find((name) => name === parts["weekday"]?.toLowerCase()) ?? "mon";
  return { day, time: `${parts["hour"]}:${parts["minute"]}` };
}

function when(window: Window): string {
  return `${window.days ? `${window.days.join(",")} ` : ""}${window.from}-${window.to}`;
}
