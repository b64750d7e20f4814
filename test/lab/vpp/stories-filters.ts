/** How VPP behaves: filters, steered traffic, bridges, translation; and the requests that it does not survive. */
import { expect } from "vitest";
import type { AclRule, FibPath } from "../../../reconcilers/vpp/api/messages.ts";
import { gone, type RawClient } from "./raw-client.ts";
import { pathOf } from "./routes.ts";
import { none } from "./state.ts";
import { expectGone, interfaces, loopback, setAddress, up, vlan, type Story } from "./stories.ts";

const anyRule: AclRule = {
  is_permit: 1,
  src_prefix: "10.0.0.0/8",
  dst_prefix: "0.0.0.0/0",
  proto: 0,
  srcport_or_icmptype_first: 0,
  srcport_or_icmptype_last: 65_535,
  dstport_or_icmpcode_first: 0,
  dstport_or_icmpcode_last: 65_535,
  tcp_flags_mask: 0,
  tcp_flags_value: 0,
};

async function acl(vpp: RawClient, tag: string, rules: readonly AclRule[] = [anyRule]): Promise<number> {
  const made = await vpp.call("acl_add_replace", { acl_index: none, tag, r: rules });
  if (typeof made === "symbol") throw new Error("gone");
  expect(made.retval).toBe(0);
  return made.acl_index;
}

function lists(
  vpp: RawClient,
  sw_if_index: number,
  inputs: readonly number[],
  outputs: readonly number[],
): Promise<unknown> {
  const acls = [...inputs, ...outputs];
  return vpp.retval("acl_interface_set_acl_list", { sw_if_index, n_input: inputs.length, acls });
}

async function listOf(vpp: RawClient, sw_if_index: number): Promise<unknown> {
  const shown = (await vpp.dump("acl_interface_list_dump")).find((one) => one.sw_if_index === sw_if_index);
  return shown && [shown.acls.slice(0, shown.n_input), shown.acls.slice(shown.n_input)];
}

function policy(
  vpp: RawClient,
  acl_index: number,
  paths: readonly FibPath[],
  is_add = true,
  policy_id = 1,
): Promise<unknown> {
  return vpp.retval("abf_policy_add_del", { is_add, policy: { policy_id, acl_index, n_paths: paths.length, paths } });
}

function attach(
  vpp: RawClient,
  sw_if_index: number,
  more: { is_add?: boolean; is_ipv6?: boolean; policy_id?: number; priority?: number } = {},
): Promise<unknown> {
  const { is_add = true, is_ipv6 = false, policy_id = 1, priority = 10 } = more;
  return vpp.retval("abf_itf_attach_add_del", { is_add, attach: { policy_id, sw_if_index, priority, is_ipv6 } });
}

/** A loopback with an address, and a path through it. */
async function ground(
  vpp: RawClient,
): Promise<{ readonly on: number; readonly path: FibPath; readonly other: FibPath }> {
  const on = await loopback(vpp, 1);
  await up(vpp, on);
  await setAddress(vpp, on, "192.0.2.1/24");
  const via = (address: string): FibPath => pathOf({ via: address, index: on, isIpv6: false });
  return { on, path: via("192.0.2.8"), other: via("192.0.2.9") };
}

async function isSteered(vpp: RawClient, sw_if_index: number): Promise<boolean> {
  const feature = { arc_name: "ip4-unicast", feature_name: "abf-input-ip4", sw_if_index };
  const reply = await vpp.call("feature_is_enabled", feature);
  if (typeof reply === "symbol") throw new Error("gone");
  return reply.is_enabled;
}

