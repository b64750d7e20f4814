/**
 * What messages look like: as our table has them (known.ts), and as a running VPP describes its own, in the documents that
 * its build makes (`*.api.json`: `get_api_json` answers all of them, the package installs them as files). Both come to the
 * same form, table.ts. Pure.
 */
import { Problem } from "../../../schemas/problem.ts";
import { knownText } from "./known.ts";
import {
  type FieldText,
  type MessageTable,
  type MessageText,
  readTable,
  type ServiceText,
  type TypeText,
} from "./table.ts";

/** A table to look things up in. */
export interface Definitions {
  readonly message: ReadonlyMap<string, MessageText>;
  readonly type: ReadonlyMap<string, TypeText>;
  readonly service: ReadonlyMap<string, ServiceText>;
}

export function indexed(table: MessageTable): Definitions {
  return {
    message: new Map(table.messages.map((message) => [message.name, message])),
    type: new Map(table.types.map((type) => [type.name, type])),
    service: new Map(table.services.map((service) => [service.request, service])),
  };
}

let table: Definitions | undefined;

/** The messages that this product uses, as it knows them. */
export function known(): Definitions {
  table ??= indexed(readTable(knownText));
  return table;
}

/** Reads one `*.api.json` document, or an array of them. Throws VPP_MESSAGE on anything else; `from` names it there. */
export function readDefinitions(text: string, from: string): MessageTable {
  const documents = flat(parsed(text, from));
  const types: TypeText[] = [];
  const services: ServiceText[] = [];
  const messages: MessageText[] = [];
  for (const document of documents) {
    const read = new DocumentReader(document, from);
    types.push(...read.types());
    services.push(...read.services());
    messages.push(...read.messages());
  }
  return { types, services, messages };
}

function parsed(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("VPP_MESSAGE", `${from} is no JSON.`, { cause });
  }
}

function flat(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** One document: {types, unions, enums, enumflags, aliases, messages, services}. */
class DocumentReader {
  private readonly document: Readonly<Record<string, unknown>>;
  private readonly from: string;

  constructor(document: unknown, from: string) {
    this.from = from;
    this.document = this.object(document);
  }

  types(): readonly TypeText[] {
    return [
      ...this.list("types").map((entry) => this.struct("type", entry)),
      ...this.list("unions").map((entry) => this.struct("union", entry)),
      ...this.list("enums").map((entry) => this.enumeration("enum", entry)),
      ...this.list("enumflags").map((entry) => this.enumeration("flags", entry)),
      ...Object.entries(this.object(this.document["aliases"] ?? {})).map(([name, alias]) => this.alias(name, alias)),
    ];
  }

  messages(): readonly MessageText[] {
    return this.list("messages").map((entry) => {
      const [name, ...rest] = entry;
      const crc = this.text(this.object(rest.at(-1))["crc"]);
      // The number of the message leads every one of them, and is not for its codec.
      const fields = rest.slice(0, -1).map((field) => this.field(field));
      return { name: this.text(name), crc: crc.replace(/^0x/, "").padStart(8, "0"), fields: fields.slice(1) };
    });
  }

  services(): readonly ServiceText[] {
    const module = typeof this.document["module"] === "string" ? this.document["module"] : undefined;
    return Object.entries(this.object(this.document["services"] ?? {})).map(([request, value]) => {
      const { reply, stream, stream_msg: details, events } = this.object(value);
      const answer = typeof reply === "string" && reply !== "null" ? reply : undefined;
      const isPlain = stream !== true;
      return {
        request,
        plugin: module,
        reply: isPlain || details !== undefined ? answer : undefined,
        details: isPlain ? undefined : typeof details === "string" ? details : answer,
        events: Array.isArray(events) ? events.map((event) => this.text(event)) : [],
      };
    });
  }

  private struct(kind: "type" | "union", [name, ...rest]: readonly unknown[]): TypeText {
    return { kind, name: this.text(name), fields: rest.filter(Array.isArray).map((field) => this.field(field)) };
  }

  private enumeration(kind: "enum" | "flags", [name, ...rest]: readonly unknown[]): TypeText {
    const options = rest.find((entry) => !Array.isArray(entry));
    const of = options === undefined ? undefined : this.object(options)["enumtype"];
    const values = rest.filter(Array.isArray).map(([value, number]) => [this.text(value), Number(number)] as const);
    return { kind, name: this.text(name), of: typeof of === "string" ? of : "u32", values };
  }

  private alias(name: string, value: unknown): TypeText {
    const { type, length } = this.object(value);
    return { kind: "alias", name, of: plain(this.text(type)), length: typeof length === "number" ? length : undefined };
  }

  /** [type, name], then: number of elements, or 0 and the field that counts them, or 0 for the rest; or options. */
  private field(entry: unknown): FieldText {
    if (!Array.isArray(entry)) throw this.malformed();
    const [type, name, size, counter] = entry as readonly unknown[];
    const length = typeof counter === "string" ? counter : size === 0 ? "rest" : size;
    const last: unknown = entry.at(-1);
    const byDefault = typeof last === "object" ? this.object(last)["default"] : undefined;
    return {
      type: plain(this.text(type)),
      name: this.text(name),
      length: typeof length === "number" || typeof length === "string" ? length : undefined,
      byDefault: byDefault === undefined ? undefined : spelled(byDefault),
    };
  }

  private list(key: string): readonly (readonly unknown[])[] {
    const value = this.document[key] ?? [];
    if (!Array.isArray(value) || !value.every(Array.isArray)) throw this.malformed();
    return value;
  }

  private object(value: unknown): Readonly<Record<string, unknown>> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.malformed();
    return value as Readonly<Record<string, unknown>>;
  }

  private text(value: unknown): string {
    if (typeof value !== "string") throw this.malformed();
    return value;
  }

  private malformed(): Problem {
    return new Problem("VPP_MESSAGE", `${this.from} does not describe messages as VPP's API definitions do.`);
  }
}

