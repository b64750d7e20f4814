/** The agent's settings as the command line gets at them: a file, all its problems at once. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { Problem } from "../../schemas/problem.ts";
import { parseSettings } from "../../schemas/settings-file.ts";
import type { Settings } from "../../schemas/settings.ts";
import { readOwn } from "../private-file.ts";
import type { Terminal } from "./terminal.ts";

export const defaultSettingsFile = "/persistent/config/imp/agent.yaml";

/** What a command is told that needs nothing but the settings. */
export interface SettingsOptions {
  readonly settings: string;
  readonly json?: boolean;
}

/** Adds the options of a command that needs nothing but the settings. */
export function settingsOptions(command: Command): Command {
  return command
    .option("--settings <file>", "the agent's settings", defaultSettingsFile)
    .option("--json", "write JSON");
}

/**
 * Reads the settings. Rejects with SETTINGS when there is no such file, or others could have written it: it names programs
 * that run as root. With an AggregateError of all problems when it is wrong.
 */
export async function readSettings(file: string, terminal: Terminal): Promise<Settings> {
  const found = await findSettings(file, terminal);
  if (found) return found;
  throw new Problem("SETTINGS", `There is no ${file}.`, {
    remedy: "Name the settings with --settings; docs/agent.md shows them.",
  });
}

/** The same; undefined where there is no such file, as before a bootstrap. */
export async function findSettings(file: string, terminal: Terminal): Promise<Settings | undefined> {
  const bytes = await readOwn(resolve(terminal.folder, file), "SETTINGS");
  if (!bytes) return undefined;
  const { settings, problems } = parseSettings(file, bytes);
  if (!settings) throw new AggregateError(problems, `${file} is wrong`);
  return settings;
}
