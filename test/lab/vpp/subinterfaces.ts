/** Sub-interfaces, loopbacks and BVIs of the simulated VPP. */
import type { Calls } from "./handlers.ts";
import { addInterface } from "./interfaces.ts";
import { pairNewChild } from "./linux.ts";
import { lowestFree, none, retval, type Interface, type State, type Tags } from "./state.ts";

const invalidVlan = -55;
const vlanExists = -56;
const invalidRegistration = -31;
const lastVlan = 4094;

/** Bits of sub_if_flags. */
export const flag = {
  noTags: 1,
  oneTag: 2,
  twoTags: 4,
  dot1ad: 8,
  exact: 16,
  byDefault: 32,
  outerAny: 64,
  innerAny: 128,
};

/** The sub-interface, or what VPP says. */
export function addChild(vpp: State, above: Interface, tags: Tags): Interface | number {
  // Not the one that was asked for: VPP takes the hardware behind a sub-interface to be local0.
  const parent = above.parent ? vpp.interfaces.get(0) : above;
  if (!parent) return retval.invalidInterface;
  if (vpp.members.has(parent.index)) return -80;
  const siblings = [...vpp.interfaces.values()].filter((itf) => itf.parent === parent);
  if (siblings.some((itf) => itf.tags?.id === tags.id)) return vlanExists;
  if (siblings.some((itf) => itf.tags && sameTags(itf.tags, tags))) return retval.unspecified;
  const child = addInterface(vpp, {
    type: parent.type,
    name: `${parent.name}.${tags.id}`,
    mtu: 0,
    parent,
    tags,
  });
  pairNewChild(vpp, child);
  return child;
}

function sameTags(one: Tags, other: Tags): boolean {
  const kind = flag.noTags | flag.dot1ad | flag.byDefault | flag.outerAny | flag.innerAny;
  return (
    one.count === other.count &&
    one.outer === other.outer &&
    one.inner === other.inner &&
    (one.flags & kind) === (other.flags & kind)
  );
}

export function addLoopback(
  vpp: State,
  type: "Loopback" | "BVI",
  mac: string | undefined,
  wanted: number | undefined,
): Interface | number {
  const prefix = type === "BVI" ? "bvi" : "loop";
  const taken = new Set([...vpp.interfaces.values()].filter((itf) => itf.type === type && !itf.parent).map(instanceOf));
  const instance = wanted ?? lowestFree(taken);
  if (taken.has(instance)) return invalidRegistration;
  const head = type === "BVI" ? "b0:b0" : "de:ad";
  const tail = [instance >> 8, instance & 255].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  return addInterface(vpp, { type, name: `${prefix}${instance}`, mac: mac ?? `${head}:00:00:${tail}` });
}

/** The number in the default MAC address does not change with a new name. */
function instanceOf(itf: Interface): number {
  return Number(/\d+$/.exec(itf.name)?.[0] ?? -1);
}

function indexOf(made: Interface | number): number | { readonly sw_if_index: number } {
  return typeof made === "number" ? made : { sw_if_index: made.index };
}

export function unlessZero(mac: string): string | undefined {
  return mac === "00:00:00:00:00:00" ? undefined : mac;
}

export const subinterfaceCalls = {
  create_subif(vpp, { sw_if_index, sub_id, sub_if_flags: flags, outer_vlan_id: outer, inner_vlan_id: inner }) {
    const parent = vpp.interfaces.get(sw_if_index);
    if (!parent) return retval.invalidInterface;
    const count = (flags & flag.twoTags) !== 0 ? 2 : (flags & flag.oneTag) !== 0 ? 1 : 0;
    return indexOf(addChild(vpp, parent, { id: sub_id, count, outer, inner, flags }));
  },
  create_vlan_subif(vpp, { sw_if_index, vlan_id }) {
    const parent = vpp.interfaces.get(sw_if_index);
    if (!parent) return retval.invalidInterface;
    if (vlan_id === 0 || vlan_id > lastVlan + 1) return invalidVlan;
    const flags = flag.oneTag | flag.exact;
    return indexOf(addChild(vpp, parent, { id: vlan_id, count: 1, outer: vlan_id, inner: 0, flags }));
  },
  create_loopback_instance(vpp, { mac_address, is_specified, user_instance }) {
    return indexOf(addLoopback(vpp, "Loopback", unlessZero(mac_address), is_specified ? user_instance : undefined));
  },
  bvi_create(vpp, { mac, user_instance }) {
    return indexOf(addLoopback(vpp, "BVI", unlessZero(mac), user_instance === none ? undefined : user_instance));
  },
} satisfies Calls;
