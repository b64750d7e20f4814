/** What an FRR configuration has of each kind of thing that nobody removes many of by intent. */
import type { Census } from "../core.ts";
import type { FrrDesired } from "./model.ts";
import { parseConfig, type Node } from "./tree.ts";

const list =
  /^(?:((?:ip|ipv6) prefix-list|bgp as-path access-list|(?:ipv6 |mac )?access-list|route-map)|(bgp \S*community-list) \S+) (\S+)/;

/** BGP neighbours by VRF, interfaces that something is configured on, and lists and route-maps. */
export function censusOf({ config }: FrrDesired): Census {
  const nodes = parseConfig(config);
  const lines = nodes.map(({ line }) => line);
  return {
    sessions: [...new Set(nodes.flatMap(sessionsIn))],
    interfaces: lines.flatMap((line) => /^interface (.+)$/.exec(line)?.[1] ?? []),
    lists: [...new Set(lines.flatMap(listIn))],
  };
}

/** A peer-group is none. The AS number does not count: whoever changes it keeps the sessions. */
function sessionsIn({ line, children }: Node): readonly string[] {
  const router = /^router bgp \S+(?: (?:vrf|view) (\S+))?/.exec(line);
  if (!router) return [];
  const groups = new Set(children.flatMap((child) => /^neighbor (\S+) peer-group$/.exec(child.line)?.[1] ?? []));
  const names = children.flatMap((child) => /^neighbor (\S+) /.exec(child.line)?.[1] ?? []);
  const vrf = router[1] === undefined ? "" : ` vrf ${router[1]}`;
  return names.filter((name) => !groups.has(name)).map((name) => `${name}${vrf}`);
}

function listIn(line: string): readonly string[] {
  const [, plain, typed, name] = list.exec(line) ?? [];
  return name === undefined ? [] : [`${plain ?? typed} ${name}`];
}
