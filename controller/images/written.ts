/** A manifest as it is about to be written, on the machine that builds the image. */
import { manifestText, namesProblems, parseManifest } from "../../schemas/manifest-file.ts";
import type { ImageNames, Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";

/** Its text. What is written is read again as an appliance would: a mistake on the command line is told by the name of its field. */
export function checkedText(file: string, manifest: Manifest): string {
  const draft = `${JSON.stringify(manifest, undefined, 2)}\n`;
  const { manifest: sound, problems } = parseManifest(file, Buffer.from(draft));
  if (sound) return manifestText(sound);
  throw wouldBeWrong(problems);
}

/** Rejects where a manifest could not have these. */
export function mustBeSayable(names: ImageNames): void {
  const problems = namesProblems(names);
  if (problems.length > 0) throw wouldBeWrong(problems);
}

function wouldBeWrong(problems: readonly Problem[]): AggregateError {
  const told = problems.map(
    ({ message, path, remedy }) =>
      new Problem("USAGE", message, { ...(path !== undefined && { path }), ...(remedy !== undefined && { remedy }) }),
  );
  return new AggregateError(told, "the manifest would be wrong");
}

/** When it was built, as a manifest says it: SOURCE_DATE_EPOCH where that is set. */
export function built(environment: Readonly<Record<string, string | undefined>>): string {
  const epoch = environment["SOURCE_DATE_EPOCH"];
  const at = epoch === undefined ? Date.now() : 1000 * Number(epoch);
  if (!Number.isSafeInteger(at)) throw new Problem("USAGE", `SOURCE_DATE_EPOCH is "${epoch}", which is no time.`);
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
