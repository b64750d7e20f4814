/** Taps, host interfaces, memifs, bonds and VXLAN tunnels of the simulated VPP. */
import type { Requests } from "../../../reconcilers/vpp/api/messages.ts";
import type { Calls, DumpsOf } from "./handlers.ts";
import { addInterface, hasLink } from "./interfaces.ts";
import { deleteInterface } from "./removal.ts";
import { lowestFree, none, randomMac, retval, type State } from "./state.ts";
import { unlessZero } from "./subinterfaces.ts";

const memifExists = -68;
const invalidArgument = -73;
const inState = -74;
const tunnelExists = -75;
const exists = -79;
const valueExists = -81;
const entryExists = -116;
const instanceInUse = -147;

export const deviceCalls = {
  tap_create_v3(vpp, request) {
    const ids = [...vpp.taps.values()].map((tap) => tap.id);
    const id = request.id === none ? lowestFree(ids) : request.id;
    if (ids.includes(id)) return -71;
    const mac = (request.use_random_mac ? undefined : unlessZero(request.mac_address)) ?? randomMac();
    const itf = addInterface(vpp, { type: "tap", name: `tap${id}`, mac });
    itf.tag = request.tag;
    vpp.taps.set(itf.index, {
      id,
      device: request.host_if_name_set ? request.host_if_name : `tap${id}`,
      namespace: request.host_namespace_set ? request.host_namespace : "",
      bridge: request.host_bridge_set ? request.host_bridge : "",
      mac: request.host_mac_addr_set ? request.host_mac_addr : randomMac(),
      mtu: request.host_mtu_set ? request.host_mtu_size : 0,
      flags: request.tap_flags,
    });
    return { sw_if_index: itf.index };
  },
  af_packet_create_v3(vpp, { host_if_name, hw_addr, use_random_hw_addr }) {
    const [standing] = [...vpp.hostDevices].find(([, device]) => device === host_if_name) ?? [];
    if (standing !== undefined) return { retval: exists, sw_if_index: standing };
    if (vpp.options.devices && !vpp.options.devices.includes(host_if_name)) return -71;
    const mac = (use_random_hw_addr ? undefined : unlessZero(hw_addr)) ?? randomMac();
    const itf = addInterface(vpp, { type: "af-packet", name: `host-${host_if_name}`, mac });
    vpp.hostDevices.set(itf.index, host_if_name);
    return { sw_if_index: itf.index };
  },
  memif_socket_filename_add_del_v2(vpp, { is_add, socket_id, socket_filename }) {
    const id = socket_id === none ? lowestFree(vpp.memifSockets.keys()) : socket_id;
    const standing = vpp.memifSockets.get(id);
    if (is_add) {
      if (standing !== undefined && standing !== socket_filename) return entryExists;
      vpp.memifSockets.set(id, socket_filename);
      return { socket_id: id };
    }
    if (standing === undefined || id === 0) return invalidArgument;
    if ([...vpp.memifs.values()].some((memif) => memif.socket === id)) return inState;
    vpp.memifSockets.delete(id);
    return { socket_id: id };
  },
  memif_create_v2(vpp, { id, socket_id, role, mode, ring_size, buffer_size, no_zero_copy, hw_addr }) {
    if (!vpp.memifSockets.has(socket_id)) return invalidArgument;
    if (ring_size !== 0 && (ring_size & (ring_size - 1)) !== 0) return invalidArgument;
    for (const other of vpp.memifs.values()) {
      if (other.socket === socket_id && (other.id === id || other.role !== role)) return memifExists;
    }
    const itf = addInterface(vpp, {
      type: "memif",
      name: `memif${socket_id}/${id}`,
      mac: unlessZero(hw_addr) ?? randomMac(),
    });
    const sizes = { ring: ring_size || 1024, buffer: buffer_size || 2048 };
    vpp.memifs.set(itf.index, { socket: socket_id, id, role, mode, zeroCopy: !no_zero_copy, ...sizes });
    return { sw_if_index: itf.index };
  },
  bond_create2(vpp, { mode, lb, use_custom_mac, mac_address, id: wanted }) {
    const ids = [...vpp.bonds.values()].map((bond) => bond.id);
    const id = wanted === none ? lowestFree(ids) : wanted;
    if (ids.includes(id)) return instanceInUse;
    if (mode < 1 || mode > 5) return invalidArgument;
    const own = new Map([
      [1, 3],
      [2, 5],
      [4, 4],
    ]).get(mode);
    const mac = use_custom_mac ? mac_address : randomMac();
    const itf = addInterface(vpp, { type: "bond", name: `BondEthernet${id}`, mac });
    vpp.bonds.set(itf.index, { id, mode, balance: own ?? lb, mac: use_custom_mac ? mac_address : undefined });
    return { sw_if_index: itf.index };
  },
  bond_add_member(vpp, { sw_if_index, bond_sw_if_index, is_passive, is_long_timeout }) {
    const [itf, above] = [vpp.interfaces.get(sw_if_index), vpp.interfaces.get(bond_sw_if_index)];
    const bond = vpp.bonds.get(bond_sw_if_index);
    if (!itf || itf.parent) return retval.invalidInterface;
    if (!bond || !above) return -71;
    if (vpp.members.has(sw_if_index)) return valueExists;
    const isFirst = ![...vpp.members.values()].some((member) => member.bond === bond_sw_if_index);
    if (isFirst && bond.mac === undefined) above.mac = itf.mac;
    else itf.mac = above.mac;
    vpp.members.set(sw_if_index, { bond: bond_sw_if_index, isPassive: is_passive, isLong: is_long_timeout, weight: 0 });
    return 0;
  },
  sw_interface_set_bond_weight(vpp, { sw_if_index, weight }) {
    const member = vpp.members.get(sw_if_index);
    if (!member) return -71;
    member.weight = weight;
    return 0;
  },
  vxlan_add_del_tunnel_v3(vpp, request) {
    const found = [...vpp.tunnels].find(
      ([, tunnel]) =>
        tunnel.source === request.src_address &&
        tunnel.destination === request.dst_address &&
        tunnel.vni === request.vni &&
        tunnel.table === request.encap_vrf_id,
    );
    if (!request.is_add) {
      const itf = found && vpp.interfaces.get(found[0]);
      if (!itf) return retval.noSuchEntry;
      deleteInterface(vpp, itf);
      return 0;
    }
    if (found) return tunnelExists;
    if (!vpp.tables.has(`${request.encap_vrf_id}/4`)) return retval.noSuchFib;
    if (request.src_address === request.dst_address) return -82;
    const taken = [...vpp.tunnels.values()].map((tunnel) => tunnel.instance);
    const instance = request.instance === none ? lowestFree(taken) : request.instance;
    if (taken.includes(instance)) return instanceInUse;
    return addTunnel(vpp, { ...request, instance });
  },
} satisfies Calls;

