/** How VPP behaves: linux-cp, virtual routers, limits, and the small protocols. */
import { expect } from "vitest";
import { gone, type RawClient } from "./raw-client.ts";
import { none } from "./state.ts";
import { loopback, setAddress, up, vlan, type Story } from "./stories.ts";

function pair(vpp: RawClient, sw_if_index: number, host_if_name: string, is_add = true): Promise<unknown> {
  return vpp.retval("lcp_itf_pair_add_del_v3", { is_add, sw_if_index, host_if_name });
}

async function pairs(vpp: RawClient): Promise<readonly string[]> {
  return (await vpp.dump("lcp_itf_pair_get")).map((one) => one.host_if_name).toSorted();
}

const router = { vr_id: 5, priority: 100, interval: 100, flags: 1, addrs: ["192.0.2.254"] };

async function isEnabled(
  vpp: RawClient,
  sw_if_index: number,
  arc_name: string,
  feature_name: string,
): Promise<unknown> {
  const reply = await vpp.call("feature_is_enabled", { arc_name, feature_name, sw_if_index });
  return typeof reply === "symbol" ? reply : reply.is_enabled;
}

const policed = {
  cir: 1000,
  eir: 0,
  cb: 100_000n,
  eb: 0n,
  rate_type: 0,
  round_type: 0,
  type: 0,
  color_aware: false,
  conform_action: { type: 1, dscp: 0 },
  exceed_action: { type: 0, dscp: 0 },
  violate_action: { type: 0, dscp: 0 },
};

async function takesOff(vpp: RawClient, message: "policer_input" | "policer_output"): Promise<void> {
  const sw_if_index = await loopback(vpp, 1);
  await vpp.call("policer_add", { name: "p", infos: policed });
  expect(await vpp.retval(message, { name: "p", sw_if_index, apply: false })).toBe(gone);
}

