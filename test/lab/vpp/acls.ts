/** Packet filters of the simulated VPP, and policies of routing (ABF) with the requests that kill it. */
import type { AclRule } from "../../../reconcilers/vpp/api/messages.ts";
import type { Calls, DumpsOf } from "./handlers.ts";
import { countFeature } from "./interfaces.ts";
import { pathKey } from "./routes.ts";
import { Died, none, retval, type State } from "./state.ts";
import { isIpv6, network } from "./text.ts";

const entryExists = -116;

function refuses({ src_prefix, dst_prefix, ...rule }: AclRule): number {
  if (network(src_prefix) !== src_prefix) return -57;
  if (network(dst_prefix) !== dst_prefix) return -58;
  if (isIpv6(src_prefix) !== isIpv6(dst_prefix)) return -57;
  const areReversed =
    rule.srcport_or_icmptype_first > rule.srcport_or_icmptype_last ||
    rule.dstport_or_icmpcode_first > rule.dstport_or_icmpcode_last;
  return areReversed ? retval.invalidValue2 : 0;
}

/** undefined: its number is VPP's choice. */
export function setAcl(
  vpp: State,
  index: number | undefined,
  tag: string,
  rules: readonly AclRule[],
): { readonly retval: number; readonly acl_index: number } {
  if (index !== undefined && !vpp.acls.has(index)) return { retval: retval.noSuchEntry, acl_index: index };
  const refused = rules.map(refuses).find((rv) => rv !== 0);
  if (refused !== undefined) return { retval: refused, acl_index: index ?? none };
  const acl_index = index ?? vpp.pools.acl.take();
  vpp.acls.set(acl_index, { tag, rules });
  return { retval: 0, acl_index };
}

function deleteAcl(vpp: State, index: number): number {
  if (!vpp.acls.has(index)) return retval.noSuchEntry;
  const lists = [...vpp.interfaceAcls.values()];
  if (lists.some((list) => list.in.includes(index))) return -142;
  if (lists.some((list) => list.out.includes(index))) return -143;
  const isLookedUp = [...vpp.attachments.values()].some(({ policy }) => vpp.policies.get(policy)?.acl === index);
  if (isLookedUp) return -149;
  vpp.acls.delete(index);
  vpp.pools.acl.give(index);
  return 0;
}

/** Outputs first: a list of inputs that is refused leaves the new outputs behind. */
export function setAclLists(vpp: State, on: number, inputs: readonly number[], outputs: readonly number[]): number {
  if (!vpp.interfaces.has(on)) return retval.invalidInterface;
  if ([...inputs, ...outputs].some((index) => !vpp.acls.has(index))) return retval.noSuchEntry;
  const standing = vpp.interfaceAcls.get(on) ?? { in: [], out: [] };
  const isTwice = (list: readonly number[]): boolean => new Set(list).size !== list.length;
  const [badIn, badOut] = [isTwice(inputs), isTwice(outputs)];
  vpp.interfaceAcls.set(on, { in: badIn ? standing.in : inputs, out: badOut ? standing.out : outputs });
  return badIn || badOut ? 1 : 0;
}

/** The CLI looks for the policy itself, and does not die. */
export function attach(vpp: State, policy: number, on: number, priority: number, isV6: boolean): number {
  const key = `${policy} ${on}`;
  if (!vpp.policies.has(policy)) throw new Died(`abf attach to policy ${policy}, which is not there`);
  if (vpp.attachments.has(key)) return entryExists;
  vpp.attachments.set(key, { policy, on, priority, isIpv6: isV6 });
  steer(vpp, on, isV6, 1);
  return 0;
}

function detach(vpp: State, policy: number, on: number, isV6: boolean): number {
  const standing = vpp.attachments.get(`${policy} ${on}`);
  if (!standing) return retval.noSuchEntry;
  if (standing.isIpv6 !== isV6) throw new Died(`abf detach of policy ${policy} by the other family`);
  vpp.attachments.delete(`${policy} ${on}`);
  steer(vpp, on, isV6, -1);
  return 0;
}

