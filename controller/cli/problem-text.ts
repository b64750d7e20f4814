/** Problems as people, programs and GitHub want to read them. */
import { printable } from "../../schemas/printable.ts";
import { placeText } from "../../schemas/problem.ts";
import type { Problem } from "../../schemas/problem.ts";
import { plural } from "../plural.ts";
import type { Terminal } from "./terminal.ts";

export const problemFormats = ["text", "json", "github"] as const;
export type ProblemFormat = (typeof problemFormats)[number];

/** One line for people, the place and the severity coloured. */
export function problemText(problem: Problem, terminal: Terminal): string {
  const text = problem.toString();
  if (problem.severity === "warning") return text.replace("warning: ", terminal.style("yellow", "warning: "));
  const place = problem.at ? `${placeText(problem.at)}: ` : "";
  return place === "" ? text : `${terminal.style("bold", place)}${text.slice(place.length)}`;
}

/** A workflow command that annotates a line of a pull request. */
export function githubAnnotation(problem: Problem): string {
  const properties = [
    ...(problem.at ? [`file=${problem.at.file}`, `line=${problem.at.line}`, `col=${problem.at.column}`] : []),
    `title=${problem.code}`,
  ].map((property) => escapeProperty(property));
  const message = `${problem.path ? `${problem.path}: ` : ""}${problem.message}${problem.remedy ? `. ${problem.remedy}` : ""}`;
  return `::${problem.severity} ${properties.join(",")}::${escapeMessage(message)}`;
}

/** The same count everywhere: "2 errors and 1 warning", or "" when there is nothing to count. */
export function countProblems(problems: readonly Pick<Problem, "severity">[]): string {
  const warnings = problems.filter((problem) => problem.severity === "warning").length;
  const errors = problems.length - warnings;
  return [errors > 0 ? plural(errors, "error") : "", warnings > 0 ? plural(warnings, "warning") : ""]
    .filter((part) => part !== "")
    .join(" and ");
}

// The runner's own escapes (actions/toolkit, packages/core/src/command.ts): without them a value could end the command
// and begin another. Line breaks and what a terminal acts on are spelled out before.
function escapeMessage(text: string): string {
  return printable(text).replaceAll("%", "%25");
}

function escapeProperty(property: string): string {
  const at = property.indexOf("=") + 1;
  return `${property.slice(0, at)}${escapeMessage(property.slice(at)).replaceAll(":", "%3A").replaceAll(",", "%2C")}`;
}
