/**
 * YAML text as a value, with the line and column of every part of it on demand. What a sites repository has no use for
 * (anchors, tags, several documents, keys that are not plain words) is refused before a value is built from it, since
 * whoever may open a pull request may send any bytes.
 */
import { CORE_SCHEMA, YAMLException, constructFromEvents, parseEvents } from "js-yaml";
import { isObject, type JsonObject, type Path } from "./json.ts";
import { Problem, type Position } from "./problem.ts";
import { lineStarts, outline, positionOf, type Fault, type Outline } from "./yaml-outline.ts";

/** Bytes of one file. The largest sensible one (a full prefix-list) is a tenth of it. */
export const maxFileBytes = 1024 * 1024;
/** Maps and lists inside each other. The machine file needs 10. */
export const maxDepth = 32;

export interface YamlDocument {
  readonly file: string;
  readonly value: JsonObject;
  /** Where the value at a path stands, or its key; undefined where the document has no such path. */
  locate(path: Path, part: "key" | "value"): Position | undefined;
}

/** Where a path stands, or where it belongs. */
export function placeIn(document: YamlDocument, path: Path, part: "key" | "value"): Position | undefined {
  for (let length = path.length; length >= 0; length--) {
    const at = document.locate(path.slice(0, length), length === path.length ? part : "key");
    if (at) return at;
  }
  return undefined;
}

export interface YamlResult {
  /** undefined if and only if there are problems. An empty file is an empty map. */
  readonly document: YamlDocument | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one file. Never throws: whatever is wrong with the bytes is a Problem with its line and column. */
export function parseYaml(file: string, bytes: Uint8Array): YamlResult {
  const text = decode(file, bytes);
  if (text instanceof Problem) return { document: undefined, problems: [text] };
  try {
    const events = parseEvents(text, { maxDepth });
    const { faults } = outline(text, events, { faultsOnly: true });
    if (faults.length > 0)
      return { document: undefined, problems: faults.map((fault) => faultProblem(file, text, fault)) };
    const value = constructFromEvents(events, { source: text, schema: CORE_SCHEMA, maxAliases: 0 })[0] ?? {};
    if (!isObject(value)) return { document: undefined, problems: [notMap(file)] };
    return { document: documentOf(file, text, value), problems: [] };
  } catch (thrown) {
    return { document: undefined, problems: [syntaxProblem(file, thrown)] };
  }
}

/** The problem of a file that is refused for its size, which is known before it is read. */
export function tooLarge(file: string, size: number): Problem {
  return new Problem("YAML_HOSTILE", `the file has ${size} bytes, more than ${maxFileBytes}`, {
    at: { file, line: 1, column: 1 },
    remedy: "Split it into several files.",
  });
}

function decode(file: string, bytes: Uint8Array): string | Problem {
  if (bytes.length > maxFileBytes) return tooLarge(file, bytes.length);
  const binary = (what: string): Problem =>
    new Problem("YAML_HOSTILE", `the file ${what}`, {
      at: { file, line: 1, column: 1 },
      remedy: "Sites files are YAML as UTF-8 text.",
    });
  if (bytes.includes(0)) return binary("is binary: it holds a NUL byte");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return binary("is not valid UTF-8");
  }
}

function documentOf(file: string, text: string, value: JsonObject): YamlDocument {
  // Built again from the text when somebody asks: most files have no problem, and 2,000 of them stay small.
  let cached: WeakRef<{ readonly root: Outline; readonly starts: readonly number[] }> | undefined;
  const places = () => {
    const known = cached?.deref();
    if (known) return known;
    const made = { root: outline(text, parseEvents(text, { maxDepth })).root, starts: lineStarts(text) };
    cached = new WeakRef(made);
    return made;
  };
  return {
    file,
    value,
    locate(path, part) {
      const { root, starts } = places();
      let at: Outline | undefined = root;
      for (const key of path) at = at?.children?.get(String(key));
      return at && positionOf(file, starts, part === "key" ? at.key : at.value);
    },
  };
}

function faultProblem(file: string, text: string, fault: Fault): Problem {
  return new Problem(fault.code, fault.message, {
    at: positionOf(file, lineStarts(text), fault.offset),
    remedy: fault.remedy,
  });
}

function notMap(file: string): Problem {
  return new Problem("YAML_SYNTAX", "the file is a list or a single value", {
    at: { file, line: 1, column: 1 },
    remedy: "A sites file is a map: lines of `key: value`.",
  });
}

/** What js-yaml says, with a remedy where its words alone do not give one. */
const remedies: readonly (readonly [RegExp, ProblemWords])[] = [
  [/tab characters/, { message: "a tab is used as indentation", remedy: "Indent with spaces." }],
  [
    /maxDepth/,
    { code: "YAML_HOSTILE", message: `maps and lists are nested deeper than ${maxDepth}`, remedy: "Flatten it." },
  ],
  [
    /aliases exceeded/,
    { code: "YAML_HOSTILE", message: "aliases (*name) are not supported", remedy: "Write the value out." },
  ],
  [/duplicated mapping key/, { message: "a key stands twice in one map", remedy: "Remove one of the two." }],
  [
    /bad indentation|deficient indentation/,
    { remedy: "Align it with its neighbours, and quote text that holds `: `." },
  ],
  [
    /non-printable|valid JSON character/,
    { code: "YAML_HOSTILE", message: "a control character", remedy: "Remove it." },
  ],
];

interface ProblemWords {
  readonly code?: "YAML_HOSTILE";
  readonly message?: string;
  readonly remedy: string;
}

function syntaxProblem(file: string, thrown: unknown): Problem {
  const mark = thrown instanceof YAMLException ? thrown.mark : undefined;
  const reason = thrown instanceof YAMLException ? thrown.reason : String(thrown);
  const words = remedies.find(([pattern]) => pattern.test(reason))?.[1];
  return new Problem(words?.code ?? "YAML_SYNTAX", words?.message ?? reason, {
    at: { file, line: (mark?.line ?? 0) + 1, column: (mark?.column ?? 0) + 1 },
    remedy: words?.remedy ?? "Correct the YAML at this place.",
    ...(!(thrown instanceof YAMLException) && { cause: thrown }),
  });
}
