/** det44 and NAT64 of the simulated VPP, with what only a restart clears and what the heap does not hold. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { countFeature } from "./interfaces.ts";
import { Died, retval, type State } from "./state.ts";
import { ipv4Range, network } from "./text.ts";

const alreadySo = 1;
const valueExists = -81;
/** What one inside address costs in the main heap. */
const bytesPerHost = 23_400;
const defaultHeap = 512 * 2 ** 20;
const flagInside = 0x20;
const flagOutside = 0x10;
const initialTimeouts = { udp: 300, tcp_established: 7440, tcp_transitory: 240, icmp: 60 };

export function enableDet44(vpp: State, isOn: boolean): number {
  const { det44 } = vpp;
  if (det44.isEnabled === isOn) return alreadySo;
  det44.isEnabled = isOn;
  if (!isOn) {
    det44.sides.clear();
    det44.maps.clear();
    Object.assign(det44.timeouts, initialTimeouts);
  }
  return 0;
}

/** Taking it away switches the feature on once more: only a restart clears it. */
export function setDet44Side(vpp: State, on: number, side: "inside" | "outside", isAdd: boolean): number {
  const itf = vpp.interfaces.get(on);
  if (!itf) return retval.invalidInterface;
  const standing = vpp.det44.sides.get(on);
  if (isAdd ? standing !== undefined : standing !== side) return isAdd ? retval.invalidValue : retval.noSuchEntry;
  if (isAdd) vpp.det44.sides.set(on, side);
  else vpp.det44.sides.delete(on);
  countFeature(itf, `ip4-unicast/det44-${side === "inside" ? "in2out" : "out2in"}`, 1);
  return 0;
}

/** In bytes; only what det44 takes is counted. */
export function mainHeap(vpp: State): { readonly used: number; readonly total: number } {
  const used = [...vpp.det44.maps.values()].reduce((sum, map) => sum + map.bytes, 0);
  return { used, total: vpp.options.heapBytes ?? defaultHeap };
}

export function setDet44Map(vpp: State, inside: string, outside: string, isAdd: boolean): number {
  const [from, to] = [network(inside), network(outside)];
  const key = `${from} ${to}`;
  const { maps } = vpp.det44;
  if (!isAdd) return maps.delete(key) ? 0 : retval.noSuchEntry;
  if (maps.has(key)) return valueExists;
  const bytes = 2 ** (32 - lengthOf(from)) * bytesPerHost;
  const { used, total } = mainHeap(vpp);
  if (used + bytes > total) throw new Died(`det44 map ${key}: out of memory`);
  maps.set(key, { inside: from, outside: to, bytes });
  return 0;
}

function lengthOf(prefix: string): number {
  return Number(prefix.split("/")[1]);
}

export const natCalls = {
  det44_plugin_enable_disable: (vpp, { enable }) => enableDet44(vpp, enable),
  det44_interface_add_del_feature: (vpp, { is_add, is_inside, sw_if_index }) =>
    setDet44Side(vpp, sw_if_index, is_inside ? "inside" : "outside", is_add),
  det44_add_del_map: (vpp, { is_add, in_addr, in_plen, out_addr, out_plen }) =>
    setDet44Map(vpp, `${in_addr}/${in_plen}`, `${out_addr}/${out_plen}`, is_add),
  det44_get_timeouts: (vpp) => ({ ...vpp.det44.timeouts }),
  det44_set_timeouts(vpp, { udp, tcp_established, tcp_transitory, icmp }) {
    for (const [name, seconds] of Object.entries({ udp, tcp_established, tcp_transitory, icmp })) {
      if (seconds !== 0) vpp.det44.timeouts[name as keyof typeof initialTimeouts] = seconds;
    }
    return 0;
  },
  nat64_plugin_enable_disable(vpp, { enable }) {
    const { nat64 } = vpp;
    if (nat64.isEnabled === enable) return alreadySo;
    nat64.isEnabled = enable;
    if (!enable) for (const one of [nat64.sides, nat64.pool, nat64.prefixes]) one.clear();
    return 0;
  },
  nat64_add_del_interface: (vpp, { is_add, flags, sw_if_index }) => setNat64Side(vpp, sw_if_index, flags, is_add),
  nat64_add_del_pool_addr_range(vpp, { start_addr, end_addr, is_add }) {
    for (const address of ipv4Range(start_addr, end_addr)) {
      const rv = setNat64Pool(vpp, address, is_add);
      if (rv !== 0) return rv;
    }
    return 0;
  },
  nat64_add_del_prefix: (vpp, { prefix, vrf_id, is_add }) => setNat64Prefix(vpp, prefix, vrf_id, is_add),
  nat44_show_running_config: () => -126,
} satisfies Calls;

export function setNat64Side(vpp: State, on: number, flags: number, isAdd: boolean): number {
  if (!vpp.interfaces.has(on)) return retval.invalidInterface;
  const standing = vpp.nat64.sides.get(on);
  if (!isAdd && standing === undefined) return retval.noSuchEntry;
  const left = isAdd ? (standing ?? 0) | flags : (standing ?? 0) & ~flags;
  if (left === 0) vpp.nat64.sides.delete(on);
  else vpp.nat64.sides.set(on, left);
  return 0;
}

export function setNat64Pool(vpp: State, address: string, isAdd: boolean): number {
  const { pool } = vpp.nat64;
  if (!isAdd) return pool.delete(address) ? 0 : retval.noSuchEntry;
  if (pool.has(address)) return valueExists;
  pool.add(address);
  return 0;
}

/** One a table: another one replaces it. */
export function setNat64Prefix(vpp: State, prefix: string, table: number, isAdd: boolean): number {
  const { prefixes } = vpp.nat64;
  if (isAdd) prefixes.set(table, network(prefix));
  else if (!prefixes.delete(table)) return retval.noSuchEntry;
  return 0;
}

export const natDumps = {
  *det44_interface_dump(vpp) {
    for (const [sw_if_index, side] of vpp.det44.sides) {
      yield { is_inside: side === "inside", is_outside: side === "outside", sw_if_index };
    }
  },
  *det44_map_dump(vpp) {
    for (const { inside, outside } of vpp.det44.maps.values()) {
      const [in_addr = "", out_addr = ""] = [inside, outside].map((prefix) => prefix.split("/")[0] ?? "");
      const [in_plen, out_plen] = [lengthOf(inside), lengthOf(outside)];
      const sharing_ratio = Math.max(1, 2 ** (out_plen - in_plen));
      const ports_per_host = Math.floor((65_535 - 1023) / sharing_ratio);
      yield { in_addr, in_plen, out_addr, out_plen, sharing_ratio, ports_per_host, ses_num: 0 };
    }
  },
  *det44_session_dump() {},
  *nat64_interface_dump(vpp) {
    for (const [sw_if_index, flags] of vpp.nat64.sides) {
      for (const flag of [flagInside, flagOutside]) if ((flags & flag) !== 0) yield { flags: flag, sw_if_index };
    }
  },
  *nat64_pool_addr_dump(vpp) {
    for (const address of vpp.nat64.pool) yield { address, vrf_id: 0xffffffff };
  },
  *nat64_prefix_dump(vpp) {
    for (const [vrf_id, prefix] of vpp.nat64.prefixes) yield { prefix, vrf_id };
  },
  *nat64_bib_dump() {},
  *nat44_address_dump() {},
  *nat44_interface_dump() {},
} satisfies DumpsOf;
