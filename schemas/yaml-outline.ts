/** Where every part of a YAML file stands, and what in it is refused: one walk over the parser's events. For yaml.ts. */
import { EVENT_ID, SCALAR_STYLE, getScalarValue, type Event, type ScalarEvent } from "js-yaml";
import { formatPath, type Path } from "./json.ts";
import type { Position } from "./problem.ts";

/** Faults listed for one file; a file with more of them is not the file that its author meant. */
const maxFaults = 20;

/** Where a part of the document stands, as offsets into the text. */
export interface Outline {
  readonly key: number;
  readonly value: number;
  readonly children?: ReadonlyMap<string, Outline>;
}

/** Something that is refused, and where. */
export interface Fault {
  readonly offset: number;
  readonly code: "YAML_SYNTAX" | "YAML_HOSTILE";
  readonly message: string;
  readonly remedy: string;
}

/**
 * Walks the events of one file once: offsets of everything, and everything that is refused. `faultsOnly`: the root has no
 * children, which are more than the file itself.
 */
export function outline(
  text: string,
  events: readonly Event[],
  { faultsOnly = false } = {},
): { root: Outline; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  let next = 0;
  let documents = 0;

  function refuse(offset: number, code: Fault["code"], message: string, remedy: string): void {
    if (faults.length < maxFaults) faults.push({ offset, code, message, remedy });
  }

  function node(fallback: number, path: Path): Outline {
    const event = events[next++];
    if (!event || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT)
      return { key: fallback, value: fallback };
    const offset = offsetOf(event, text) ?? fallback;
    refuseProperties(event, refuse);
    if (event.type === EVENT_ID.SCALAR) {
      refuseNumber(event, text, offset, refuse);
      return { key: fallback, value: offset };
    }
    if (event.type === EVENT_ID.ALIAS) return { key: fallback, value: offset };
    const children = new Map<string, Outline>();
    const isMap = event.type === EVENT_ID.MAPPING;
    while (next < events.length && events[next]?.type !== EVENT_ID.POP) {
      const keyAt = isMap ? keyOffset() : undefined;
      const name = isMap ? key(path) : String(children.size);
      const inner = node(keyAt ?? offset, [...path, isMap ? name : children.size]);
      const earlier = children.get(name);
      if (earlier && keyAt !== undefined && faults.length < maxFaults) {
        refuse(
          keyAt,
          "YAML_SYNTAX",
          `${formatPath([...path, name])} stands here a second time; the first is at line ${positionOf("", lineStarts(text), earlier.key).line}`,
          "Remove one of the two.",
        );
      }
      children.set(name, keyAt === undefined ? { ...inner, key: inner.value } : { ...inner, key: keyAt });
    }
    next++;
    return { key: fallback, value: offset, ...(!faultsOnly && { children }) };
  }

  function keyOffset(): number {
    const event = events[next];
    return (event && offsetOf(event, text)) ?? 0;
  }

  function key(path: Path): string {
    const event = events[next];
    if (event?.type !== EVENT_ID.SCALAR) {
      const { value } = node(0, path);
      refuse(value, "YAML_SYNTAX", "a key is a list, a map or an alias", "Keys are plain words.");
      return "";
    }
    next++;
    refuseProperties(event, refuse);
    const name = getScalarValue(text, event);
    // A name is what is written: `010:` and `1e3:` are not the numbers 10 and 1000.
    if (event.style === SCALAR_STYLE.PLAIN && event.fast) event.style = SCALAR_STYLE.SINGLE_QUOTED;
    else if (event.style === SCALAR_STYLE.PLAIN && event.valueStart >= 0)
      refuse(event.valueStart, "YAML_SYNTAX", "a key spans several lines", "Write it on one line.");
    refuseKey(name, offsetOf(event, text) ?? 0, refuse);
    return name;
  }

  let root: Outline = { key: 0, value: 0 };
  while (next < events.length) {
    const event = events[next++];
    if (event?.type !== EVENT_ID.DOCUMENT) continue;
    documents++;
    if (documents === 1) root = node(0, []);
    else {
      const first = events[next];
      refuse(
        (first && offsetOf(first, text)) ?? text.length,
        "YAML_SYNTAX",
        "a second document begins",
        "One file holds one document: remove the --- line, or use two files.",
      );
      break;
    }
  }
  return { root, faults };
}

type Refuse = (offset: number, code: Fault["code"], message: string, remedy: string) => void;

function refuseProperties(event: Event, refuse: Refuse): void {
  if (event.type === EVENT_ID.ALIAS) {
    refuse(
      event.anchorStart - 1,
      "YAML_HOSTILE",
      "aliases (*name) are not supported",
      "Write the value out, or set it once in fleet.yaml or site.yaml.",
    );
    return;
  }
  if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return;
  if (event.anchorStart >= 0)
    refuse(
      event.anchorStart - 1,
      "YAML_HOSTILE",
      "anchors (&name) are not supported",
      "Remove it: what is shared belongs into fleet.yaml or site.yaml.",
    );
  if (event.tagStart >= 0)
    refuse(
      event.tagStart,
      "YAML_HOSTILE",
      "tags (!name) are not supported",
      "Remove it, and quote the value if it is text.",
    );
}

/** Names that JavaScript objects have of themselves: nothing of an appliance is called so. */
const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

function refuseKey(name: string, offset: number, refuse: Refuse): void {
  if (name === "<<")
    refuse(
      offset,
      "YAML_HOSTILE",
      "merge keys (<<) are not supported",
      "Write the values out, or set them once in fleet.yaml or site.yaml.",
    );
  else if (forbiddenKeys.has(name))
    refuse(offset, "YAML_HOSTILE", `the key ${name} is not allowed`, "Choose another name.");
  else if (name === "") refuse(offset, "YAML_SYNTAX", "a key is empty", "Write its name before the colon.");
  else if (name.length > 256) refuse(offset, "YAML_HOSTILE", "a key is longer than 256 characters", "Shorten it.");
}

/** Plain scalars that YAML reads as a number which JSON, or a double, cannot hold. */
function refuseNumber(event: ScalarEvent, text: string, offset: number, refuse: Refuse): void {
  if (event.style !== SCALAR_STYLE.PLAIN || event.valueStart < 0) return;
  const plain = text.slice(event.valueStart, event.valueEnd);
  if (/^[-+]?\.(?:inf|nan)$/i.test(plain))
    refuse(offset, "YAML_SYNTAX", `${plain} is not a number that can be used`, "Write a finite number.");
  else if (/^[-+]?(?:\d{16,}|0x[\da-f]{14,}|0o[0-7]{18,})$/i.test(plain) && !Number.isSafeInteger(Number(plain))) {
    refuse(offset, "YAML_SYNTAX", `the number ${plain.slice(0, 40)} is too large`, "Quote it if it is text.");
  }
}

/** The first character of what an event stands for; undefined for an empty value. */
function offsetOf(event: Event, text: string): number | undefined {
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) return event.start;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR || event.valueStart < 0) return undefined;
  const quote = text[event.valueStart - 1];
  return event.style !== SCALAR_STYLE.PLAIN && (quote === '"' || quote === "'")
    ? event.valueStart - 1
    : event.valueStart;
}

/** Offsets at which the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), (end) => end.index + end[0].length)];
}

/** Line and column, from 1, of an offset. */
export function positionOf(file: string, starts: readonly number[], offset: number): Position {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