/** A ghost's number says nothing of the interface that has it now: only the first attachment switches the feature on. */
function steer(vpp: State, on: number, isV6: boolean, by: 1 | -1): void {
  const itf = vpp.interfaces.get(on);
  if (!itf) return;
  const feature = isV6 ? "ip6-unicast/abf-input-ip6" : "ip4-unicast/abf-input-ip4";
  const others = [...vpp.attachments.values()].filter((one) => one.on === on && one.isIpv6 === isV6).length;
  if (others === (by === 1 ? 1 : 0)) countFeature(itf, feature, by);
}

export const aclCalls = {
  acl_add_replace: (vpp, { acl_index, tag, r }) => setAcl(vpp, acl_index === none ? undefined : acl_index, tag, r),
  acl_del: (vpp, { acl_index }) => deleteAcl(vpp, acl_index),
  acl_interface_set_acl_list: (vpp, { sw_if_index, n_input, acls }) =>
    setAclLists(vpp, sw_if_index, acls.slice(0, n_input), acls.slice(n_input)),
  abf_policy_add_del(vpp, { is_add, policy: { policy_id, acl_index, paths } }) {
    const policy = vpp.policies.get(policy_id);
    if (paths.some(({ sw_if_index: on }) => on !== none && !vpp.interfaces.has(on))) return -54;
    if (policy?.isBroken) throw new Died(`abf policy ${policy_id} after its paths were lost`);
    const said = new Set(paths.map(pathKey));
    if (is_add) {
      if (paths.length === 0 || (policy && policy.acl !== acl_index)) return retval.invalidValue;
      const isAgain = policy?.paths.some((path) => said.has(pathKey(path))) ?? false;
      const all = isAgain ? [] : [...(policy?.paths ?? []), ...paths];
      vpp.policies.set(policy_id, { acl: acl_index, paths: all, isBroken: isAgain });
      return 0;
    }
    if (!policy) return retval.invalidValue;
    policy.paths = policy.paths.filter((path) => !said.has(pathKey(path)));
    if (policy.paths.length === 0) vpp.policies.delete(policy_id);
    return 0;
  },
  abf_itf_attach_add_del(vpp, { is_add, attach: { policy_id, sw_if_index, priority, is_ipv6 } }) {
    if (is_add) return attach(vpp, policy_id, sw_if_index, priority, is_ipv6);
    return detach(vpp, policy_id, sw_if_index, is_ipv6);
  },
} satisfies Calls;

export const aclDumps = {
  *acl_dump(vpp, { acl_index }) {
    for (const [index, { tag, rules }] of [...vpp.acls].sort(([a], [b]) => a - b)) {
      if (acl_index === none || acl_index === index) yield { acl_index: index, tag, count: rules.length, r: rules };
    }
  },
  *acl_interface_list_dump(vpp, { sw_if_index }) {
    for (const index of [...vpp.interfaces.keys()].sort((a, b) => a - b)) {
      if (sw_if_index !== none && sw_if_index !== index) continue;
      const list = vpp.interfaceAcls.get(index) ?? { in: [], out: [] };
      const acls = [...list.in, ...list.out];
      yield { sw_if_index: index, count: acls.length, n_input: list.in.length, acls };
    }
  },
  *macip_acl_dump(vpp, { acl_index }) {
    for (const [index, { tag, rules }] of vpp.macips) {
      if (acl_index === none || acl_index === index) yield { acl_index: index, tag, count: rules.length, r: rules };
    }
  },
  // MACIP filters of others cannot be made here: nobody asks for it.
  *macip_acl_interface_list_dump() {},
  *abf_policy_dump(vpp) {
    for (const { policy } of vpp.attachments.values()) {
      if (!vpp.policies.has(policy))
        throw new Died(`abf policy dump while policy ${policy}, which is gone, is attached`);
    }
    for (const [policy_id, { acl, paths }] of vpp.policies) {
      yield { policy: { policy_id, acl_index: acl, n_paths: paths.length, paths } };
    }
  },
  *abf_itf_attach_dump(vpp) {
    for (const { policy, on, priority, isIpv6: is_ipv6 } of vpp.attachments.values()) {
      yield { attach: { policy_id: policy, sw_if_index: on, priority, is_ipv6 } };
    }
  },
} satisfies DumpsOf;
