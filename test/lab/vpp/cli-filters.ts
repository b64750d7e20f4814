/** CLI commands of the simulated VPP about filters and what is steered by them. */
import type { AclRule } from "../../../reconcilers/vpp/api/messages.ts";
import { aclCalls, attach, setAcl, setAclLists } from "./acls.ts";
import { pathsOf } from "./cli-layer3.ts";
import { interfaceNamed, must, noMore, numberNamed, optionsOf, Refused, type Commands } from "./cli-words.ts";
import type { State } from "./state.ts";
import { isIpv6 } from "./text.ts";

const actions = new Map([
  ["deny", 0],
  ["permit", 1],
  ["permit+reflect", 2],
]);

function ports(text: string | undefined, byDefault: readonly [number, number]): readonly [number, number] {
  if (text === undefined) return byDefault;
  const [first, last] = text.split("-").map(Number);
  return [first ?? 0, last ?? first ?? 0];
}

/** "permit src 10.0.0.0/8 dst 0.0.0.0/0 proto 6 sport 1-2 dport 80 tcpflags 2 18". */
function ruleOf(text: string): AclRule {
  const [action = "", ...words] = text.trim().split(/\s+/);
  const options = optionsOf(words, { src: 1, dst: 1, proto: 1, sport: 1, dport: 1, tcpflags: 2, ipv4: 0, ipv6: 0 });
  noMore(options.rest);
  const is_permit = actions.get(action);
  if (is_permit === undefined) throw new Refused(`unknown input \`${action}'`);
  const [src, dst] = [options.named.get("src"), options.named.get("dst")];
  const any = isIpv6(src ?? dst ?? "") || options.named.has("ipv6") ? "::/0" : "0.0.0.0/0";
  const from = ports(options.named.get("sport"), [0, 65_535]);
  const to = ports(options.named.get("dport"), [0, 65_535]);
  const [value = 0, mask = 0] = (options.named.get("tcpflags") ?? "").split(" ").map(Number);
  return {
    is_permit,
    src_prefix: src ?? any,
    dst_prefix: dst ?? any,
    proto: numberNamed(options, "proto", 0),
    srcport_or_icmptype_first: from[0],
    srcport_or_icmptype_last: from[1],
    dstport_or_icmpcode_first: to[0],
    dstport_or_icmpcode_last: to[1],
    tcp_flags_mask: mask,
    tcp_flags_value: value,
  };
}

function policy(vpp: State, [verb, ...words]: readonly string[]): string {
  const via = words.indexOf("via");
  const options = optionsOf(via === -1 ? words : words.slice(0, via), { id: 1, acl: 1 });
  const rest = via === -1 ? [] : words.slice(via);
  const isV6 = rest.some((word) => /^[0-9a-f]*:[0-9a-f:]*$/.test(word));
  const paths = pathsOf(vpp, rest, isV6);
  const policy_id = numberNamed(options, "id");
  const policy = { policy_id, acl_index: numberNamed(options, "acl", 0), n_paths: paths.length, paths };
  // Another ACL than the policy's is said, and is no error.
  const rv = aclCalls.abf_policy_add_del(vpp, { is_add: verb === "add", policy });
  return rv === 0 ? "" : "ACL index must match the existing one\n";
}

export const aclCommands: Commands = {
  "set acl-plugin acl": (vpp, words) => {
    const at = words.lastIndexOf("tag");
    const said = at === -1 ? words : words.slice(0, at);
    const isOld = said[0] === "index";
    const text = (isOld ? said.slice(2) : said).join(" ");
    // Without a rule it is an ACL that lets nothing through.
    const rules = text === "" ? [] : text.split(",").map(ruleOf);
    const made = setAcl(vpp, isOld ? Number(said[1]) : undefined, at === -1 ? "cli" : (words[at + 1] ?? ""), rules);
    must(made.retval);
    return `ACL index:${made.acl_index}\n`;
  },
  "set acl-plugin interface": (vpp, [name, ...words]) => {
    const options = optionsOf(words, { input: 0, output: 0, acl: 1, del: 0 });
    const itf = interfaceNamed(vpp, name);
    const standing = vpp.interfaceAcls.get(itf.index) ?? { in: [], out: [] };
    const side = options.named.has("output") ? "out" : "in";
    const acl = numberNamed(options, "acl");
    const list = options.named.has("del") ? standing[side].filter((one) => one !== acl) : [...standing[side], acl];
    must(setAclLists(vpp, itf.index, side === "in" ? list : standing.in, side === "out" ? list : standing.out));
    return "";
  },
  "delete acl-plugin acl": (vpp, words) => {
    must(aclCalls.acl_del(vpp, { acl_index: numberNamed(optionsOf(words, { index: 1 }), "index") }));
    return "";
  },
  "abf policy": policy,
  "abf attach": (vpp, words) => {
    const options = optionsOf(words, { ip4: 0, ip6: 0, del: 0, policy: 1, priority: 1 });
    const id = numberNamed(options, "policy");
    if (!vpp.policies.has(id)) throw new Refused("no such policy");
    const isV6 = options.named.has("ip6");
    const { index } = interfaceNamed(vpp, options.rest[0]);
    const priority = numberNamed(options, "priority", 0);
    if (!options.named.has("del")) must(attach(vpp, id, index, priority, isV6));
    else {
      const request = { policy_id: id, sw_if_index: index, priority, is_ipv6: isV6 };
      must(aclCalls.abf_itf_attach_add_del(vpp, { is_add: false, attach: request }));
    }
    return "";
  },
};
