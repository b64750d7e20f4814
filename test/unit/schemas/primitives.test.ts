import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Asn, Cidr, InterfaceName, LinuxName, Prefix, parseCidr, printAddress } from "../../../schemas/primitives.ts";

/** The message about a value, or undefined when it is fine. */
function wrong(schema: typeof Cidr | typeof Asn, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message;
}

describe("addresses", () => {
  it.each(["10.1/8", "010.0.0.1/8", "0x0a000001/8", "10.0.0.256/24", "1.2.3.4.5/8", "localhost/8", "/24"])(
    "refuses %s, which lax parsers take for an address",
    (text) => {
      expect(wrong(Cidr, text)).toMatch(/is not an IP address|without leading zeros/);
    },
  );

  it("says of zeros in front that they are in the way: some read them as octal", () => {
    expect(wrong(Cidr, "010.0.0.1/8")).toBe('"010.0.0.1" must be written without leading zeros');
  });

  it("keeps the host bits of an interface's address", () => {
    expect(Cidr.parse("192.0.2.1/24")).toBe("192.0.2.1/24");
  });

  it("names the network to write when a prefix has host bits", () => {
    expect(wrong(Prefix, "192.0.2.1/24")).toBe('"192.0.2.1/24" has host bits set: the network is 192.0.2.0/24');
    expect(wrong(Prefix, "2001:db8::1/33")).toBe('"2001:db8::1/33" has host bits set: the network is 2001:db8::/33');
  });

  it("names the one spelling of an IPv6 address", () => {
    expect(wrong(Cidr, "2001:DB8:0::1/64")).toBe('"2001:DB8:0::1" must be written 2001:db8::1');
  });

  it("says that the prefix length is missing, and which one would be usual", () => {
    expect(wrong(Cidr, "192.0.2.1")).toBe('"192.0.2.1" has no prefix length: write 192.0.2.1/24');
  });

  it.each(["192.0.2.0/33", "2001:db8::/129", "192.0.2.0/024", "192.0.2.0/ 24", "192.0.2.0/-1"])(
    "refuses %s",
    (text) => {
      expect(wrong(Prefix, text)).toContain("is not a prefix length");
    },
  );

  it("finds for every address and length a network that is its own network", () => {
    const bytes = fc.oneof(
      fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
      fc.array(fc.nat(255), { minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, fc.nat(128), (address, most) => {
        const length = Math.min(most, address.length * 8);
        const parsed = parseCidr(`${printAddress(address)}/${length}`);
        if ("error" in parsed) throw new Error(parsed.error);
        expect(parsed.bytes).toEqual(address);
        const again = parseCidr(parsed.network);
        if ("error" in again) throw new Error(again.error);
        expect(again.network).toBe(parsed.network);
        expect(bits(again.bytes).slice(0, length)).toBe(bits(address).slice(0, length));
        expect(bits(again.bytes).slice(length)).not.toContain("1");
      }),
    );
  });
});

function bits(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

describe("names and numbers", () => {
  it("takes 4-byte AS numbers and neither 0 nor the last", () => {
    expect(wrong(Asn, 4_294_967_294)).toBeUndefined();
    expect(wrong(Asn, 0)).toBe("must be an AS number: 1 to 4294967294");
    expect(wrong(Asn, 4_294_967_295)).toBe("must be an AS number: 1 to 4294967294");
    expect(wrong(Asn, "64500")).toBe("must be an AS number: 1 to 4294967294");
  });

  it.each(["external.25", "loop0", "bvi10", "memif1", "host-x", "9eth", ""])(
    "refuses %s as the name of a physical interface",
    (name) => {
      expect(InterfaceName.safeParse(name).success).toBe(false);
    },
  );

  it("takes Linux names of 15 characters and no longer", () => {
    expect(LinuxName.safeParse("a".repeat(15)).success).toBe(true);
    expect(LinuxName.safeParse("a".repeat(16)).success).toBe(false);
  });
});
