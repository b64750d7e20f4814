import { describe, expect, it } from "vitest";
import { drainedIn, healthChecks } from "../../../../reconcilers/health-checks.ts";
import { planFrr } from "../../../../reconcilers/frr/plan.ts";
import { renderFrr } from "../../../../reconcilers/frr/render/render.ts";
import { Machine, type MachineInput } from "../../../../schemas/machine.ts";
import { Name } from "../../../../schemas/primitives.ts";

type Peers = NonNullable<NonNullable<MachineInput["routing"]>["bgp"]>["peers"];

function machine(peers: Peers, more: Partial<MachineInput> = {}): Machine {
  return Machine.parse({
    routing: {
      "router-id": "198.51.100.1",
      "route-maps": { "transit-in": { entries: { 10: { set: { "local-preference": 200 } } } } },
      bgp: {
        asn: 64500,
        "peer-groups": { transit: { ipv4: { "route-map": { in: "transit-in", out: "transit-in" } } } },
        peers,
      },
      ospf: { interfaces: { a: { cost: 10 }, b: {}, lo0: { passive: true } } },
      ospf3: { interfaces: { a: {} } },
    },
    ...more,
  });
}

function lines(one: Machine): readonly string[] {
  return renderFrr(one, {}, (name) => name).config.split("\n");
}

/** Lines that draining adds, and those that it takes away. */
function difference(before: Machine, after: Machine): readonly string[] {
  const [was, is] = [lines(before), lines(after)];
  return [
    ...was.filter((line) => !is.includes(line)).map((line) => `-${line}`),
    ...is.filter((line) => !was.includes(line)).map((line) => `+${line}`),
  ];
}

const a = { address: "192.0.2.1", "remote-as": 64496, group: "transit" } as const;
const drained = { ...a, maintenance: "drain" } as const;

describe("a peer that is drained", () => {
  it("has its route-maps called first, and then what asks traffic to go elsewhere", () => {
    expect(difference(machine({ a }), machine({ a: drained }))).toEqual([
      "+route-map _drain-in-transit-in permit 10",
      "+ on-match next",
      "+ call transit-in",
      "+route-map _drain-in-transit-in permit 20",
      "+ set local-preference 0",
      "+route-map _drain-out-transit-in permit 10",
      "+ on-match next",
      "+ call transit-in",
      "+route-map _drain-out-transit-in permit 20",
      "+ set local-preference 0",
      "+ set community graceful-shutdown additive",
      "+  neighbor 192.0.2.1 route-map _drain-in-transit-in in",
      "+  neighbor 192.0.2.1 route-map _drain-out-transit-in out",
    ]);
  });

  it("keeps its session: nothing of it is worse than hitless", () => {
    const before = renderFrr(machine({ a }), {}, (name) => name);
    const after = renderFrr(machine({ a: drained }), {}, (name) => name);
    const running = ["zebra", "bgpd", "ospfd", "ospf6d"] as const;

    const plan = planFrr(after, { version: "8.4.4", running, config: before.config, incomplete: [] }, [before]);
    expect(new Set(plan.steps.map(({ impact }) => impact))).toEqual(new Set(["hitless"]));
  });

  it("is not opened where no policy keeps an eBGP session shut", () => {
    const shut = { address: "192.0.2.9", "remote-as": 64499, ipv4: { "prefix-list": { out: "own" } } };
    const text = difference(machine({ shut }), machine({ shut: { ...shut, maintenance: "drain" } })).join("\n");

    expect(text).toContain("neighbor 192.0.2.9 route-map _drain-out out");
    expect(text).not.toContain("route-map _drain-in in");
  });

  it("of the own AS has no policy, and is drained both ways in every family that it carries", () => {
    const rr = { address: "192.0.2.10", "remote-as": "internal", ipv6: {} } as const;
    const text = difference(machine({ rr }), machine({ rr: { ...rr, maintenance: "drain" } }));

    expect(text.filter((line) => line.includes("neighbor"))).toEqual([
      "+  neighbor 192.0.2.10 route-map _drain-in in",
      "+  neighbor 192.0.2.10 route-map _drain-out out",
      "+  neighbor 192.0.2.10 route-map _drain-in in",
      "+  neighbor 192.0.2.10 route-map _drain-out out",
    ]);
  });

  it("uses names that nobody can write", () => {
    expect(Name.safeParse("_drain-in").success).toBe(false);
  });
});

describe("an appliance that is drained", () => {
  it("says so to all peers at once, and gives every way through it the highest cost", () => {
    expect(difference(machine({ a }), machine({ a }, { maintenance: "drain" }))).toEqual([
      "- ip ospf cost 10",
      "+ ip ospf cost 65535",
      "+ ipv6 ospf6 cost 65535",
      "+ ip ospf cost 65535",
      "+ bgp graceful-shutdown",
    ]);
  });
});

describe("what is drained", () => {
  const whole = machine({ a, b: { ...a, address: "192.0.2.5" } }, { maintenance: "drain" });

  it("is looked at, and is no reason to roll back, declared or not", () => {
    const one = machine(
      { a: drained, b: { ...a, address: "192.0.2.5" } },
      { health: { a: { check: "bgp-session", peer: "a", "min-prefixes": 10 } } },
    );
    const sessions = (wanted: Machine) => healthChecks(wanted).filter(({ check }) => check !== "unit");
    const shown = sessions(one).map((check) => [check.check, "peer" in check ? check.peer : "", check.required]);

    expect(shown).toEqual([
      ["bgp-session", "192.0.2.5", true],
      ["ospf-neighbor", "", true],
      ["ospf-neighbor", "", true],
      ["ospf3-neighbor", "", true],
      ["bgp-session", "192.0.2.1", false],
    ]);
    expect(sessions(whole).some(({ required }) => required)).toBe(false);
  });

  it("is every peer and interface of an appliance that is", () => {
    expect(drainedIn(whole)).toEqual({ peers: ["192.0.2.1", "192.0.2.5"], ospf: ["a", "b", "lo0"], ospf3: ["a"] });
    expect(drainedIn(machine({ a: drained })).peers).toEqual(["192.0.2.1"]);
  });
});
