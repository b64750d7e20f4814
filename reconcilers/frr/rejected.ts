/** What is said of a command that FRR does not take. */
import { Problem } from "../../schemas/problem.ts";
import type { FrrCommand } from "./model.ts";
import { maskText } from "./seal.ts";

/** `who` rejects; `command` undefined: one of several, or `near` a line. `plain`: secrets that FRR may have repeated. */
export function rejected(
  who: string,
  command: FrrCommand | undefined,
  why: string,
  plain: readonly string[],
  near = "lists or route-maps",
): Problem {
  const said = maskText(why, plain).replaceAll(/\s+/g, " ").slice(0, 500);
  const place = command && command.context.length > 0 ? ` in "${command.context.join(" / ")}"` : "";
  const what = command ? `"${command.line}"${place}` : near;
  return new Problem("FRR_REJECTED", `${who} rejected ${what}: ${said}`, {
    remedy: "Correct the line in the machine file, or the raw block that it comes from.",
  });
}
