/** How VPP behaves: addresses, tables, routes, neighbours, router advertisements. */
import { expect } from "vitest";
import type { FibPath } from "../../../reconcilers/vpp/api/messages.ts";
import type { RawClient } from "./raw-client.ts";
import { pathOf } from "./routes.ts";
import { addresses, interfaces, loopback, setAddress, up, vlan, type Story } from "./stories.ts";

function setRoute(
  vpp: RawClient,
  prefix: string,
  paths: readonly FibPath[],
  more: { is_add?: boolean; is_multipath?: boolean; table_id?: number; src?: number } = {},
): Promise<unknown> {
  const { is_add = true, is_multipath = false, table_id = 0, src = 0 } = more;
  const route = { table_id, stats_index: 0, prefix, n_paths: paths.length, src, paths };
  return vpp.retval("ip_route_add_del_v2", { is_add, is_multipath, route });
}

/** "prefix via A, B", of one source. */
async function routes(vpp: RawClient, src: number): Promise<readonly string[]> {
  const found = await vpp.dump("ip_route_v2_dump", { src, table: { table_id: 0, is_ip6: false, name: "" } });
  return found.map(({ route }) => `${route.prefix} via ${route.paths.map((path) => path.nh.address.ip4).join(", ")}`);
}

export const layer3Stories: readonly Story[] = [
  {
    name: "refuses an IPv4 address that overlaps, wherever it stands",
    async tell(vpp) {
      const [one, two] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      expect(await setAddress(vpp, one, "192.0.2.1/24")).toBe(0);
      expect(await setAddress(vpp, one, "192.0.2.1/24")).toBe(-105);
      expect(await setAddress(vpp, two, "192.0.2.1/24")).toBe(-105);
      expect(await setAddress(vpp, two, "192.0.2.129/25")).toBe(-105);
      expect(await setAddress(vpp, one, "192.0.2.2/24")).toBe(0);
      expect(await setAddress(vpp, one, "192.0.2.3/25")).toBe(-105);
      expect(await addresses(vpp, one)).toEqual(["192.0.2.1/24", "192.0.2.2/24"]);
    },
  },
  {
    name: "refuses an IPv6 address that is there, or overlaps, with -127",
    async tell(vpp) {
      const [one, two] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      expect(await setAddress(vpp, one, "2001:db8::1/64")).toBe(0);
      expect(await setAddress(vpp, one, "2001:db8::1/64")).toBe(-127);
      expect(await setAddress(vpp, two, "2001:db8::2/64")).toBe(-127);
      expect(await setAddress(vpp, two, "2001:db8::3/80")).toBe(-127);
      expect(await setAddress(vpp, one, "2001:db8::2/64")).toBe(0);
    },
  },
  {
    name: "removes an address whatever length is given, and says -60 of none",
    async tell(vpp) {
      const one = await loopback(vpp, 1);
      await setAddress(vpp, one, "10.1.0.1/24");
      expect(await setAddress(vpp, one, "10.1.0.1/25", false)).toBe(0);
      expect(await addresses(vpp, one)).toEqual([]);
      expect(await setAddress(vpp, one, "10.1.0.1/24", false)).toBe(-60);
      await setAddress(vpp, one, "2001:db8::1/64");
      expect(await setAddress(vpp, one, "2001:db8::1/80", false)).toBe(0);
      expect(await addresses(vpp, one, true)).toEqual([]);
    },
  },
  {
    name: "gives no address to local0, or to a sub-interface without exact match",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      expect(await setAddress(vpp, 0, "192.0.2.1/24")).toBe(-126);
      const loose = await vpp.call("create_subif", { sw_if_index, sub_id: 5, sub_if_flags: 2, outer_vlan_id: 5 });
      if (typeof loose === "symbol") throw new Error("gone");
      expect(await setAddress(vpp, loose.sw_if_index, "192.0.2.1/24")).toBe(-126);
      expect(await setAddress(vpp, 999, "192.0.2.1/24")).toBe(-2);
    },
  },
  {
    name: "lists no addresses of all interfaces at once",
    async tell(vpp) {
      await setAddress(vpp, await loopback(vpp, 1), "192.0.2.1/24");
      expect(await addresses(vpp, 0xffffffff)).toEqual([]);
    },
  },
  {
    name: "chooses a link-local address of the MAC address, and lets go of none",
    async tell(vpp) {
      const parent = await loopback(vpp, 1);
      const sub = await vlan(vpp, parent, 5);
      const linkLocal = async (sw_if_index: number): Promise<unknown> => {
        const reply = await vpp.call("sw_interface_ip6_get_link_local_address", { sw_if_index });
        return typeof reply === "symbol" ? reply : reply.retval === 0 ? reply.ip : reply.retval;
      };
      expect(await linkLocal(sub)).toBe(-62);
      await setAddress(vpp, sub, "2001:db8::1/64");
      expect(await linkLocal(sub)).toBe("fe80::dcad:ff:fe00:1");
      expect(await setAddress(vpp, sub, "fe80::5/64")).toBe(-59);
      expect(await setAddress(vpp, sub, "fe80::5/128")).toBe(0);
      expect(await linkLocal(sub)).toBe("fe80::5");
      expect(await setAddress(vpp, sub, "fe80::5/128", false)).toBe(-61);
      expect(await setAddress(vpp, sub, "fe80::6/128", false)).toBe(-60);
      expect(await addresses(vpp, sub, true)).toEqual(["2001:db8::1/64"]);
      await setAddress(vpp, sub, "2001:db8::1/64", false);
      expect(await linkLocal(sub)).toBe(-62);
      expect(await setAddress(vpp, sub, "fe80::7/128")).toBe(0);
      await setAddress(vpp, sub, "2001:db8::1/64");
      await setAddress(vpp, sub, "2001:db8::1/64", false);
      expect(await linkLocal(sub)).toBe("fe80::7");
      const enabled = { sw_if_index: sub, enable: true };
      expect(await vpp.retval("sw_interface_ip6_enable_disable", enabled)).toBe(-81);
      for (const left of [0, 0, -62]) {
        expect(await vpp.retval("sw_interface_ip6_enable_disable", { ...enabled, enable: false })).toBe(left);
      }
    },
  },
  {
    name: "lends addresses",
    async tell(vpp) {
      const [lender, borrower] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      await setAddress(vpp, lender, "192.0.2.1/32");
      const loan = { sw_if_index: lender, unnumbered_sw_if_index: borrower };
      expect(await vpp.retval("sw_interface_set_unnumbered", { ...loan, is_add: true })).toBe(0);
      const [shown] = await vpp.dump("ip_unnumbered_dump");
      expect([shown?.sw_if_index, shown?.ip_sw_if_index]).toEqual([borrower, lender]);
      expect(await vpp.retval("sw_interface_set_unnumbered", { ...loan, is_add: false })).toBe(0);
      expect(await vpp.dump("ip_unnumbered_dump")).toEqual([]);
    },
  },
  {
    name: "binds an interface to a table only while it has no addresses",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      const bind = { sw_if_index, is_ipv6: false, vrf_id: 10 };
      expect(await vpp.retval("sw_interface_set_table", bind)).toBe(-3);
      const first = { table_id: 10, is_ip6: false, name: "ten" };
      expect(await vpp.retval("ip_table_add_del_v2", { table: first })).toBe(0);
      expect(await vpp.retval("ip_table_add_del_v2", { table: { ...first, name: "other" } })).toBe(0);
      expect((await vpp.dump("ip_table_dump")).find((one) => one.table.table_id === 10)?.table.name).toBe("ten");
      await setAddress(vpp, sw_if_index, "192.0.2.1/24");
      expect(await vpp.retval("sw_interface_set_table", bind)).toBe(-114);
      await setAddress(vpp, sw_if_index, "192.0.2.1/24", false);
      expect(await vpp.retval("sw_interface_set_table", bind)).toBe(0);
      expect(await setAddress(vpp, sw_if_index, "192.0.2.1/24")).toBe(0);
      expect(await setAddress(vpp, await loopback(vpp, 2), "192.0.2.1/24")).toBe(0);
    },
  },
  {
    name: "lets no interface leave its table that borrows addresses",
    async tell(vpp) {
      const [lender, borrower] = [await loopback(vpp, 1), await loopback(vpp, 2)];
      await vpp.retval("ip_table_add_del", { is_add: true, table: { table_id: 10, is_ip6: false, name: "" } });
      await setAddress(vpp, lender, "192.0.2.1/32");
      const loan = { sw_if_index: lender, unnumbered_sw_if_index: borrower };
      await vpp.retval("sw_interface_set_unnumbered", { ...loan, is_add: true });
      const bind = { sw_if_index: borrower, is_ipv6: false, vrf_id: 10 };
      expect(await vpp.retval("sw_interface_set_table", bind)).toBe(-114);
      await vpp.retval("sw_interface_set_unnumbered", { ...loan, is_add: false });
      expect(await vpp.retval("sw_interface_set_table", bind)).toBe(0);
    },
  },
  {
    name: "holds a table for the API, for the CLI and for interfaces, and forgets it when none does",
    async tell(vpp) {
      const table = { table_id: 10, is_ip6: false, name: "" };
      const holders = async () => {
        const shown = await vpp.call("cli_inband", { cmd: "show ip fib summary table 10" });
        const text = typeof shown === "symbol" ? "" : shown.reply;
        return /locks:\[(.*?)\]/
          .exec(text)?.[1]
          ?.replaceAll(/[:\d, ]+/g, " ")
          .trim();
      };
      const tables = async () => (await vpp.dump("ip_table_dump")).filter((one) => one.table.table_id === 10).length;
      expect(await vpp.retval("ip_table_add_del", { is_add: true, table })).toBe(0);
      expect(await vpp.retval("cli_inband", { cmd: "ip table add 10" })).toBe(0);
      expect(await vpp.retval("cli_inband", { cmd: "ip table add 10" })).toBe(0);
      expect(await holders()).toBe("API CLI");
      const sw_if_index = await loopback(vpp, 1);
      expect(await vpp.retval("cli_inband", { cmd: "set interface ip table loop1 10" })).toBe(0);
      expect(await holders()).toBe("interface API CLI");
      expect(await vpp.retval("ip_table_add_del", { is_add: false, table })).toBe(0);
      expect(await vpp.retval("ip_table_add_del", { is_add: false, table })).toBe(0);
      expect(await vpp.retval("cli_inband", { cmd: "ip table del 10" })).toBe(0);
      expect([await holders(), await tables()]).toEqual(["interface", 1]);
      expect(await vpp.retval("sw_interface_set_table", { sw_if_index, is_ipv6: false, vrf_id: 0 })).toBe(0);
      expect([await holders(), await tables()]).toEqual([undefined, 0]);
      expect(await vpp.retval("cli_inband", { cmd: "ip table del 10" })).toBe(0);
    },
  },
  {
    name: "looks for a next hop without an interface in the main table, unless another one is named",
    async tell(vpp) {
      const table = { table_id: 10, is_ip6: false, name: "" };
      await vpp.retval("ip_table_add_del", { is_add: true, table });
      const index = await loopback(vpp, 1);
      const path = pathOf({ via: "192.0.2.9", isIpv6: false });
      expect(await setRoute(vpp, "198.51.100.0/24", [{ ...path, table_id: 10 }], { table_id: 10 })).toBe(0);
      expect(await setRoute(vpp, "198.51.100.0/24", [{ ...path, table_id: 11 }], { table_id: 10 })).toBe(-3);
      const lines = [
        "ip route add 203.0.113.0/24 table 10 via 192.0.2.9 next-hop-table 10",
        "ip route add 203.0.114.0/24 table 10 via 192.0.2.9",
        "ip route add 203.0.115.0/24 table 10 via 192.0.2.9 loop1",
        "ip route add 203.0.116.0/24 table 10 via drop",
      ];
      for (const cmd of lines) expect(await vpp.retval("cli_inband", { cmd })).toBe(0);
      const found = [
        ...(await vpp.dump("ip_route_v2_dump", { src: 8, table })),
        ...(await vpp.dump("ip_route_v2_dump", { src: 9, table })),
      ];
      const shown = found.map(({ route: { prefix, paths } }) => {
        const [first] = paths;
        return [prefix, [first?.type, first?.sw_if_index === index ? "loop1" : first?.table_id]] as const;
      });
      expect(Object.fromEntries(shown)).toEqual({
        "198.51.100.0/24": [0, 10],
        "203.0.113.0/24": [0, 10],
        "203.0.114.0/24": [0, 0],
        "203.0.115.0/24": [0, "loop1"],
        "203.0.116.0/24": [2, 0],
      });
      for (const prefix of [
        "198.51.100.0/24",
        "203.0.113.0/24",
        "203.0.114.0/24",
        "203.0.115.0/24",
        "203.0.116.0/24",
      ]) {
        await setRoute(vpp, prefix, [], { is_add: false, table_id: 10 });
        await vpp.retval("cli_inband", { cmd: `ip route del ${prefix} table 10` });
      }
    },
  },
  {
    name: "lists a route's prefix with the host bits that it was made with",
    async tell(vpp) {
      const drop = [pathOf({ isIpv6: false, isDrop: true })];
      expect(await setRoute(vpp, "198.51.100.7/24", drop)).toBe(0);
      expect(await setRoute(vpp, "198.51.100.0/24", drop)).toBe(0);
      expect(await routes(vpp, 8)).toEqual(["198.51.100.7/24 via 0.0.0.0"]);
      expect(await setRoute(vpp, "198.51.100.0/24", [], { is_add: false })).toBe(0);
    },
  },
  {
    name: "lists a route under one source alone: linux-cp's before the API's, and that before the CLI's",
    async tell(vpp) {
      const shown = await vpp.call("cli_inband", { cmd: "show fib source" });
      const linux = Number(/\[(\d+)\] lcp-rt-dynamic /.exec(typeof shown === "symbol" ? "" : shown.reply)?.[1]);
      const drop = [pathOf({ isIpv6: false, isDrop: true })];
      const prefix = "203.0.113.0/29";
      const listed = async () => {
        const counts: number[] = [];
        for (const src of [linux, 8, 9]) counts.push((await routes(vpp, src)).length);
        return counts;
      };
      await vpp.retval("cli_inband", { cmd: `ip route add ${prefix} via drop` });
      expect(await listed()).toEqual([0, 0, 1]);
      await setRoute(vpp, prefix, drop);
      expect(await listed()).toEqual([0, 1, 0]);
      await setRoute(vpp, prefix, drop, { src: linux });
      expect(await listed()).toEqual([1, 0, 0]);
      for (const src of [linux, 8, 9]) await setRoute(vpp, prefix, [], { is_add: false, src });
      expect(await listed()).toEqual([0, 0, 0]);
    },
  },
  {
    name: "replaces a route's paths, adds to them, and calls the removal of anything done",
    async tell(vpp) {
      const index = await loopback(vpp, 1);
      await up(vpp, index);
      await setAddress(vpp, index, "192.0.2.1/24");
      const via = (address: string): readonly FibPath[] => [pathOf({ via: address, index, isIpv6: false })];
      expect(await setRoute(vpp, "198.51.100.0/24", via("192.0.2.9"))).toBe(0);
      expect(await routes(vpp, 8)).toEqual(["198.51.100.0/24 via 192.0.2.9"]);
      expect(await setRoute(vpp, "198.51.100.0/24", via("192.0.2.8"))).toBe(0);
      expect(await routes(vpp, 8)).toEqual(["198.51.100.0/24 via 192.0.2.8"]);
      expect(await setRoute(vpp, "198.51.100.0/24", via("192.0.2.9"), { is_multipath: true })).toBe(0);
      expect(await routes(vpp, 8)).toEqual(["198.51.100.0/24 via 192.0.2.8, 192.0.2.9"]);
      expect(await setRoute(vpp, "198.51.100.0/24", via("192.0.2.8"), { is_add: false, is_multipath: true })).toBe(0);
      expect(await routes(vpp, 8)).toEqual(["198.51.100.0/24 via 192.0.2.9"]);
      expect(await setRoute(vpp, "198.51.100.0/24", [], { is_add: false })).toBe(0);
      expect(await setRoute(vpp, "203.0.113.0/24", via("192.0.2.9"), { is_add: false })).toBe(0);
      expect(await routes(vpp, 8)).toEqual([]);
    },
  },
  {
    name: "refuses routes without paths, of no table, through no interface",
    async tell(vpp) {
      const path = pathOf({ via: "192.0.2.9", isIpv6: false });
      expect(await setRoute(vpp, "198.51.100.0/24", [])).toBe(-52);
      expect(await setRoute(vpp, "198.51.100.0/24", [path], { table_id: 77 })).toBe(-3);
      expect(await setRoute(vpp, "198.51.100.0/24", [{ ...path, sw_if_index: 999 }])).toBe(-54);
    },
  },
  {
    name: "keeps the CLI's route beside the API's",
    async tell(vpp) {
      const index = await loopback(vpp, 1);
      await up(vpp, index);
      await setAddress(vpp, index, "192.0.2.1/24");
      expect(await vpp.retval("cli_inband", { cmd: "ip route add 198.51.100.0/24 via 192.0.2.7 loop1" })).toBe(0);
      await setRoute(vpp, "198.51.100.0/24", [pathOf({ via: "192.0.2.9", index, isIpv6: false })]);
      expect((await routes(vpp, 0)).filter((one) => one.startsWith("198"))).toEqual(["198.51.100.0/24 via 192.0.2.9"]);
      await setRoute(vpp, "198.51.100.0/24", [], { is_add: false });
      expect((await routes(vpp, 9)).filter((one) => one.startsWith("198"))).toEqual(["198.51.100.0/24 via 192.0.2.7"]);
    },
  },
  {
    name: "changes a static neighbour, and has no dynamic one in its place",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      await setAddress(vpp, sw_if_index, "192.0.2.1/24");
      const neighbor = { sw_if_index, flags: 1, mac_address: "02:00:00:00:00:01", ip_address: "192.0.2.9" };
      expect(await vpp.retval("ip_neighbor_add_del", { is_add: true, neighbor })).toBe(0);
      const moved = { ...neighbor, mac_address: "02:00:00:00:00:02" };
      expect(await vpp.retval("ip_neighbor_add_del", { is_add: true, neighbor: moved })).toBe(0);
      expect(await vpp.retval("ip_neighbor_add_del", { is_add: true, neighbor: { ...neighbor, flags: 0 } })).toBe(-2);
      const [shown] = await vpp.dump("ip_neighbor_dump", { af: 0 });
      expect(shown?.neighbor).toEqual(moved);
      expect(await vpp.retval("ip_neighbor_add_del", { is_add: false, neighbor })).toBe(0);
      expect(await vpp.retval("ip_neighbor_add_del", { is_add: false, neighbor })).toBe(-6);
    },
  },
  {
    name: "takes flags of router advertisements for changes, and sends from the first on",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      const config = { sw_if_index, managed: 1 };
      expect(await vpp.retval("sw_interface_ip6nd_ra_config", config)).toBe(-62);
      await up(vpp, sw_if_index);
      await setAddress(vpp, sw_if_index, "2001:db8::1/64");
      const before = await advertisements(vpp, sw_if_index);
      expect(before).toMatchObject({
        send_radv: false,
        max_radv_interval: 200,
        min_radv_interval: 150,
        adv_router_lifetime: 600,
      });
      expect(await vpp.retval("sw_interface_ip6nd_ra_config", config)).toBe(0);
      expect(await vpp.retval("sw_interface_ip6nd_ra_config", { sw_if_index, other: 1, suppress: 1 })).toBe(0);
      const after = await advertisements(vpp, sw_if_index);
      expect(after).toMatchObject({ adv_managed_flag: true, adv_other_flag: true, send_radv: false });
      expect(await vpp.retval("sw_interface_ip6nd_ra_config", { sw_if_index, managed: 1, is_no: true })).toBe(0);
      expect(await advertisements(vpp, sw_if_index)).toMatchObject({ adv_managed_flag: false, adv_other_flag: true });
    },
  },
  {
    name: "refuses times of router advertisements that do not fit",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      await up(vpp, sw_if_index);
      await setAddress(vpp, sw_if_index, "2001:db8::1/64");
      const times = (max_interval: number, min_interval: number, lifetime: number): Promise<unknown> =>
        vpp.retval("sw_interface_ip6nd_ra_config", {
          sw_if_index,
          max_interval,
          min_interval,
          lifetime,
          default_router: 1,
        });
      expect(await times(30, 10, 1800)).toBe(0);
      expect(await times(30, 2, 1800)).toBe(-7);
      expect(await times(30, 29, 1800)).toBe(-7);
      expect(await times(30, 10, 20)).toBe(-7);
      expect(await advertisements(vpp, sw_if_index)).toMatchObject({
        max_radv_interval: 30,
        min_radv_interval: 10,
        adv_router_lifetime: 1800,
      });
    },
  },
  {
    name: "changes an advertised prefix in place, and forgets it with IPv6",
    async tell(vpp) {
      const sw_if_index = await loopback(vpp, 1);
      await up(vpp, sw_if_index);
      await setAddress(vpp, sw_if_index, "2001:db8::1/64");
      const prefix = { sw_if_index, prefix: "2001:db8::/64", val_lifetime: 3600, pref_lifetime: 1800 };
      expect(await vpp.retval("sw_interface_ip6nd_ra_prefix", prefix)).toBe(0);
      expect(await vpp.retval("sw_interface_ip6nd_ra_prefix", { ...prefix, val_lifetime: 7200 })).toBe(0);
      expect(await vpp.retval("sw_interface_ip6nd_ra_prefix", { ...prefix, prefix: "2001:db8::/65" })).toBe(-8);
      const shown = await advertisements(vpp, sw_if_index);
      expect(
        shown?.prefixes.map((one) => [one.prefix, one.val_lifetime, one.onlink_flag, one.autonomous_flag]),
      ).toEqual([["2001:db8::/64", 7200, true, true]]);
      expect(
        await vpp.retval("sw_interface_ip6nd_ra_prefix", { ...prefix, prefix: "2001:db9::/64", is_no: true }),
      ).toBe(-7);
      await setAddress(vpp, sw_if_index, "2001:db8::1/64", false);
      expect(await advertisements(vpp, sw_if_index)).toBeUndefined();
    },
  },
  {
    name: "leaves a route through an interface that went",
    async tell(vpp) {
      const index = await loopback(vpp, 1);
      const sub = await vlan(vpp, index, 5);
      await up(vpp, index);
      await up(vpp, sub);
      await setAddress(vpp, sub, "192.0.2.1/24");
      await setRoute(vpp, "198.51.100.0/24", [pathOf({ via: "192.0.2.9", index: sub, isIpv6: false })]);
      expect(await vpp.retval("delete_subif", { sw_if_index: sub })).toBe(0);
      expect(Object.keys(await interfaces(vpp))).not.toContain(String(sub));
      expect((await routes(vpp, 8)).length).toBe(1);
    },
  },
];

async function advertisements(vpp: RawClient, sw_if_index: number) {
  return (await vpp.dump("sw_interface_ip6nd_ra_dump", { sw_if_index })).find((one) => one.sw_if_index === sw_if_index);
}
