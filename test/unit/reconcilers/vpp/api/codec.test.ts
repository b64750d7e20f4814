import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Writer } from "../../../../../reconcilers/vpp/api/bytes.ts";
import { Codecs, framingOf } from "../../../../../reconcilers/vpp/api/codec.ts";
import { type Definitions, indexed, known, readDefinitions } from "../../../../../reconcilers/vpp/api/definitions.ts";
import { FrameDecoder, putFrame } from "../../../../../reconcilers/vpp/api/frames.ts";
import { readTable } from "../../../../../reconcilers/vpp/api/table.ts";
import { definitionsOf, releases } from "../../../../lab/vpp-releases.ts";
import { valuesOf } from "../../../../lab/vpp-values.ts";

function encoded(name: string, fields: object, definitions: Definitions = known()): Uint8Array {
  const writer = new Writer();
  new Codecs(definitions).message(name).encode(writer, 0x0102, 0x80000001, 0xdeadbeef, fields);
  return writer.take();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function packed(text: string): string {
  return text.replaceAll(" ", "");
}

/** What comes back of a union is every arm; what was sent is one. */
function sent(value: unknown, back: unknown): unknown {
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return back;
  if (Array.isArray(value)) return value.map((one, index) => sent(one, (back as readonly unknown[])[index]));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, sent(one, (back as Readonly<Record<string, unknown>>)[key])]),
  );
}

describe("the codec of VPP's messages", () => {
  it("has the bytes that VPP has", () => {
    const head = "0102 80000001 deadbeef";
    expect(hex(encoded("sw_interface_set_flags", { sw_if_index: 5, flags: 1 }))).toBe(
      packed(`${head} 00000005 00000001`),
    );
    expect(hex(encoded("sw_interface_add_del_address", { sw_if_index: 1, is_add: true, prefix: "192.0.2.1/24" }))).toBe(
      packed(`${head} 00000001 01 00 00 c0000201 ${"00".repeat(12)} 18`),
    );
    expect(hex(encoded("sw_interface_dump", {}))).toBe(packed(`${head} ffffffff 00 00000000`));
    expect(hex(encoded("cli_inband", { cmd: "show" }))).toBe(packed(`${head} 00000004 73686f77`));
    expect(hex(encoded("acl_interface_set_acl_list", { sw_if_index: 2, n_input: 1, acls: [7, 8] }))).toBe(
      packed(`${head} 00000002 02 01 00000007 00000008`),
    );
    // The one number that is not swapped.
    expect(hex(encoded("ip_neighbor_details", { age: 1 })).slice(12, 28)).toBe("000000000000f03f");
  });

  it("gives the next hop of a path in both families", () => {
    const path = { sw_if_index: 3, proto: 1, nh: { address: { ip6: "2001:db8::1" } } };
    const bytes = encoded("abf_policy_add_del", {
      is_add: true,
      policy: { policy_id: 1, acl_index: 2, paths: [path] },
    });
    const back = new Codecs(known()).message("abf_policy_add_del").decode(bytes);

    expect(back).toMatchObject({
      policy: { n_paths: 1, paths: [{ sw_if_index: 3, nh: { address: { ip4: "32.1.13.184", ip6: "2001:db8::1" } } }] },
    });
  });

  it("sends a field that is left out as its default, or zero", () => {
    const back = new Codecs(known()).message("tap_create_v3").decode(encoded("tap_create_v3", { id: 3 }));

    expect(back).toMatchObject({
      id: 3,
      use_random_mac: true,
      tx_ring_sz: 256,
      host_if_name: "",
      host_ip4_gw: "0.0.0.0",
      tag: "",
    });
  });

  it("says which field a value does not fit", () => {
    const rule = { src_prefix: "10.0.0.0/33" };
    expect(() => encoded("acl_add_replace", { r: [{}, rule] })).toThrow('r: src_prefix: is no prefix: "10.0.0.0/33"');
    expect(() => encoded("sw_interface_add_del_address", { prefix: "2001:DB8::1/64" })).toThrow(
      "must be written 2001:db8::1",
    );
    expect(() => encoded("acl_interface_set_acl_list", { acls: Array.from({ length: 256 }, () => 1) })).toThrow(
      "count: is 256",
    );
    expect(() => encoded("cli_inband", { cmd: "a\0b" })).toThrow("cmd: has a NUL in it");
  });

  it.each([...known().message.keys()])("reads back what it wrote: %s", (name) => {
    const codec = new Codecs(known()).message(name);
    fc.assert(
      fc.property(valuesOf(name, known()), (value) => {
        const back = codec.decode(encoded(name, value));
        expect(sent(value, back)).toEqual(value);
      }),
      { numRuns: 15 },
    );
  });

  it.each([...known().message.keys()])("reads of %s what is wanted as it reads all of it", (name) => {
    const codec = new Codecs(known()).message(name);
    const fields = known().message.get(name)?.fields ?? [];
    const numbers = fields.filter(({ type, length }) => /^[iu]\d+$/.test(type) && length === undefined);
    const passed = numbers.filter((number) => !fields.some(({ length }) => length === number.name));
    fc.assert(
      fc.property(valuesOf(name, known()), fc.infiniteStream(fc.boolean()), (value, picks) => {
        const bytes = encoded(name, value);
        const all = Object.entries(codec.decode(bytes));
        const wanted = all.filter(() => picks.next().value);
        const only = wanted.map(([field]) => field);
        const picked = codec.picking(only)(bytes);
        expect(picked).toMatchObject(Object.fromEntries(wanted));
        const taken = passed.filter((one) => one.name in picked).map((one) => one.name);
        expect(taken.filter((field) => !only.includes(field))).toEqual([]);
        expect(() => codec.picking(only)(bytes.subarray(0, 1))).toThrow(RangeError);
      }),
      { numRuns: 15 },
    );
  });

  it("throws, and never hangs, on bytes that nobody meant", () => {
    const codecs = new Codecs(known());
    const all = [...known().message.keys()].map((name) => codecs.message(name));
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.uint8Array({ maxLength: 400 }), (codec, bytes) => {
        let thrown: unknown = new RangeError();
        try {
          codec.decode(bytes);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(RangeError);
      }),
      { numRuns: 3000 },
    );
  });

  it("ends at elements that take no room, however many are announced", () => {
    const table = indexed(
      readTable(
        "type nothing:\nmessage hollow 00000000: u32 count, nothing all[count]\nmessage endless 00000000: u8 x, nothing all[]\n",
      ),
    );
    expect(() => new Codecs(table).message("hollow").decode(new Uint8Array([0, 1, 255, 255, 255, 255]))).toThrow(
      RangeError,
    );
    expect(() => new Codecs(table).message("endless").decode(new Uint8Array([0, 1, 2, 3]))).toThrow(RangeError);
  });
});

