/**
 * What the routing schema can say instead of what: places of a machine, each with the values that exclude each other
 * there. A real FRR must go from any to any other; another test holds the tables to the schema.
 */
import type { JsonObject, JsonValue } from "../../schemas/json.ts";
import { Machine } from "../../schemas/machine.ts";

/** Values of a part of `routing`; each is merged into what stands there, null removes. */
export interface Alternatives {
  readonly at: readonly string[];
  readonly values: readonly JsonObject[];
}

/** One key by itself: absent, and each of its values. */
export function key(at: readonly string[], name: string, ...values: readonly JsonValue[]): Alternatives {
  return { at, values: [{}, ...values.map((value) => ({ [name]: value }))] };
}

const base: JsonObject = {
  "router-id": "198.51.100.1",
  "prefix-lists": {
    p: { entries: { 10: { prefix: "10.0.0.0/8" } } },
    q: { entries: { 10: { prefix: "10.1.0.0/16" } } },
    p6: { family: "ipv6", entries: { 10: { prefix: "2001:db8::/32" } } },
  },
  "as-path-lists": {
    long: { entries: { 10: { regex: "^([0-9]+_){40,}" } } },
    short: { entries: { 10: { regex: "^1$" } } },
  },
  "community-lists": {
    plain: { entries: { 10: { value: "64500:1" } } },
    words: { match: "regex", entries: { 10: { value: "64500:.*" } } },
    large: { kind: "large", entries: { 10: { value: "64500:1:1" } } },
    "large-words": { kind: "large", match: "regex", entries: { 10: { value: "64500:.*" } } },
    ext: { kind: "extended", entries: { 10: { value: "rt 64500:1" } } },
    "ext-words": { kind: "extended", match: "regex", entries: { 10: { value: "64500:.*" } } },
  },
  "route-maps": {
    m: { entries: { 10: {}, 20: {}, 30: {} } },
    n: { entries: { 10: {} } },
    o: { entries: { 10: {} } },
  },
  bgp: {
    asn: 64500,
    "peer-groups": { g: {}, h: { passive: true }, ga: { "remote-as": 64496 }, ig: { "remote-as": "internal" } },
    peers: {
      a: { address: "192.0.2.1", "remote-as": 64496 },
      i: { address: "198.51.100.2", "remote-as": "internal" },
      m: { address: "203.0.113.1", "remote-as": 64496, group: "g" },
      r: { address: "198.51.100.3", group: "ig" },
      u: { interface: "external.27", "remote-as": "external" },
    },
  },
  ospf: { interfaces: { "external.25": {} } },
  ospf3: { interfaces: { "external.25": {} } },
  bfd: { profiles: { fast: {}, slow: {} }, peers: { a: { address: "192.0.2.1" } } },
};

/** A machine whose routing says this at that place, and only what it needs beside it. */
export function machineWith(at: readonly string[], value: JsonObject): Machine {
  return Machine.parse(writtenWith(at, value));
}

/** The same as an operator would write it. */
export function writtenWith(at: readonly string[], value: JsonObject): JsonObject {
  return {
    interfaces: {
      external: {
        pci: "0000:03:00.0",
        "sub-interfaces": {
          25: { addresses: ["192.0.2.2/30", "2001:db8:25::2/64"] },
          26: { addresses: ["203.0.113.2/30"] },
          27: {},
        },
      },
    },
    loopbacks: { loop0: { addresses: ["198.51.100.1/32"] } },
    routing: merged(base, at, value),
  };
}

function merged(part: JsonObject, at: readonly string[], value: JsonObject): JsonObject {
  const [first, ...rest] = at;
  if (first === undefined) {
    return Object.fromEntries(Object.entries({ ...part, ...value }).filter(([, one]) => one !== null));
  }
  const inner = part[first];
  const object = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? (inner as JsonObject) : {};
  return { ...part, [first]: merged(object, rest, value) };
}
