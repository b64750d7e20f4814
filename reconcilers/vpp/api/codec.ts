/**
 * Encoders and decoders of VPP's messages, made once from their definitions out of closures: nothing looks at a definition
 * while messages come and go. Values are as vpp.ts says.
 */
import { Reader, type Writer } from "./bytes.ts";
import type { Definitions } from "./definitions.ts";
import { countedText, fixedArray, fixedText, octets, plain, takeArray, takeOctets, varyingArray } from "./plain.ts";
import { textual } from "./spelling.ts";
import type { FieldText, TypeText } from "./table.ts";

export interface Codec {
  /** What it takes at least, in bytes. */
  readonly size: number;
  /** Whether it may take more. */
  readonly varies?: boolean;
  /** undefined is sent as zero. Throws a TypeError that says what is wrong with the value. */
  encode(writer: Writer, value: unknown): void;
  /** Throws a RangeError on bytes that cannot be one. */
  decode(reader: Reader): unknown;
}

/** A whole message, without the frame around it. */
export interface MessageCodec {
  readonly name: string;
  /** Where a message that VPP sends has its context, from the beginning; undefined: it has none (an event). */
  readonly contextAt: number | undefined;
  /** Appends the message. `id`, `client` and `context` are the connection's. Throws like Codec.encode. */
  encode(writer: Writer, id: number, client: number, context: number, fields: object): void;
  /** Its fields, without id, client_index and context. What stands behind the last one is not read. Throws like Codec.decode. */
  decode(bytes: Uint8Array): object;
  /** Decodes no more than these fields, and what tells how long they are. */
  picking(only: readonly string[]): (bytes: Uint8Array) => object;
}

/** The fields that a connection fills in: client_index and context, u32 both, and first in every message that has them. */
export function framingOf(fields: readonly FieldText[]): {
  readonly length: number;
  readonly context: number;
  readonly contextAt: number | undefined;
} {
  const end = fields.findIndex(({ name }) => name !== "client_index" && name !== "context");
  const length = end < 0 ? fields.length : end;
  const context = fields.slice(0, length).findIndex(({ name }) => name === "context");
  return { length, context, contextAt: context < 0 ? undefined : 2 + context * 4 };
}

/** Makes codecs of one set of definitions. */
export class Codecs {
  private readonly definitions: Definitions;
  private readonly made = new Map<string, Codec>();

  constructor(definitions: Definitions) {
    this.definitions = definitions;
  }

  /** Throws an Error when the definitions have no such message, or not all of its types. */
  message(name: string): MessageCodec {
    const message = this.definitions.message.get(name);
    if (!message) throw new Error(`there is no message ${name}`);
    const { length, context, contextAt } = framingOf(message.fields);
    const fields = message.fields.slice(length);
    const body = this.struct(fields);
    const begin = (bytes: Uint8Array): Reader => {
      const reader = new Reader(bytes);
      reader.pass(2 + length * 4);
      return reader;
    };
    return {
      name,
      contextAt,
      encode(writer, id, client, number, values) {
        const at = writer.room(2 + length * 4);
        writer.view.setUint16(at, id);
        for (let index = 0; index < length; index += 1) {
          writer.view.setUint32(at + 2 + index * 4, index === context ? number : client);
        }
        body.encode(writer, values);
      },
      decode: (bytes) => body.decode(begin(bytes)) as object,
      picking: (only) => {
        const decode = decoderOf(this.parts(fields), only);
        return (bytes) => decode(begin(bytes));
      },
    };
  }

  private type(name: string): Codec {
    const done = this.made.get(name) ?? textual[name] ?? plain[name];
    if (done) return done;
    const type = this.definitions.type.get(name);
    if (!type) throw new Error(`there is no type ${name}`);
    const codec = this.defined(type);
    this.made.set(name, codec);
    return codec;
  }

  private defined(type: TypeText): Codec {
    switch (type.kind) {
      case "enum":
      case "flags":
        return this.type(type.of);
      case "type":
        return this.struct(type.fields);
      case "union":
        return this.union(type.fields);
      default:
        return this.field({ type: type.of, name: type.name, length: type.length, byDefault: undefined });
    }
  }

