/** Access lists, which interfaces use them, and what they steer elsewhere (ABF). */
import type { AclRule as WireRule } from "../api/messages.ts";
import type { AbfAttachment, AbfPolicy, Acl, AclRule, Hop, InterfaceAcls, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writers } from "./kind.ts";
import { goneName, none, numberOfGone } from "./names.ts";
import { fromPaths, toPaths } from "./paths.ts";

const actions = ["deny", "permit", "permit-reflect"] as const;

export const readAcls: Reader = async (sight) => {
  const [acls, names] = await Promise.all([sight.acls, sight.names]);
  return acls.map(({ acl_index, r }) => ({ kind: "acl", tag: names.tagOf(acl_index), rules: r.map(fromWire) }));
};

function fromWire(rule: WireRule): AclRule {
  return {
    action: actions[rule.is_permit] ?? "deny",
    source: rule.src_prefix,
    destination: rule.dst_prefix,
    protocol: rule.proto,
    from: [rule.srcport_or_icmptype_first, rule.srcport_or_icmptype_last],
    to: [rule.dstport_or_icmpcode_first, rule.dstport_or_icmpcode_last],
    tcpMask: rule.tcp_flags_mask,
    tcpValue: rule.tcp_flags_value,
  };
}

function toWire(rule: AclRule): WireRule {
  return {
    is_permit: actions.indexOf(rule.action),
    src_prefix: rule.source,
    dst_prefix: rule.destination,
    proto: rule.protocol,
    srcport_or_icmptype_first: rule.from[0],
    srcport_or_icmptype_last: rule.from[1],
    dstport_or_icmpcode_first: rule.to[0],
    dstport_or_icmpcode_last: rule.to[1],
    tcp_flags_mask: rule.tcpMask,
    tcp_flags_value: rule.tcpValue,
  };
}

async function replaceAcl(acl_index: number, { tag, rules }: Acl, { vpp, names }: Target): Promise<void> {
  const fields = { acl_index, tag, count: rules.length, r: rules.map(toWire) };
  const reply = await vpp.call("acl_add_replace", fields);
  if (acl_index === none) names.aclMade(tag, reply.acl_index);
}

export const readInterfaceAcls: Reader = async (sight) => {
  const found = await dump(sight, "acl_interface_list_dump", { sw_if_index: none });
  const names = await sight.names;
  return found.flatMap(({ sw_if_index, n_input, acls }): VppObject[] => {
    const on = names.nameOf(sw_if_index);
    if (on === undefined || acls.length === 0) return [];
    const tags = acls.map((index) => names.tagOf(index));
    return [{ kind: "interface-acls", on, in: tags.slice(0, n_input), out: tags.slice(n_input) }];
  });
};

/** Inputs first. The whole list is replaced. */
function setAcls(on: string, inputs: readonly string[], outputs: readonly string[], to: Target): Promise<unknown> {
  const acls = [...inputs, ...outputs].map((tag) => to.names.acl(tag));
  const counts = { count: acls.length, n_input: inputs.length };
  return to.vpp.call("acl_interface_set_acl_list", { sw_if_index: to.names.interface(on), ...counts, acls });
}

function setInterfaceAcls(object: InterfaceAcls, to: Target): Promise<unknown> {
  return setAcls(object.on, object.in, object.out, to);
}

export const readAbf: Reader = async (sight) => {
  const [policies, attachments] = await Promise.all([
    dump(sight, "abf_policy_dump"),
    dump(sight, "abf_itf_attach_dump"),
  ]);
  const names = await sight.names;
  return [
    ...policies.map(({ policy: { policy_id: id, acl_index, paths } }): AbfPolicy => ({
      kind: "abf-policy",
      id,
      acl: names.tagOf(acl_index),
      paths: fromPaths(paths, names),
    })),
    ...attachments.map(({ attach: { policy_id: policy, sw_if_index, priority, is_ipv6 } }): AbfAttachment => {
      // It stays where its interface went, and haunts the next of that number.
      const on = names.nameOf(sw_if_index) ?? goneName(sw_if_index);
      return { kind: "abf-attachment", policy, on, family: is_ipv6 ? "ipv6" : "ipv4", priority };
    }),
  ];
};

