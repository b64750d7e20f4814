import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { censusOf } from "../../../../reconcilers/frr/census.ts";
import { printConfig, parseConfig } from "../../../../reconcilers/frr/tree.ts";
import { configs, ours } from "../../../lab/frr-configs.ts";

const text = `
ip prefix-list IN description Imports
ip prefix-list IN seq 10 permit 203.0.113.0/24
ip prefix-list IN seq 20 permit 198.51.100.0/24
ipv6 prefix-list IN seq 10 permit 2001:db8::/32
bgp as-path access-list LONG seq 10 deny ^64496_
bgp community-list standard BLACKHOLE seq 10 permit 64500:666
bgp large-community-list expanded WORDS seq 10 permit 64500:.*
access-list 10 seq 5 permit any
route-map OUT permit 10
 match ip address prefix-list IN
route-map OUT permit 20
vrf blue
 ip route 192.0.2.0/24 Null0
interface external.25
 ip ospf area 0.0.0.0
interface loop0 vrf blue
 ip ospf area 0.0.0.0
router bgp 64500
 neighbor TRANSIT peer-group
 neighbor TRANSIT remote-as external
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 shutdown
 neighbor 2001:db8::1 peer-group TRANSIT
 neighbor external.30 interface peer-group TRANSIT
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
router bgp 64500 vrf blue
 neighbor 192.0.2.1 remote-as 64496
`;

describe("the census of an FRR configuration", () => {
  it("names sessions by VRF, interfaces, and lists, each once", () => {
    expect(censusOf({ config: text })).toEqual({
      sessions: ["192.0.2.1", "2001:db8::1", "external.30", "192.0.2.1 vrf blue"],
      interfaces: ["external.25", "loop0 vrf blue"],
      lists: [
        "ip prefix-list IN",
        "ipv6 prefix-list IN",
        "bgp as-path access-list LONG",
        "bgp community-list BLACKHOLE",
        "bgp large-community-list WORDS",
        "access-list 10",
        "route-map OUT",
      ],
    });
  });

  it("is empty for an empty one", () => {
    expect(censusOf({ config: "" })).toEqual({ sessions: [], interfaces: [], lists: [] });
  });

  it("loses no session when the own AS number changes", () => {
    expect(censusOf({ config: text.replaceAll("router bgp 64500", "router bgp 64501") })).toEqual(
      censusOf({ config: text }),
    );
  });
});

describe("the census of any configuration", () => {
  const all = configs("<secret:0000000000000000>", ours);

  /** The same things, found the other way round: by asking for each name that there may be. */
  function expected(config: string) {
    const has = (pattern: string): boolean => new RegExp(`^ *${pattern}`, "m").test(config);
    const lists = ["0", "1", "2"].flatMap((id) => [
      ...(has(`ip prefix-list OURS${id} `) ? [`ip prefix-list OURS${id}`] : []),
      ...(has(`route-map MAP${id} (?:permit|deny) `) ? [`route-map MAP${id}`] : []),
    ]);
    return {
      sessions: ours.peers.filter((peer) => has(`neighbor ${peer} (?:remote-as|peer-group) `)).toSorted(),
      interfaces: has(`interface ${ours.link}$`) ? [ours.link] : [],
      lists: lists.toSorted(),
    };
  }

  it("has every session, interface and list, and nothing else", () => {
    fc.assert(
      fc.property(all, ({ config }) => {
        const { sessions, interfaces, lists } = censusOf({ config });
        const sorted = { sessions: sessions.toSorted(), interfaces, lists: lists.toSorted() };
        expect(sorted).toEqual(expected(config));
      }),
    );
  });

  it("does not depend on the order of its objects", () => {
    fc.assert(
      fc.property(all, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), ({ config }, weights) => {
        const shuffled = parseConfig(config)
          .map((node) => ({ node, weight: weights.next().value }))
          .toSorted((a, b) => a.weight - b.weight)
          .map(({ node }) => node);
        const [one, other] = [config, printConfig(shuffled)].map((text) =>
          Object.values(censusOf({ config: text })).map((names: readonly string[]) => names.toSorted()),
        );
        expect(other).toEqual(one);
      }),
    );
  });
});
