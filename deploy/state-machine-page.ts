/** docs/state-machine.md, from the table of transitions. */
import { moves } from "../controller/transition.ts";

const explained: Readonly<Record<keyof typeof moves, string>> = {
  idle: "Nothing is in flight. Drift from the committed generation is measured at every poll.",
  planning: "A target is wanted: the planes are observed and planned, the baseline is taken.",
  waiting:
    "It may not be armed now: observing only, paused, outside of a window, too much impact, not adopted, or blocked by a problem. Asked again at every poll.",
  staging: "What going forward and back needs is put on disk: the candidate, and the texts of its secrets.",
  armed:
    "The journal holds what is about to happen, from what, and until when; then the failsafe is armed. Nothing was changed yet.",
  "trial-booting":
    "An image is tried: the box leaves for the boot environment on trial, or has come up there and begins. Another start in between goes by what is booted, what `bootfs` names and the kernel command line: docs/trial-boot.md.",
  applying: "Runs of steps are carried out, each journalled before it starts.",
  verifying: "The planes are observed again; the plan must be empty now.",
  proving:
    "Health checks, sessions and prefixes are compared with the baseline for the soak time; the repository is reached anew.",
  committing: "Proven, and on disk as such: whatever happens, it is finished.",
  "rolling-back":
    "Observe, plan to the committed generation, apply, plan again: must be empty. When that fails twice: rungs, each once, with an attempt after each: the planes that were touched from their committed files, then a reboot.",
  stranded:
    "Going back failed, and so did everything beyond it. Nothing is touched that may still forward, nothing is armed, deployed or corrected, until `impctl rollback`.",
  held: "The newest generation failed here and is not tried again, until another one comes or an operator says so.",
};

/** The page as Markdown with a mermaid diagram. */
export function stateMachinePage(): string {
  const edges = Object.entries(moves).flatMap(([from, events]) =>
    Object.entries<readonly string[]>(events).flatMap(([event, targets]) => targets.map((to) => ({ from, event, to }))),
  );
  const joined = new Map<string, string[]>();
  for (const { from, event, to } of edges) {
    if (event === "restarted" && from === to) continue;
    const key = `${name(from)} --> ${name(to)}`;
    joined.set(key, [...(joined.get(key) ?? []), event]);
  }
  return [
    "# The state machine",
    "",
    "What one appliance can be doing, and what leads from one to the next. The table of pairs is `moves` in",
    "`controller/transition.ts`; a pair that is not in it cannot happen. This page is generated: `npm run generate`.",
    "",
    "```mermaid",
    "stateDiagram-v2",
    ...Object.keys(moves).map((state) => `  state "${state}" as ${name(state)}`),
    "  [*] --> idle",
    ...[...joined].map(([edge, events]) => `  ${edge}: ${events.join(", ")}`),
    "```",
    "",
    "| State | Meaning |",
    "|---|---|",
    ...Object.entries(explained).map(([state, meaning]) => `| ${state} | ${meaning} |`),
    "",
    "`restarted` is what a start of the agent makes of the state that the journal holds: a deployment that was proven is",
    "finished, one that is on trial goes on where it is booted for that, any other is rolled back.",
    "",
  ].join("\n");
}

/** Mermaid takes no hyphen in a name. */
function name(state: string): string {
  return state.replace("-", "_");
}
