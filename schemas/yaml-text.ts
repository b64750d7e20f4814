/** A value as YAML, in the form of the example repository: what the agent writes for operators to put into a file. */
import { dump } from "js-yaml";
import type { JsonObject } from "./json.ts";

/** Ends in a newline. */
export function yamlText(value: JsonObject): string {
  return dump(value, { lineWidth: 118, noRefs: true });
}
