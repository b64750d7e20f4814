/** `impctl show`: the story of one deployment. */
import type { Command } from "commander";
import { printable, printableJson } from "../../schemas/printable.ts";
import type { Shown } from "../past.ts";
import { storyText } from "../report/story-text.ts";
import { agentOptions } from "./agent-client.ts";
import { askPast, settingsOption, type PastOptions } from "./disk.ts";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  agentOptions(command, terminal)
    .argument("[deployment]", "its id, or how that, its generation or its commit begins; by default the last one")
    .option(...settingsOption)
    .action(async (deployment: string | undefined, options: PastOptions) => {
      const question = { method: "GET", path: "/show", body: { deployment } } as const;
      const shown = await askPast<Shown>(options, question, terminal, (past) => past.show(deployment));
      if (options.json) return terminal.out(printableJson(JSON.stringify(shown, undefined, 2)));
      const lines = [...storyText(shown.story, shown.timeline), ...evidenceText(shown)];
      terminal.out(lines.map(printable).join("\n"));
    });
  examples(
    command,
    ["impctl show", "impctl show 3f2a9c --json | jq .story.failure"],
    "What changed, what failed, since when, what was done, how long each part took. Without a running agent it is read from the\ndisk, which only root may.",
  );
}

function evidenceText({ evidence }: Shown): readonly string[] {
  return evidence === undefined ? [] : [`${"evidence".padEnd(12)} ${evidence}`];
}
