import { describe, expect, it } from "vitest";
import { wrongRawLine } from "../../../schemas/frr-line.ts";
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
