import { describe, expect, it } from "vitest";
import { planFrr } from "../../../../reconcilers/frr/plan.ts";
import { touchedBy } from "../../../../reconcilers/frr/touched.ts";
import { daemons } from "../../../../reconcilers/frr/model.ts";

const before = `ip prefix-list customers seq 10 permit 203.0.113.0/24
ip prefix-list bogons seq 10 deny 10.0.0.0/8 le 32
bgp as-path access-list own seq 10 permit ^$
bgp community-list standard marked seq 10 permit 64500:1
route-map common permit 10
 match community marked
exit
route-map transit-in permit 10
 match as-path own
 call common
exit
route-map peer-in deny 10
 match ip address prefix-list bogons
exit
route-map all-out permit 10
 match ip address prefix-list customers
exit
interface external
 ip ospf area 0.0.0.0
exit
router bgp 64500
 neighbor peers peer-group
 neighbor 192.0.2.1 remote-as 64501
 neighbor 192.0.2.2 remote-as 64502
 neighbor 192.0.2.2 peer-group peers
 neighbor 192.0.2.3 remote-as 64503
 !
 address-family ipv4 unicast
  network 203.0.113.0/24
  neighbor peers route-map peer-in in
  neighbor 192.0.2.1 route-map transit-in in
  neighbor 192.0.2.1 route-map all-out out
  neighbor 192.0.2.3 prefix-list customers in
  neighbor 192.0.2.3 filter-list own in
 exit-address-family
exit
`;

/** What the plan from `before` touches, when this text is replaced in it. */
function touched(
  from: string,
  to: string,
): { readonly policies: readonly string[]; readonly interfaces: readonly string[] } {
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  const observed = { version: "8.4.4", running: daemons, config: before, incomplete: [] };
  const { steps } = planFrr({ config: after }, observed, [{ config: before }]);
  const { policies, interfaces } = touchedBy(steps, [before, after]);
  return { policies: [...policies].toSorted(), interfaces: [...interfaces] };
}
const policies = (from: string, to: string) => touched(from, to).policies;

describe("the peers whose policy a plan touches", () => {
  it("are those whose own filters lead to a list that changes, however far", () => {
    expect(policies("10 permit 64500:1", "10 permit 64500:2")).toEqual(["192.0.2.1"]);
    expect(policies("10 permit ^$", "10 permit ^64501$")).toEqual(["192.0.2.1", "192.0.2.3"]);
    expect(policies(" match ip address prefix-list bogons\n", "")).toEqual(["192.0.2.2", "peers"]);
    expect(policies("10.0.0.0/8 le 32", "10.0.0.0/8")).toEqual(["192.0.2.2", "peers"]);
  });

  it("are not those that only send by it", () => {
    expect(policies("permit 203.0.113.0/24", "permit 203.0.113.0/25")).toEqual(["192.0.2.3"]);
    expect(policies("route-map all-out permit 10\n", "route-map all-out permit 20\n")).toEqual([]);
    expect(policies("  network 203.0.113.0/24\n", "  network 203.0.113.0/25\n")).toEqual([]);
  });

  it("are those that change themselves, with their group, or with their instance", () => {
    expect(policies("neighbor 192.0.2.3 remote-as 64503", "neighbor 192.0.2.3 remote-as 64504")).toEqual(["192.0.2.3"]);
    expect(policies("  neighbor peers route-map peer-in in\n", "")).toEqual(["192.0.2.2", "peers"]);
    const all = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "peers"];
    expect(policies("router bgp 64500\n", "router bgp 64500\n no bgp ebgp-requires-policy\n")).toEqual(all);
  });
});

it("knows the interfaces that a plan changes", () => {
  expect(touched("area 0.0.0.0", "area 0.0.0.1")).toEqual({ policies: [], interfaces: ["external"] });
});
