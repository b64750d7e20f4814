/** Access lists, steering and limits, as VPP's CLI makes them. */
import type { AclRule, Kind, ObjectOf, Policer, VppObject } from "../model.ts";
import { hopWords, short } from "./layer3.ts";

/** What is known by a number of VPP's. */
export interface Places {
  readonly acls: ReadonlyMap<string, number>;
}

/** The lines that make an object, in order. */
export type Commands<O extends VppObject> = (object: O, places: Places) => readonly string[];
export type CommandsOf<K extends Kind> = { readonly [One in K]: Commands<ObjectOf<One>> };

export const filterCommands: CommandsOf<
  "acl" | "interface-acls" | "abf-policy" | "abf-attachment" | "policer" | "policer-use"
> = {
  // Made without rules first, which VPP always takes: where it refuses those of one, the others still have their numbers.
  acl: ({ tag, rules }, { acls }) => [
    `set acl-plugin acl tag ${tag}`,
    ...(rules.length > 0
      ? [`set acl-plugin acl index ${acls.get(tag)} ${rules.map(ruleWords).join(", ")} tag ${tag}`]
      : []),
  ],
  "interface-acls": (object, { acls }) =>
    [...object.in.map((tag) => ["input", tag] as const), ...object.out.map((tag) => ["output", tag] as const)].map(
      ([direction, tag]) => `set acl-plugin interface ${object.on} ${direction} acl ${acls.get(tag)}`,
    ),
  "abf-policy": ({ id, acl, paths }, { acls }) => [`abf policy add id ${id} acl ${acls.get(acl)} ${hopWords(paths)}`],
  "abf-attachment": ({ policy, on, family, priority }) => [
    `abf attach ${short[family]} policy ${policy} priority ${priority} ${on}`,
  ],
  policer: (object) => [policerCommand(object)],
  "policer-use": ({ on, direction, policer }) => [
    `policer ${direction === "in" ? "input" : "output"} name ${policer} ${on}`,
  ],
};

const actions = { permit: "permit", deny: "deny", "permit-reflect": "permit+reflect" } as const;

function ruleWords(rule: AclRule): string {
  const { action, source, destination, protocol, from, to, tcpMask, tcpValue } = rule;
  return [
    `${actions[action]} src ${source} dst ${destination} proto ${protocol}`,
    `sport ${from.join("-")} dport ${to.join("-")}`,
    ...(tcpMask === 0 ? [] : [`tcpflags ${tcpValue} mask ${tcpMask}`]),
  ].join(" ");
}

/** The DSCPs that the CLI has a name for (RFC 2474, 2597, 3246). */
const dscps: Readonly<Record<number, string>> = {
  0: "CS0",
  8: "CS1",
  10: "AF11",
  12: "AF12",
  14: "AF13",
  16: "CS2",
  18: "AF21",
  20: "AF22",
  22: "AF23",
  24: "CS3",
  26: "AF31",
  28: "AF32",
  30: "AF33",
  32: "CS4",
  34: "AF41",
  36: "AF42",
  38: "AF43",
  40: "CS5",
  46: "EF",
  48: "CS6",
};

/** Where the CLI has no name for a mark, what exceeds is let through unmarked until the agent comes. */
function policerCommand({ name, rateKbps, burstBytes, exceed }: Policer): string {
  const mark = typeof exceed === "number" ? dscps[exceed] : undefined;
  const action = typeof exceed === "string" ? exceed : mark === undefined ? "transmit" : `mark-and-transmit ${mark}`;
  const limits = `rate kbps cir ${rateKbps} cb ${burstBytes} type 1r2c`;
  // Of two colours, what is above the rate is violate-action's, which drops unless it is told otherwise.
  return `policer add name ${name} ${limits} conform-action transmit exceed-action ${action} violate-action ${action}`;
}
