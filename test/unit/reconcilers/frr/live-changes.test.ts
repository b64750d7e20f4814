import { expect, it } from "vitest";
import { liveChanges, liveChangesText } from "../../../../reconcilers/frr/live-changes.ts";

const desired = `ip prefix-list own seq 10 permit 203.0.113.0/24
route-map in permit 10
 set local-preference 100
exit
router bgp 64500
 neighbor 192.0.2.1 remote-as 64501
 neighbor 192.0.2.1 description upstream
 address-family ipv4 unicast
  neighbor 192.0.2.1 route-map in in
 exit-address-family
exit
`;

it("tells line by line what is gone, changed, added, and foreign, under where it stands", () => {
  const live = desired
    .replace("ip prefix-list own seq 10 permit 203.0.113.0/24\n", "ip route 198.51.100.0/24 Null0\n")
    .replace("local-preference 100", "local-preference 50")
    .replace("description upstream", "description down\n neighbor 192.0.2.1 shutdown");

  expect(liveChangesText(liveChanges(desired, live, []))).toEqual([
    "- ip prefix-list own seq 10 permit 203.0.113.0/24",
    "? ip route 198.51.100.0/24 Null0",
    "  route-map in permit 10",
    "-   set local-preference 100",
    "+   set local-preference 50",
    "  router bgp 64500",
    "-   neighbor 192.0.2.1 description upstream",
    "+   neighbor 192.0.2.1 description down",
    "?   neighbor 192.0.2.1 shutdown",
  ]);
});

it("knows what was ours once from what never was", () => {
  const live = `${desired}ip route 198.51.100.0/24 Null0\n`;

  expect(liveChanges(desired, live, [live]).map((change) => change.isForeign)).toEqual([false]);
});

it("says nothing where nothing differs", () => {
  expect(liveChangesText(liveChanges(desired, desired, []))).toEqual([]);
});
