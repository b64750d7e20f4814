/** Address translation: det44 and NAT64. */
import type { Det44Mapping, Det44Role, Det44Timeouts, Nat64Role, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writer, type Writers } from "./kind.ts";

/** Seconds; what VPP has before anybody says otherwise. */
const usual = { udp: 300, tcpEstablished: 7440, tcpTransitory: 240, icmp: 60 } as const;

/** "It is on already." */
const already = [1];

export const readDet44: Reader = async (sight) => {
  const [maps, interfaces, timeouts] = await Promise.all([
    dump(sight, "det44_map_dump"),
    dump(sight, "det44_interface_dump"),
    sight.vpp.has("det44_get_timeouts") ? sight.vpp.call("det44_get_timeouts", {}) : undefined,
  ]);
  const names = await sight.names;
  const isOn = sight.remembered.all("det44");
  const set: Det44Timeouts | undefined = timeouts && {
    kind: "det44-timeouts",
    udp: timeouts.udp,
    tcpEstablished: timeouts.tcp_established,
    tcpTransitory: timeouts.tcp_transitory,
    icmp: timeouts.icmp,
  };
  return [
    ...isOn,
    ...(set && (isOn.length > 0 || !isUsual(set)) ? [set] : []),
    ...interfaces.flatMap(({ sw_if_index, is_inside }): VppObject[] => {
      const on = names.nameOf(sw_if_index);
      return on === undefined ? [] : [{ kind: "det44-role", on, side: is_inside ? "inside" : "outside" }];
    }),
    ...maps.map((map): Det44Mapping => ({
      kind: "det44-mapping",
      inside: `${map.in_addr}/${map.in_plen}`,
      outside: `${map.out_addr}/${map.out_plen}`,
    })),
  ];
};

function isUsual(set: Det44Timeouts): boolean {
  return Object.entries(usual).every(([name, seconds]) => set[name as keyof typeof usual] === seconds);
}

/** Sides of an interface, as a set of flags. */
const sides = { outside: 0x10, inside: 0x20 } as const;

export const readNat64: Reader = async (sight) => {
  const [interfaces, pools, prefixes] = await Promise.all([
    dump(sight, "nat64_interface_dump"),
    dump(sight, "nat64_pool_addr_dump"),
    dump(sight, "nat64_prefix_dump"),
  ]);
  const names = await sight.names;
  return [
    ...sight.remembered.all("nat64"),
    ...prefixes.map(({ prefix }) => ({ kind: "nat64-prefix" as const, prefix })),
    ...pools.map(({ address }) => ({ kind: "nat64-pool" as const, address })),
    ...interfaces.flatMap(({ sw_if_index, flags }): Nat64Role[] => {
      const on = names.nameOf(sw_if_index);
      if (on === undefined) return [];
      return (["inside", "outside"] as const)
        .filter((side) => (flags & sides[side]) !== 0)
        .map((side) => ({ kind: "nat64-role", on, side }));
    }),
  ];
};

function map(is_add: boolean, { inside, outside }: Det44Mapping, { vpp }: Target): Promise<unknown> {
  const [in_addr = "", in_length] = inside.split("/");
  const [out_addr = "", out_length] = outside.split("/");
  const fields = { in_addr, in_plen: Number(in_length), out_addr, out_plen: Number(out_length) };
  return vpp.call("det44_add_del_map", { is_add, ...fields });
}

function role(is_add: boolean, { on, side }: Det44Role, { vpp, names }: Target): Promise<unknown> {
  const sw_if_index = names.interface(on);
  return vpp.call("det44_interface_add_del_feature", { is_add, is_inside: side === "inside", sw_if_index });
}

function setTimeouts(timeouts: Omit<Det44Timeouts, "kind">, { vpp }: Target): Promise<unknown> {
  const { udp, tcpEstablished: tcp_established, tcpTransitory: tcp_transitory, icmp } = timeouts;
  return vpp.call("det44_set_timeouts", { udp, tcp_established, tcp_transitory, icmp });
}

const det44Role: Pick<Writer<Det44Role>, "add" | "remove"> = {
  add: (object, to) => role(true, object, to),
  remove: (object, to) => role(false, object, to),
};

function nat64Role(is_add: boolean, { on, side }: Nat64Role, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("nat64_add_del_interface", { is_add, flags: sides[side], sw_if_index: names.interface(on) });
}

type Kinds =
  | "det44"
  | "det44-timeouts"
  | "det44-role"
  | "det44-mapping"
  | "nat64"
  | "nat64-prefix"
  | "nat64-pool"
  | "nat64-role";

export const natWriters: Writers<Kinds> = {
  det44: {
    needs: ["det44_plugin_enable_disable"],
    add: (_, { vpp }) => vpp.call("det44_plugin_enable_disable", { enable: true }, already),
    remove: (_, { vpp }) => vpp.call("det44_plugin_enable_disable", { enable: false }, already),
  },
  "det44-timeouts": {
    needs: ["det44_get_timeouts", "det44_set_timeouts"],
    add: setTimeouts,
    set: (_, after, to) => setTimeouts(after, to),
    remove: (_, to) => setTimeouts(usual, to),
  },
  "det44-role": {
    needs: ["det44_interface_dump", "det44_interface_add_del_feature"],
    ...det44Role,
  },
  "det44-mapping": {
    needs: ["det44_map_dump", "det44_add_del_map"],
    add: (object, to) => map(true, object, to),
    remove: (object, to) => map(false, object, to),
  },
  nat64: {
    needs: ["nat64_plugin_enable_disable"],
    add: (_, { vpp }) => vpp.call("nat64_plugin_enable_disable", { enable: true }, already),
    remove: (_, { vpp }) => vpp.call("nat64_plugin_enable_disable", { enable: false }, already),
  },
  "nat64-prefix": {
    needs: ["nat64_prefix_dump", "nat64_add_del_prefix"],
    add: ({ prefix }, { vpp }) => vpp.call("nat64_add_del_prefix", { prefix, is_add: true }),
    remove: ({ prefix }, { vpp }) => vpp.call("nat64_add_del_prefix", { prefix, is_add: false }),
  },
  "nat64-pool": {
    needs: ["nat64_pool_addr_dump", "nat64_add_del_pool_addr_range"],
    add: (object, to) => pool(true, object.address, to),
    remove: (object, to) => pool(false, object.address, to),
  },
  "nat64-role": {
    needs: ["nat64_interface_dump", "nat64_add_del_interface"],
    add: (object, to) => nat64Role(true, object, to),
    remove: (object, to) => nat64Role(false, object, to),
  },
};

function pool(is_add: boolean, address: string, { vpp }: Target): Promise<unknown> {
  return vpp.call("nat64_add_del_pool_addr_range", { is_add, start_addr: address, end_addr: address, vrf_id: 0 });
}