describe.skipIf(releases.length === 0)(
  "the definitions of eight releases of VPP (skipped where there are none)",
  () => {
    it.each(releases)("of %s are read, and every message of theirs reads back what it wrote", (release) => {
      const theirs = indexed(readDefinitions(definitionsOf(release), release));
      const codecs = new Codecs(theirs);
      expect(theirs.message.size).toBeGreaterThan(800);
      for (const { name, fields } of theirs.message.values()) {
        // Only those are in our way of framing: id, client_index, context, in this order.
        if (framingOf(fields).length === 0) continue;
        const [value] = fc.sample(valuesOf(name, theirs), { numRuns: 1, seed: 7 });
        expect([name, sent(value, codecs.message(name).decode(encoded(name, value ?? {}, theirs)))]).toEqual([
          name,
          value,
        ]);
      }
    });
  },
);

describe("the frames of VPP's socket", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });

  it("gives the same messages however the bytes are cut", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (expected, sizes) => {
        const writer = new Writer();
        for (const message of expected) putFrame(writer, (to) => to.bytes.set(message, to.room(message.length)));
        const bytes = writer.take();
        const decoder = new FrameDecoder();
        const seen: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const size = sizes[cut % sizes.length] ?? 1;
          decoder.push(bytes.slice(at, at + size), (message) => seen.push(message.slice()));
          at += size;
        }
        expect(seen).toEqual(expected);
        expect(decoder.isInside).toBe(false);
      }),
    );
  });

  it("begins as VPP expects it", () => {
    const writer = new Writer();
    putFrame(writer, (to) => to.bytes.set([1, 2, 3], to.room(3)));

    expect(hex(writer.take())).toBe(packed("0000000000000000 00000003 00000000 010203"));
  });
});
