import { describe, expect, it } from "vitest";
import { timing } from "../../../../controller/timing.ts";
import { filtersActAfterMs } from "../../../../reconcilers/frr/effect.ts";
import { Machine } from "../../../../schemas/machine.ts";

const after = (id: string, config = "") => filtersActAfterMs([{ id: "frr/ip route 10.0.0.0/8" }, { id }], config);

describe("the time after which a filter acts", () => {
  it("is bgpd's delay and a refresh, where something is a filter or names one", () => {
    expect(after("frr/route-map OUT permit 10")).toBe(10_000);
    expect(after("frr/ipv6 prefix-list OWN")).toBe(10_000);
    expect(after("frr/bgp as-path access-list LONG#2")).toBe(10_000);
    expect(after("frr/bgp large-community-list standard MARKED")).toBe(10_000);
    expect(after("frr/access-list A")).toBe(10_000);
    expect(after("frr/ipv6 access-list A")).toBe(10_000);
    expect(after("frr/router bgp 64500 vrf blue/neighbor 192.0.2.1")).toBe(10_000);
    expect(after("frr/router bgp 64500/ipv4 unicast/network 10.0.0.0/8")).toBe(0);
  });

  it("follows the delay that is configured", () => {
    expect(after("frr/route-map OUT permit 10", "bgp route-map delay-timer 60\nrouter bgp 64500\n")).toBe(65_000);
    expect(after("frr/route-map OUT permit 10", "bgp route-map delay-timer 0\n")).toBe(5000);
  });

  it("is waited for whatever the policy says, on top of the time that a deployment may take", () => {
    const { policy } = Machine.parse({ policy: { "soak-seconds": 2, "deadline-seconds": 60 } });
    expect(timing(policy, "hitless", 10_000)).toEqual({ soakMs: 10_000, deadlineMs: 68_000 });
    expect(timing(policy, "hitless")).toEqual({ soakMs: 2000, deadlineMs: 60_000 });
    const patient = Machine.parse({ policy: { "soak-seconds": 30, "deadline-seconds": 60 } }).policy;
    expect(timing(patient, "hitless", 10_000)).toEqual({ soakMs: 30_000, deadlineMs: 60_000 });
  });
});
