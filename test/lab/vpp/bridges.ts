/** Layer 2 of the simulated VPP: bridge domains, their ports, tag rewriting and cross-connects. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { none, retval, type BridgeDomain, type Interface, type State } from "./state.ts";

/** Bits of bd_flags. */
const bit = { learn: 1, forward: 2, flood: 4, unknownFlood: 8, arpTermination: 16, arpUnicast: 32 };
const byDefault = bit.learn | bit.forward | bit.flood | bit.unknownFlood;
const lastBridge = 2 ** 24 - 1;
/** Numbers of tag rewrites that take tags off, with how many. */
const pops = new Map([
  [3, 1],
  [4, 2],
]);

export function addBridge(vpp: State, id: number, bridge: BridgeDomain): number {
  if (id > lastBridge) return -122;
  if (id === 0 || vpp.bridges.has(id)) return -119;
  vpp.bridges.set(id, bridge);
  return 0;
}

function ports(vpp: State, id: number): readonly Interface[] {
  return [...vpp.interfaces.values()].filter((itf) => itf.layer2?.kind === "bridge" && itf.layer2.bridge === id);
}

/** Out of its bridge or cross-connect; it rewrites no tags any more. */
export function toLayer3(itf: Interface): void {
  delete itf.layer2;
  itf.rewrite = [0, 0, 0, 0];
}

/** A bridge domain that is not there is made. */
export function bridgePort(vpp: State, itf: Interface, id: number, port = 0, group = 0): number {
  const { layer2 } = itf;
  if (layer2?.kind === "bridge" && layer2.bridge === id && layer2.port === port && layer2.group === group) return 0;
  const isBvi = port === 1;
  const standing = ports(vpp, id).find((one) => one !== itf && one.layer2?.kind === "bridge" && one.layer2.port === 1);
  if (isBvi && standing) return -152;
  if (!vpp.bridges.has(id)) vpp.bridges.set(id, { flags: byDefault, macAge: 0, tag: "" });
  itf.layer2 = { kind: "bridge", bridge: id, port, group };
  return 0;
}

export function rewriteTags(itf: Interface, rewrite: readonly [number, number, number, number]): number {
  const needed = pops.get(rewrite[0]) ?? 0;
  if ((itf.tags?.count ?? 0) < needed) return -72;
  itf.rewrite = rewrite[0] === 0 ? [0, 0, 0, 0] : rewrite;
  return 0;
}

export const bridgeCalls = {
  bridge_domain_add_del_v2(vpp, request) {
    const { bd_id, is_add } = request;
    if (!is_add) {
      if (bd_id === 0) return -121;
      if (!vpp.bridges.has(bd_id)) return retval.noSuchEntry;
      if (ports(vpp, bd_id).length > 0) return -120;
      vpp.bridges.delete(bd_id);
      return { bd_id };
    }
    const flags =
      (request.learn ? bit.learn : 0) |
      (request.forward ? bit.forward : 0) |
      (request.flood ? bit.flood : 0) |
      (request.uu_flood ? bit.unknownFlood : 0) |
      (request.arp_term ? bit.arpTermination : 0) |
      (request.arp_ufwd ? bit.arpUnicast : 0);
    const rv = addBridge(vpp, bd_id, { flags, macAge: request.mac_age, tag: request.bd_tag });
    return rv === 0 ? { bd_id } : rv;
  },
  bridge_flags(vpp, { bd_id, is_set, flags }) {
    const bridge = vpp.bridges.get(bd_id);
    if (bd_id === 0) return -121;
    if (!bridge) return retval.noSuchEntry;
    bridge.flags = is_set ? bridge.flags | flags : bridge.flags & ~flags;
    return { resulting_feature_bitmap: bridge.flags };
  },
  bridge_domain_set_mac_age(vpp, { bd_id, mac_age }) {
    const bridge = vpp.bridges.get(bd_id);
    if (bd_id === 0) return -121;
    if (!bridge) return retval.noSuchEntry;
    bridge.macAge = mac_age;
    return 0;
  },
  sw_interface_set_l2_bridge(vpp, { rx_sw_if_index, bd_id, port_type, shg, enable }) {
    const itf = vpp.interfaces.get(rx_sw_if_index);
    if (!itf) return retval.invalidInterface;
    if (enable) return bridgePort(vpp, itf, bd_id, port_type, shg);
    toLayer3(itf);
    return 0;
  },
  l2_interface_vlan_tag_rewrite(vpp, { sw_if_index, vtr_op, push_dot1q, tag1, tag2 }) {
    const itf = vpp.interfaces.get(sw_if_index);
    return itf ? rewriteTags(itf, [vtr_op, push_dot1q, tag1, tag2]) : retval.invalidInterface;
  },
  sw_interface_set_l2_xconnect(vpp, { rx_sw_if_index, tx_sw_if_index, enable }) {
    const itf = vpp.interfaces.get(rx_sw_if_index);
    if (!itf) return retval.invalidInterface;
    if (!enable) {
      toLayer3(itf);
      return 0;
    }
    if (!vpp.interfaces.has(tx_sw_if_index)) return retval.invalidInterface;
    itf.layer2 = { kind: "cross-connect", to: tx_sw_if_index };
    return 0;
  },
} satisfies Calls;

export const bridgeDumps = {
  *bridge_domain_dump(vpp, { bd_id: wanted }) {
    for (const [bd_id, { flags, macAge, tag }] of vpp.bridges) {
      if (wanted !== none && wanted !== bd_id) continue;
      const members = ports(vpp, bd_id);
      const portOf = (type: number): number =>
        members.find((itf) => itf.layer2?.kind === "bridge" && itf.layer2.port === type)?.index ?? none;
      yield {
        bd_id,
        flood: (flags & bit.flood) !== 0,
        uu_flood: (flags & bit.unknownFlood) !== 0,
        forward: (flags & bit.forward) !== 0,
        learn: (flags & bit.learn) !== 0,
        arp_term: (flags & bit.arpTermination) !== 0,
        arp_ufwd: (flags & bit.arpUnicast) !== 0,
        mac_age: macAge,
        bd_tag: tag,
        bvi_sw_if_index: portOf(1),
        uu_fwd_sw_if_index: portOf(2),
        n_sw_ifs: members.length,
        sw_if_details: members.map((itf) => ({
          context: 0,
          sw_if_index: itf.index,
          shg: itf.layer2?.kind === "bridge" ? itf.layer2.group : 0,
        })),
      };
    }
  },
  *l2_xconnect_dump(vpp) {
    for (const itf of vpp.interfaces.values()) {
      if (itf.layer2?.kind !== "cross-connect") continue;
      yield { rx_sw_if_index: itf.index, tx_sw_if_index: itf.layer2.to };
    }
  },
} satisfies DumpsOf;