  private field({ type, length }: FieldText): Codec {
    if (type === "string") return typeof length === "number" ? fixedText(length) : countedText;
    if (length === undefined) return this.type(type);
    if (typeof length === "number") return type === "u8" ? octets(length) : fixedArray(this.type(type), length);
    return varyingArray(type === "u8" ? undefined : this.type(type));
  }

  private struct(fields: readonly FieldText[]): Codec {
    const parts = this.parts(fields);
    return {
      size: parts.reduce((sum, { codec }) => sum + codec.size, 0),
      varies: parts.some(({ codec }) => codec.varies === true),
      encode(writer, value) {
        const object = objectOf(value);
        for (const { name, codec, counts, byDefault } of parts) {
          const given = counts === undefined ? object[name] : lengthOf(object[counts]);
          try {
            codec.encode(writer, given === undefined ? byDefault : given);
          } catch (cause) {
            throw new TypeError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
          }
        }
      },
      decode: decoderOf(parts),
    };
  }

  private parts(fields: readonly FieldText[]): readonly Part[] {
    return fields.map((field) => this.part(field, fields));
  }

  private part(field: FieldText, fields: readonly FieldText[]): Part {
    const codec = this.field(field);
    const { type, length } = field;
    const counter = typeof length === "string" && length !== "rest" && type !== "string" ? length : undefined;
    const element = counter === undefined || type === "u8" ? undefined : this.type(type);
    const counted = (reader: Reader, count: number) =>
      element ? takeArray(reader, element, count) : takeOctets(reader, count);
    return {
      name: field.name,
      codec,
      byDefault: field.byDefault === undefined ? undefined : defaultOf(field.byDefault),
      counts: fields.find((other) => other.length === field.name)?.name,
      decode:
        counter === undefined
          ? (reader) => codec.decode(reader)
          : (reader, object) => counted(reader, Number(object[counter])),
    };
  }

  /** Every arm stands at the beginning; the widest says how wide it is. */
  private union(fields: readonly FieldText[]): Codec {
    const arms = fields.map((field) => ({ name: field.name, codec: this.field(field) }));
    const size = Math.max(0, ...arms.map(({ codec }) => codec.size));
    return {
      size,
      encode(writer, value) {
        const object = objectOf(value);
        const from = writer.at;
        const arm = arms.find(({ name }) => object[name] !== undefined);
        arm?.codec.encode(writer, object[arm.name]);
        writer.room(size - (writer.at - from));
      },
      decode(reader) {
        const from = reader.pass(size);
        const bytes = reader.bytes.subarray(from, from + size);
        const object: Record<string, unknown> = {};
        for (const { name, codec } of arms) object[name] = codec.decode(new Reader(bytes));
        return object;
      },
    };
  }
}

interface Part {
  readonly name: string;
  readonly codec: Codec;
  readonly byDefault: unknown;
  /** The array whose length it is: nobody has to say that twice. */
  readonly counts: string | undefined;
  decode(reader: Reader, before: Readonly<Record<string, unknown>>): unknown;
}

/** `only`: passes over what is not among these, unless it says how long another part is or is itself of no fixed length. */
function decoderOf(parts: readonly Part[], only?: readonly string[]): (reader: Reader) => object {
  const steps: (Part | number)[] = [];
  for (const part of parts) {
    const isWanted = only?.includes(part.name) !== false || part.counts !== undefined || part.codec.varies === true;
    const last = steps.at(-1);
    if (isWanted) steps.push(part);
    else if (typeof last === "number") steps[steps.length - 1] = last + part.codec.size;
    else steps.push(part.codec.size);
  }
  return (reader) => {
    const object: Record<string, unknown> = {};
    for (const step of steps) {
      if (typeof step === "number") reader.pass(step);
      else object[step.name] = step.decode(reader, object);
    }
    return object;
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null) throw new TypeError("is no object");
  return value as Readonly<Record<string, unknown>>;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) || value instanceof Uint8Array ? value.length : 0;
}

/** true, false or a number; the default of a field that we do not know may be anything, and is left to VPP. */
function defaultOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
}
