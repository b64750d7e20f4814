/** Maintenance windows: when which impact is allowed. Pure; local time by the IANA zone of the policy, DST included. */
import type { Impact } from "../../reconcilers/core.ts";
import { impacts } from "../../reconcilers/core.ts";
import type { Policy } from "../../schemas/policy.ts";

export type Window = Policy["windows"][string];
type Day = NonNullable<Window["days"]>[number];
const week: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export function atMost(impact: Impact, limit: Impact): boolean {
  return impacts.indexOf(impact) <= impacts.indexOf(limit);
}

/** A window that ends before it begins passes midnight, and belongs to the day on which it begins. */
export function isOpen(window: Window, policy: Policy, now: number): boolean {
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

export function whenText(window: Window): string {
  return `${window.days ? `${window.days.join(",")} ` : ""}${window.from}-${window.to}`;
}
