/**
 * The simulated VPP's codec: bytes of requests to values, values of replies to bytes, made from messages.def. It shares
 * nothing with the product's, so that each finds the other's mistakes. Values are those of messages.ts.
 */
import type { FieldText, MessageTable, MessageText } from "../../../reconcilers/vpp/api/table.ts";
import { formatAddress, formatMac, parseAddress, parseMac, splitPrefix } from "./text.ts";

type Value = unknown;
type Values = Readonly<Record<string, Value>>;

/** Where one reads. */
interface Input {
  readonly view: DataView;
  at: number;
}

/** Where one writes: grows as needed. */
interface Output {
  bytes: Uint8Array;
  view: DataView;
  at: number;
}

interface Form {
  read(input: Input): Value;
  write(output: Output, value: Value): void;
  /** When the field is left out. */
  readonly empty: Value;
}

export interface MessageForm {
  readonly name: string;
  readonly crc: string;
  /** Throws RangeError on a message that is too short. */
  decode(body: Uint8Array): Values;
  /** Packed, without the frame's header. */
  encode(id: number, values: Values): Uint8Array;
}

/** A form for every message of the table. */
export function messageForms(table: MessageTable): ReadonlyMap<string, MessageForm> {
  const forms = typeForms(table);
  return new Map(table.messages.map((message) => [message.name, messageForm(message, forms)]));
}

/** Puts the header in front: 16 bytes, of which only the length matters. */
export function frame(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + body.length);
  new DataView(bytes.buffer).setUint32(8, body.length);
  bytes.set(body, 16);
  return bytes;
}

function messageForm(message: MessageText, forms: ReadonlyMap<string, Form>): MessageForm {
  const form = structForm(message.fields, forms);
  return {
    name: message.name,
    crc: message.crc,
    decode: (body) => form.read({ view: new DataView(body.buffer, body.byteOffset, body.length), at: 2 }) as Values,
    encode: (id, values) => {
      const bytes = new Uint8Array(256);
      const output = { bytes, view: new DataView(bytes.buffer), at: 0 };
      number(2, "Uint16").write(output, id);
      form.write(output, values);
      return output.bytes.subarray(0, output.at);
    },
  };
}

function room(output: Output, size: number): number {
  const { at } = output;
  if (at + size > output.bytes.length) {
    const bytes = new Uint8Array(Math.max(output.bytes.length * 2, at + size));
    bytes.set(output.bytes);
    output.bytes = bytes;
    output.view = new DataView(bytes.buffer);
  }
  output.at = at + size;
  return at;
}

function take(input: Input, size: number): Uint8Array {
  if (input.at + size > input.view.byteLength) throw new RangeError("short message");
  const bytes = new Uint8Array(input.view.buffer, input.view.byteOffset + input.at, size);
  input.at += size;
  return bytes;
}

function put(output: Output, bytes: Uint8Array): void {
  const at = room(output, bytes.length);
  output.bytes.set(bytes, at);
}

function number(size: number, name: "Uint8" | "Int8" | "Uint16" | "Int16" | "Uint32" | "Int32" | "Float64"): Form {
  const isLittle = name === "Float64";
  return {
    read: (input) => {
      const value = input.view[`get${name}`](input.at, isLittle);
      input.at += size;
      return value;
    },
    write: (output, value) => {
      const at = room(output, size);
      output.view[`set${name}`](at, value as number, isLittle);
    },
    empty: 0,
  };
}

function wide(isSigned: boolean): Form {
  return {
    read: (input) => {
      const bytes = take(input, 8);
      const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
      return isSigned ? view.getBigInt64(0) : view.getBigUint64(0);
    },
    write: (output, value) => {
      const at = room(output, 8);
      output.view.setBigInt64(at, BigInt.asIntN(64, value as bigint));
    },
    empty: 0n,
  };
}

const truth: Form = {
  read: (input) => take(input, 1)[0] !== 0,
  write: (output, value) => put(output, Uint8Array.of(value === true ? 1 : 0)),
  empty: false,
};

/** A fixed number of bytes that is said as text. */
function textual(size: number, format: (bytes: Uint8Array) => string, parse: (text: string) => Uint8Array): Form {
  return {
    read: (input) => format(take(input, size)),
    write: (output, value) => put(output, parse(value as string)),
    empty: format(new Uint8Array(size)),
  };
}

const address: Form = {
  read: (input) => {
    const bytes = take(input, 17);
    return formatAddress(bytes.subarray(1, bytes[0] === 0 ? 5 : 17));
  },
  write: (output, value) => {
    const bytes = parseAddress(value as string);
    put(output, Uint8Array.of(bytes.length === 4 ? 0 : 1, ...bytes, ...new Uint8Array(16 - bytes.length)));
  },
  empty: "0.0.0.0",
};

/** Address in the form `of`, then a byte of length. */
function prefixOf(of: Form): Form {
  return {
    read: (input) => `${String(of.read(input))}/${take(input, 1)[0]}`,
    write: (output, value) => {
      const [text, length] = splitPrefix(value as string);
      of.write(output, text);
      put(output, Uint8Array.of(length));
    },
    empty: `${String(of.empty)}/0`,
  };
}

