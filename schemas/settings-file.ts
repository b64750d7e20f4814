/** The agent's settings file as a value, with every mistake in it at its line and column. */
import { issueProblems } from "./issues.ts";
import { Problem } from "./problem.ts";
import { Settings } from "./settings.ts";
import { parseYaml, placeIn } from "./yaml.ts";

export interface SettingsResult {
  /** undefined if and only if there are problems. */
  readonly settings: Settings | undefined;
  /** Of code SETTINGS, whatever is wrong: the file is none of the sites repository. */
  readonly problems: readonly Problem[];
}

/** Reads the bytes of `file`; `file` is only what problems call it. Never throws. */
export function parseSettings(file: string, bytes: Uint8Array): SettingsResult {
  const { document, problems } = parseYaml(file, bytes);
  if (!document) return { settings: undefined, problems: problems.map(asSettings) };
  const parsed = Settings.safeParse(document.value);
  if (parsed.success) return { settings: parsed.data, problems: [] };
  const { value } = document;
  const found = issueProblems(parsed.error.issues, {
    schema: Settings,
    value,
    locate: (path, part) => placeIn(document, path, part),
  });
  return { settings: undefined, problems: found.map(asSettings) };
}

function asSettings(problem: Problem): Problem {
  return new Problem("SETTINGS", problem.message, {
    ...(problem.remedy !== undefined && { remedy: problem.remedy }),
    ...(problem.path !== undefined && { path: problem.path }),
    ...(problem.at !== undefined && { at: problem.at }),
  });
}
