/** Access lists, steering by them, limits; and LLDP. */
import type {
  AbfAttachment,
  AbfPolicy,
  Acl,
  AclRule,
  InterfaceAcls,
  Lldp,
  LldpPort,
  Policer,
  PolicerUse,
} from "../model.ts";
import { hopKeys, pathWords } from "./layer3.ts";
import { interfaceKey, type Rules } from "./rules.ts";

function aclKey(tag: string): string {
  return `acl:${tag}`;
}

export const acl: Rules<Acl> = {
  key: ({ tag }) => tag,
  provides: ({ tag }) => [aclKey(tag)],
  inPlace: ["rules"],
  impact: { remove: "hitless" },
  noun: ({ tag }) => `ACL ${tag}`,
  details: ({ rules }) => [count(rules.length, "rule")],
  changes: (before, after) => [ruleChanges(before.rules, after.rules)],
};

function ruleChanges(before: readonly AclRule[], after: readonly AclRule[]): string {
  const [old, now] = [before, after].map((rules) => new Set(rules.map((rule) => JSON.stringify(rule))));
  const added = [...(now ?? [])].filter((rule) => old?.has(rule) !== true).length;
  const removed = [...(old ?? [])].filter((rule) => now?.has(rule) !== true).length;
  if (added + removed === 0) return `the same rules in another order or number`;
  const parts = [
    ...(added > 0 ? [`${count(added, "rule")} more`] : []),
    ...(removed > 0 ? [`${count(removed, "rule")} less`] : []),
  ];
  return `${parts.join(", ")}, of ${after.length}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

export const interfaceAcls: Rules<InterfaceAcls> = {
  key: ({ on }) => on,
  needs: (object) => [interfaceKey(object.on), ...[...object.in, ...object.out].map(aclKey)],
  inPlace: ["in", "out"],
  goesWith: ({ on }) => [interfaceKey(on)],
  impact: { remove: "hitless" },
  noun: ({ on }) => `ACLs on ${on}`,
  details: (object) => [...listWords("in", object.in), ...listWords("out", object.out)],
};

function listWords(direction: string, tags: readonly string[]): readonly string[] {
  return tags.length === 0 ? [] : [`${direction} ${tags.join(" ")}`];
}

/** Its ACL is for good; paths come and go. */
export const abfPolicy: Rules<AbfPolicy> = {
  key: ({ id }) => `${id}`,
  provides: ({ id }) => [policyKey(id)],
  needs: ({ acl, paths }) => [aclKey(acl), ...hopKeys(paths)],
  inPlace: ["paths"],
  impact: { remove: "hitless" },
  noun: ({ id, acl }) => `steering of ACL ${acl} (ABF policy ${id})`,
  details: ({ paths }) => [pathWords(paths)],
  changes: (before, after) => [`${pathWords(before.paths)} becomes ${pathWords(after.paths)}`],
};

function policyKey(id: number): string {
  return `abf-policy:${id}`;
}

export const abfAttachment: Rules<AbfAttachment> = {
  key: ({ policy, on }) => `${policy} ${on}`,
  needs: ({ policy, on }) => [policyKey(policy), interfaceKey(on)],
  // What it steered goes where the routing table says: nobody translates it there.
  impact: { remove: "flap" },
  noun: ({ policy, on }) => `ABF policy ${policy} on ${on}`,
  details: ({ family, priority }) => [family, `priority ${priority}`],
};

export const policer: Rules<Policer> = {
  key: ({ name }) => name,
  provides: ({ name }) => [policerKey(name)],
  inPlace: ["rateKbps", "burstBytes", "exceed"],
  impact: { remove: "hitless" },
  noun: ({ name }) => `policer ${name}`,
  details: ({ rateKbps, burstBytes }) => [`${rateKbps} kbit/s`, `burst ${burstBytes} bytes`],
};

function policerKey(name: string): string {
  return `policer:${name}`;
}

export const policerUse: Rules<PolicerUse> = {
  key: ({ on, direction }) => `${on} ${direction}`,
  needs: ({ on, policer }) => [interfaceKey(on), policerKey(policer)],
  impact: { remove: "hitless" },
  noun: ({ on, direction, policer }) => `policer ${policer} ${direction === "in" ? "into" : "out of"} ${on}`,
};

export const lldp: Rules<Lldp> = {
  key: () => "global",
  inPlace: ["systemName", "interval", "hold"],
  impact: { remove: "hitless" },
  noun: () => "LLDP",
  details: ({ systemName, interval, hold }) => [systemName, `every ${interval} s`, `hold ${hold}`],
};

export const lldpPort: Rules<LldpPort> = {
  key: ({ on }) => on,
  needs: ({ on }) => [interfaceKey(on)],
  impact: { remove: "hitless" },
  noun: ({ on }) => `LLDP on ${on}`,
  details: ({ description }) => [description],
};
