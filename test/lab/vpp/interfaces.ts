/** Interfaces of the simulated VPP, and the settings that all of them have. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { none, retval, type DeviceType, type Interface, type State, type Tags } from "./state.ts";

export interface NewInterface {
  readonly type: DeviceType;
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  readonly linkMtu?: number;
  readonly hasCarrier?: boolean;
  readonly parent?: Interface;
  readonly tags?: Tags;
}

export function addInterface(vpp: State, wanted: NewInterface): Interface {
  const index = vpp.pools.interface.take();
  const mac = wanted.mac ?? "00:00:00:00:00:00";
  const itf: Interface = {
    index,
    type: wanted.type,
    ...(wanted.parent && { parent: wanted.parent }),
    ...(wanted.tags && { tags: wanted.tags }),
    name: wanted.name,
    mac,
    ownMac: mac,
    isUp: false,
    hasCarrier: wanted.hasCarrier ?? true,
    linkMtu: wanted.linkMtu ?? 9000,
    mtu: [wanted.mtu ?? 9000, 0, 0, 0],
    tag: "",
    features: new Map(),
    addresses: new Set(),
    tables: { 4: 0, 6: 0 },
    ipv6Locks: 0,
    rewrite: [0, 0, 0, 0],
    rxMode: 1,
  };
  vpp.interfaces.set(index, itf);
  vpp.onInterface?.(itf, false);
  return itf;
}

/** Itself alone: what stands on it is for removal.ts. */
export function dropInterface(vpp: State, itf: Interface): void {
  vpp.interfaces.delete(itf.index);
  vpp.pools.interface.give(itf.index);
  vpp.onInterface?.(itf, true);
}

/** A sub-interface has its parent's. */
export function hasLink(vpp: State, itf: Interface): boolean {
  if (itf.parent) return hasLink(vpp, itf.parent);
  if (itf.type !== "bond") return itf.hasCarrier && (itf.isUp || itf.type === "af-packet" || itf.type === "tap");
  return [...vpp.members].some(([index, { bond }]) => {
    const member = vpp.interfaces.get(index);
    return bond === itf.index && member !== undefined && member.isUp && hasLink(vpp, member);
  });
}

/** Linux takes the children of what goes down along, and linux-cp tells VPP: those without a pair stay as they were. */
export function setAdmin(vpp: State, itf: Interface, isUp: boolean): number {
  if (isUp && itf.parent && !itf.parent.isUp) return retval.unspecified;
  if (itf.isUp === isUp) return 0;
  itf.isUp = isUp;
  vpp.onInterface?.(itf, false);
  if (vpp.linuxCp.sync && vpp.pairs.has(itf.index)) vpp.linuxNews.push({ itf, isUp });
  if (isUp || !vpp.pairs.has(itf.index)) return 0;
  for (const child of vpp.interfaces.values()) {
    if (child.parent === itf && vpp.pairs.has(child.index)) setAdmin(vpp, child, false);
  }
  return 0;
}

/** What Linux says of its devices happens to VPP's interfaces, and is not said to Linux again. */
export function hearLinux(vpp: State, news: State["linuxNews"]): void {
  const { sync } = vpp.linuxCp;
  vpp.linuxCp.sync = false;
  for (const { itf, isUp, isNew } of news) {
    if (vpp.interfaces.get(itf.index) !== itf) continue;
    setAdmin(vpp, itf, isUp);
    if (!isNew || itf.ipv6Locks === 0) continue;
    itf.isIpv6Off = true;
    delete itf.advertisements;
  }
  vpp.linuxCp.sync = sync;
}

/** Sub-interfaces follow. */
export function rename(vpp: State, itf: Interface, name: string): void {
  for (const child of vpp.interfaces.values()) {
    if (child.parent === itf && child.tags) child.name = `${name}.${child.tags.id}`;
  }
  itf.name = name;
}

export function countFeature(itf: Interface, feature: string, by: 1 | -1): void {
  const count = (itf.features.get(feature) ?? 0) + by;
  if (count > 0) itf.features.set(feature, count);
  else itf.features.delete(feature);
}

