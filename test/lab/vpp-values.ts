/** Values of VPP's messages that fit their definitions, for tests. */
import * as fc from "fast-check";
import { printAddress } from "../../schemas/primitives.ts";
import type { Definitions } from "../../reconcilers/vpp/api/definitions.ts";
import type { FieldText } from "../../reconcilers/vpp/api/table.ts";

const ip4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => printAddress([...bytes]));
const ip6 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .chain((bytes) => fc.nat(16).map((zeros) => printAddress([...bytes.fill(0, zeros)])));
const slash = (address: fc.Arbitrary<string>, most: number) =>
  fc.tuple(address, fc.nat(most)).map(([text, length]) => `${text}/${length}`);
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":"));
const prefix = fc.oneof(slash(ip4, 32), slash(ip6, 128));

const texts: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  address: fc.oneof(ip4, ip6),
  ip4_address: ip4,
  ip6_address: ip6,
  prefix,
  address_with_prefix: prefix,
  ip4_prefix: slash(ip4, 32),
  ip4_address_with_prefix: slash(ip4, 32),
  ip6_prefix: slash(ip6, 128),
  ip6_address_with_prefix: slash(ip6, 128),
  mac_address: mac,
};

const numbers: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  u8: fc.nat(0xff),
  i8: fc.integer({ min: -0x80, max: 0x7f }),
  u16: fc.nat(0xffff),
  i16: fc.integer({ min: -0x8000, max: 0x7fff }),
  u32: fc.nat(0xffffffff),
  i32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  u64: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  i64: fc.bigInt({ min: -0x8000000000000000n, max: 0x7fffffffffffffffn }),
  f64: fc.double({ noNaN: true }),
  bool: fc.boolean(),
};

/** Values of one message's fields, its framing left out. Counting fields say what is counted. */
export function valuesOf(message: string, definitions: Definitions): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const fields = definitions.message.get(message)?.fields ?? [];
  const end = fields.findIndex(({ name }) => name !== "client_index" && name !== "context");
  return struct(end < 0 ? [] : fields.slice(end), definitions);
}

function struct(
  fields: readonly FieldText[],
  definitions: Definitions,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const parts = fields.map((field) => [field.name, ofField(field, definitions)] as const);
  return fc.record(Object.fromEntries(parts)).map((value) => {
    const counted = fields.flatMap(({ name, length, type }) =>
      typeof length === "string" && length !== "rest" && type !== "string"
        ? [[length, (value[name] as ArrayLike<unknown>).length] as const]
        : [],
    );
    return { ...value, ...Object.fromEntries(counted) };
  });
}

function ofField({ type, length }: FieldText, definitions: Definitions): fc.Arbitrary<unknown> {
  if (type === "string") return text(typeof length === "number" ? length - 1 : 40);
  if (length === undefined) return ofType(type, definitions);
  const [minLength, maxLength] = typeof length === "number" ? [length, length] : [0, 4];
  return type === "u8"
    ? fc.uint8Array({ minLength, maxLength })
    : fc.array(ofType(type, definitions), { minLength, maxLength });
}

function text(most: number): fc.Arbitrary<string> {
  return fc
    .oneof(fc.string({ maxLength: most }), fc.string({ maxLength: most, unit: "grapheme" }))
    .filter((value) => !value.includes("\0") && new TextEncoder().encode(value).length <= most);
}

function ofType(name: string, definitions: Definitions): fc.Arbitrary<unknown> {
  const known = texts[name] ?? numbers[name];
  if (known) return known;
  const type = definitions.type.get(name);
  switch (type?.kind) {
    case "enum":
    case "flags":
      return numbers[type.of] ?? fc.nat(0xff);
    case "type":
      return struct(type.fields, definitions);
    case "union":
      return fc.oneof(
        ...type.fields.map((field) => ofField(field, definitions).map((value) => ({ [field.name]: value }))),
      );
    case "alias":
      return ofField({ type: type.of, name, length: type.length, byDefault: undefined }, definitions);
    default:
      throw new Error(`there is no type ${name}`);
  }
}