export const filterStories: readonly Story[] = [
  {
    name: "numbers filters as it likes, and replaces the rules of one in use",
    needs: "acl_add_replace",
    async tell(vpp) {
      const on = await loopback(vpp, 1);
      const [one, two] = [await acl(vpp, "one"), await acl(vpp, "two")];
      expect([one, two]).toEqual([0, 1]);
      expect(await vpp.retval("acl_del", { acl_index: one })).toBe(0);
      expect(await acl(vpp, "three")).toBe(0);
      expect(await lists(vpp, on, [two], [])).toBe(0);
      expect(await vpp.retval("acl_add_replace", { acl_index: two, tag: "new", r: [anyRule, anyRule] })).toBe(0);
      expect((await vpp.dump("acl_dump", { acl_index: two }))[0]).toMatchObject({ tag: "new", count: 2 });
      expect(await vpp.retval("acl_add_replace", { acl_index: 99, tag: "x", r: [] })).toBe(-6);
      expect(await vpp.retval("acl_del", { acl_index: 99 })).toBe(-6);
    },
  },
  {
    name: "makes a filter without a rule, by its CLI too, which gives it some then",
    needs: "acl_add_replace",
    async tell(vpp) {
      await acl(vpp, "one", []);
      expect(await vpp.retval("cli_inband", { cmd: "set acl-plugin acl tag two" })).toBe(0);
      const made = await vpp.dump("acl_dump", { acl_index: none });
      expect(made.map(({ tag, count }) => `${tag} ${count}`).toSorted()).toEqual(["one 0", "two 0"]);
      const two = made.find(({ tag }) => tag === "two")?.acl_index;
      const rules = "permit src 192.0.2.0/24 dst 0.0.0.0/0, deny src ::/0 dst ::/0";
      expect(await vpp.retval("cli_inband", { cmd: `set acl-plugin acl index ${two} ${rules} tag two` })).toBe(0);
      const [filled] = await vpp.dump("acl_dump", { acl_index: two ?? none });
      expect([filled?.tag, filled?.count]).toEqual(["two", 2]);
      // Refused: a real VPP does not say so, but in its log.
      await vpp.retval("cli_inband", { cmd: `set acl-plugin acl index 99 ${rules} tag three` });
      expect((await vpp.dump("acl_dump", { acl_index: none })).filter(({ tag }) => tag === "three")).toEqual([]);
    },
  },
  {
    name: "refuses rules with host bits, two families or ports the wrong way round",
    needs: "acl_add_replace",
    async tell(vpp) {
      const said = (rule: Partial<AclRule>): Promise<unknown> =>
        vpp.retval("acl_add_replace", { acl_index: none, tag: "x", r: [{ ...anyRule, ...rule }] });
      expect(await said({ src_prefix: "10.0.0.1/8" })).toBe(-57);
      expect(await said({ dst_prefix: "10.0.0.1/8" })).toBe(-58);
      expect(await said({ dst_prefix: "::/0" })).toBe(-57);
      expect(await said({ proto: 6, srcport_or_icmptype_first: 9, srcport_or_icmptype_last: 8 })).toBe(-8);
      expect(await vpp.dump("acl_dump", { acl_index: none })).toEqual([]);
    },
  },
  {
    name: "deletes no filter that an interface has, on either side",
    needs: "acl_add_replace",
    async tell(vpp) {
      const on = await loopback(vpp, 1);
      const [one, two] = [await acl(vpp, "one"), await acl(vpp, "two")];
      expect(await lists(vpp, on, [one], [two])).toBe(0);
      expect(await vpp.retval("acl_del", { acl_index: one })).toBe(-142);
      expect(await vpp.retval("acl_del", { acl_index: two })).toBe(-143);
      expect(await lists(vpp, on, [one], [99])).toBe(-6);
      expect(await listOf(vpp, on)).toEqual([[one], [two]]);
      expect(await vpp.retval("delete_loopback", { sw_if_index: on })).toBe(0);
      expect(await vpp.retval("acl_del", { acl_index: one })).toBe(0);
    },
  },
  {
    name: "loses the outputs when the inputs are refused",
    needs: "acl_add_replace",
    async tell(vpp) {
      const on = await loopback(vpp, 1);
      const [one, two] = [await acl(vpp, "one"), await acl(vpp, "two")];
      await lists(vpp, on, [one], [two]);
      expect(await lists(vpp, on, [two, two], [])).toBe(1);
      expect(await listOf(vpp, on)).toEqual([[one], []]);
    },
  },
  {
    name: "adds paths to a policy, removes them, and the policy with the last",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { path, other } = await ground(vpp);
      const index = await acl(vpp, "steer");
      expect(await policy(vpp, index, [])).toBe(-7);
      expect(await policy(vpp, index, [path])).toBe(0);
      expect(await policy(vpp, index + 1, [other])).toBe(-7);
      expect(await policy(vpp, index, [other])).toBe(0);
      const [both] = await vpp.dump("abf_policy_dump");
      expect(both?.policy.paths.map((one) => one.nh.address.ip4)).toEqual(["192.0.2.8", "192.0.2.9"]);
      expect(await policy(vpp, index, [path], false)).toBe(0);
      expect((await vpp.dump("abf_policy_dump"))[0]?.policy.n_paths).toBe(1);
      expect(await policy(vpp, index, [other], false)).toBe(0);
      expect(await vpp.dump("abf_policy_dump")).toEqual([]);
      expect(await policy(vpp, index, [other], false)).toBe(-7);
    },
  },
  {
    name: "attaches a policy once to an interface, and keeps its filter meanwhile",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { on, path } = await ground(vpp);
      const index = await acl(vpp, "steer");
      await policy(vpp, index, [path]);
      expect(await attach(vpp, on)).toBe(0);
      expect(await isSteered(vpp, on)).toBe(true);
      expect(await attach(vpp, on, { priority: 20 })).toBe(-116);
      expect(await vpp.retval("acl_del", { acl_index: index })).toBe(-149);
      expect(await attach(vpp, on, { is_add: false })).toBe(0);
      expect(await isSteered(vpp, on)).toBe(false);
      expect(await attach(vpp, on, { is_add: false })).toBe(-6);
      expect(await vpp.retval("acl_del", { acl_index: index })).toBe(0);
      expect(await attach(vpp, 999)).toBe(0);
    },
  },
  {
    name: "keeps the attachment of an interface that went, and does not steer the next with its number",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { on, path } = await ground(vpp);
      const sub = await vlan(vpp, on, 5);
      await policy(vpp, await acl(vpp, "steer"), [path]);
      expect(await attach(vpp, sub)).toBe(0);
      await vpp.retval("delete_subif", { sw_if_index: sub });
      expect(await vlan(vpp, on, 6)).toBe(sub);
      expect((await vpp.dump("abf_itf_attach_dump")).length).toBe(1);
      expect(await isSteered(vpp, sub)).toBe(false);
      expect(await attach(vpp, sub)).toBe(-116);
      expect(await attach(vpp, sub, { is_add: false })).toBe(0);
      expect(await attach(vpp, sub)).toBe(0);
      expect(await isSteered(vpp, sub)).toBe(true);
    },
  },
  {
    name: "falls over when a policy that is not there is attached",
    needs: "abf_policy_add_del",
    tell: async (vpp) => expectGone(vpp, attach(vpp, await loopback(vpp, 1), { policy_id: 77 })),
  },
  {
    name: "falls over when a policy is detached by the other family",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { on, path } = await ground(vpp);
      await policy(vpp, await acl(vpp, "steer"), [path]);
      await attach(vpp, on);
      await expectGone(vpp, attach(vpp, on, { is_add: false, is_ipv6: true }));
    },
  },
  {
    name: "falls over once a path was added again",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { path, other } = await ground(vpp);
      const index = await acl(vpp, "steer");
      await policy(vpp, index, [path]);
      expect(await policy(vpp, index, [path])).toBe(0);
      await expectGone(vpp, policy(vpp, index, [other]));
    },
  },
  {
    name: "falls over when policies are listed after an attached one lost its last path",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { on, path } = await ground(vpp);
      const index = await acl(vpp, "steer");
      await policy(vpp, index, [path]);
      await attach(vpp, on);
      expect(await policy(vpp, index, [path], false)).toBe(0);
      expect(await vpp.dumped("abf_policy_dump")).toBe(gone);
    },
  },
  {
    name: "survives an attached policy's end when it is detached before any list",
    needs: "abf_policy_add_del",
    async tell(vpp) {
      const { on, path } = await ground(vpp);
      const index = await acl(vpp, "steer");
      await policy(vpp, index, [path]);
      await attach(vpp, on);
      expect(await policy(vpp, index, [path], false)).toBe(0);
      expect(await attach(vpp, on, { is_add: false })).toBe(0);
      expect(await vpp.dump("abf_policy_dump")).toEqual([]);
    },
  },
];

