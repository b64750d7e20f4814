/** Addresses of interfaces in the simulated VPP, borrowed ones, IPv6 by itself, and tables. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { ownRoutes, pathOf } from "./routes.ts";
import { Died, retval, source, type Interface, type StandingAddress, type State, type TableHolder } from "./state.ts";
import { formatAddress, isIpv6, network, parseMac, sameNetwork, splitPrefix } from "./text.ts";

const inUse = -105;
const unsupported = -126;
const duplicate = -127;

export function addAddress(vpp: State, itf: Interface, prefix: string): number {
  const [address, length] = splitPrefix(prefix);
  if (itf.type === "local" || (itf.tags && (itf.tags.flags & 16) === 0)) return unsupported;
  if (isIpv6(address) && sameNetwork(address, "fe80::", 10)) {
    return length === 128 ? setLinkLocal(itf, address) : -59;
  }
  const refused = conflict(vpp, itf, address, length);
  if (refused !== 0) return refused;
  itf.addresses.add(prefix);
  remember(vpp, itf, prefix);
  if (isIpv6(address)) lockIpv6(itf);
  connected(vpp, itf, prefix, true);
  return 0;
}

/** What VPP says of an address that it cannot take; 0: it can. */
function conflict(vpp: State, itf: Interface, address: string, length: number): number {
  const family = isIpv6(address) ? 6 : 4;
  const [start = "", block] = placeOf(itf, address, length);
  const blocks = [...(block === undefined ? allBlocks(vpp, start) : [block]), start];
  for (const { other, standing, size } of blocks.flatMap((key) => [...(vpp.standing.get(key)?.values() ?? [])])) {
    if (!sameNetwork(address, standing, Math.min(length, size))) continue;
    if (other === itf && size === length && standing !== address) continue;
    return family === 6 ? duplicate : inUse;
  }
  return 0;
}

/** Of its table and family those that are wider than a block, and its block: with all of a table it would take longer and longer. */
function placeOf(itf: Interface, address: string, length: number): readonly string[] {
  const [family, block] = isIpv6(address) ? ([6, 64] as const) : ([4, 24] as const);
  const start = `${itf.tables[family]}/${family}`;
  return length < block ? [start] : [start, `${start} ${network(`${address}/${block}`)}`];
}

function allBlocks(vpp: State, start: string): readonly string[] {
  return [...vpp.standing.keys()].filter((key) => key.startsWith(`${start} `));
}

function remember(vpp: State, itf: Interface, prefix: string): void {
  const [address, length] = splitPrefix(prefix);
  const key = placeOf(itf, address, length).at(-1) ?? "";
  const there = vpp.standing.get(key) ?? new Map<string, StandingAddress>();
  vpp.standing.set(key, there.set(`${itf.index} ${prefix}`, { other: itf, standing: address, size: length }));
}

function forget(vpp: State, itf: Interface, prefix: string): void {
  const [address, length] = splitPrefix(prefix);
  vpp.standing.get(placeOf(itf, address, length).at(-1) ?? "")?.delete(`${itf.index} ${prefix}`);
}

/** It goes by the address alone, whatever length is given. */
export function removeAddress(vpp: State, itf: Interface, prefix: string): number {
  const [address] = splitPrefix(prefix);
  if (address !== undefined && sameNetwork(address, "fe80::", 10)) return address === itf.linkLocal ? -61 : -60;
  const found = [...itf.addresses].find((one) => splitPrefix(one)[0] === address);
  if (found === undefined) return -60;
  dropAddress(vpp, itf, found);
  return 0;
}

export function forgetAddresses(vpp: State, itf: Interface): void {
  for (const address of itf.addresses) dropAddress(vpp, itf, address);
}

/** Router advertisements go with IPv6. */
export function clearIpv6(itf: Interface): void {
  itf.ipv6Locks = 0;
  delete itf.linkLocal;
  delete itf.advertisements;
  delete itf.isIpv6Off;
}

export function hasIpv6(itf: Interface): boolean {
  return itf.ipv6Locks > 0 && itf.isIpv6Off !== true;
}

