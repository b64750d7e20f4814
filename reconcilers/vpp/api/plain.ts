/** Codecs of VPP's plain types, of its strings, and of arrays. */
import type { Reader } from "./bytes.ts";
import type { Codec } from "./codec.ts";

/** By VPP's name for the type. */
export const plain: Readonly<Record<string, Codec>> = {
  u8: whole(
    0,
    0xff,
    1,
    (view, at, value) => view.setUint8(at, value),
    (view, at) => view.getUint8(at),
  ),
  i8: whole(
    -0x80,
    0x7f,
    1,
    (view, at, value) => view.setInt8(at, value),
    (view, at) => view.getInt8(at),
  ),
  u16: whole(
    0,
    0xffff,
    2,
    (view, at, value) => view.setUint16(at, value),
    (view, at) => view.getUint16(at),
  ),
  i16: whole(
    -0x8000,
    0x7fff,
    2,
    (view, at, value) => view.setInt16(at, value),
    (view, at) => view.getInt16(at),
  ),
  u32: whole(
    0,
    0xffffffff,
    4,
    (view, at, value) => view.setUint32(at, value),
    (view, at) => view.getUint32(at),
  ),
  i32: whole(
    -0x80000000,
    0x7fffffff,
    4,
    (view, at, value) => view.setInt32(at, value),
    (view, at) => view.getInt32(at),
  ),
  u64: large(
    0n,
    0xffffffffffffffffn,
    (view, at, value) => view.setBigUint64(at, value),
    (view, at) => view.getBigUint64(at),
  ),
  i64: large(
    -0x8000000000000000n,
    0x7fffffffffffffffn,
    (view, at, value) => view.setBigInt64(at, value),
    (view, at) => view.getBigInt64(at),
  ),
  // VPP swaps every number but this one: it is in the order of its host, and VPP's hosts are little endian.
  f64: {
    size: 8,
    encode(writer, value) {
      const at = writer.room(8);
      if (value !== undefined) writer.view.setFloat64(at, numberOf(value), true);
    },
    decode: (reader) => reader.view.getFloat64(reader.pass(8), true),
  },
  bool: {
    size: 1,
    encode(writer, value) {
      writer.bytes[writer.room(1)] = value === true || value === 1 ? 1 : 0;
    },
    decode: (reader) => reader.bytes[reader.pass(1)] !== 0,
  },
};

function whole(
  least: number,
  most: number,
  size: number,
  set: (view: DataView, at: number, value: number) => void,
  get: (view: DataView, at: number) => number,
): Codec {
  return {
    size,
    encode(writer, value) {
      const at = writer.room(size);
      if (value === undefined) return;
      const number = numberOf(value);
      if (!Number.isInteger(number) || number < least || number > most) {
        throw new TypeError(`is ${number}, not within ${least} and ${most}`);
      }
      set(writer.view, at, number);
    },
    decode: (reader) => get(reader.view, reader.pass(size)),
  };
}

function large(
  least: bigint,
  most: bigint,
  set: (view: DataView, at: number, value: bigint) => void,
  get: (view: DataView, at: number) => bigint,
): Codec {
  return {
    size: 8,
    encode(writer, value) {
      const at = writer.room(8);
      if (value === undefined) return;
      const number = typeof value === "bigint" ? value : BigInt(numberOf(value));
      if (number < least || number > most) throw new TypeError(`is ${number}, not within ${least} and ${most}`);
      set(writer.view, at, number);
    },
    decode: (reader) => get(reader.view, reader.pass(8)),
  };
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  throw new TypeError("is no number");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** NUL padded, and a NUL has to be there. */
export function fixedText(size: number): Codec {
  return {
    size,
    encode(writer, value) {
      const at = writer.room(size);
      if (value === undefined) return;
      const text = textOf(value);
      const bytes = encoder.encode(text);
      if (bytes.length >= size) throw new TypeError(`is longer than ${size - 1} bytes: "${text}"`);
      writer.bytes.set(bytes, at);
    },
    decode(reader) {
      const from = reader.pass(size);
      let text = "";
      for (let at = from; at < from + size; at += 1) {
        const byte = reader.bytes[at] ?? 0;
        if (byte === 0) return text;
        if (byte > 0x7f) return longText(reader.bytes.subarray(from, from + size));
        text += String.fromCharCode(byte);
      }
      return text;
    },
  };
}

function longText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** u32 length, then as many bytes. A NUL in it is VPP's slip, not its end: `show lldp detail` has one behind a name that was set by the CLI. */
export const countedText: Codec = {
  size: 4,
  varies: true,
  encode(writer, value) {
    const bytes = value === undefined ? new Uint8Array(0) : encoder.encode(textOf(value));
    const at = writer.room(4 + bytes.length);
    writer.view.setUint32(at, bytes.length);
    writer.bytes.set(bytes, at + 4);
  },
  decode(reader) {
    const length = reader.view.getUint32(reader.pass(4));
    const from = reader.pass(length);
    return decoder.decode(reader.bytes.subarray(from, from + length)).replaceAll("\0", "");
  },
};

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("is no text");
  if (value.includes("\0")) throw new TypeError("has a NUL in it");
  return value;
}

/** As many bytes. */
export function octets(size: number): Codec {
  return {
    size,
    encode(writer, value) {
      const at = writer.room(size);
      if (value === undefined) return;
      if (!(value instanceof Uint8Array)) throw new TypeError("is no Uint8Array");
      if (value.length > size) throw new TypeError(`is longer than ${size} bytes`);
      writer.bytes.set(value, at);
    },
    decode: (reader) => takeOctets(reader, size),
  };
}

/** As many elements. */
export function fixedArray(element: Codec, count: number): Codec {
  return {
    size: element.size * count,
    varies: element.varies === true,
    encode(writer, value) {
      const values = listOf(value);
      if (values.length > count) throw new TypeError(`has more than ${count} elements`);
      for (let index = 0; index < count; index += 1) element.encode(writer, values[index]);
    },
    decode: (reader) => takeArray(reader, element, count),
  };
}

/** As many as there are; who decodes it knows how many those are. `element` undefined: bytes. */
export function varyingArray(element: Codec | undefined): Codec {
  return {
    size: 0,
    varies: true,
    encode(writer, value) {
      if (element) for (const one of listOf(value)) element.encode(writer, one);
      else if (value instanceof Uint8Array) writer.bytes.set(value, writer.room(value.length));
      else if (value !== undefined) throw new TypeError("is no Uint8Array");
    },
    decode: (reader) => takeRest(reader, element),
  };
}

/** `count` is what the sender says: it is not believed where that many cannot be there. */
export function takeArray(reader: Reader, element: Codec, count: number): readonly unknown[] {
  if (count > 0 && count * Math.max(1, element.size) > reader.left) {
    throw new RangeError(`${count} elements in ${reader.left} bytes`);
  }
  const values: unknown[] = [];
  for (let index = 0; index < count; index += 1) values.push(element.decode(reader));
  return values;
}

export function takeOctets(reader: Reader, count: number): Uint8Array {
  const from = reader.pass(count);
  return reader.bytes.slice(from, from + count);
}

function takeRest(reader: Reader, element: Codec | undefined): unknown {
  if (!element) return takeOctets(reader, reader.left);
  const values: unknown[] = [];
  while (reader.left > 0) {
    const before = reader.left;
    values.push(element.decode(reader));
    if (reader.left === before) throw new RangeError("elements of no size");
  }
  return values;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError("is no array");
  return value;
}