function setBridge(vpp: RawClient, bd_id: number, is_add = true): Promise<unknown> {
  return vpp.retval("bridge_domain_add_del_v2", {
    bd_id,
    is_add,
    flood: true,
    uu_flood: true,
    forward: true,
    learn: true,
  });
}

function port(vpp: RawClient, rx_sw_if_index: number, bd_id: number, port_type = 0, enable = true): Promise<unknown> {
  return vpp.retval("sw_interface_set_l2_bridge", { rx_sw_if_index, bd_id, port_type, enable });
}

export const switchStories: readonly Story[] = [
  {
    name: "has bridge domains by number, and keeps those with ports",
    async tell(vpp) {
      const on = await loopback(vpp, 1);
      expect(await setBridge(vpp, 10)).toBe(0);
      expect(await setBridge(vpp, 10)).toBe(-119);
      expect(await setBridge(vpp, 0)).toBe(-119);
      expect(await setBridge(vpp, 0, false)).toBe(-121);
      expect(await setBridge(vpp, 2 ** 24)).toBe(-122);
      expect(await port(vpp, on, 10)).toBe(0);
      expect(await port(vpp, on, 10)).toBe(0);
      expect(await setBridge(vpp, 10, false)).toBe(-120);
      expect(await port(vpp, on, 10, 0, false)).toBe(0);
      expect(await setBridge(vpp, 10, false)).toBe(0);
      expect(await setBridge(vpp, 10, false)).toBe(-6);
    },
  },
  {
    name: "makes the bridge domain that a port asks for, and has one BVI in it",
    async tell(vpp) {
      const [one, two] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      expect(await port(vpp, one, 20, 1)).toBe(0);
      expect(await port(vpp, two, 20, 1)).toBe(-152);
      const shown = (await vpp.dump("bridge_domain_dump")).find(({ bd_id }) => bd_id === 20);
      expect([shown?.bvi_sw_if_index, shown?.n_sw_ifs, shown?.learn, shown?.arp_term]).toEqual([one, 1, true, false]);
      expect(await vpp.retval("delete_loopback", { sw_if_index: one })).toBe(0);
      const left = (await vpp.dump("bridge_domain_dump")).find(({ bd_id }) => bd_id === 20);
      expect([left?.bvi_sw_if_index, left?.n_sw_ifs]).toEqual([none, 0]);
    },
  },
  {
    name: "sets flags and age of a bridge domain in place",
    async tell(vpp) {
      await setBridge(vpp, 10);
      expect(await vpp.retval("bridge_flags", { bd_id: 10, is_set: false, flags: 1 })).toBe(0);
      expect(await vpp.retval("bridge_flags", { bd_id: 10, is_set: true, flags: 16 })).toBe(0);
      expect(await vpp.retval("bridge_domain_set_mac_age", { bd_id: 10, mac_age: 5 })).toBe(0);
      const [shown] = await vpp.dump("bridge_domain_dump", { bd_id: 10 });
      expect(shown).toMatchObject({ learn: false, flood: true, arp_term: true, mac_age: 5 });
    },
  },
  {
    name: "cross-connects one way at a time",
    async tell(vpp) {
      const [rx, tx] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      const connect = { rx_sw_if_index: rx, tx_sw_if_index: tx };
      expect(await vpp.retval("sw_interface_set_l2_xconnect", connect)).toBe(0);
      const [shown] = await vpp.dump("l2_xconnect_dump");
      expect([shown?.rx_sw_if_index, shown?.tx_sw_if_index]).toEqual([rx, tx]);
      expect(await vpp.retval("sw_interface_set_l2_xconnect", { ...connect, enable: false })).toBe(0);
      expect(await vpp.dump("l2_xconnect_dump")).toEqual([]);
    },
  },
  {
    name: "keeps a cross-connect to what went, and ends the one of what went",
    async tell(vpp) {
      const [one, two, three] = [await loopback(vpp, 1), await loopback(vpp, 2), await loopback(vpp, 3)];
      const connect = (rx_sw_if_index: number, tx_sw_if_index: number): Promise<unknown> =>
        vpp.retval("sw_interface_set_l2_xconnect", { rx_sw_if_index, tx_sw_if_index });
      for (const [rx, tx] of [
        [one, two],
        [two, one],
        [three, one],
      ] as const)
        expect(await connect(rx, tx)).toBe(0);
      expect(await connect(one, 999)).toBe(-2);
      expect(await vpp.retval("delete_loopback", { sw_if_index: one })).toBe(0);
      const shown = await vpp.dump("l2_xconnect_dump");
      expect(shown.map((x) => [x.rx_sw_if_index, x.tx_sw_if_index])).toEqual([[three, one]]);
    },
  },
  {
    name: "rewrites tags of a bridged sub-interface that has them",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 100);
      const rewrite = async (): Promise<unknown> =>
        (await vpp.dump("sw_interface_dump")).find((one) => one.sw_if_index === sub)?.vtr_op;
      await port(vpp, sub, 10);
      expect(await vpp.retval("l2_interface_vlan_tag_rewrite", { sw_if_index: parent, vtr_op: 3 })).toBe(-72);
      expect(await vpp.retval("l2_interface_vlan_tag_rewrite", { sw_if_index: sub, vtr_op: 4 })).toBe(-72);
      expect(await vpp.retval("l2_interface_vlan_tag_rewrite", { sw_if_index: sub, vtr_op: 3 })).toBe(0);
      expect(await rewrite()).toBe(3);
      expect(await port(vpp, sub, 11)).toBe(0);
      expect(await rewrite()).toBe(3);
      expect(await port(vpp, sub, 11, 0, false)).toBe(0);
      expect(await rewrite()).toBe(0);
    },
  },
];