function addTunnel(
  vpp: State,
  request: Requests["vxlan_add_del_tunnel_v3"]["request"],
): { readonly sw_if_index: number } {
  const itf = addInterface(vpp, { type: "VXLAN", name: `vxlan_tunnel${request.instance}`, mac: randomMac() });
  vpp.tunnels.set(itf.index, {
    instance: request.instance,
    source: request.src_address,
    destination: request.dst_address,
    vni: request.vni,
    table: request.encap_vrf_id,
    sourcePort: request.src_port || 4789,
    destinationPort: request.dst_port || 4789,
    next: request.decap_next_index === none ? 1 : request.decap_next_index,
    multicast: request.mcast_sw_if_index,
  });
  return { sw_if_index: itf.index };
}

export const deviceDumps = {
  *sw_interface_tap_v2_dump(vpp, { sw_if_index }) {
    for (const [index, tap] of vpp.taps) {
      if (sw_if_index !== none && sw_if_index !== index) continue;
      yield {
        sw_if_index: index,
        id: tap.id,
        tx_ring_sz: 256,
        rx_ring_sz: 256,
        host_mtu_size: tap.mtu,
        host_mac_addr: tap.mac,
        tap_flags: tap.flags,
        dev_name: `tap${tap.id}`,
        host_if_name: tap.device,
        host_namespace: tap.namespace,
        host_bridge: tap.bridge,
      };
    }
  },
  *af_packet_dump(vpp) {
    for (const [sw_if_index, host_if_name] of vpp.hostDevices) yield { sw_if_index, host_if_name };
  },
  *memif_socket_filename_dump(vpp) {
    for (const [socket_id, socket_filename] of vpp.memifSockets) yield { socket_id, socket_filename };
  },
  *memif_dump(vpp) {
    for (const [index, memif] of vpp.memifs) {
      const itf = vpp.interfaces.get(index);
      if (!itf) continue;
      const isConnected = hasLink(vpp, itf);
      const isRead = isConnected && memif.role === 1;
      yield {
        sw_if_index: index,
        hw_addr: itf.mac,
        id: memif.id,
        role: memif.role,
        mode: memif.mode,
        zero_copy: memif.zeroCopy,
        socket_id: memif.socket,
        ring_size: isRead ? memif.ring : 1,
        buffer_size: isRead ? memif.buffer : 0,
        flags: (itf.isUp ? 1 : 0) | (isConnected ? 2 : 0),
        if_name: itf.name,
      };
    }
  },
  *sw_bond_interface_dump(vpp, { sw_if_index }) {
    for (const [index, { id, mode, balance }] of vpp.bonds) {
      if (sw_if_index !== none && sw_if_index !== index) continue;
      const members = [...vpp.members]
        .filter(([, { bond }]) => bond === index)
        .map(([member]) => vpp.interfaces.get(member));
      const active_members = members.filter((member) => member?.isUp).length;
      const interface_name = vpp.interfaces.get(index)?.name ?? "";
      yield { sw_if_index: index, id, mode, lb: balance, active_members, members: members.length, interface_name };
    }
  },
  *sw_member_interface_dump(vpp, { sw_if_index }) {
    for (const [index, member] of vpp.members) {
      if (member.bond !== sw_if_index) continue;
      yield {
        sw_if_index: index,
        interface_name: vpp.interfaces.get(index)?.name ?? "",
        is_passive: member.isPassive,
        is_long_timeout: member.isLong,
        weight: member.weight,
      };
    }
  },
  *vxlan_tunnel_v2_dump(vpp, { sw_if_index }) {
    for (const [index, tunnel] of vpp.tunnels) {
      if (sw_if_index !== none && sw_if_index !== index) continue;
      yield {
        sw_if_index: index,
        instance: tunnel.instance,
        src_address: tunnel.source,
        dst_address: tunnel.destination,
        src_port: tunnel.sourcePort,
        dst_port: tunnel.destinationPort,
        mcast_sw_if_index: tunnel.multicast,
        encap_vrf_id: tunnel.table,
        decap_next_index: tunnel.next,
        vni: tunnel.vni,
      };
    }
  },
} satisfies DumpsOf;
