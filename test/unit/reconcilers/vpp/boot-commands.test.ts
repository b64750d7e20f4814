import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderTree } from "../../../../controller/folder.ts";
import { renderBootCommands } from "../../../../reconcilers/vpp/boot-commands.ts";
import type { VppObject } from "../../../../reconcilers/vpp/model.ts";
import { renderVpp } from "../../../../reconcilers/vpp/render/render.ts";
import { loadMachine } from "../../../../schemas/load.ts";
import { simVpp } from "../../../lab/vpp/sim-vpp.ts";

const nic: VppObject = { kind: "physical", name: "external" };

function lines(...objects: VppObject[]): readonly string[] {
  return renderBootCommands("core", { objects: [nic, ...objects] })
    .split("\n")
    .slice(0, -1);
}

describe("what VPP is given when it starts", () => {
  it.each(["core", "nat"] as const)("is, for %s of the example, these commands", async (instance) => {
    const { loaded } = await loadMachine(folderTree(join(import.meta.dirname, "../../../../sites")), "fra1/r1");
    const desired = loaded && renderVpp(loaded.machine, { vpp: "26.06" })[instance];

    await expect(desired && renderBootCommands(instance, desired)).toMatchFileSnapshot(
      `golden/commands-${instance}.txt`,
    );
  });

  it("counts ACLs as VPP does", () => {
    const rule = {
      action: "permit-reflect",
      source: "::/0",
      destination: "::/0",
      protocol: 6,
      from: [0, 65_535],
      to: [443, 443],
      tcpMask: 18,
      tcpValue: 2,
    } as const;

    expect(
      lines(
        { kind: "interface-acls", on: "external", in: ["b", "a"], out: ["b"] },
        { kind: "acl", tag: "a", rules: [rule] },
        { kind: "acl", tag: "b", rules: [{ ...rule, action: "deny", tcpMask: 0 }] },
      ),
    ).toEqual([
      "set acl-plugin acl tag a",
      "set acl-plugin acl index 0 permit+reflect src ::/0 dst ::/0 proto 6 sport 0-65535 dport 443-443 tcpflags 2 mask 18 tag a",
      "set acl-plugin acl tag b",
      "set acl-plugin acl index 1 deny src ::/0 dst ::/0 proto 6 sport 0-65535 dport 443-443 tag b",
      "set acl-plugin interface external input acl 1",
      "set acl-plugin interface external input acl 0",
      "set acl-plugin interface external output acl 1",
    ]);
  });

  it("gives no interface another ACL than its own, also where VPP refuses the rules of one", () => {
    const rule = { action: "permit", source: "::/0", destination: "::/0", protocol: 6, to: [0, 65_535] } as const;
    const acl = (tag: string, from: readonly [number, number]): VppObject => ({
      kind: "acl",
      tag,
      rules: [{ ...rule, from, tcpMask: 0, tcpValue: 0 }],
    });
    const bootCommands = lines(acl("a", [443, 80]), acl("b", [80, 443]), {
      kind: "interface-acls",
      on: "external",
      in: ["a"],
      out: ["b"],
    });
    const { state, failedCommands } = simVpp({ physical: ["external"], bootCommands });

    expect(failedCommands).toHaveLength(1);
    expect([...state.acls.values()].map(({ tag, rules }) => `${tag}: ${rules.length}`)).toEqual(["a: 0", "b: 1"]);
    expect([...state.interfaceAcls.values()]).toEqual([{ in: [0], out: [1] }]);
  });

  it("makes interfaces under VPP's name and gives them the operator's", () => {
    expect(
      lines(
        { kind: "host-interface", name: "lan", device: "eth1", mac: "02:00:00:00:00:01" },
        { kind: "host-interface", name: "host-veth", device: "veth" },
        { kind: "tap", name: "tap5", id: 5, device: "t", namespace: "n", bridge: "b" },
        { kind: "loopback", name: "loop7", mac: "02:00:00:00:00:07" },
        { kind: "bvi", name: "bvi9" },
        { kind: "bond", name: "trunk", id: 3, mode: "xor", balance: "l23", mac: "02:00:00:00:00:03" },
        { kind: "vxlan", name: "vxlan_tunnel8", source: "192.0.2.1", destination: "192.0.2.2", vni: 88 },
      ),
    ).toEqual([
      "create host-interface name eth1 hw-addr 02:00:00:00:00:01",
      "set interface name host-eth1 lan",
      "create host-interface name veth",
      "create tap id 5 host-if-name t host-ns n host-bridge b",
      "create loopback interface mac 02:00:00:00:00:07 instance 7",
      "bvi create instance 9",
      "create bond mode xor load-balance l23 hw-addr 02:00:00:00:00:03 id 3",
      "set interface name BondEthernet3 trunk",
      "create vxlan tunnel src 192.0.2.1 dst 192.0.2.2 vni 88 instance 8",
    ]);
  });

  it("says routes, neighbours, advertisements and protocols in the CLI's words", () => {
    const vrrp = {
      kind: "vrrp",
      on: "external",
      id: 4,
      addresses: ["fe80::4"],
      priority: 90,
      interval: 50,
      track: [["external", 10]],
    } as const;

    expect(
      lines(
        { kind: "address", on: "external", address: "2001:db8::1/64" },
        { kind: "route", prefix: "192.0.2.0/24", paths: [] },
        { kind: "route", prefix: "::/0", paths: [{ via: "fe80::1", interface: "external" }, { via: "2001:db8::9" }] },
        { kind: "neighbor", on: "external", address: "192.0.2.9", mac: "02:00:00:00:00:09" },
        {
          kind: "router-advertisements",
          on: "external",
          sends: false,
          maxInterval: 30,
          minInterval: 15,
          lifetime: 0,
          managed: true,
          other: true,
        },
        { ...vrrp, family: "ipv6", preempt: false, accept: true, peers: ["fe80::5"] },
        { kind: "dhcp-relay", server: "2001:db8::67", source: "2001:db8::1" },
        { kind: "lldp", systemName: "a b", interval: 30, hold: 4 },
        { kind: "unnumbered", on: "external", as: "external" },
      ),
    ).toEqual([
      "set interface ip address external 2001:db8::1/64",
      "set interface unnumbered external use external",
      "set ip neighbor external 192.0.2.9 02:00:00:00:00:09 static",
      "#",
      "ip route add 192.0.2.0/24 via drop",
      '#remember {"kind":"route","prefix":"192.0.2.0/24","paths":[]}',
      "#",
      "ip route add ::/0 via fe80::1 external via 2001:db8::9",
      '#remember {"kind":"route","prefix":"::/0","paths":[{"via":"fe80::1","interface":"external"},{"via":"2001:db8::9"}]}',
      "vrrp vr add external vr_id 4 ipv6 priority 90 interval 50 no_preempt accept_mode unicast fe80::4",
      "vrrp peers external vr_id 4 ipv6 fe80::5",
      "vrrp proto start external vr_id 4 ipv6",
      "set dhcpv6 proxy server 2001:db8::67 src-address 2001:db8::1",
      "set lldp system-name {a b} tx-hold 4 tx-interval 30",
      "ip6 nd external ra-interval 30 15 ra-lifetime 0 ra-managed-config-flag ra-other-config-flag ra-suppress",
    ]);
  });

  it("leaves out LLDP texts that the CLI would expand", () => {
    const lldp = { kind: "lldp", interval: 30, hold: 4 } as const;

    expect(lines({ ...lldp, systemName: "r$(x)" })).toEqual([]);
    expect(lines({ ...lldp, systemName: "r$x" })).toEqual(["set lldp system-name r$x tx-hold 4 tx-interval 30"]);
    expect(lines({ kind: "lldp-port", on: "external", description: "$(pid)" })).toEqual([]);
  });

  it("marks by name, where the CLI has one", () => {
    const policer = { kind: "policer", rateKbps: 1000, burstBytes: 15_000 } as const;

    expect(
      lines(
        { ...policer, name: "a", exceed: 46 },
        { ...policer, name: "b", exceed: 1 },
        { ...policer, name: "c", exceed: "drop" },
      ).map((line) => line.replace(/.*conform-action transmit /, "")),
    ).toEqual([
      "exceed-action mark-and-transmit EF violate-action mark-and-transmit EF",
      "exceed-action transmit violate-action transmit",
      "exceed-action drop violate-action drop",
    ]);
  });

  it("says with a comment what VPP does not show, and which lines made it", () => {
    const block: VppObject = { kind: "raw", name: "x", commands: ["one", "two"], undo: [], impact: "hitless" };

    expect(lines(block)).toEqual(["#", "one", "two", `#remember ${JSON.stringify(block)}`]);
  });
});
