/** linux-cp in the simulated VPP: pairs of an interface and a tap of Linux. The Linux side is only pretended. */
import type { Calls, PagesOf } from "./handlers.ts";
import { addInterface, dropInterface } from "./interfaces.ts";
import { none, randomMac, retval, type Interface, type State } from "./state.ts";

const tapBase = 4096;
/** How many pairs VPP gives at once. */
const page = 2;

export interface WantedPair {
  readonly name: string;
  readonly namespace?: string;
  readonly type?: number;
}

/** The pair, or what VPP says. */
export function addPair(vpp: State, phy: Interface, { name, namespace = "", type = 0 }: WantedPair): number {
  if (vpp.pairs.has(phy.index)) return -81;
  if (!/^[\w%@:.-]{1,15}$/.test(name)) return -73;
  const where = namespace === "" ? vpp.linuxCp.namespace : namespace;
  if (vpp.options.namespaces && where !== "" && !vpp.options.namespaces.includes(where)) return -12;
  const host = phy.parent ? hostOfChild(vpp, phy) : hostOf(vpp, phy, name, where);
  if (typeof host === "number") return host;
  const namespaced = phy.parent ? (vpp.pairs.get(phy.parent.index)?.namespace ?? where) : where;
  vpp.pairs.set(phy.index, { phy, host, vif: 10 + host.index, name, namespace: namespaced, type });
  if (vpp.linuxCp.sync) vpp.linuxNews.push({ itf: phy, isUp: phy.isUp, isNew: true });
  return 0;
}

function hostOf(vpp: State, phy: Interface, device: string, namespace: string): Interface {
  const id = tapBase + phy.index;
  const host = addInterface(vpp, { type: "tap", name: `tap${id}`, mac: randomMac() });
  vpp.taps.set(host.index, { id, device, namespace, bridge: "", mac: phy.mac, mtu: 0, flags: 0 });
  host.isUp = true;
  return host;
}

/** A sub-interface of the tap of its parent, or of the outer one when it has two tags. */
function hostOfChild(vpp: State, phy: Interface): Interface | number {
  const { parent, tags } = phy;
  if (!parent || !tags) return retval.invalidInterface;
  const above = vpp.pairs.get(parent.index);
  if (!above) return retval.invalidInterface;
  if ((tags.flags & 16) === 0) return -73;
  if (tags.count === 2) {
    const outer = [...vpp.pairs.values()].some(
      (pair) =>
        pair.phy.parent === parent &&
        pair.phy.tags?.count === 1 &&
        pair.phy.tags.outer === tags.outer &&
        (pair.phy.tags.flags & 8) === (tags.flags & 8),
    );
    if (!outer) return -73;
  }
  const host = addInterface(vpp, {
    type: "tap",
    name: `${above.host.name}.${tags.id}`,
    mtu: 0,
    parent: above.host,
    tags,
  });
  host.isUp = true;
  return host;
}

export function removePair(vpp: State, phy: Interface): boolean {
  const pair = vpp.pairs.get(phy.index);
  if (!pair) return false;
  vpp.pairs.delete(phy.index);
  for (const other of vpp.pairs.values()) if (other.phy.parent === phy) removePair(vpp, other.phy);
  vpp.taps.delete(pair.host.index);
  dropInterface(vpp, pair.host);
  return true;
}

/** With lcp-auto-subint a sub-interface has its pair at once. */
export function pairNewChild(vpp: State, child: Interface): void {
  const above = child.parent && vpp.pairs.get(child.parent.index);
  if (vpp.linuxCp.autoSubint && above && child.tags) addPair(vpp, child, { name: `${above.name}.${child.tags.id}` });
}

function addOrRemove(
  vpp: State,
  request: {
    readonly is_add: boolean;
    readonly sw_if_index: number;
    readonly host_if_name: string;
    readonly host_if_type: number;
    readonly netns: string;
  },
): number | { readonly host_sw_if_index: number; readonly vif_index: number } {
  const phy = vpp.interfaces.get(request.sw_if_index);
  if (!phy) return retval.invalidInterface;
  if (!request.is_add)
    return removePair(vpp, phy) ? { host_sw_if_index: none, vif_index: none } : retval.invalidInterface;
  const rv = addPair(vpp, phy, { name: request.host_if_name, namespace: request.netns, type: request.host_if_type });
  const pair = vpp.pairs.get(phy.index);
  return rv !== 0 || !pair ? rv : { host_sw_if_index: pair.host.index, vif_index: pair.vif };
}

export const linuxCalls = {
  lcp_default_ns_get: (vpp) => ({ netns: vpp.linuxCp.namespace }),
  lcp_default_ns_set(vpp, { netns }) {
    vpp.linuxCp.namespace = netns;
    return 0;
  },
  lcp_itf_pair_add_del_v2: (vpp, request) => addOrRemove(vpp, request),
  lcp_itf_pair_add_del_v3: (vpp, request) => addOrRemove(vpp, request),
} satisfies Calls;

export const linuxPages = {
  lcp_itf_pair_get(vpp, { cursor }) {
    const pairs = [...vpp.pairs.values()];
    const details = pairs.slice(cursor, cursor + page).map((pair) => ({
      phy_sw_if_index: pair.phy.index,
      host_sw_if_index: pair.host.index,
      vif_index: pair.vif,
      host_if_name: pair.name,
      host_if_type: pair.type,
      netns: pair.namespace,
    }));
    const isEnd = cursor + page >= pairs.length;
    return { details, cursor: isEnd ? none : cursor + page, retval: isEnd ? 0 : retval.again };
  },
  lldp_dump(vpp, { cursor }) {
    const details = [...vpp.lldp.ports.keys()].slice(cursor).map((sw_if_index) => ({ sw_if_index }));
    return { details, cursor: none, retval: 0 };
  },
} satisfies PagesOf;