/** -81 where it is on already: it is so once more then. */
function lockIpv6(itf: Interface, linkLocal = linkLocalOf((itf.parent ?? itf).mac)): number {
  itf.ipv6Locks += 1;
  if (itf.ipv6Locks > 1) return -81;
  itf.linkLocal = linkLocal;
  return 0;
}

function unlockIpv6(itf: Interface): number {
  if (itf.ipv6Locks === 0) return -62;
  itf.ipv6Locks -= 1;
  if (itf.ipv6Locks === 0) clearIpv6(itf);
  return 0;
}

/** Switches IPv6 on for good where it is not. */
function setLinkLocal(itf: Interface, address: string): number {
  if (itf.ipv6Locks === 0) return lockIpv6(itf, address);
  delete itf.isIpv6Off;
  itf.linkLocal = address;
  return 0;
}

/** The modified EUI-64 of a MAC address. */
function linkLocalOf(mac: string): string {
  const [first = 0, ...rest] = parseMac(mac);
  const tail = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  return formatAddress(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...tail));
}

function dropAddress(vpp: State, itf: Interface, address: string): void {
  itf.addresses.delete(address);
  forget(vpp, itf, address);
  connected(vpp, itf, address, false);
  if (isIpv6(address)) unlockIpv6(itf);
}

/** The routes that an address makes: its network and itself. */
function connected(vpp: State, itf: Interface, prefix: string, isAdd: boolean): void {
  const [address] = splitPrefix(prefix);
  const family = isIpv6(address) ? 6 : 4;
  const host = `${address}/${family === 6 ? 128 : 32}`;
  for (const route of new Set([network(prefix), host])) {
    const key = `${itf.tables[family]} ${route}`;
    const sources = vpp.routes.get(key) ?? new Map();
    const isShared = [...itf.addresses].some((one) => network(one) === route);
    if (isAdd) sources.set(source.interface, [pathOf({ index: itf.index, isIpv6: family === 6 })]);
    else if (!isShared) sources.delete(source.interface);
    if (sources.size > 0) vpp.routes.set(key, sources);
    else vpp.routes.delete(key);
  }
}

export const addressCalls = {
  sw_interface_add_del_address(vpp, { sw_if_index, is_add, del_all, prefix }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    if (del_all) {
      forgetAddresses(vpp, itf);
      return 0;
    }
    return is_add ? addAddress(vpp, itf, prefix) : removeAddress(vpp, itf, prefix);
  },
  sw_interface_set_unnumbered(vpp, { sw_if_index, unnumbered_sw_if_index, is_add }) {
    const [lender, itf] = [vpp.interfaces.get(sw_if_index), vpp.interfaces.get(unnumbered_sw_if_index)];
    if (!lender) return retval.invalidInterface;
    if (!itf) return -10;
    return setUnnumbered(itf, is_add ? lender : undefined);
  },
  sw_interface_ip6_enable_disable(vpp, { sw_if_index, enable }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    return enable ? lockIpv6(itf) : unlockIpv6(itf);
  },
  sw_interface_ip6_set_link_local_address(vpp, { sw_if_index, ip }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    return setLinkLocal(itf, ip);
  },
  sw_interface_ip6_get_link_local_address(vpp, { sw_if_index }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    return itf.linkLocal === undefined ? -62 : { ip: itf.linkLocal };
  },
  ip_table_add_del(vpp, { is_add, table }) {
    return setTable(vpp, table, "API", is_add);
  },
  ip_table_add_del_v2(vpp, { is_add, table }) {
    return setTable(vpp, table, "API", is_add);
  },
  sw_interface_set_table(vpp, { sw_if_index, is_ipv6, vrf_id }) {
    const itf = vpp.interfaces.get(sw_if_index);
    return itf ? bindTable(vpp, itf, is_ipv6 ? 6 : 4, vrf_id) : retval.invalidInterface;
  },
  sw_interface_get_table(vpp, { sw_if_index, is_ipv6 }) {
    const itf = vpp.interfaces.get(sw_if_index);
    return itf ? { vrf_id: itf.tables[is_ipv6 ? 6 : 4] } : retval.invalidInterface;
  },
} satisfies Calls;

export function setUnnumbered(itf: Interface, lender: Interface | undefined): number {
  if (lender) itf.lender = lender;
  else delete itf.lender;
  return 0;
}