export const interfaceCalls = {
  sw_interface_set_flags(vpp, { sw_if_index, flags }) {
    const itf = vpp.interfaces.get(sw_if_index);
    return itf ? setAdmin(vpp, itf, (flags & 1) === 1) : retval.invalidInterface;
  },
  sw_interface_set_mtu(vpp, { sw_if_index, mtu }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    itf.mtu = mtu;
    return 0;
  },
  hw_interface_set_mtu(vpp, { sw_if_index, mtu }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf || itf.parent) return retval.invalidInterface;
    if (itf.type === "Loopback" || itf.type === "BVI" || itf.type === "local") return -126;
    // As several drivers of DPDK have it.
    if (itf.type === "dpdk" && itf.isUp && itf.linkMtu !== mtu) return -167;
    itf.linkMtu = mtu;
    itf.mtu = [mtu, ...itf.mtu.slice(1)];
    return 0;
  },
  sw_interface_set_interface_name(vpp, { sw_if_index, name }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf || itf.parent) return retval.invalidInterface;
    rename(vpp, itf, name);
    return 0;
  },
  sw_interface_tag_add_del(vpp, { is_add, sw_if_index, tag }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    if (is_add && tag === "") return retval.invalidValue;
    itf.tag = is_add ? tag : "";
    return 0;
  },
  sw_interface_get_mac_address(vpp, { sw_if_index }) {
    const itf = vpp.interfaces.get(sw_if_index);
    return itf ? { mac_address: itf.mac } : retval.invalidInterface;
  },
  sw_interface_set_rx_mode(vpp, { sw_if_index, mode }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf || itf.parent) return retval.invalidInterface;
    itf.rxMode = mode;
    return 0;
  },
  sw_interface_set_rx_placement(vpp, { sw_if_index }) {
    return vpp.interfaces.has(sw_if_index) ? 0 : retval.invalidInterface;
  },
  feature_is_enabled(vpp, { arc_name, feature_name, sw_if_index }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    // Where no output feature ever reached an interface, every one is said to be there.
    const isOutOfReach = /^ip[46]-output$/.test(arc_name) && sw_if_index > vpp.policed.out;
    return { is_enabled: isOutOfReach || itf.features.has(`${arc_name}/${feature_name}`) };
  },
  feature_enable_disable(vpp, { sw_if_index, enable, arc_name, feature_name }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    countFeature(itf, `${arc_name}/${feature_name}`, enable ? 1 : -1);
    return 0;
  },
} satisfies Calls;

export const interfaceDumps = {
  *sw_interface_dump(vpp, { sw_if_index, name_filter_valid, name_filter }) {
    const filter = name_filter_valid ? name_filter.toLowerCase() : "";
    const isAll = name_filter_valid || sw_if_index === none || sw_if_index === 0;
    for (const itf of [...vpp.interfaces.values()].sort((a, b) => a.index - b.index)) {
      if (!isAll && itf.index !== sw_if_index) continue;
      if (itf.name.toLowerCase().includes(filter)) yield detailsOf(vpp, itf);
    }
  },
  *sw_interface_rx_placement_dump(vpp, { sw_if_index }) {
    for (const itf of vpp.interfaces.values()) {
      if (itf.parent || itf.type === "local" || (sw_if_index !== none && sw_if_index !== itf.index)) continue;
      yield { sw_if_index: itf.index, queue_id: 0, worker_id: 0, mode: itf.rxMode };
    }
  },
} satisfies DumpsOf;

function detailsOf(vpp: State, itf: Interface): object {
  const [vtr_op, vtr_push_dot1q, vtr_tag1, vtr_tag2] = itf.rewrite;
  const top = itf.parent ?? itf;
  return {
    sw_if_index: itf.index,
    sup_sw_if_index: top.index,
    l2_address: itf.mac,
    flags: (itf.isUp ? 1 : 0) | (hasLink(vpp, itf) ? 2 : 0),
    type: itf.parent ? 1 : 0,
    link_duplex: 0,
    link_speed: 0,
    link_mtu: top.linkMtu,
    mtu: itf.mtu,
    sub_id: itf.tags?.id ?? 0,
    sub_number_of_tags: itf.tags?.count ?? 0,
    sub_outer_vlan_id: itf.tags?.outer ?? 0,
    sub_inner_vlan_id: itf.tags?.inner ?? 0,
    sub_if_flags: itf.tags?.flags ?? 0,
    vtr_op,
    vtr_push_dot1q,
    vtr_tag1,
    vtr_tag2,
    interface_name: itf.name,
    interface_dev_type: top.type,
    tag: itf.tag,
  };
}
