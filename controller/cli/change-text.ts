/** A change for the terminal. */
import { printable } from "../../schemas/printable.ts";
import { headline, verdictOf } from "./change.ts";
import type { FleetChange, MachineChange, PlaneChange } from "./change.ts";
import { problemText } from "./problem-text.ts";
import type { Terminal } from "./terminal.ts";

export function changeText(change: FleetChange, terminal: Terminal): string {
  return [
    ...change.problems.map((problem) => problemText(problem, terminal)),
    ...change.machines.map((machine) => machineText(machine, terminal)),
    printable(headline(change)),
  ].join("\n");
}

function machineText(machine: MachineChange, terminal: Terminal): string {
  const head = `${terminal.style("bold", printable(machine.name))}: ${printable(verdictOf(machine))}`;
  return `${[head, ...machine.planes.flatMap((plane) => planeLines(plane, terminal))].join("\n")}\n`;
}

function planeLines(plane: PlaneChange, terminal: Terminal): readonly string[] {
  return [
    ...plane.problems.map((problem) => `  problem: ${problemText(problem, terminal)}`),
    ...plane.steps.map((step) => `  ${plane.plane}  ${step.impact.padEnd(13)} ${printable(step.text)}`),
    ...plane.notes.map((note) => `  note: ${printable(note)}`),
    ...(plane.diff === "" ? [] : plane.diff.split("\n").map((one) => `    ${colored(printable(one), terminal)}`)),
  ];
}

function colored(diffLine: string, terminal: Terminal): string {
  if (diffLine.startsWith("+")) return terminal.style("green", diffLine);
  if (diffLine.startsWith("-")) return terminal.style("red", diffLine);
  return diffLine.startsWith("@@") ? terminal.style("cyan", diffLine) : diffLine;
}
