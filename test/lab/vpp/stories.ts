/**
 * How VPP behaves, told as requests and what comes of them: once of the simulator, and of a real VPP where there is one.
 * Every story begins with a VPP that was just started.
 */
import { expect } from "vitest";
import type { Fields, Requests } from "../../../reconcilers/vpp/api/messages.ts";
import { gone, type RawClient } from "./raw-client.ts";
import { none } from "./state.ts";

export interface Story {
  readonly name: string;
  /** Messages of a plugin that not every VPP loads. */
  readonly needs?: string;
  /** Linux makes devices for it. */
  readonly wantsTaps?: true;
  /** It is about a VPP that has just started. */
  readonly wantsNew?: true;
  readonly tell: (vpp: RawClient) => Promise<void>;
}

/** Its number. */
export async function loopback(vpp: RawClient, instance: number): Promise<number> {
  const made = await vpp.call("create_loopback_instance", { is_specified: true, user_instance: instance });
  if (typeof made === "symbol") throw new Error("VPP went away");
  expect(made.retval).toBe(0);
  return made.sw_if_index;
}

/** A dot1q sub-interface that takes exactly its tag. */
export async function vlan(vpp: RawClient, parent: number, id: number): Promise<number> {
  const made = await vpp.call("create_vlan_subif", { sw_if_index: parent, vlan_id: id });
  if (typeof made === "symbol") throw new Error("VPP went away");
  expect(made.retval).toBe(0);
  return made.sw_if_index;
}

export function setAddress(vpp: RawClient, sw_if_index: number, prefix: string, is_add = true): Promise<unknown> {
  return vpp.retval("sw_interface_add_del_address", { sw_if_index, is_add, prefix });
}

export function up(vpp: RawClient, sw_if_index: number, isUp = true): Promise<unknown> {
  return vpp.retval("sw_interface_set_flags", { sw_if_index, flags: isUp ? 1 : 0 });
}

/** Number → "name flags mtu". */
export async function interfaces(vpp: RawClient): Promise<Readonly<Record<number, string>>> {
  const found = await vpp.dump("sw_interface_dump");
  return Object.fromEntries(
    found.map((one) => [one.sw_if_index, `${one.interface_name} ${(one.flags & 1) === 1 ? "up" : "down"}`]),
  );
}

export async function addresses(vpp: RawClient, sw_if_index: number, is_ipv6 = false): Promise<readonly string[]> {
  return (await vpp.dump("ip_address_dump", { sw_if_index, is_ipv6 })).map(({ prefix }) => prefix);
}

type SubRequest = Fields<Requests["create_subif"]["request"]>;

async function child(vpp: RawClient, request: SubRequest): Promise<unknown> {
  return vpp.retval("create_subif", request);
}

