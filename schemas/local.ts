/**
 * Layers above an appliance's own files that stand on the box and not in the repository: a change that an operator made for
 * a while, or what is drained. Merged and judged like every other layer; problems name the operator's file.
 */
import { formatPath, isObject, valueAt, type JsonObject, type JsonValue, type Path } from "./json.ts";
import { mergeOver, type Layer } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { Problem } from "./problem.ts";
import { parseYaml } from "./yaml.ts";

export interface LocalFile {
  /** drain: what it names and the appliance has not (any more) is left out. */
  readonly kind: "local" | "drain";
  /** What problems call it: the operator's file. */
  readonly name: string;
  /** YAML. */
  readonly text: string;
}

export interface LocalLayers {
  readonly layers: readonly (Layer & Pick<LocalFile, "kind">)[];
  readonly problems: readonly Problem[];
}

/** What a layer of the box cannot say: which box it is, what it runs, and how the agent may act. */
const refused = ["policy", "identity", "age-key", "image", "health"] as const;

/** Reads them, the earlier below the later. */
export function readLocal(files: readonly LocalFile[]): LocalLayers {
  const read = files.map(({ kind, name, text }) => {
    const { document, problems } = parseYaml(name, new TextEncoder().encode(text));
    if (!document) return { layers: [], problems };
    const { value } = document;
    const locate: Layer["locate"] = (path, part) => document.locate(path, part);
    const wrong = refused.filter((section) => Object.hasOwn(value, section));
    return {
      layers: [{ kind, name: kind, value, locate }],
      problems: wrong.map((section) => {
        const at = document.locate([section], "key");
        return new Problem("SEMANTICS", `a local change cannot set ${section}`, {
          path: section,
          remedy: "Change it in the sites repository.",
          ...(at && { at }),
        });
      }),
    };
  });
  return { layers: read.flatMap(({ layers }) => layers), problems: read.flatMap(({ problems }) => problems) };
}

/** The machine with them on top; the layers as they are then, and what they name in vain. */
export function mergeLocal(
  machine: JsonObject,
  local: LocalLayers["layers"],
): { readonly value: JsonObject; readonly layers: readonly Layer[]; readonly problems: readonly Problem[] } {
  const layers: Layer[] = [];
  const problems: Problem[] = [];
  let value = machine;
  for (const layer of local) {
    const kept = layer.kind === "drain" ? existing(value, layer.value) : layer.value;
    if (layer.kind === "drain" && Object.keys(kept).length === 0) problems.push(inVain(value, layer));
    layers.push({ ...layer, value: kept });
    value = mergeOver(value, kept);
  }
  return { value, layers, problems };
}

/** What of a layer is about something that the machine has. */
function existing(machine: JsonObject, layer: JsonObject): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(layer)) {
    const below = valueAt(machine, [key]);
    if (!isObject(value)) kept[key] = value;
    else if (isObject(below)) {
      const inner = existing(below, value);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    }
  }
  return kept;
}

function inVain(machine: JsonObject, layer: Layer): Problem {
  const paths = drained(layer.value);
  const [path = []] = paths;
  const name = String(path.at(-1) ?? "");
  const names = [...new Set(paths.flatMap((one) => Object.keys(valueAt(machine, one.slice(0, -1)) ?? {})))];
  const meant = nearest(name, names);
  const at = layer.locate(path, "key");
  const [what, there] = path.includes("ospf")
    ? [`${name} has no OSPF here to drain`, "OSPF is on"]
    : [`there is no ${name} here to drain`, "There is"];
  return new Problem("ADVICE", what, {
    severity: "warning",
    path: formatPath(path),
    remedy: meant ? `Did you mean ${meant}?` : `${there} ${names.length > 0 ? names.join(", ") : "none"}.`,
    ...(at && { at }),
  });
}

/** Where a layer says something of what it names: an interface has a place in each version of OSPF. */
function drained(layer: JsonObject, path: Path = []): readonly Path[] {
  return Object.entries(layer).flatMap(([key, value]) => (isObject(value) ? drained(value, [...path, key]) : [path]));
}
