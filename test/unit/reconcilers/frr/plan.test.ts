import { describe, expect, it } from "vitest";
import type { FrrDesired, FrrObserved, FrrStep } from "../../../../reconcilers/frr/model.ts";
import { daemons } from "../../../../reconcilers/frr/model.ts";
import { batchesOf } from "../../../../reconcilers/frr/batches.ts";
import { describeStep } from "../../../../reconcilers/frr/describe.ts";
import { planFrr } from "../../../../reconcilers/frr/plan.ts";
import { mergeConfigs, printConfig } from "../../../../reconcilers/frr/tree.ts";

function config(text: string): FrrDesired {
  return { config: printConfig(mergeConfigs([text])) };
}

function observed(text: string, more: Partial<FrrObserved> = {}): FrrObserved {
  return { version: "8.4.4", running: daemons, incomplete: [], ...config(text), ...more };
}

/** "impact description" of every step. */
function told(steps: readonly FrrStep[]): readonly string[] {
  return steps.map((step) => `${step.impact} ${describeStep(step)}`);
}

const base = `
ip prefix-list IN seq 10 permit 203.0.113.0/24
route-map OUT permit 10
 match ip address prefix-list IN
router bgp 64500
 bgp router-id 192.0.2.2
 no bgp default ipv4-unicast
 neighbor TRANSIT peer-group
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 description transit-a
 neighbor 192.0.2.5 remote-as 64497
 neighbor 192.0.2.5 peer-group TRANSIT
 address-family ipv4 unicast
  neighbor TRANSIT prefix-list IN in
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.1 route-map OUT out
  neighbor 192.0.2.5 activate
`;

/** The steps from `base`, which was ours, to another text. */
function change(from: string | RegExp, to: string): readonly string[] {
  const after = base.replace(from, to);
  expect(after).not.toBe(base);
  return told(planFrr(config(after), observed(base), [config(base)]).steps);
}

const bgp = "router bgp 64500";