function map(vpp: RawClient, inside: string, outside: string, is_add = true): Promise<unknown> {
  const [in_addr = "", in_plen] = inside.split("/");
  const [out_addr = "", out_plen] = outside.split("/");
  const lengths = { in_plen: Number(in_plen), out_plen: Number(out_plen) };
  return vpp.retval("det44_add_del_map", { is_add, in_addr, out_addr, ...lengths });
}

function side(vpp: RawClient, sw_if_index: number, is_inside: boolean, is_add = true): Promise<unknown> {
  return vpp.retval("det44_interface_add_del_feature", { is_add, is_inside, sw_if_index });
}

export const natStories: readonly Story[] = [
  {
    name: "enables det44 once, and cannot tell whether it is",
    needs: "det44_plugin_enable_disable",
    async tell(vpp) {
      expect(await vpp.retval("det44_plugin_enable_disable", { enable: true })).toBe(0);
      expect(await vpp.retval("det44_plugin_enable_disable", { enable: true })).toBe(1);
    },
  },
  {
    name: "maps an inside prefix to an outside one, and takes overlaps",
    needs: "det44_plugin_enable_disable",
    async tell(vpp) {
      await vpp.retval("det44_plugin_enable_disable", { enable: true });
      expect(await map(vpp, "10.0.0.5/24", "203.0.113.8/29")).toBe(0);
      expect(await map(vpp, "10.0.0.0/24", "203.0.113.8/29")).toBe(-81);
      expect(await map(vpp, "10.0.0.0/25", "203.0.113.8/29")).toBe(0);
      expect(await map(vpp, "10.9.0.0/24", "203.0.113.8/29", false)).toBe(-6);
      const [first] = await vpp.dump("det44_map_dump");
      expect([first?.in_addr, first?.in_plen, first?.sharing_ratio, first?.ports_per_host]).toEqual([
        "10.0.0.0",
        24,
        32,
        2016,
      ]);
      expect(await map(vpp, "10.0.0.0/24", "203.0.113.8/29", false)).toBe(0);
    },
  },
  {
    name: "gives an interface one side of det44, and keeps the feature when it is taken",
    needs: "det44_plugin_enable_disable",
    async tell(vpp) {
      const on = await loopback(vpp, 1);
      await vpp.retval("det44_plugin_enable_disable", { enable: true });
      expect(await side(vpp, on, true)).toBe(0);
      expect(await side(vpp, on, true)).toBe(-7);
      expect(await side(vpp, on, false)).toBe(-7);
      expect(await side(vpp, on, true, false)).toBe(0);
      expect(await vpp.dump("det44_interface_dump")).toEqual([]);
      const feature = { arc_name: "ip4-unicast", feature_name: "det44-in2out", sw_if_index: on };
      expect(await vpp.call("feature_is_enabled", feature)).toMatchObject({ is_enabled: true });
    },
  },
  {
    name: "keeps det44's entry of an interface that went, which blocks the next with its number",
    needs: "det44_plugin_enable_disable",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 5);
      await vpp.retval("det44_plugin_enable_disable", { enable: true });
      await side(vpp, sub, true);
      await vpp.retval("delete_subif", { sw_if_index: sub });
      expect(await vlan(vpp, parent, 6)).toBe(sub);
      expect(await side(vpp, sub, true)).toBe(-7);
      expect(Object.values(await interfaces(vpp))).toContain("loop1.6 down");
    },
  },
  {
    name: "leaves the timeouts that are said to be 0",
    needs: "det44_plugin_enable_disable",
    async tell(vpp) {
      await vpp.retval("det44_plugin_enable_disable", { enable: true });
      expect(await vpp.call("det44_get_timeouts")).toMatchObject({
        udp: 300,
        tcp_established: 7440,
        tcp_transitory: 240,
        icmp: 60,
      });
      expect(await vpp.retval("det44_set_timeouts", { udp: 30, tcp_established: 0, tcp_transitory: 0, icmp: 0 })).toBe(
        0,
      );
      expect(await vpp.call("det44_get_timeouts")).toMatchObject({ udp: 30, tcp_established: 7440 });
    },
  },
  {
    name: "falls over when a det44 mapping does not fit into its heap",
    needs: "det44_plugin_enable_disable",
    async tell(vpp) {
      await vpp.retval("det44_plugin_enable_disable", { enable: true });
      await expectGone(vpp, map(vpp, "10.0.0.0/14", "203.0.113.0/24"));
    },
  },
  {
    name: "enables NAT64 once, and has one address in its pool once",
    needs: "nat64_plugin_enable_disable",
    async tell(vpp) {
      const on = await loopback(vpp, 1);
      expect(await vpp.retval("nat64_plugin_enable_disable", { enable: true })).toBe(0);
      expect(await vpp.retval("nat64_plugin_enable_disable", { enable: true })).toBe(1);
      const pool = { start_addr: "203.0.113.1", end_addr: "203.0.113.2", vrf_id: none, is_add: true };
      expect(await vpp.retval("nat64_add_del_pool_addr_range", pool)).toBe(0);
      expect(await vpp.retval("nat64_add_del_pool_addr_range", pool)).toBe(-81);
      expect((await vpp.dump("nat64_pool_addr_dump")).map(({ address }) => address)).toEqual([
        "203.0.113.1",
        "203.0.113.2",
      ]);
      const prefix = { prefix: "64:ff9b::/96", vrf_id: 0, is_add: true };
      expect(await vpp.retval("nat64_add_del_prefix", prefix)).toBe(0);
      expect(await vpp.retval("nat64_add_del_prefix", prefix)).toBe(0);
      expect((await vpp.dump("nat64_prefix_dump")).map((one) => one.prefix)).toEqual(["64:ff9b::/96"]);
      const role = { is_add: true, flags: 0x20, sw_if_index: on };
      expect(await vpp.retval("nat64_add_del_interface", role)).toBe(0);
      expect(await vpp.retval("nat64_add_del_interface", role)).toBe(0);
      expect((await vpp.dump("nat64_interface_dump")).map(({ flags }) => flags)).toEqual([0x20]);
    },
  },
];
