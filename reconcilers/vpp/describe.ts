/** A step of VPP's plane in one line for people. */
import { rulesOf } from "./kinds/table.ts";
import type { ObjectStep, Settings, VppObject, VppStep } from "./model.ts";
import { fieldsOf } from "./sides.ts";

/** "core: add VLAN external.25: dot1q 25", "core: set mtu of external from 1500 to 9000". */
export function describeStep(step: VppStep): string {
  if (step.kind === "restart") return `${step.instance}: restart VPP: ${step.reason}`;
  return `${step.instance}: ${objectWords(step)}${causeOf(step)}`;
}

/** What an object is: "VLAN external.25: dot1q 25". */
export function objectText(object: VppObject): string {
  const rules = rulesOf(object.kind);
  const details = rules.details?.(object) ?? [];
  return `${rules.noun(object)}${details.length > 0 ? `: ${details.join(", ")}` : ""}`;
}

function objectWords({ kind, impact, before, after }: ObjectStep): string {
  if (after?.kind === "settings") {
    const mayStop = impact !== "hitless" && after.up;
    return `${settingsWords(before?.kind === "settings" ? before : undefined, after)}${mayStop ? ", for which it may go down" : ""}`;
  }
  const object = after ?? before;
  if (object === undefined) return kind;
  const rules = rulesOf(object.kind);
  const what = `${kind} ${rules.noun(object)}`;
  if (kind === "remove") return what;
  const more = before && after ? changesBetween(before, after) : (rules.details?.(object) ?? []);
  return `${what}${more.length > 0 ? `: ${more.join(", ")}` : ""}`;
}

function changesBetween(before: VppObject, after: VppObject): readonly string[] {
  return rulesOf(after.kind).changes?.(before, after) ?? fieldChanges(before, after);
}

function settingsWords(before: Settings | undefined, after: Settings): string {
  const { on, rxMode } = after;
  const isMode = rxMode !== undefined && before?.rxMode !== rxMode;
  const { rxMode: _, ...rest } = before ?? after;
  if (isMode && before && rest.up === after.up && rest.mtu === after.mtu) return `set rx mode of ${on} to ${rxMode}`;
  return `${stateWords(before, after)}${isMode ? `, rx mode ${rxMode}` : ""}`;
}

function stateWords(before: Settings | undefined, { on, up, mtu }: Settings): string {
  const isTurned = before === undefined || before.up !== up;
  const sized = before?.mtu !== mtu ? sizeWords(before, mtu) : "";
  const state = up ? "up" : "down";
  if (before === undefined) return `set ${on} ${state}${mtu === undefined ? "" : ` with an mtu of ${mtu}`}`;
  if (sized === "") return `set ${on} ${state}`;
  return `set mtu of ${on} ${sized}${isTurned ? `, and ${on} ${state}` : ""}`;
}

function sizeWords(before: Settings | undefined, mtu: number | undefined): string {
  const from = before?.mtu === undefined ? "" : `from ${before.mtu} `;
  return `${from}to ${mtu ?? "that of its interface"}`;
}

/** "rateKbps from 1000 to 2000", for fields that are plain values. */
function fieldChanges(before: VppObject, after: VppObject): readonly string[] {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  const renewed = was["runsOut"] === true ? ["lifetimes anew, half of them is gone"] : [];
  const changed = Object.keys(is)
    .filter((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]))
    .map((field) => `${words(field)} from ${valueWords(was[field])} to ${valueWords(is[field])}`);
  return [...renewed, ...changed];
}

/** "rate kbps" of "rateKbps". */
function words(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function valueWords(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueWords).join(" ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Why it goes and comes again, and whose it is. */
function causeOf({ kind, recreated, isForeign }: ObjectStep): string {
  const causes = (recreated ?? []).map((cause) => {
    if (cause === "isBegun") return "whoever ran it did not come to its end";
    // A field: what it stands on or comes after has a colon.
    if (!cause.includes(":")) return `${words(cause)} cannot be changed`;
    return cause.startsWith("interface:#")
      ? "somebody removed an interface of it"
      : `${cause.replace(":", " ")} comes again`;
  });
  const parts = [
    ...(isForeign ? [kind === "remove" ? "not ours; what it stands on goes" : "not ours"] : []),
    ...(recreated && kind === "remove" ? [`made anew: ${causes.join(", ")}`] : []),
    ...(recreated && kind === "add" ? ["anew"] : []),
  ];
  return parts.length > 0 ? ` (${parts.join("; ")})` : "";
}
