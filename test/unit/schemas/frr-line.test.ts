import { describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { isSystemLine, wrongRawLine } from "../../../schemas/frr-line.ts";
import { RawFrr } from "../../../schemas/raw.ts";

describe("a raw line for FRR", () => {
  it.each([
    "log file /tmp/x",
    "service password-encryption",
    "no service integrated-vtysh-config",
    "hostname evil",
    "hostn evil",
    "enable password x",
    "password x",
    "username x nopassword",
    "line vty",
    "ip forwarding",
    "ipv6 forw",
    "banner motd line x",
    "ban motd line x",
    "frr version 8.4.4",
  ])("is refused where nobody would ever compare it: %s", (line) => {
    expect(wrongRawLine(line, "lines")).toContain("must not set");
    expect(wrongRawLine(` ${line}`, "context")).toContain("must not set");
  });

  it.each(["exit", "ex", "exit-address-family", "end", "quit", "do show run", "wr mem", "show version", "conf t"])(
    "is refused where it would leave its context or do something else: %s",
    (line) => {
      for (const place of ["context", "lines", "undo"] as const) {
        expect(wrongRawLine(line, place)).toContain("must be configuration");
      }
    },
  );

  it("is refused where FRR would drop it, or take it as its own tools' word", () => {
    expect(wrongRawLine("! x", "lines")).toContain("comment");
    expect(wrongRawLine("# x", "undo")).toContain("comment");
    expect(wrongRawLine("XFRR_start_configuration", "lines")).toContain("must be configuration");
  });

  it("removes nothing, but may want what FRR prints with no", () => {
    for (const line of [
      "no router bgp 64500",
      "no neighbor 192.0.2.1",
      "no bgp listen limit",
      "no ip prefix-list own",
    ]) {
      expect(wrongRawLine(line, "lines")).toContain("must not begin with no");
      expect(wrongRawLine(line, "undo")).toBeUndefined();
    }
    expect(wrongRawLine("no bgp default show-hostname", "lines")).toBeUndefined();
    expect(wrongRawLine("no log-adjacency-changes", "lines")).toBeUndefined();
    expect(wrongRawLine("no bgp default show-hostname", "context")).toContain("must not begin with no");
    expect(wrongRawLine("no hostname", "undo")).toContain("must not set");
  });

  it.each([
    "router bgp 64500",
    "bgp fast-convergence",
    " address-family ipv4 unicast",
    "log-adjacency-changes detail",
    "ip nht resolve-via-default",
    "debug bgp updates",
    "access-list a seq 5 permit any",
    "domain-password clear x",
    "copyright x",
  ])("is taken: %s", (line) => {
    expect(wrongRawLine(line, "lines")).toBeUndefined();
  });

  it("is found wrong wherever it stands in a block", () => {
    const block = { context: ["line vty"], lines: ["bgp x", "exit"], undo: ["quit"], impact: "hitless" };

    const { error } = RawFrr.safeParse({ x: block });

    expect(error?.issues.map(({ path }) => path.join("."))).toEqual(["x.context.0", "x.lines.1", "x.undo.0"]);
  });
});

describe("a line of any FRR file", () => {
  it.each(["lo file /tmp/x", "no log stdout", "do write", "ban motd line x", "enable password x", "conf t", "XFRR_x"])(
    "is not of routing, in whatever context: %s",
    (line) => {
      expect(isSystemLine(line)).toBe(true);
    },
  );

  it("is of routing where FRR prints it so", () => {
    const lines = readFileSync("test/integration/frr-catalogue.conf", "utf8").split("\n");
    const inside = lines.map((line) => line.trim()).filter((line) => !/^(?:!|exit)|^$/.test(line));
    expect(inside.length).toBeGreaterThan(100);
    expect(inside.filter(isSystemLine)).toEqual([]);
  });
});
