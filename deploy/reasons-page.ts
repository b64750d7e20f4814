/** docs/reasons.md: every code for why something waits or was undone, and the exit codes. */
import { exitCodes } from "../controller/cli/terminal.ts";
import { triggers, waits } from "../controller/reasons.ts";

const exits: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "Well.",
  problem: "A problem; it is on standard error, or with `--json` in `problems` on standard output.",
  changes: "Drift or changes pending. `impctl status`: not in sync, and nobody needs to do anything yet.",
  attention: "`impctl status`: held, stranded, frozen, or worse than at the commit. Somebody must look.",
  usage: "The command line is wrong, or what was asked makes no sense now.",
};

/** The page as Markdown. */
export function reasonsPage(): string {
  return [
    "# Reasons",
    "",
    "Status, `impctl why`, history, log and metrics name a reason by the same code. The codes are stable and the lists closed.",
    "This page is generated: `npm run generate`.",
    "",
    "## Why something is not done yet",
    "",
    "In the order in which they are asked; the first that holds is shown. `imp_waiting{reason}` has it, and",
    "`imp_gate_check{guard}` each that is a guard of the gate.",
    "",
    ...table("Code", Object.entries(waits)),
    "",
    "## Why a deployment was rolled back",
    "",
    "`imp_rollbacks_total{trigger,plane}` counts them.",
    "",
    ...table("Code", Object.entries(triggers)),
    "",
    "## Exit codes",
    "",
    "Of every command. Why something failed stands in its problem: [problems.md](problems.md).",
    "",
    ...table(
      "Exit code",
      Object.entries(exits).map(([name, meaning]) => [String(exitCodes[name as keyof typeof exitCodes]), meaning]),
    ),
    "",
  ].join("\n");
}

function table(head: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  return [
    `| ${head} | Meaning |`,
    "|---|---|",
    ...rows.map(([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`),
  ];
}
