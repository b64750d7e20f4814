import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planFrr } from "../../../../reconcilers/frr/plan.ts";
import { bogonAsns, bogonPaths } from "../../../../reconcilers/frr/render/bogons.ts";
import { rangeExpression } from "../../../../reconcilers/frr/render/number-range.ts";
import { renderFrr } from "../../../../reconcilers/frr/render/render.ts";
import { Machine, type MachineInput } from "../../../../schemas/machine.ts";
import { hygieneLines } from "../../../../schemas/semantics/hygiene.ts";
import { sessionOf } from "../../../../schemas/semantics/session.ts";

type Bgp = NonNullable<NonNullable<MachineInput["routing"]>["bgp"]>;

const policy = { "route-map": { in: "t-in", out: "t-out" } } as const;

function machine(bgp: Partial<Bgp>): Machine {
  return Machine.parse({
    nat: {
      det44: {
        pools: { cgn: { prefix: "198.51.100.16/28" } },
        mappings: { all: { source: "10.30.0.0/24", pool: "cgn" } },
      },
    },
    routing: {
      "route-maps": { "t-in": { entries: { 10: {} } }, "t-out": { entries: { 10: {} } } },
      bgp: { asn: 64500, announce: { "203.0.113.0/24": {}, "0.0.0.0/0": {} }, ...bgp },
    },
  });
}

function lines(one: Machine): readonly string[] {
  return renderFrr(one, {}, (name) => name).config.split("\n");
}

function about(one: Machine, pattern: RegExp): readonly string[] {
  return lines(one).filter((line) => pattern.test(line));
}

/** A route-map as text, its entries by number. */
function mapText(one: Machine, name: string): readonly string[] {
  const all = lines(one);
  const heads = all.flatMap((line, at) => (line.startsWith(`route-map ${name} `) ? [at] : []));
  return heads.flatMap((at) => {
    const end = all.findIndex((line, index) => index > at && !line.startsWith(" "));
    return all.slice(at, end).map((line) => line.replace(`route-map ${name} `, ""));
  });
}

const a = { address: "192.0.2.1", "remote-as": 3356 } as const;

