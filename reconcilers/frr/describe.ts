/** A step of FRR's plane in one line for people. */
import { neighborOf } from "./grammar.ts";
import type { FrrCommand, FrrStep } from "./model.ts";

/** How many lines of a step are told before the rest is only counted. */
const told = 4;

/** "add router bgp 64500/neighbor 192.0.2.1: remote-as 64496, description upstream-a (resets 192.0.2.1)". */
export function describeStep(step: FrrStep): string {
  const details =
    step.kind === "remove"
      ? []
      : step.commands.map((command) => shorten(command, step.object, step.commands.length === 1)).filter(Boolean);
  const more = details.length > told ? `, ${details.length - told} more` : "";
  const text = details.length > 0 ? `: ${details.slice(0, told).join(", ")}${more}` : "";
  const resets = step.resets.length > 0 ? ` (resets ${shortList(step.resets)})` : "";
  return `${step.kind} ${step.object}${text}${resets}`;
}

/** What a line says beside what the object's name says already. */
function shorten({ context, line }: FrrCommand, object: string, isOnly: boolean): string {
  const negative = line.startsWith("no ") ? "no " : "";
  const words = line.slice(negative.length).split(" ");
  const isNeighbor = neighborOf(context, line) !== undefined;
  const family = /^address-family (.*)$/.exec(context[1] ?? "")?.[1];
  const where = family !== undefined && isNeighbor ? `${family} ` : "";
  let said = words.length;
  while (said > 0 && !isTold(words.slice(0, said).join(" "), object)) said -= 1;
  const rest = words.slice(said).join(" ");
  // A bare "no" would tell nobody anything: the object is switched off, or goes first to be made anew.
  if (rest === "" && where === "") return negative === "" ? "" : isOnly ? "off" : "made anew";
  return rest === "" && negative === "" ? "" : `${negative}${where}${rest}`.trim();
}

function isTold(words: string, object: string): boolean {
  return object === words || object.endsWith(`/${words}`);
}

function shortList(names: readonly string[]): string {
  return names.length > told ? `${names.slice(0, told).join(", ")} and ${names.length - told} more` : names.join(", ");
}