/** `is_add` adds these paths to those that it has, and not removes them: VPP crashes of one that it already has. */
function changePaths(is_add: boolean, object: AbfPolicy, paths: readonly Hop[], to: Target): Promise<unknown> {
  return to.vpp.call("abf_policy_add_del", pathChange(is_add, object, paths, to));
}

/** Looks up every name: throws a Problem where VPP has none of one. */
function pathChange(is_add: boolean, { id, acl }: AbfPolicy, paths: readonly Hop[], { names }: Target) {
  // The ACL of one that goes may be gone before it, and is not looked at.
  const acl_index = is_add ? names.acl(acl) : 0;
  const encoded = toPaths(paths, isIpv6(paths), names);
  return { is_add, policy: { policy_id: id, acl_index, n_paths: encoded.length, paths: encoded } };
}

/** How many loopbacks are made until the numbers of interfaces that are gone have been given away again. */
const mostLoopbacks = 64;

/** VPP takes no path away that leads to an interface which is gone, unless another has its number: a loopback, meanwhile. */
async function removePolicy(object: AbfPolicy, to: Target): Promise<void> {
  const lost = new Set(object.paths.flatMap((path) => numberOfGone(path.interface ?? "") ?? []));
  const loopbacks: number[] = [];
  try {
    while (lost.size > 0 && loopbacks.length < mostLoopbacks) {
      const { sw_if_index } = await to.vpp.call("create_loopback_instance", {});
      loopbacks.push(sw_if_index);
      lost.delete(sw_if_index);
    }
    await changePaths(false, object, object.paths, to);
  } finally {
    // The last one first: VPP gives numbers away as a stack does.
    for (const sw_if_index of loopbacks.toReversed()) await to.vpp.call("delete_loopback", { sw_if_index });
  }
}

function isIpv6(paths: readonly Hop[]): boolean {
  return paths.some(({ via }) => via?.includes(":"));
}

function without(paths: readonly Hop[], others: readonly Hop[]): readonly Hop[] {
  return paths.filter((path) => !others.some((one) => one.via === path.via && one.interface === path.interface));
}

function attach(is_add: boolean, object: AbfAttachment, { vpp, names }: Target): Promise<unknown> {
  const { policy: policy_id, priority, family } = object;
  const sw_if_index = names.interface(object.on);
  return vpp.call("abf_itf_attach_add_del", {
    is_add,
    attach: { policy_id, sw_if_index, priority, is_ipv6: family === "ipv6" },
  });
}

export const filterWriters: Writers<"acl" | "interface-acls" | "abf-policy" | "abf-attachment"> = {
  acl: {
    needs: ["acl_dump", "acl_add_replace", "acl_del"],
    add: (object, to) => replaceAcl(none, object, to),
    set: (before, after, to) => replaceAcl(to.names.acl(before.tag), after, to),
    remove: ({ tag }, { vpp, names }) => {
      const acl_index = names.acl(tag);
      names.aclGone(tag);
      return vpp.call("acl_del", { acl_index });
    },
  },
  "interface-acls": {
    needs: ["acl_interface_list_dump", "acl_interface_set_acl_list"],
    add: setInterfaceAcls,
    set: (_, after, to) => setInterfaceAcls(after, to),
    remove: ({ on }, to) => setAcls(on, [], [], to),
  },
  "abf-policy": {
    needs: ["abf_policy_dump", "abf_policy_add_del"],
    add: (object, to) => changePaths(true, object, object.paths, to),
    set: (before, after, to) => {
      const [added, removed] = [without(after.paths, before.paths), without(before.paths, after.paths)];
      const changes = [
        ...(added.length > 0 ? [pathChange(true, after, added, to)] : []),
        ...(removed.length > 0 ? [pathChange(false, before, removed, to)] : []),
      ];
      return Promise.all(changes.map((change) => to.vpp.call("abf_policy_add_del", change)));
    },
    remove: removePolicy,
  },
  "abf-attachment": {
    needs: ["abf_itf_attach_dump", "abf_itf_attach_add_del"],
    add: (object, to) => attach(true, object, to),
    remove: (object, to) => attach(false, object, to),
  },
};
