/** The text of a manifest as a value, with every mistake in it at its line and column. */
import { issueProblems } from "./issues.ts";
import { isObject } from "./json.ts";
import { ImageNames, Manifest } from "./manifest.ts";
import { Problem, type Position } from "./problem.ts";
import { maxFileBytes, parseYaml, placeIn } from "./yaml.ts";

export interface ManifestResult {
  /** undefined if and only if there are problems. */
  readonly manifest: Manifest | undefined;
  /** Of code IMAGE_MANIFEST, whatever is wrong. */
  readonly problems: readonly Problem[];
}

/** Bytes of a manifest; more is not read. */
export const mostManifestBytes = maxFileBytes;

/** Reads the bytes of a manifest; `file` is only what problems call it. Never throws. */
export function parseManifest(file: string, bytes: Uint8Array): ManifestResult {
  const start: Position = { file, line: 1, column: 1 };
  const wrong = (message: string, remedy: string, at = start): ManifestResult => ({
    manifest: undefined,
    problems: [new Problem("IMAGE_MANIFEST", message, { at, remedy })],
  });
  const again = "Make it with `impctl image manifest`, and sign it again.";
  if (bytes.length > mostManifestBytes)
    return wrong(`the file has ${bytes.length} bytes, more than ${mostManifestBytes}`, "Use larger chunks.");
  // JSON is YAML, and YAML's parser is the one that says where things stand.
  const outline = parseYaml(file, bytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (thrown) {
    const at = placeOf(thrown, file) ?? outline.problems[0]?.at ?? start;
    return wrong("the file is not well-formed JSON", again, at);
  }
  if (!isObject(value)) return wrong("the file is no JSON object", again);
  const { document } = outline;
  if (!document) return { manifest: undefined, problems: outline.problems.map(asManifest) };
  const parsed = Manifest.safeParse(value);
  if (parsed.success) return { manifest: parsed.data, problems: [] };
  const problems = issueProblems(parsed.error.issues, {
    schema: Manifest,
    value,
    locate: (path, part) => placeIn(document, path, part),
  });
  return { manifest: undefined, problems: problems.map(asManifest) };
}

/** What is wrong with what is said of an image before it is built: as it would be with its manifest. */
export function namesProblems(names: ImageNames): readonly Problem[] {
  const { error } = ImageNames.safeParse(names);
  return error ? issueProblems(error.issues, { schema: ImageNames, value: names, locate: () => undefined }) : [];
}

/** A manifest as it is written: two equal ones have equal bytes. Ends in a newline. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(Manifest.parse(manifest), undefined, 2)}\n`;
}

function placeOf(thrown: unknown, file: string): Position | undefined {
  const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(thrown)) ?? [];
  return line === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}

function asManifest({ message, remedy, path, at }: Problem): Problem {
  return new Problem("IMAGE_MANIFEST", message, {
    remedy: remedy ?? "Correct what it is made of, make it again, and sign it again.",
    ...(path !== undefined && { path }),
    ...(at !== undefined && { at }),
  });
}