/** Documents have true as well as "true" and "True". */
function spelled(byDefault: unknown): string {
  return typeof byDefault === "string" ? byDefault.toLowerCase() : JSON.stringify(byDefault);
}

/** References are spelled vl_api_<name>_t, definitions <name>. */
function plain(type: string): string {
  return /^vl_api_(\w+)_t$/.exec(type)?.[1] ?? type;
}

/**
 * Why a message as it runs cannot stand for the one that we know, or undefined when every field that we know is there with
 * its type: others may have been added, which are sent as their default and not read.
 */
export function misfit(name: string, ours: Definitions, theirs: Definitions): string | undefined {
  const mine = ours.message.get(name);
  const running = theirs.message.get(name);
  if (!mine || !running) return "is not there";
  if (mine.crc === running.crc) return undefined;
  return misfitOfFields(mine.fields, running.fields, ours, theirs);
}

function misfitOfFields(
  mine: readonly FieldText[],
  running: readonly FieldText[],
  ours: Definitions,
  theirs: Definitions,
): string | undefined {
  for (const field of mine) {
    const other = running.find(({ name }) => name === field.name);
    if (!other) return `has no field ${field.name}`;
    if (isMany(field) !== isMany(other)) return `has another field ${field.name}`;
    const wrong = misfitOfType(field.type, other.type, ours, theirs);
    if (wrong !== undefined) return `has another field ${field.name}`;
  }
  return undefined;
}

function isMany({ type, length }: FieldText): boolean {
  return type !== "string" && length !== undefined;
}

function misfitOfType(mine: string, running: string, ours: Definitions, theirs: Definitions): string | undefined {
  const left = resolved(mine, ours);
  const right = resolved(running, theirs);
  if (typeof left === "string" || typeof right === "string") {
    return valueOf(left) === valueOf(right) ? undefined : "differs";
  }
  if ((left.kind === "enum" || left.kind === "flags") && (right.kind === "enum" || right.kind === "flags")) {
    const numbers = new Map(right.values);
    return left.values.every(([name, number]) => (numbers.get(name) ?? number) === number) ? undefined : "differs";
  }
  if (left.kind === "alias" && right.kind === "alias") return left.length === right.length ? undefined : "differs";
  if ((left.kind === "type" && right.kind === "type") || (left.kind === "union" && right.kind === "union")) {
    return misfitOfFields(left.fields, right.fields, ours, theirs);
  }
  return "differs";
}

/** A plain type's name, or the definition behind aliases that are only other names. */
function resolved(name: string, definitions: Definitions): string | TypeText {
  const type = definitions.type.get(name);
  if (!type) return name;
  return type.kind === "alias" && type.length === undefined ? resolved(type.of, definitions) : type;
}

/** What TypeScript makes of a plain type. */
function valueOf(type: string | TypeText): string {
  if (typeof type !== "string") return type.kind === "enum" || type.kind === "flags" ? "number" : type.name;
  if (/^[ui](8|16|32)$/.test(type)) return "number";
  return type === "u64" || type === "i64" ? "bigint" : type;
}