export const protocolStories: readonly Story[] = [
  {
    name: "pairs an interface once, a sub-interface behind its parent, and takes pairs along",
    needs: "lcp_itf_pair_add_del_v3",
    wantsTaps: true,
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 100);
      expect(await pair(vpp, sub, "vs1.100")).toBe(-2);
      expect(await pair(vpp, parent, "vs1")).toBe(0);
      expect(await pair(vpp, parent, "vs1")).toBe(-81);
      expect(await pair(vpp, sub, "vs1.100")).toBe(0);
      expect(await pairs(vpp)).toEqual(["vs1", "vs1.100"]);
      expect(await pair(vpp, 999, "vs9", false)).toBe(-2);
      expect(await vpp.retval("delete_subif", { sw_if_index: sub })).toBe(0);
      expect(await pairs(vpp)).toEqual(["vs1"]);
      expect(await pair(vpp, parent, "", false)).toBe(0);
      expect(await pair(vpp, parent, "", false)).toBe(-2);
      expect((await vpp.dump("sw_interface_dump")).map((one) => one.interface_name)).toEqual(["local0", "loop1"]);
    },
  },
  {
    name: "pairs no sub-interface that takes more than its tags, and none with two before the outer",
    needs: "lcp_itf_pair_add_del_v3",
    wantsTaps: true,
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      await pair(vpp, sw_if_index, "vs1");
      const child = async (fields: object): Promise<number> => {
        const made = await vpp.call("create_subif", { sw_if_index, ...fields });
        if (typeof made === "symbol") throw new Error("gone");
        return made.sw_if_index;
      };
      const loose = await child({ sub_id: 1, sub_if_flags: 2, outer_vlan_id: 1 });
      expect(await pair(vpp, loose, "vs1.1")).toBe(-73);
      const double = await child({ sub_id: 2, sub_if_flags: 4 | 16, outer_vlan_id: 100, inner_vlan_id: 7 });
      expect(await pair(vpp, double, "vs1.2")).toBe(-73);
      const outer = await child({ sub_id: 100, sub_if_flags: 2 | 16, outer_vlan_id: 100 });
      expect(await pair(vpp, outer, "vs1.100")).toBe(0);
      expect(await pair(vpp, double, "vs1.2")).toBe(0);
    },
  },
  {
    name: "names the taps of pairs, and numbers them apart from others",
    needs: "sw_interface_tap_v2_dump",
    wantsTaps: true,
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 100);
      await pair(vpp, parent, "vs1");
      await pair(vpp, sub, "vs1.100");
      const [tap] = await vpp.dump("sw_interface_tap_v2_dump");
      expect([tap?.host_if_name, (tap?.id ?? 0) >= 4096]).toEqual(["vs1", true]);
      const names = (await vpp.dump("sw_interface_dump")).map((one) => one.interface_name).toSorted();
      expect(names).toEqual(["local0", "loop1", "loop1.100", tap?.dev_name, `${tap?.dev_name}.100`]);
      expect(tap?.host_mac_addr).toBe("de:ad:00:00:00:01");
    },
  },
  {
    name: "has one virtual router for a number on an interface, and its peers while it does not run",
    needs: "vrrp_vr_add_del",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      await up(vpp, sw_if_index);
      await setAddress(vpp, sw_if_index, "192.0.2.1/24");
      const wanted = { ...router, sw_if_index };
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1, addrs: [] })).toBe(-57);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1, priority: 255 })).toBe(-60);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1 })).toBe(0);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1 })).toBe(-116);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1, vr_id: 6 })).toBe(-105);
      const about = { sw_if_index, vr_id: 5, is_ipv6: 0 };
      expect(await vpp.retval("vrrp_vr_set_peers", { ...about, addrs: ["192.0.2.9"] })).toBe(-73);
      expect(await vpp.retval("vrrp_vr_start_stop", { ...about, is_start: 1 })).toBe(0);
      expect(await vpp.retval("vrrp_vr_start_stop", { ...about, is_start: 1 })).toBe(0);
      const unicast = { ...wanted, vr_id: 7, flags: 1 | 4, addrs: ["192.0.2.253"] };
      expect(await vpp.retval("vrrp_vr_add_del", { ...unicast, is_add: 1 })).toBe(0);
      const other = { ...about, vr_id: 7 };
      expect(await vpp.retval("vrrp_vr_start_stop", { ...other, is_start: 1 })).toBe(-144);
      expect(await vpp.retval("vrrp_vr_set_peers", { ...other, addrs: ["192.0.2.9"] })).toBe(0);
      expect(await vpp.retval("vrrp_vr_start_stop", { ...other, is_start: 1 })).toBe(0);
      expect(await vpp.retval("vrrp_vr_set_peers", { ...other, addrs: ["192.0.2.9"] })).toBe(-155);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 0 })).toBe(0);
      expect(await vpp.retval("vrrp_vr_add_del", { ...unicast, is_add: 0 })).toBe(0);
      expect(await vpp.retval("vrrp_vr_add_del", { ...unicast, is_add: 0 })).toBe(-6);
    },
  },
  {
    name: "keeps the virtual router of an interface that went",
    needs: "vrrp_vr_add_del",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 5);
      const wanted = { ...router, sw_if_index: sub };
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1 })).toBe(0);
      await vpp.retval("delete_subif", { sw_if_index: sub });
      expect((await vpp.dump("vrrp_vr_dump", { sw_if_index: none })).map(({ config }) => config.sw_if_index)).toEqual([
        sub,
      ]);
      expect(await vlan(vpp, parent, 6)).toBe(sub);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 1 })).toBe(-116);
      expect(await vpp.retval("vrrp_vr_add_del", { ...wanted, is_add: 0 })).toBe(0);
    },
  },
  {
    name: "keeps the reverse path check of an interface that went, and does not check the next with its number",
    needs: "urpf_update",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 5);
      const check = { sw_if_index: sub, is_input: true, af: 0 };
      expect(await vpp.retval("urpf_update", { ...check, mode: 2 })).toBe(0);
      expect(await isEnabled(vpp, sub, "ip4-unicast", "ip4-rx-urpf-strict")).toBe(true);
      await vpp.retval("delete_subif", { sw_if_index: sub });
      expect(await vpp.dump("urpf_interface_dump")).toEqual([]);
      expect(await vlan(vpp, parent, 6)).toBe(sub);
      expect((await vpp.dump("urpf_interface_dump")).map(({ mode }) => mode)).toEqual([2]);
      expect(await vpp.retval("urpf_update", { ...check, mode: 2 })).toBe(0);
      expect(await isEnabled(vpp, sub, "ip4-unicast", "ip4-rx-urpf-strict")).toBe(false);
      expect(await vpp.retval("urpf_update", { ...check, mode: 0 })).toBe(0);
      expect(await vpp.retval("urpf_update", { ...check, mode: 2 })).toBe(0);
      expect(await isEnabled(vpp, sub, "ip4-unicast", "ip4-rx-urpf-strict")).toBe(true);
      expect(await vpp.retval("urpf_update", { ...check, mode: 0 })).toBe(0);
    },
  },
  {
    name: "limits an interface by a policer's name, and shows that only as a feature",
    needs: "policer_add",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      const made = await vpp.call("policer_add", { name: "p", infos: policed });
      if (typeof made === "symbol") throw new Error("gone");
      expect(made.retval).toBe(0);
      expect(await vpp.retval("policer_add", { name: "p", infos: policed })).toBe(-81);
      expect(await vpp.retval("policer_input", { name: "none", sw_if_index, apply: true })).toBe(-6);
      expect(await vpp.retval("policer_input", { name: "p", sw_if_index, apply: true })).toBe(0);
      expect(await isEnabled(vpp, sw_if_index, "ip4-unicast", "policer-input")).toBe(true);
      expect(await vpp.retval("policer_input", { name: "p", sw_if_index, apply: false })).toBe(0);
      expect(await isEnabled(vpp, sw_if_index, "ip4-unicast", "policer-input")).toBe(false);
      const [shown] = await vpp.dump("policer_dump_v2", { policer_index: none });
      expect([shown?.name, shown?.cir, shown?.cb]).toEqual(["p", 1000, 100_000n]);
      expect(
        await vpp.retval("policer_update", { policer_index: made.policer_index, infos: { ...policed, cir: 2000 } }),
      ).toBe(0);
      expect((await vpp.dump("policer_dump_v2", { policer_index: none }))[0]?.cir).toBe(2000);
      expect(await vpp.retval("policer_del", { policer_index: made.policer_index })).toBe(0);
      expect(await vpp.retval("policer_del", { policer_index: made.policer_index })).toBe(-6);
    },
  },
  {
    name: "says of every output feature that it is there where none ever was",
    needs: "policer_add",
    wantsNew: true,
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      const other = await loopback(vpp, 2);
      expect(await isEnabled(vpp, other, "ip4-output", "policer-output")).toBe(true);
      expect(await isEnabled(vpp, other, "ip4-unicast", "policer-input")).toBe(false);
      await vpp.call("policer_add", { name: "p", infos: policed });
      expect(await vpp.retval("policer_output", { name: "p", sw_if_index: other, apply: true })).toBe(0);
      expect(await isEnabled(vpp, sw_if_index, "ip4-output", "policer-output")).toBe(false);
      expect(await isEnabled(vpp, other, "ip4-output", "policer-output")).toBe(true);
      expect(await isEnabled(vpp, other, "ip4-output", "ip4-source-and-port-range-check-tx")).toBe(false);
      expect(await vpp.retval("policer_output", { name: "p", sw_if_index, apply: false })).toBe(0);
    },
  },
  {
    name: "falls over when the first policer inwards is taken off, which nobody put on",
    needs: "policer_input",
    wantsNew: true,
    tell: (vpp) => takesOff(vpp, "policer_input"),
  },
  {
    name: "falls over when the first policer outwards is taken off, which nobody put on",
    needs: "policer_output",
    wantsNew: true,
    tell: (vpp) => takesOff(vpp, "policer_output"),
  },
  {
    name: "relays DHCP to several servers, all with the source of the first",
    needs: "dhcp_proxy_config",
    async tell(vpp) {
      const relay = (dhcp_server: string, dhcp_src_address: string, is_add = true): Promise<unknown> =>
        vpp.retval("dhcp_proxy_config", { is_add, dhcp_server, dhcp_src_address });
      expect(await relay("10.9.0.1", "10.5.0.1")).toBe(0);
      expect(await relay("10.9.0.1", "10.5.0.1")).toBe(0);
      expect(await relay("10.9.0.2", "10.5.0.9")).toBe(0);
      const [shown] = await vpp.dump("dhcp_proxy_dump", { is_ip6: false });
      const servers = shown?.servers.map((one) => one.dhcp_server);
      expect([shown?.dhcp_src_address, servers]).toEqual(["10.5.0.1", ["10.9.0.1", "10.9.0.2"]]);
      expect(await relay("10.9.0.3", "10.5.0.1", false)).toBe(0);
      expect(await relay("10.9.0.1", "10.5.0.1", false)).toBe(0);
      expect(await relay("10.9.0.2", "10.5.0.1", false)).toBe(0);
      expect(await vpp.dump("dhcp_proxy_dump", { is_ip6: false })).toEqual([]);
    },
  },
  {
    name: "switches LLDP on by the number of a device, which is not that of the interface",
    needs: "sw_interface_set_lldp",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 5);
      const on = { enable: true, port_desc: "x" };
      expect(await vpp.retval("sw_interface_set_lldp", { ...on, sw_if_index: parent })).toBe(0);
      expect(await vpp.retval("sw_interface_set_lldp", { ...on, sw_if_index: parent })).toBe(0);
      expect(await vpp.retval("sw_interface_set_lldp", { ...on, sw_if_index: sub })).toBe(-7);
      expect(await vpp.retval("sw_interface_set_lldp", { ...on, sw_if_index: parent, enable: false })).toBe(0);
    },
  },
  {
    name: "switches LLDP off on the device whose number the interface of the one that is named has",
    needs: "sw_interface_set_lldp",
    wantsNew: true,
    async tell(vpp) {
      await vlan(vpp, await loopback(vpp, 1), 5);
      const named = await loopback(vpp, 2);
      await loopback(vpp, 3);
      const shown = async (): Promise<string> => {
        const reply = await vpp.call("cli_inband", { cmd: "show lldp detail" });
        return typeof reply === "symbol" ? "" : reply.reply;
      };
      // The sub-interface has no device: those of loop2 and loop3 have numbers below their interfaces' by one.
      const device = named;
      expect(await vpp.retval("sw_interface_set_lldp", { enable: true, sw_if_index: device })).toBe(0);
      expect(await shown()).toContain("Local Interface name: loop3");
      expect(await vpp.retval("sw_interface_set_lldp", { enable: false, sw_if_index: device })).toBe(0);
      expect(await shown()).toContain("Local Interface name: loop3");
      expect(await vpp.retval("sw_interface_set_lldp", { enable: false, sw_if_index: device - 1 })).toBe(0);
      expect(await shown()).not.toContain("Local Interface name: loop3");
    },
  },
];
