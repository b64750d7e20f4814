import { describe, expect, it } from "vitest";
import { type FrrDesired, daemons } from "../../../../reconcilers/frr/model.ts";
import { planFrr } from "../../../../reconcilers/frr/plan.ts";
import { mergeConfigs, printConfig } from "../../../../reconcilers/frr/tree.ts";

function desired(text: string, more: Partial<FrrDesired> = {}): FrrDesired {
  return { config: printConfig(mergeConfigs([text])), ...more };
}

/** "object: +needed, -released" of every step that is about an interface. */
function taps(after: FrrDesired, before: FrrDesired): readonly string[] {
  const observed = { version: "8.4.4", running: daemons, incomplete: [], config: before.config };
  return planFrr(after, observed, [before]).steps.flatMap(({ object, needs, releases }) => {
    const words = [...needs.map((key) => `+${key}`), ...releases.map((key) => `-${key}`)];
    return words.length === 0 ? [] : [`${object}: ${words.join(", ")}`];
  });
}

const nothing = desired("");
const bgp = "router bgp 64500";
const full = desired(
  `
ip route 198.51.100.0/24 192.0.2.9 transit-b
ipv6 route 2001:db8:1::/48 fe80::9 250
ip route 203.0.113.0/24 blackhole 254
bfd
 profile slow
 exit
 peer 192.0.2.1 interface external.25
  profile slow
 exit
interface internal.30
 ip ospf area 0.0.0.0
exit
${bgp}
 neighbor GROUP peer-group
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 update-source 192.0.2.2
 neighbor 2001:db8::1 remote-as 64496
 neighbor 2001:db8::1 update-source fe80::1
 neighbor 10.255.0.2 remote-as 64500
 neighbor 10.255.0.2 update-source lo0
 neighbor internal interface remote-as external
 neighbor fe80::7 remote-as 64499
 neighbor fe80::7 interface external.26
`,
  { reach: { "192.0.2.1": "external.25", "2001:db8::1": "external.25" } },
);

describe("interfaces that FRR's steps are about", () => {
  it("are needed by what comes: an own block, a route, a session over it or from it", () => {
    expect(taps(full, nothing)).toEqual([
      "bfd/peer 192.0.2.1 interface external.25: +tap:external.25",
      "interface internal.30: +tap:internal.30",
      `${bgp}/neighbor 192.0.2.1: +tap:external.25`,
      `${bgp}/neighbor 2001:db8::1: +tap:external.25`,
      `${bgp}/neighbor 10.255.0.2: +tap:lo0`,
      `${bgp}/neighbor internal: +tap:internal`,
      `${bgp}/neighbor fe80::7: +tap:external.26`,
      "ip route 198.51.100.0/24: +tap:transit-b",
    ]);
  });

  it("are let go of by what goes whole, wherever its lines say them", () => {
    const left = desired(`${bgp}\n neighbor GROUP peer-group\n`);

    expect(taps(left, full)).toEqual([
      `${bgp}/neighbor 192.0.2.1: -tap:external.25`,
      `${bgp}/neighbor 2001:db8::1: -tap:external.25`,
      `${bgp}/neighbor 10.255.0.2: -tap:lo0`,
      `${bgp}/neighbor internal: -tap:internal`,
      `${bgp}/neighbor fe80::7: -tap:external.26`,
      "interface internal.30: -tap:internal.30",
      "ip route 198.51.100.0/24: -tap:transit-b",
      "bfd/peer 192.0.2.1 interface external.25: -tap:external.25",
    ]);
  });

  it("are all let go of that its sessions are over when BGP goes", () => {
    const sessions = desired(`${bgp}\n neighbor 192.0.2.1 remote-as 64496\n`, {
      reach: { "192.0.2.1": "external.25" },
    });

    expect(taps(nothing, sessions)).toEqual([`${bgp}: -tap:external.25`]);
  });

  it("are nothing to what stays, or loses a line", () => {
    const less = full.config.replace(" neighbor 10.255.0.2 update-source lo0\n", "");

    expect(taps({ ...full, config: less }, full)).toEqual([]);
  });

  it("are nobody's business in raw lines, which may mean any", () => {
    const raw = [{ name: "odd", context: ["interface dummy0"], lines: ["link-params"], impact: "hitless" as const }];

    expect(taps(desired("interface dummy0\n link-params\n", { raw }), nothing)).toEqual([]);
  });
});
