/** `impctl history`: what happened on this box. */
import { InvalidArgumentError, type Command } from "commander";
import { printable, printableJson } from "../../schemas/printable.ts";
import { historyText } from "../report/history-text.ts";
import type { Entry } from "../story.ts";
import { agentOptions } from "./agent-client.ts";
import { askPast, settingsOption, type PastOptions } from "./disk.ts";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  agentOptions(command, terminal)
    .option("-n, --number <count>", "how many of the newest entries", count, 20)
    .option(...settingsOption)
    .action(async (options: PastOptions & { readonly number: number }) => {
      const question = { method: "GET", path: "/history", body: { limit: options.number } } as const;
      const { entries } = await askPast<{ readonly entries: readonly Entry[] }>(
        options,
        question,
        terminal,
        async (past) => ({
          entries: await past.history(options.number),
        }),
      );
      if (options.json) return terminal.out(printableJson(JSON.stringify({ entries }, undefined, 2)));
      const lines = historyText(entries).map(printable);
      terminal.out(lines.length === 0 ? "Nothing happened here yet." : lines.join("\n"));
    });
  examples(
    command,
    ["impctl history", "impctl history -n 100 --json | jq '.entries[] | select(.outcome == \"rolled-back\")'"],
    `Deployments, what operators said, and holds; the newest last, times in UTC, in brackets what \`impctl show\` takes.
Without a running agent it is read from the disk, which only root may.`,
  );
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1000) return number;
  throw new InvalidArgumentError("It is a number from 1 to 1000.");
}