describe("hygiene", () => {
  it("is nothing for a peer without a kind, and for one of the own AS", () => {
    const peers = {
      a: { ...a, ipv4: policy },
      i: { address: "192.0.2.9", "remote-as": "internal", kind: "peer", ipv4: policy },
    } as const;
    expect(about(machine({ peers }), /(?:route-map|prefix-list|access-list) _/)).toEqual([]);
  });

  it("denies what a rule refuses, and then calls what is written", () => {
    const one = machine({ peers: { a: { ...a, kind: "peer", ipv4: policy } } });
    expect(about(one, /neighbor .* route-map/)).toEqual([
      "  neighbor 192.0.2.1 route-map _in-peer-ipv4-t-in in",
      "  neighbor 192.0.2.1 route-map t-out out",
    ]);
    expect(mapText(one, "_in-peer-ipv4-t-in")).toEqual([
      "deny 10",
      " description default-route",
      " match ip address prefix-list _default-route-ipv4",
      "deny 20",
      " description bogon-prefixes",
      " match ip address prefix-list _bogon-prefixes-ipv4",
      "deny 30",
      " description own-prefixes",
      " match ip address prefix-list _own-prefixes-ipv4",
      "deny 40",
      " description long-prefixes",
      " match ip address prefix-list _long-prefixes-ipv4",
      "deny 50",
      " description bogon-asns",
      " match as-path _bogon-asns",
      "permit 1000",
      " call t-in",
    ]);
  });

  it("knows as own what is announced, summed up, a NAT pool or told, and never a default route", () => {
    const bgp = { "own-prefixes": ["192.0.2.0/24", "2001:db8::/32"], aggregates: { "198.18.0.0/15": {} } };
    const own = about(machine({ ...bgp, peers: { a: { ...a, kind: "peer", ipv4: policy } } }), /_own-prefixes-/);
    expect(own.filter((line) => line.startsWith("ip "))).toEqual([
      "ip prefix-list _own-prefixes-ipv4 seq 10 permit 192.0.2.0/24 le 32",
      "ip prefix-list _own-prefixes-ipv4 seq 20 permit 203.0.113.0/24 le 32",
      "ip prefix-list _own-prefixes-ipv4 seq 30 permit 198.18.0.0/15 le 32",
      "ip prefix-list _own-prefixes-ipv4 seq 40 permit 198.51.100.16/28 le 32",
    ]);
  });

  it("goes with the group where the members share it, and is a member's own where it differs", () => {
    const one = machine({
      "peer-groups": { up: { kind: "upstream", ipv4: policy } },
      peers: {
        a: { ...a, group: "up" },
        private: { address: "192.0.2.2", "remote-as": 65_001, group: "up" },
        lab: { ...a, address: "192.0.2.3", group: "up", hygiene: { "bogon-prefixes": { off: "a lab" } } },
        collector: { ...a, address: "192.0.2.4", group: "up", kind: "collector" },
      },
    });
    expect(about(one, /neighbor .* route-map/)).toEqual([
      "  neighbor up route-map _in-upstream-ipv4-t-in in",
      "  neighbor up route-map t-out out",
      "  neighbor 192.0.2.2 route-map _in-upstream-ipv4-as65001-t-in in",
      "  neighbor 192.0.2.3 route-map _in-upstream-ipv4-without-bogon-prefixes-t-in in",
      "  neighbor 192.0.2.4 route-map t-in in",
    ]);
  });

  it("opens nothing that no policy opens", () => {
    const shut = machine({ peers: { a: { ...a, kind: "peer", ipv4: { "prefix-list": { out: "own" } } } } });
    expect(about(shut, /neighbor .* route-map/)).toEqual([]);
    const open = machine({ "ebgp-requires-policy": false, peers: { a: { ...a, kind: "peer" } } });
    expect(about(open, /neighbor .* route-map/)).toEqual([
      "  neighbor 192.0.2.1 route-map _none in",
      "  neighbor 192.0.2.1 route-map _none out",
    ]);
  });

  it("marks where a route came from after what the written route-map sets, and refuses leaks before it", () => {
    const hygiene = { "route-leaks": true } as const;
    const one = machine({ hygiene, peers: { a: { ...a, kind: "peer", ipv4: policy } } });
    expect(mapText(one, "_in-peer-ipv4-marked-t-in").slice(-8)).toEqual([
      "permit 1000",
      " on-match next",
      " call t-in",
      "permit 1010",
      " on-match next",
      " set large-comm-list _relations delete",
      "permit 1020",
      " set large-community 64500:3:3 additive",
    ]);
    expect(mapText(one, "_out-t-out")).toEqual([
      "deny 10",
      " description route-leaks",
      " match large-community _from-peers",
      "permit 1000",
      " call t-out",
    ]);
    const customer = machine({ hygiene, peers: { a: { ...a, kind: "customer", ipv4: policy } } });
    expect(about(customer, /route-map t-out out/)).toEqual(["  neighbor 192.0.2.1 route-map t-out out"]);
  });

  it("says in a plan, and to who asks, what is switched off and why", () => {
    const hygiene = { "bogon-asns": { off: "they number a lab so" } };
    const one = machine({ hygiene, peers: { a: { ...a, kind: "upstream", ipv4: policy } } });
    const running = ["zebra", "bgpd"] as const;
    const nothing = { version: "8.4.4", running, config: "", incomplete: [] };
    const desired = renderFrr(one, {}, (name) => name);
    expect(planFrr(desired, nothing, []).notes).toContain(
      "hygiene of a: bogon-asns is switched off: they number a lab so",
    );
    expect(planFrr(desired, { ...nothing, config: desired.config }, [desired]).notes).toEqual([]);
    const { bgp } = one.routing;
    const told = bgp ? hygieneLines(bgp, sessionOf(bgp, Object.values(bgp.peers)[0] ?? { expect: "up" })) : [];
    expect(told.map((line) => line.replace(/\. .*/, ""))).toEqual([
      "hygiene missing-policy: on",
      "hygiene bogon-prefixes: on",
      "hygiene own-prefixes: on",
      "hygiene long-prefixes: on",
      "hygiene bogon-asns: off for all peers: they number a lab so",
      "hygiene route-leaks: off",
      "hygiene unlimited-prefixes: on",
    ]);
  });

  it("tells a peer our role where that is asked for", () => {
    const peers = {
      up: { ...a, kind: "upstream", role: "required", ipv4: policy },
      down: { address: "192.0.2.2", "remote-as": 64_501, kind: "customer", role: "offered", ipv4: policy },
    } as const;
    expect(about(machine({ peers }), /local-role/)).toEqual([
      " neighbor 192.0.2.1 local-role customer strict-mode",
      " neighbor 192.0.2.2 local-role provider",
    ]);
  });
});