describe("the plan of FRR's plane", () => {
  it("is empty when desired is live", () => {
    const plan = planFrr(config(base), observed(base), [config(base)]);

    expect(plan).toMatchObject({ steps: [], foreign: [], problems: [], notes: [] });
  });

  it("defines lists and route-maps, then peers with their policy, on an empty box", () => {
    expect(told(planFrr(config(base), observed(""), []).steps)).toEqual([
      "hitless add ip prefix-list IN: seq 10 permit 203.0.113.0/24",
      "hitless add route-map OUT permit 10: match ip address prefix-list IN",
      `hitless add ${bgp}`,
      `hitless add ${bgp}/bgp router-id: 192.0.2.2`,
      `hitless add ${bgp}/bgp default ipv4-unicast: off`,
      `hitless add ${bgp}/neighbor TRANSIT: peer-group, ipv4 unicast prefix-list IN in`,
      `hitless add ${bgp}/neighbor 192.0.2.1: remote-as 64496, description transit-a, ipv4 unicast route-map OUT out, ipv4 unicast activate`,
      `hitless add ${bgp}/neighbor 192.0.2.5: remote-as 64497, peer-group TRANSIT, ipv4 unicast activate`,
    ]);
  });

  it("resets one session for a new AS number, password or family, and none for a description or a filter", () => {
    const a = `${bgp}/neighbor 192.0.2.1`;
    expect(change("remote-as 64496", "remote-as 64499")).toEqual([
      `session-reset set ${a}: remote-as 64499 (resets 192.0.2.1)`,
    ]);
    expect(change("description transit-a", "password <secret:0011223344556677>")).toEqual([
      `session-reset set ${a}: password <secret:0011223344556677> (resets 192.0.2.1)`,
      `hitless set ${a}: no description`,
    ]);
    expect(change(/$/, " address-family ipv6 unicast\n  neighbor 192.0.2.1 activate\n")).toEqual([
      `session-reset set ${a}: ipv6 unicast activate (resets 192.0.2.1)`,
    ]);
    expect(change("transit-a", "transit-b")).toEqual([`hitless set ${a}: description transit-b`]);
    expect(change("  neighbor 192.0.2.1 route-map OUT out\n", "")).toEqual([
      `hitless set ${a}: no ipv4 unicast route-map OUT out`,
    ]);
  });

  it("resets all sessions of an instance for its router-id, and those of a group for what the group negotiates", () => {
    expect(change("router-id 192.0.2.2", "router-id 192.0.2.9")).toEqual([
      `session-reset set ${bgp}/bgp router-id: 192.0.2.9 (resets 192.0.2.1, 192.0.2.5)`,
    ]);
    expect(change("TRANSIT peer-group\n", "TRANSIT peer-group\n neighbor TRANSIT ebgp-multihop 3\n")).toEqual([
      `session-reset set ${bgp}/neighbor TRANSIT: ebgp-multihop 3 (resets 192.0.2.5)`,
    ]);
  });

  it("takes the one of two that exclude each other back before the other comes, in one step, at its price", () => {
    const swap = (before: string, after: string) => {
      const [from, to] = [before, after].map((line) => config(`${base}${line}\n`));
      const { steps } = planFrr(to ?? config(""), observed(from?.config ?? ""), [from ?? config("")]);
      return steps.map((step) => `${step.impact}: ${step.commands.map(({ line }) => line).join(", ")}`);
    };
    const a = "neighbor 192.0.2.1";
    expect(swap(` ${a} ebgp-multihop 3`, ` ${a} ttl-security hops 1`)).toEqual([
      `session-reset: no ${a} ebgp-multihop 3, ${a} ttl-security hops 1`,
    ]);
    expect(swap(` ${a} graceful-restart`, ` ${a} graceful-restart-disable`)).toEqual([
      `hitless: ${a} graceful-restart-disable`,
    ]);
    expect(swap("ip route 10.1.0.0/16 192.0.2.1", "ip route 10.1.0.0/16 192.0.2.1 250")).toEqual([
      "hitless: no ip route 10.1.0.0/16 192.0.2.1, ip route 10.1.0.0/16 192.0.2.1 250",
    ]);
    const list = (form: string) => `bgp community-list ${form} C seq 5 permit 64500:1`;
    expect(swap(list("standard"), list("expanded"))).toEqual([`hitless: no ${list("standard")}, ${list("expanded")}`]);
  });

  it("replaces what redistribution lets through in place, and takes it back only to lose an option", () => {
    const family = (line: string) => config(`router bgp 64500\n address-family ipv4 unicast\n  ${line}\n`);
    const swap = (from: string, to: string) =>
      planFrr(family(to), observed(family(from).config), [family(from)]).steps.flatMap((step) =>
        step.commands.map(({ line }) => line),
      );
    expect(swap("redistribute static route-map OLD", "redistribute static route-map NEW")).toEqual([
      "redistribute static route-map NEW",
    ]);
    expect(swap("redistribute static metric 5 route-map M", "redistribute static route-map M")).toEqual([
      "no redistribute static metric 5 route-map M",
      "redistribute static route-map M",
    ]);
    expect(swap("network 10.0.0.0/8 route-map OLD", "network 10.0.0.0/8")).toEqual(["network 10.0.0.0/8"]);
  });

  it("has filters before the routes that they are for, and gives routes up before filters open", () => {
    const text = (list: string, map: string, route: string) => `ip prefix-list P seq 5 permit ${list}
route-map M permit 10
 match ip address prefix-list P
ip route ${route} blackhole
router bgp 64500
 address-family ipv4 unicast
  redistribute static${map}
`;
    const swap = (from: string, to: string) =>
      batchesOf(planFrr(config(to), observed(from), [config(from)]).steps).map((batch) =>
        batch.flatMap(({ commands }) => commands.map(({ line }) => line)),
      );
    const tight = text("10.1.0.0/16", " route-map M", "10.1.0.0/16");
    const open = text("10.0.0.0/8", "", "10.66.0.0/16");

    expect(swap(text("10.0.0.0/8", "", "10.1.0.0/16"), tight)).toEqual([
      ["ip prefix-list P seq 5 permit 10.1.0.0/16", "redistribute static route-map M"],
    ]);
    expect(swap(open, tight)).toEqual([
      ["no ip route 10.66.0.0/16 blackhole"],
      ["ip prefix-list P seq 5 permit 10.1.0.0/16", "redistribute static route-map M"],
      ["ip route 10.1.0.0/16 blackhole"],
    ]);
    expect(swap(tight, open)).toEqual([
      ["no ip route 10.1.0.0/16 blackhole"],
      ["ip prefix-list P seq 5 permit 10.0.0.0/8", "no redistribute static route-map M", "redistribute static"],
      ["ip route 10.66.0.0/16 blackhole"],
    ]);
  });

  it("makes room before another AS number of its own comes", () => {
    const steps = change(bgp, "router bgp 64501");

    expect(steps[0]).toBe(`session-reset remove ${bgp} (resets 192.0.2.1, 192.0.2.5)`);
    expect(steps[1]).toBe("hitless add router bgp 64501");
  });

  it("makes a peer anew that leaves its group, and says so", () => {
    expect(change(" neighbor 192.0.2.5 peer-group TRANSIT\n", "")).toEqual([
      `session-reset set ${bgp}/neighbor 192.0.2.5: made anew, remote-as 64497, ipv4 unicast activate (resets 192.0.2.5)`,
    ]);
  });

  it("adds entries before it removes others, and removes what was referred to last", () => {
    expect(change("seq 10 permit 203.0.113.0/24", "seq 20 permit 198.51.100.0/24")).toEqual([
      "hitless set ip prefix-list IN: seq 20 permit 198.51.100.0/24",
      "hitless set ip prefix-list IN: no seq 10 permit 203.0.113.0/24",
    ]);
    const steps = told(planFrr(config(""), observed(base), [config(base)]).steps);
    expect(steps).toEqual([
      `session-reset remove ${bgp} (resets 192.0.2.1, 192.0.2.5)`,
      "hitless remove route-map OUT permit 10",
      "hitless remove ip prefix-list IN",
    ]);
  });

  it("moves an entry of a list to another number by taking it away first, since FRR drops what is said twice", () => {
    const before = "ip prefix-list P seq 5 permit 203.0.113.0/24\n";
    const after = "ip prefix-list P seq 7 permit 203.0.113.0/24\n";
    const { steps } = planFrr(config(after), observed(before), [config(before)]);

    expect(steps.flatMap((step) => step.commands.map(({ line }) => line))).toEqual([
      "no ip prefix-list P seq 5 permit 203.0.113.0/24",
      "ip prefix-list P seq 7 permit 203.0.113.0/24",
    ]);
  });

  it("leaves alone and lists what nobody here ever desired", () => {
    const live = `${base} neighbor 198.51.100.9 remote-as 64511\nip route 192.0.2.128/25 blackhole\n`;
    const plan = planFrr(config(base), observed(live.replace("address-family", "address-family")), [config(base)]);

    expect(plan.steps).toEqual([]);
    expect(plan.foreign.map(({ text }) => text)).toEqual([
      `${bgp}: neighbor 198.51.100.9 remote-as 64511`,
      "ip route 192.0.2.128/25 blackhole",
    ]);
  });

  it("takes for a copy that it left behind only what is named after a filter, or after such a copy", () => {
    const entry = (name: string) => `ip prefix-list ${name} seq 5 permit 203.0.113.0/24\n`;
    const foreign = `${entry("CUST~")}route-map CUST~~ permit 10\n`;
    const plan = planFrr(config(base), observed(`${base}${foreign}`), [config(base)]);
    expect(plan.steps).toEqual([]);
    expect(plan.foreign.map(({ id }) => id)).toEqual(["frr/ip prefix-list CUST~", "frr/route-map CUST~~ permit 10"]);

    const left = ["IN~", "IN~~", "GONE~"].map(entry).join("");
    const { steps } = planFrr(config(base), observed(`${base}${left}`), [config(`${base}${entry("GONE")}`)]);
    expect(steps.map(describeStep)).toEqual(["IN~", "IN~~", "GONE~"].map((name) => `remove ip prefix-list ${name}`));
  });

  it("keeps an instance in which somebody else has neighbours", () => {
    const live = `${base} neighbor 198.51.100.9 remote-as 64511\n`;
    const { steps } = planFrr(config(""), observed(live), [config(base)]);

    expect(steps.map((step) => step.object)).not.toContain(bgp);
    expect(steps.map(describeStep)).toContain(`remove ${bgp}/neighbor 192.0.2.1 (resets 192.0.2.1)`);
  });

  it("prunes everything when all that is live counts as owned", () => {
    const plan = planFrr(config(""), observed(base), [config(base)]);

    expect(plan.foreign).toEqual([]);
  });

  it("says which lines set by hand go with what they stand in", () => {
    const live = base
      .replace(" match ip address prefix-list IN\n", "$& set local-preference 222\n")
      .replace(" neighbor 192.0.2.1 description transit-a\n", "$& neighbor 192.0.2.1 passive\n");
    const desired = base.replace(/route-map OUT.*\n.*\n/, "").replace(/.*192\.0\.2\.1.*\n/g, "");

    const plan = planFrr(config(desired), observed(live), [config(base)]);

    expect(plan.notes).toEqual([
      'route-map OUT permit 10: "set local-preference 222", which nobody here made, goes with what it stands in.',
      'router bgp 64500: "neighbor 192.0.2.1 passive", which nobody here made, goes with what it stands in.',
    ]);
  });

  it("refuses to stand beside a foreign instance with another AS number", () => {
    const plan = planFrr(config(base), observed("router bgp 64510\n neighbor 192.0.2.9 remote-as 64511\n"), []);

    expect(plan.problems.map((problem) => problem.code)).toEqual(["FRR_FOREIGN"]);
  });

  it("refuses to make a peer-group anew with which a foreign member would go", () => {
    const ours = `${bgp}\n neighbor G peer-group\n neighbor G remote-as 64496\n`;
    const live = observed(`${ours} neighbor 192.0.2.9 peer-group G\n`);
    const inside = config(ours.replace("remote-as 64496", "remote-as internal"));

    expect(planFrr(inside, live, [config(ours)]).problems.map(String)).toEqual([
      expect.stringContaining("its member 192.0.2.9, which nobody here made, would go with it"),
    ]);
    expect(planFrr(config(ours), live, [config(ours)]).problems).toEqual([]);
  });

  it("refuses daemons of several versions, and an FRR without a daemon that is needed", () => {
    const mixed = planFrr(config(base), observed("", { version: "8.4.4 and 10.1" }), []);
    expect(mixed.problems.map((problem) => problem.code)).toEqual(["FRR_VERSION"]);
    const newer = planFrr(config(base), observed("", { version: "10.1" }), []);
    expect(newer).toMatchObject({ problems: [], notes: [expect.stringMatching(/^FRR 10.1 is told through vtysh/)] });

    const without = planFrr(config(base), observed("", { running: ["zebra", "staticd"] }), []);
    expect(without.problems.map((problem) => problem.toString())).toEqual([
      expect.stringContaining("needs FRR's bgpd, which does not run"),
    ]);
  });

  it("says that adjacencies end where networks of OSPF enable its interfaces", () => {
    const ospf = "router ospf\n network 198.51.100.0/24 area 0.0.0.0\ninterface eth1\n ip ospf hello-interval 5\n";
    const from = (text: string) => told(planFrr(config(text), observed(ospf), [config(ospf)]).steps);

    expect(from("interface eth1\n ip ospf hello-interval 5\n")).toEqual([
      "flap remove router ospf (resets network 198.51.100.0/24)",
    ]);
    expect(from(ospf.replace("hello-interval 5", "hello-interval 6"))).toEqual([
      "flap set interface eth1: ip ospf hello-interval 6 (resets eth1)",
    ]);
    // FRR refuses a second area for a network.
    expect(
      planFrr(config(ospf.replace("area 0.0.0.0", "area 0.0.0.1")), observed(ospf), [config(ospf)]).steps,
    ).toMatchObject([
      {
        impact: "flap",
        resets: ["network 198.51.100.0/24"],
        commands: [
          { line: "no network 198.51.100.0/24 area 0.0.0.0" },
          { line: "network 198.51.100.0/24 area 0.0.0.1" },
        ],
      },
    ]);
    expect(from(ospf.replace("198.51.100.0/24", "198.51.100.0/25"))).toContain(
      "flap remove router ospf/network 198.51.100.0/24 (resets network 198.51.100.0/24)",
    );
  });

  it("says that peers go with the range that they connect from", () => {
    const range = " bgp listen range 198.51.100.0/24 peer-group TRANSIT\n";
    const live = base.replace(" address-family", `${range} address-family`);
    const from = (text: string) => told(planFrr(config(text), observed(live), [config(live)]).steps);

    expect(from(base)).toEqual([
      `session-reset remove ${bgp}/bgp listen range 198.51.100.0/24 peer-group TRANSIT (resets peers in 198.51.100.0/24)`,
    ]);
    expect(from(live.replace("bgp router-id 192.0.2.2", "bgp router-id 192.0.2.3"))).toEqual([
      expect.stringMatching(/^session-reset .* \(resets 192.0.2.1, 192.0.2.5, peers in 198.51.100.0\/24\)$/),
    ]);
    expect(from(live.replace(" neighbor TRANSIT peer", " neighbor TRANSIT passive\n neighbor TRANSIT peer"))).toEqual([
      expect.stringMatching(/^session-reset .* \(resets 192.0.2.5, peers in 198.51.100.0\/24\)$/),
    ]);
  });

  it("says where a change takes effect later", () => {
    const timers = base.replace("description transit-a", "timers 10 30");
    expect(planFrr(config(timers), observed(base), [config(base)]).notes).toEqual([
      '"neighbor 192.0.2.1 timers 10 30" takes effect when the session opens the next time.',
    ]);
    const ospf = "router ospf\n ospf router-id 192.0.2.2\ninterface external.25\n ip ospf area 0.0.0.0\n";
    const other = ospf.replace("router-id 192.0.2.2", "router-id 192.0.2.3");
    expect(planFrr(config(other), observed(ospf), [config(ospf)]).notes).toEqual([
      expect.stringContaining("clear ip ospf process"),
    ]);
  });

  it("takes a raw block's word for what it disturbs and how it is undone", () => {
    const raw = {
      name: "x",
      context: [bgp],
      lines: ["bgp fast-convergence"],
      undo: ["no bgp fast-convergence"],
      impact: "flap" as const,
    };
    const text = base.replace("no bgp default", "bgp fast-convergence\n no bgp default");
    const withRaw = { ...config(text), raw: [raw] };
    const { steps } = planFrr(config(base), observed(text), [withRaw]);

    expect(steps).toMatchObject([{ impact: "flap", commands: [{ context: [bgp], line: "no bgp fast-convergence" }] }]);
  });

  it("sends again what one of several daemons has lost", () => {
    const incomplete = ["ip prefix-list IN seq 10 permit 203.0.113.0/24"];

    expect(told(planFrr(config(base), observed(base, { incomplete }), [config(base)]).steps)).toEqual([
      "hitless set ip prefix-list IN: seq 10 permit 203.0.113.0/24",
    ]);
  });

  it("gives a static route BFD in place, where FRR knows of it", () => {
    const route = "ip route 10.0.0.0/8 192.0.2.1 tag 5 200";
    const plan = (desired: string, live: string, version: string) =>
      planFrr(config(desired), observed(live, { version }), [config(live)]);
    const commands = (desired: string, live: string) =>
      plan(desired, live, "10.3").steps.flatMap((step) => step.commands.map(({ line }) => line));

    expect(commands(`${route} bfd profile fast`, `${route} bfd`)).toEqual([`${route} bfd profile fast`]);
    expect(commands(route, `${route} bfd`)).toEqual([route]);
    expect(commands(`${route} bfd`, "ip route 10.0.0.0/8 192.0.2.1 tag 5 100")).toEqual([
      "no ip route 10.0.0.0/8 192.0.2.1 tag 5 100",
      `${route} bfd`,
    ]);
    expect(plan(`${route} bfd`, route, "10.3").problems).toEqual([]);
    expect(plan(`${route} bfd`, route, "8.4.4").problems).toEqual([
      expect.objectContaining({ code: "FRR_REJECTED", message: expect.stringContaining("name of an interface") }),
    ]);
    expect(plan("", `${route} bfd`, "8.4.4").problems).toEqual([]);
  });
});
