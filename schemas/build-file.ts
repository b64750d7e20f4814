/** The text of a build file as a value, with every mistake in it at its line and column. */
import { Build } from "./build.ts";
import { issueProblems } from "./issues.ts";
import type { Problem } from "./problem.ts";
import { parseYaml, placeIn } from "./yaml.ts";

export interface BuildResult {
  /** undefined if and only if there are problems. */
  readonly build: Build | undefined;
  readonly problems: readonly Problem[];
}

/** Reads the bytes of `file`; `file` is only what problems call it. Never throws. */
export function parseBuild(file: string, bytes: Uint8Array): BuildResult {
  const { document, problems } = parseYaml(file, bytes);
  if (!document) return { build: undefined, problems };
  const parsed = Build.safeParse(document.value);
  if (parsed.success) return { build: parsed.data, problems: [] };
  const { value } = document;
  const found = issueProblems(parsed.error.issues, {
    schema: Build,
    value,
    locate: (path, part) => placeIn(document, path, part),
  });
  return { build: undefined, problems: found };
}