describe("what a member has of its own from now on", () => {
  it("is said again when its group does not have it any more: FRR would take it away with the group's", () => {
    const peer = { address: "192.0.2.1", "remote-as": 3356, group: "g" } as const;
    const before = renderFrr(machine({ "peer-groups": { g: { ipv4: policy } }, peers: { peer } }), {}, String);
    const after = renderFrr(
      machine({ "peer-groups": { g: {} }, peers: { peer: { ...peer, ipv4: policy } } }),
      {},
      String,
    );
    const observed = { version: "8.4.4", running: ["zebra", "bgpd"], config: before.config, incomplete: [] } as const;
    const commands = planFrr(after, observed, [before]).steps.flatMap((step) => step.commands.map(({ line }) => line));
    const own = commands.lastIndexOf("neighbor 192.0.2.1 route-map t-in in");
    expect(own).toBeGreaterThan(commands.indexOf("no neighbor g route-map t-in in"));
  });

  it("is not written where its group says just that, way by way", () => {
    const own = { "route-map": { in: "t-in", out: "t-in" } };
    const peer = { address: "192.0.2.1", "remote-as": 3356, group: "g", ipv4: own } as const;
    const one = machine({ "peer-groups": { g: { ipv4: policy } }, peers: { peer } });
    expect(about(one, /neighbor 192.* route-map/)).toEqual(["  neighbor 192.0.2.1 route-map t-in out"]);
  });
});

describe("a range of numbers as an expression", () => {
  it("matches the numbers of the range and no other", () => {
    const number = fc.oneof(fc.nat(2000), fc.nat(4_294_967_295));
    fc.assert(
      fc.property(number, fc.oneof(fc.nat(3000), fc.nat(4_000_000_000)), fc.array(number), (low, size, some) => {
        const high = Math.min(low + size, 4_294_967_295);
        const expression = new RegExp(`^(?:${rangeExpression(low, high)})$`);
        const edges = [low - 1, low, low + 1, high - 1, high, high + 1].filter((one) => one >= 0);
        for (const one of [...some, ...edges])
          expect([one, expression.test(String(one))]).toEqual([one, one >= low && one <= high]);
      }),
    );
  });

  it("leaves out of the numbers that nobody has those that are meant", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 64_490, max: 64_520 }), { maxLength: 3 }), (meant) => {
        const entries = Object.values(bogonPaths(bogonAsns(meant)).entries);
        for (let one = 64_480; one < 64_530; one += 1) {
          const isFound = entries.some(({ regex }) => new RegExp(regex.replaceAll("_", "\\b")).test(`3356 ${one} 174`));
          expect([one, isFound]).toEqual([one, one >= 64_496 && !meant.includes(one)]);
        }
      }),
    );
  });
});
