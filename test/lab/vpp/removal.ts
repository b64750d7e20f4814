/** What goes with an interface of the simulated VPP when it is deleted, and what stays behind as a ghost. */
import type { Calls } from "./handlers.ts";
import { clearIpv6, forgetAddresses, forgetTables } from "./addresses.ts";
import { toLayer3 } from "./bridges.ts";
import { dropInterface } from "./interfaces.ts";
import { removePair } from "./linux.ts";
import { retval, type DeviceType, type Interface, type State } from "./state.ts";

/** What no plugin takes away stays: ABF attachments, roles of det44 and NAT64, virtual routers, reverse path checks, LLDP. */
export function deleteInterface(vpp: State, itf: Interface): void {
  for (const child of vpp.interfaces.values()) if (child.parent === itf) deleteInterface(vpp, child);
  removePair(vpp, itf);
  forgetAddresses(vpp, itf);
  clearIpv6(itf);
  for (const other of vpp.interfaces.values()) {
    if (other.lender === itf) delete other.lender;
  }
  // The other end of a cross-connect of its own; one towards it stays.
  const peer = itf.layer2?.kind === "cross-connect" ? vpp.interfaces.get(itf.layer2.to) : undefined;
  if (peer) toLayer3(peer);
  for (const [key, { on }] of vpp.neighbors) if (on === itf.index) vpp.neighbors.delete(key);
  for (const [member, { bond }] of vpp.members) if (bond === itf.index) detach(vpp, member);
  detach(vpp, itf.index);
  for (const map of [vpp.taps, vpp.hostDevices, vpp.memifs, vpp.bonds, vpp.tunnels, vpp.interfaceAcls]) {
    map.delete(itf.index);
  }
  dropInterface(vpp, itf);
  forgetTables(vpp);
}

/** It has its own MAC address again. */
export function detach(vpp: State, member: number): void {
  const itf = vpp.interfaces.get(member);
  if (vpp.members.delete(member) && itf) itf.mac = itf.ownMac;
}

/** Deletes one of a type, else returns what VPP says of others. */
export function deleteOf(
  vpp: State,
  index: number,
  type: DeviceType,
  otherwise: number = retval.invalidInterface,
): number {
  const itf = vpp.interfaces.get(index);
  if (!itf || itf.parent || itf.type !== type) return otherwise;
  deleteInterface(vpp, itf);
  return 0;
}

export const removalCalls = {
  delete_subif(vpp, { sw_if_index }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf) return retval.invalidInterface;
    if (!itf.parent) return -98;
    deleteInterface(vpp, itf);
    return 0;
  },
  delete_loopback: (vpp, { sw_if_index }) => deleteOf(vpp, sw_if_index, "Loopback"),
  bvi_delete: (vpp, { sw_if_index }) => deleteOf(vpp, sw_if_index, "BVI"),
  tap_delete_v2(vpp, { sw_if_index }) {
    if (!vpp.taps.has(sw_if_index)) return retval.invalidInterface;
    return deleteOf(vpp, sw_if_index, "tap");
  },
  memif_delete: (vpp, { sw_if_index }) => deleteOf(vpp, sw_if_index, "memif"),
  bond_delete: (vpp, { sw_if_index }) => deleteOf(vpp, sw_if_index, "bond"),
  af_packet_delete(vpp, { host_if_name }) {
    const [index] = [...vpp.hostDevices].find(([, device]) => device === host_if_name) ?? [];
    return index === undefined ? -11 : deleteOf(vpp, index, "af-packet");
  },
  bond_detach_member(vpp, { sw_if_index }) {
    if (!vpp.interfaces.has(sw_if_index)) return retval.invalidInterface;
    if (!vpp.members.has(sw_if_index)) return -71;
    detach(vpp, sw_if_index);
    return 0;
  },
} satisfies Calls;
