import { expect, it } from "vitest";
import { Anchor, doorOf } from "../../../schemas/anchor.ts";

it("reads an address, and a host with a port", () => {
  expect(doorOf("192.0.2.1")).toEqual({ host: "192.0.2.1" });
  expect(doorOf("2001:db8::1")).toEqual({ host: "2001:db8::1" });
  expect(doorOf("192.0.2.1:22")).toEqual({ host: "192.0.2.1", port: 22 });
  expect(doorOf("[2001:db8::1]:853")).toEqual({ host: "2001:db8::1", port: 853 });
  expect(doorOf("ntp.example.net:443")).toEqual({ host: "ntp.example.net", port: 443 });
});

it.each(["ntp.example.net", "192.0.2.1:0", "192.0.2.1:65536", "[ntp.example.net]:1", "-x:1", "", "a b:1"])(
  "refuses %j",
  (text) => {
    expect(doorOf(text)).toBeUndefined();
    expect(Anchor.safeParse(text).error?.issues[0]?.message).toContain('must be an address, "host:port"');
  },
);
