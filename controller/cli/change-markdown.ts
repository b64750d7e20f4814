/**
 * A change as a pull-request comment. Nothing that came out of the repository stands outside of a code block or an
 * escaped element, so that no name or description can mention people, draw links or end the comment.
 */
import { headline, verdictOf } from "./change.ts";
import type { FleetChange, MachineChange, PlaneChange } from "./change.ts";

/** Finds the comment again, so that it is updated and not repeated. */
export const commentMarker = "<!-- impctl diff -->";

/** GitHub refuses a body of more than 65,536 characters; Gitea takes as much. */
export const commentLimit = 65_000;

const limits = { rows: 100, steps: 60, diffLines: 300, detail: 16_000, problems: 30 } as const;

/** The comment, never longer than `limit` characters; what does not fit is counted and says how to see it. */
export function changeMarkdown(change: FleetChange, limit: number = commentLimit): string {
  const head = [
    commentMarker,
    `### impctl: ${headline(change)}`,
    comparison(change),
    problemList(change),
    table(change),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
  const [parts, room] = [[head], limit - 500];
  let [used, shown] = [head.length, 0];
  const detailed = change.machines.filter((machine) => machine.planes.some(hasContent));
  for (const machine of detailed) {
    const detail = detailWithin(machine, Math.min(limits.detail, room - used));
    if (detail === undefined) break;
    parts.push(detail);
    used += detail.length + 2;
    shown += 1;
  }
  if (shown < detailed.length) {
    const left = detailed.length - shown;
    parts.push(
      `Truncated: the details of ${left} more ${left === 1 ? "appliance do" : "appliances do"} not fit here. ${howTo(change)}`,
    );
  }
  return `${parts.join("\n\n")}\n`;
}

function comparison(change: FleetChange): string {
  return `Planned from ${code(short(change.from))} to ${code(short(change.to))}, without asking any appliance.`;
}

function howTo(change: FleetChange): string {
  return `See all of it with ${code(`impctl diff ${short(change.from)} ${short(change.to)}`)}.`;
}

function short(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 12) : revision;
}

function problemList(change: FleetChange): string {
  if (change.problems.length === 0) return "";
  const shown = change.problems.slice(0, limits.problems).map((problem) => clip(flat(problem.toString()), 400));
  const left = change.problems.length - shown.length;
  if (left > 0) shown.push(`… and ${left} more: impctl validate shows them all.`);
  return fence(shown.join("\n"), "text");
}

function table(change: FleetChange): string {
  if (change.machines.length === 0) return "";
  const rows = change.machines
    .slice(0, limits.rows)
    .map((machine) => `| ${cell(machine.name)} | ${machine.worstImpact ?? "none"} | ${html(verdictOf(machine))} |`);
  const left = change.machines.length - rows.length;
  const more = left > 0 ? `\n\n… and ${left} more ${left === 1 ? "appliance" : "appliances"}, of no worse impact.` : "";
  return `| appliance | worst impact | what happens |\n|---|---|---|\n${rows.join("\n")}${more}`;
}

function hasContent(plane: PlaneChange): boolean {
  return plane.steps.length + plane.problems.length + plane.notes.length > 0 || plane.diff !== "";
}

/** The appliance's block with as much of the diff as fits, or undefined when not even its steps do. */
function detailWithin(machine: MachineChange, room: number): string | undefined {
  for (const diffLines of [limits.diffLines, 100, 30, 0]) {
    for (const steps of diffLines > 0 ? [limits.steps] : [limits.steps, 15]) {
      const text = detail(machine, steps, diffLines);
      if (text.length <= room) return text;
    }
  }
  return undefined;
}

function detail(machine: MachineChange, steps: number, diffLines: number): string {
  const summary = `<summary><code>${html(machine.name)}</code>: ${html(verdictOf(machine))}</summary>`;
  const planes = machine.planes.filter(hasContent).map((plane) => planeDetail(plane, steps, diffLines));
  return ["<details>", summary, "", planes.join("\n\n"), "", "</details>"].join("\n");
}

function planeDetail(plane: PlaneChange, steps: number, diffLines: number): string {
  const lines = [
    ...plane.problems.map((problem) => `problem: ${clip(flat(problem.toString()), 400)}`),
    ...plane.steps.slice(0, steps).map((step) => `${step.impact.padEnd(13)} ${clip(flat(step.text), 300)}`),
    ...(plane.steps.length > steps ? [`… and ${plane.steps.length - steps} more steps`] : []),
    ...plane.notes.slice(0, 20).map((note) => `note: ${clip(flat(note), 400)}`),
  ];
  const parts = [`**${plane.plane}**`];
  if (lines.length > 0) parts.push(fence(lines.join("\n"), "text"));
  if (plane.diff !== "") parts.push(diffBlock(plane.diff, diffLines));
  return parts.join("\n\n");
}

function diffBlock(diff: string, most: number): string {
  const lines = diff.split("\n");
  if (most === 0) return `Truncated: the rendered diff of ${lines.length} lines does not fit here.`;
  const shown = lines.slice(0, most).map((one) => clip(one, 500));
  const left = lines.length - shown.length;
  return `${fence(shown.join("\n"), "diff")}${left > 0 ? `\n\nTruncated: ${left} more lines of the rendered diff.` : ""}`;
}

/** A fenced block whose fence is longer than any run of backticks inside, so that nothing inside can close it. */
function fence(text: string, language: string): string {
  const ticks = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${ticks}${language}\n${clean(text)}\n${ticks}`;
}

/** A code span, on the same principle. */
function code(text: string): string {
  const ticks = "`".repeat(longestRun(text) + 1);
  return `${ticks} ${flat(text)} ${ticks}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** Text in a table cell: escaped HTML inside `<code>`, where neither markdown nor mentions are read. */
function cell(text: string): string {
  return `<code>${html(text)}</code>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "@": "&#64;",
  "#": "&#35;",
  "|": "&#124;",
  "`": "&#96;",
  "*": "&#42;",
  _: "&#95;",
  "[": "&#91;",
  "]": "&#93;",
  "!": "&#33;",
  "~": "&#126;",
  ":": "&#58;",
  "\\": "&#92;",
};

/** Every character that HTML, markdown or a forge reads as more than itself, as an entity; always on one line. */
function html(text: string): string {
  return flat(text).replace(/[&<>"'@#|`*_[\]!~:\\]/g, (character) => entities[character] ?? "");
}

function flat(text: string): string {
  return clean(text).replace(/\s+/g, " ").trim();
}

/** Without what a terminal or a browser would act on: control characters and marks that reorder text. */
function clean(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, "\u{FFFD}");
}

function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