const ip4 = textual(4, formatAddress, parseAddress);
const ip6 = textual(16, formatAddress, parseAddress);

/** Types whose values are not what their definition says. */
const special: Readonly<Record<string, Form>> = {
  ip4_address: ip4,
  ip6_address: ip6,
  mac_address: textual(6, formatMac, parseMac),
  address,
  prefix: prefixOf(address),
  ip4_prefix: prefixOf(ip4),
  ip6_prefix: prefixOf(ip6),
  address_union: {
    read: (input) => {
      const bytes = take(input, 16);
      return { ip4: formatAddress(bytes.subarray(0, 4)), ip6: formatAddress(bytes) };
    },
    write: (output, value) => {
      const bytes = new Uint8Array(16);
      const said = value as { readonly ip4?: string; readonly ip6?: string };
      bytes.set(parseAddress(said.ip6 ?? said.ip4 ?? "::"));
      put(output, bytes);
    },
    empty: {},
  },
};

function typeForms(table: MessageTable): ReadonlyMap<string, Form> {
  const forms = new Map<string, Form>([
    ["u8", number(1, "Uint8")],
    ["i8", number(1, "Int8")],
    ["u16", number(2, "Uint16")],
    ["i16", number(2, "Int16")],
    ["u32", number(4, "Uint32")],
    ["i32", number(4, "Int32")],
    ["u64", wide(false)],
    ["i64", wide(true)],
    ["f64", number(8, "Float64")],
    ["bool", truth],
    ...Object.entries(special),
  ]);
  for (const type of table.types) {
    if (forms.has(type.name)) continue;
    if ("fields" in type) forms.set(type.name, structForm(type.fields, forms));
    else if (type.kind === "alias" && type.length !== undefined) throw new Error(`no form for ${type.name}`);
    else forms.set(type.name, formOf(type.of, forms));
  }
  return forms;
}

function formOf(type: string, forms: ReadonlyMap<string, Form>): Form {
  const form = forms.get(type);
  if (!form) throw new Error(`messages.def: ${type} is used before it is defined`);
  return form;
}

function structForm(fields: readonly FieldText[], forms: ReadonlyMap<string, Form>): Form {
  const counts = new Map(fields.flatMap(({ length, name }) => (typeof length === "string" ? [[length, name]] : [])));
  const members = fields.map((field) => ({ ...field, form: fieldForm(field, forms) }));
  return {
    read: (input) => {
      const values: Record<string, Value> = {};
      for (const { name, length, form } of members) {
        const count = typeof length === "string" && length !== "rest" ? (values[length] as number) : undefined;
        values[name] = count === undefined ? form.read(input) : readMany(input, form, count);
      }
      return values;
    },
    write: (output, value) => {
      const values = value as Values;
      for (const { name, length, form } of members) {
        const counted = counts.get(name);
        if (counted !== undefined) form.write(output, (values[counted] as readonly Value[] | undefined)?.length ?? 0);
        else if (typeof length === "string" && length !== "rest") {
          for (const element of (values[name] as readonly Value[] | undefined) ?? []) form.write(output, element);
        } else form.write(output, values[name] ?? form.empty);
      }
    },
    empty: {},
  };
}

function readMany(input: Input, form: Form, count: number): readonly Value[] {
  const elements: Value[] = [];
  for (let i = 0; i < count; i += 1) elements.push(form.read(input));
  return elements;
}

/** Of a field: an array that another field counts is its element here. */
function fieldForm({ type, length }: FieldText, forms: ReadonlyMap<string, Form>): Form {
  if (type === "string") return length === "rest" ? longString : fixedString(Number(length));
  const form = formOf(type, forms);
  if (typeof length !== "number") return form;
  if (type === "u8") return bytesForm(length);
  return {
    read: (input) => readMany(input, form, length),
    write: (output, value) => {
      const elements = value as readonly Value[];
      for (let i = 0; i < length; i += 1) form.write(output, elements[i] ?? form.empty);
    },
    empty: [],
  };
}

function bytesForm(size: number): Form {
  return {
    read: (input) => take(input, size).slice(),
    write: (output, value) => {
      const bytes = new Uint8Array(size);
      bytes.set((value as Uint8Array).subarray(0, size));
      put(output, bytes);
    },
    empty: new Uint8Array(size),
  };
}

function fixedString(size: number): Form {
  return {
    read: (input) => {
      const bytes = take(input, size);
      const end = bytes.indexOf(0);
      return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
    },
    write: (output, value) => {
      const at = room(output, size);
      output.bytes.fill(0, at, at + size);
      output.bytes.set(new TextEncoder().encode(value as string).subarray(0, size - 1), at);
    },
    empty: "",
  };
}

const longString: Form = {
  read: (input) => {
    const [a = 0, b = 0, c = 0, d = 0] = take(input, 4);
    return new TextDecoder().decode(take(input, a * 2 ** 24 + b * 65536 + c * 256 + d));
  },
  write: (output, value) => {
    const bytes = new TextEncoder().encode(value as string);
    const at = room(output, 4);
    output.view.setUint32(at, bytes.length);
    put(output, bytes);
  },
  empty: "",
};