/** Its own addresses bind it, and those that it borrows. */
export function bindTable(vpp: State, itf: Interface, family: 4 | 6, table: number): number {
  if (!vpp.tables.has(`${table}/${family}`)) return retval.noSuchFib;
  const addresses = [...itf.addresses, ...(itf.lender?.addresses ?? [])];
  if (addresses.some((address) => isIpv6(address) === (family === 6))) return -114;
  itf.tables[family] = table;
  forgetTables(vpp);
  return 0;
}

/** The first name stays. Who holds it does so once; nothing is said of one that is not there. */
export function setTable(
  vpp: State,
  { table_id: id, is_ip6, name }: { readonly table_id: number; readonly is_ip6: boolean; readonly name: string },
  holder: TableHolder,
  isAdd: boolean,
): number {
  const family = is_ip6 ? 6 : 4;
  const key = `${id}/${family}`;
  if (id === 0) return 0;
  if (isAdd) {
    const table = vpp.tables.get(key) ?? { name: name || `ipv${family}-VRF:${id}`, holders: new Set() };
    if (!vpp.tables.has(key)) for (const [route, from] of ownRoutes) addOwnRoute(vpp, id, family, route, from);
    vpp.tables.set(key, table);
    table.holders.add(holder);
  } else vpp.tables.get(key)?.holders.delete(holder);
  forgetTables(vpp);
  return 0;
}

function addOwnRoute(vpp: State, table: number, family: 4 | 6, prefix: string, from: number): void {
  if (isIpv6(prefix) !== (family === 6)) return;
  vpp.routes.set(`${table} ${prefix}`, new Map([[from, [pathOf({ isIpv6: family === 6, isDrop: true })]]]));
}

/** What nobody holds any more is not there. VPP would go on with routes of it that are left, in memory that is not theirs. */
export function forgetTables(vpp: State): void {
  for (const [key, { holders }] of vpp.tables) {
    const [id = "0", family = "4"] = key.split("/");
    const isBound = ({ tables }: Interface): boolean => tables[family === "6" ? 6 : 4] === Number(id);
    if (id === "0" || holders.size > 0 || [...vpp.interfaces.values()].some(isBound)) continue;
    for (const [route, sources] of vpp.routes) {
      const [table, prefix = ""] = route.split(" ");
      if (table !== id || isIpv6(prefix) !== (family === "6")) continue;
      if (sources.has(source.api) || sources.has(source.cli)) throw new Died("a table went while it had routes");
      vpp.routes.delete(route);
    }
    vpp.tables.delete(key);
  }
}

/** As `show ip fib summary table` says it. */
export function tableText(vpp: State, id: number, family: 4 | 6): string {
  const table = vpp.tables.get(`${id}/${family}`);
  if (!table) return "";
  const bound = [...vpp.interfaces.values()].filter(({ tables }) => tables[family] === id).length;
  const holders = [...table.holders].map((holder) => `${holder}:1, `);
  const held = [...(id !== 0 && bound > 0 ? [`interface:${bound}, `] : []), ...holders].join("");
  return [
    `${table.name}, fib_index:1, flow hash:[src dst sport dport proto flowlabel ] epoch:0 flags:none locks:[${held}]`,
    "    Prefix length         Count      ",
    "",
  ].join("\n");
}

export const addressDumps = {
  *ip_address_dump(vpp, { sw_if_index, is_ipv6 }) {
    for (const address of vpp.interfaces.get(sw_if_index)?.addresses ?? []) {
      if (isIpv6(address) === is_ipv6) yield { sw_if_index, prefix: address };
    }
  },
  *ip_unnumbered_dump(vpp, { sw_if_index }) {
    for (const itf of vpp.interfaces.values()) {
      if (!itf.lender || (sw_if_index !== 0xffffffff && sw_if_index !== itf.index)) continue;
      yield { sw_if_index: itf.index, ip_sw_if_index: itf.lender.index };
    }
  },
  *ip_table_dump(vpp) {
    for (const [key, { name }] of vpp.tables) {
      const [id, family] = key.split("/");
      yield { table: { table_id: Number(id), is_ip6: family === "6", name } };
    }
  },
} satisfies DumpsOf;