export const interfaceStories: readonly Story[] = [
  {
    name: "gives a new interface the number that was freed last",
    async tell(vpp) {
      const [one, two, three] = [await loopback(vpp, 1), await loopback(vpp, 2), await loopback(vpp, 3)];
      expect([two - one, three - two]).toEqual([1, 1]);
      await vpp.retval("delete_loopback", { sw_if_index: one });
      await vpp.retval("delete_loopback", { sw_if_index: two });
      expect([await loopback(vpp, 4), await loopback(vpp, 5)]).toEqual([two, one]);
    },
  },
  {
    name: "says of a loopback that is there -31, and of one that is not -2",
    async tell(vpp) {
      await loopback(vpp, 7);
      const again = { is_specified: true, user_instance: 7 };
      expect(await vpp.retval("create_loopback_instance", again)).toBe(-31);
      expect(await vpp.retval("delete_loopback", { sw_if_index: 999 })).toBe(-2);
    },
  },
  {
    name: "refuses a sub-interface number that is taken, and tags that are",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const tags = { sw_if_index: parent, sub_if_flags: 2 | 16, outer_vlan_id: 100 };
      expect(await child(vpp, { ...tags, sub_id: 100 })).toBe(0);
      expect(await child(vpp, { ...tags, sub_id: 100 })).toBe(-56);
      expect(await child(vpp, { ...tags, sub_id: 101 })).toBe(-1);
      expect(await vpp.retval("create_vlan_subif", { sw_if_index: parent, vlan_id: 0 })).toBe(-55);
      expect(await vpp.retval("create_vlan_subif", { sw_if_index: parent, vlan_id: 4096 })).toBe(-55);
      expect(await vpp.retval("create_vlan_subif", { sw_if_index: 999, vlan_id: 5 })).toBe(-2);
    },
  },
  {
    name: "tells dot1q from dot1ad, one tag from two",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      expect(await child(vpp, { sw_if_index, sub_id: 1, sub_if_flags: 2 | 16, outer_vlan_id: 100 })).toBe(0);
      expect(await child(vpp, { sw_if_index, sub_id: 2, sub_if_flags: 2 | 8 | 16, outer_vlan_id: 100 })).toBe(0);
      const two = { sw_if_index, outer_vlan_id: 100, inner_vlan_id: 7 };
      expect(await child(vpp, { ...two, sub_id: 3, sub_if_flags: 4 | 16 })).toBe(0);
      expect(await child(vpp, { ...two, sub_id: 4, sub_if_flags: 4 | 8 | 16 })).toBe(0);
      const found = (await vpp.dump("sw_interface_dump")).filter(({ type }) => type === 1);
      found.sort((a, b) => a.sub_id - b.sub_id);
      expect(
        found.map((one) => [
          one.interface_name,
          one.sub_number_of_tags,
          one.sub_outer_vlan_id,
          one.sub_inner_vlan_id,
          one.sub_if_flags,
          one.mtu[0],
        ]),
      ).toEqual([
        ["loop1.1", 1, 100, 0, 18, 0],
        ["loop1.2", 1, 100, 0, 26, 0],
        ["loop1.3", 2, 100, 7, 20, 0],
        ["loop1.4", 2, 100, 7, 28, 0],
      ]);
    },
  },
  {
    name: "raises no sub-interface of a parent that is down, and has both stay as they are said to be",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 100);
      expect(await up(vpp, sub)).toBe(-1);
      expect(await up(vpp, parent)).toBe(0);
      expect(await up(vpp, sub)).toBe(0);
      expect(await up(vpp, parent, false)).toBe(0);
      expect(await up(vpp, parent)).toBe(0);
      expect(await interfaces(vpp)).toMatchObject({ [parent]: "loop1 up", [sub]: "loop1.100 up" });
    },
  },
  {
    name: "deletes sub-interfaces and addresses with their parent",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 100);
      expect(await setAddress(vpp, sub, "192.0.2.1/24")).toBe(0);
      expect(await vpp.retval("delete_loopback", { sw_if_index: parent })).toBe(0);
      expect(Object.values(await interfaces(vpp)).filter((one) => one.startsWith("loop"))).toEqual([]);
      expect(await setAddress(vpp, await loopback(vpp, 2), "192.0.2.1/24")).toBe(0);
    },
  },
  {
    name: "has sub-interfaces follow a new name, and takes a name twice",
    async tell(vpp) {
      const [one, two] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      await vlan(vpp, one, 100);
      expect(await vpp.retval("sw_interface_set_interface_name", { sw_if_index: one, name: "external" })).toBe(0);
      expect(await vpp.retval("sw_interface_set_interface_name", { sw_if_index: two, name: "external" })).toBe(0);
      const names = Object.values(await interfaces(vpp)).map((text) => text.split(" ")[0] ?? "");
      expect(names.slice(1).toSorted()).toEqual(["external", "external", "external.100"]);
    },
  },
  {
    name: "filters interfaces by part of a name, whatever its case",
    async tell(vpp) {
      await loopback(vpp, 1);
      const found = await vpp.dump("sw_interface_dump", { name_filter_valid: true, name_filter: "OOP" });
      expect(found.map((one) => one.interface_name)).toEqual(["loop1"]);
    },
  },
  {
    name: "keeps a tag and an MTU, and has no frame size for a loopback",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      expect(await vpp.retval("sw_interface_tag_add_del", { sw_if_index, is_add: true, tag: "imp:x" })).toBe(0);
      expect(await vpp.retval("sw_interface_set_mtu", { sw_if_index, mtu: [1500, 0, 0, 0] })).toBe(0);
      expect(await vpp.retval("hw_interface_set_mtu", { sw_if_index, mtu: 2000 })).toBe(-126);
      const [, loop] = await vpp.dump("sw_interface_dump");
      expect([loop?.tag, loop?.mtu, loop?.l2_address]).toEqual(["imp:x", [1500, 0, 0, 0], "de:ad:00:00:00:01"]);
      expect(await vpp.retval("sw_interface_tag_add_del", { sw_if_index, is_add: false })).toBe(0);
      expect((await vpp.dump("sw_interface_dump"))[1]?.tag).toBe("");
    },
  },
  {
    name: "deletes only sub-interfaces as such",
    async tell(vpp) {
      expect(await vpp.retval("delete_subif", { sw_if_index: await loopback(vpp, 1) })).toBe(-98);
      expect(await vpp.retval("delete_subif", { sw_if_index: 999 })).toBe(-2);
    },
  },
  {
    name: "makes bonds of numbers, and knows their members",
    async tell(vpp) {
      const bond = { mode: 3, lb: 1, id: 4 };
      const made = await vpp.call("bond_create2", bond);
      if (typeof made === "symbol") throw new Error("gone");
      expect(await vpp.retval("bond_create2", bond)).toBe(-147);
      const member = { sw_if_index: await loopback(vpp, 1), bond_sw_if_index: made.sw_if_index };
      expect(await vpp.retval("bond_add_member", member)).toBe(0);
      expect(await vpp.retval("bond_add_member", member)).toBe(-81);
      expect(await vpp.retval("bond_add_member", { ...member, bond_sw_if_index: 0 })).toBe(-71);
      const [shown] = await vpp.dump("sw_bond_interface_dump");
      expect([shown?.interface_name, shown?.mode, shown?.lb, shown?.members]).toEqual(["BondEthernet4", 3, 1, 1]);
      expect(await vpp.retval("bond_detach_member", { sw_if_index: member.sw_if_index })).toBe(0);
      expect(await vpp.retval("bond_detach_member", { sw_if_index: member.sw_if_index })).toBe(-71);
      expect(await vpp.retval("bond_delete", { sw_if_index: made.sw_if_index })).toBe(0);
    },
  },
  {
    name: "replaces the balance of bonds that have none to choose",
    async tell(vpp) {
      for (const [mode, lb] of [
        [1, 3],
        [2, 5],
        [4, 4],
      ] as const) {
        await vpp.retval("bond_create2", { mode, lb: 0, id: mode });
        const shown = (await vpp.dump("sw_bond_interface_dump")).find((one) => one.id === mode);
        expect(shown?.lb).toBe(lb);
      }
    },
  },
  {
    name: "keeps one role to a memif socket, and sockets that are in use",
    needs: "memif_create_v2",
    async tell(vpp) {
      const socket = { is_add: true, socket_id: 5, socket_filename: "/tmp/vs-story-memif.sock" };
      expect(await vpp.retval("memif_socket_filename_add_del_v2", socket)).toBe(0);
      expect(await vpp.retval("memif_socket_filename_add_del_v2", socket)).toBe(0);
      const other = { ...socket, socket_filename: "/tmp/vs-story-other.sock" };
      expect(await vpp.retval("memif_socket_filename_add_del_v2", other)).toBe(-116);
      expect(await vpp.retval("memif_create_v2", { id: 0, socket_id: 77, role: 1 })).toBe(-73);
      expect(await vpp.retval("memif_create_v2", { id: 0, socket_id: 5, role: 1 })).toBe(0);
      expect(await vpp.retval("memif_create_v2", { id: 0, socket_id: 5, role: 1 })).toBe(-68);
      expect(await vpp.retval("memif_create_v2", { id: 1, socket_id: 5, role: 0 })).toBe(-68);
      expect(await vpp.retval("memif_socket_filename_add_del_v2", { ...socket, is_add: false })).toBe(-74);
      const [memif] = await vpp.dump("memif_dump");
      expect([memif?.if_name, memif?.role, memif?.ring_size, memif?.buffer_size]).toEqual(["memif5/0", 1, 1, 0]);
      expect(await vpp.retval("memif_delete", { sw_if_index: memif?.sw_if_index ?? 0 })).toBe(0);
      expect(await vpp.retval("memif_socket_filename_add_del_v2", { ...socket, is_add: false })).toBe(0);
      expect(await vpp.retval("memif_socket_filename_add_del_v2", { ...socket, is_add: false })).toBe(-73);
    },
  },
  {
    name: "has one tunnel for a pair of ends and a number",
    needs: "vxlan_add_del_tunnel_v3",
    async tell(vpp) {
      const ends = { src_address: "192.0.2.1", dst_address: "192.0.2.2", vni: 10, instance: 10 };
      const tunnel = { ...ends, mcast_sw_if_index: none, decap_next_index: none };
      expect(await vpp.retval("vxlan_add_del_tunnel_v3", tunnel)).toBe(0);
      expect(await vpp.retval("vxlan_add_del_tunnel_v3", { ...tunnel, instance: 11 })).toBe(-75);
      expect(await vpp.retval("vxlan_add_del_tunnel_v3", { ...tunnel, vni: 11 })).toBe(-147);
      const [shown] = await vpp.dump("vxlan_tunnel_v2_dump", { sw_if_index: none });
      expect([shown?.vni, shown?.dst_port, shown?.decap_next_index, shown?.src_address]).toEqual([
        10,
        4789,
        1,
        "192.0.2.1",
      ]);
      expect(await vpp.retval("vxlan_add_del_tunnel_v3", { ...tunnel, is_add: false })).toBe(0);
      expect(await vpp.retval("vxlan_add_del_tunnel_v3", { ...tunnel, is_add: false })).toBe(-6);
    },
  },
];

/** After it VPP answers nobody. */
export async function expectGone(vpp: RawClient, answer: Promise<unknown>): Promise<void> {
  expect(await answer).toBe(gone);
  expect(await vpp.retval("control_ping").catch(() => gone)).toBe(gone);
}
