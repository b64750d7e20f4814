import { isIPv4, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printIpv4, printIpv6, readIpv4, readIpv6 } from "../../../schemas/address-text.ts";

/** As a browser spells it, which follows RFC 5952 too. */
function spelled(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

const octets = (length: number) => fc.array(fc.nat(255), { minLength: length, maxLength: length });
const groups = fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 });

describe("the one spelling of an address", () => {
  it("is that of RFC 5952, wherever zeros stand", () => {
    fc.assert(
      fc.property(groups, (all) => {
        for (let zeros = 0; zeros < 256; zeros += 1) {
          const said = all.map((group, index) => ((zeros >> index) & 1 ? 0 : group));
          const bytes = said.flatMap((group) => [group >> 8, group & 0xff]);
          const text = spelled(said.map((group) => group.toString(16)).join(":"));
          expect(printIpv6(bytes)).toBe(text);
          expect(readIpv6(text)).toEqual(bytes);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("is printed from the middle of other bytes", () => {
    fc.assert(
      fc.property(octets(16), octets(4), (bytes, before) => {
        expect(printIpv6(Uint8Array.from([...before, ...bytes]), 4)).toBe(printIpv6(bytes));
        expect(printIpv4(Uint8Array.from([...bytes, ...before]), 16)).toBe(before.join("."));
        expect(readIpv4(before.join("."))).toEqual(before);
      }),
    );
  });

  it("is the only one that is read", () => {
    const pieces = fc.constantFrom(
      "",
      "0",
      "00",
      "1",
      "01",
      "10",
      "255",
      "256",
      "300",
      "1234",
      "a",
      "F",
      "abcd",
      "12345",
      "g",
    );
    const joined = (by: string, most: number) =>
      fc
        .array(fc.tuple(pieces, fc.constantFrom(by, by, by, `${by}${by}`, "/")), { maxLength: most })
        .chain((parts) => pieces.map((last) => parts.map(([piece, join]) => piece + join).join("") + last));
    fc.assert(
      fc.property(joined(".", 4), (text) => {
        expect([text, readIpv4(text) !== undefined]).toEqual([text, isIPv4(text)]);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(joined(":", 9), (text) => {
        expect([text, readIpv6(text) !== undefined]).toEqual([text, isIPv6(text) && spelled(text) === text]);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    "",
    ":",
    "::%1",
    "1::2::3",
    ":::",
    "::ffff:192.0.2.1",
    "1:2:3:4:5:6:7::",
    "1:2:3:4:5:6:7:8:",
    "2001:db8::1 ",
  ])("is not %j", (text) => {
    expect(readIpv6(text)).toBeUndefined();
  });
});
