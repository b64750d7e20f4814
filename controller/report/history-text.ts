/** The history of a box for people. Pure. */
import { endText, type EndedOverlay } from "../overlay.ts";
import { plural } from "../plural.ts";
import type { Entry, Story, Told } from "../story.ts";
import { short, span, time } from "./story-text.ts";

/** One line an entry, oldest first; times are UTC. */
export function historyText(entries: readonly Entry[]): readonly string[] {
  return entries.map(entryText);
}

function entryText(entry: Entry): string {
  switch (entry.kind) {
    case "deployment":
      return line(entry.at, deploymentWords(entry), entry.id);
    case "operator":
      return line(entry.at, toldWords(entry));
    case "hold":
      return line(entry.at, `held: generation ${short(entry.generation)} failed here before: ${entry.reason ?? ""}`);
    case "hold-over":
      return line(entry.at, "no longer held: what is wanted is what is committed");
    case "news":
      return line(entry.at, entry.text);
    default:
      return entry satisfies never;
  }
}

function line(at: number, text: string, id?: string): string {
  return `${time(at)}  ${text}${id === undefined ? "" : `  [${id}]`}`;
}

function deploymentWords(story: Story): string {
  const { purpose, commit, outcome, failure, steps, worstImpact, at, endedAt, trial } = story;
  const what = `${purpose === "correct" ? "drift" : `commit ${short(commit)}`}, ${plural(steps, "step")}`;
  const booted = trial === undefined ? "" : `, trial of ${trial}`;
  const impact = worstImpact ? ` (${worstImpact})` : "";
  const after = endedAt === undefined ? "" : ` after ${span(endedAt - at)}`;
  const why = failure ? `, ${failure.trigger}: ${failure.reason}` : "";
  const words = {
    committed: { deploy: "committed", correct: "corrected", "roll-back": "went back" }[purpose],
    "rolled-back": "rolled back",
    stranded: "stranded",
  };
  return `${outcome === undefined ? "began" : words[outcome]}${after}: ${what}${booted}${impact}${why}`;
}

/** Who said what: the verb, what else was asked where it is short, and the reason in the words that were given. */
function toldWords({ asked, details, refused }: Told): string {
  const { reason, ...others } = details;
  const own = agentWords[asked]?.(details);
  if (own !== undefined) return own;
  const more = Object.entries(others).flatMap(([name, value]) =>
    ["string", "number", "boolean"].includes(typeof value) && String(value).length <= 64
      ? [`${name} ${String(value)}`]
      : [],
  );
  const why = typeof reason === "string" && reason !== "" ? `: ${reason}` : "";
  const end = refused === undefined ? "" : `, refused: ${refused}`;
  return `${speaker(asked, details)}: ${[asked, ...more].join(" ")}${why}${end}`;
}

function speaker(asked: string, details: Told["details"]): string {
  if (typeof details["tag"] === "string") return "a signed tag";
  const isWord = ["allow-removal", "emergency"].includes(asked) || (asked === "retry" && "commit" in details);
  return isWord ? "a commit" : "an operator";
}

/** What the agent notes of what operators began. */
const agentWords: Readonly<Record<string, (details: Told["details"]) => string>> = {
  "break-glass-ended": ({ why, reason }) =>
    `break-glass ended, ${why === "operator" ? "by an operator" : "its time was over"}: ${String(reason)}`,
  deviation: ({ difference, more }) => {
    const lines = Array.isArray(difference) ? difference.map(String) : [];
    const rest = lines.length - 3 + (typeof more === "number" ? more : 0);
    if (lines.length === 0) return "by hand: nothing differs any more";
    return `by hand: ${lines.slice(0, 3).join("; ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  },
  "overlay-ended": (details) => endText(details as unknown as EndedOverlay),
};
