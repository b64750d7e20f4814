/** The agent's settings as the command line gets at them: a file, all its problems at once. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Problem } from "../../schemas/problem.ts";
import { parseSettings } from "../../schemas/settings-file.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Terminal } from "./terminal.ts";

export const defaultSettingsFile = "/persistent/config/imp/agent.yaml";

/** Reads the settings. Rejects with SETTINGS when there is no such file, with an AggregateError of
 * all problems when it is wrong. */
export async function readSettings(file: string, terminal: Terminal): Promise<Settings> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(resolve(terminal.folder, file));
  } catch (cause) {
    throw new Problem(
      "SETTINGS",
      `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        remedy: "Name the settings with --settings; docs/agent.md shows them.",
        cause,
      },
    );
  }
  const { settings, problems } = parseSettings(file, bytes);
  if (!settings) throw new AggregateError(problems, `${file} is wrong`);
  return settings;
}
