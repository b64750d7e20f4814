/** What a plan changes of what others depend on: whose policy for incoming routes, and which interfaces. Pure. */
import type { Step } from "../core.ts";
import { type Entry, type Neighbor, entriesOf, neighborsOf } from "./entries.ts";
import { nameInVrf, vrfOfInstance } from "./sessions.ts";
import { parseConfig } from "./tree.ts";

export interface TouchedByFrr {
  /** Peers, as FRR names them, from which it may accept other routes than before. */
  readonly policies: ReadonlySet<string>;
  /** Interfaces, as Linux names them. */
  readonly interfaces: ReadonlySet<string>;
}

/** `steps` are FRR's; `configs` its configuration before and after. Linear. */
export function touchedBy(steps: readonly Pick<Step, "id">[], configs: readonly string[]): TouchedByFrr {
  // A step's id names its object: "frr/route-map in permit 10", with a number where a plan touches it twice.
  const objects = new Set(steps.map(({ id }) => id.replace(/^frr\//, "").replace(/#\d+$/, "")));
  const entries = configs.map((config) => entriesOf(parseConfig(config)));
  const lists = changedLists(
    objects,
    entries.flatMap((one) => [...one.values()]),
  );
  const neighbors = entries.flatMap((one) => [...neighborsOf(one).values()]);
  const nameOf = ({ key }: Neighbor, name: string) => nameInVrf(name, vrfOfInstance(key.slice(0, key.indexOf("\n"))));
  const policies = new Set(
    neighbors.filter((one) => isTouched(one, objects, lists)).map((one) => nameOf(one, one.name)),
  );
  for (const one of neighbors)
    if (one.group !== undefined && policies.has(nameOf(one, one.group))) policies.add(nameOf(one, one.name));
  const interfaces = [...objects].flatMap((object) => /^interface (\S+)$/.exec(object)?.[1] ?? []);
  return { policies, interfaces: new Set(interfaces) };
}

/** Lines of an instance that decide what is accepted from its peers. */
const ofInstance = /^router bgp [^/]*(?:$|\/(?:no )?bgp )/;

function isTouched(
  { key, name, entries }: Neighbor,
  objects: ReadonlySet<string>,
  lists: ReadonlySet<string>,
): boolean {
  const root = key.slice(0, key.indexOf("\n"));
  if (objects.has(`${root}/neighbor ${name}`)) return true;
  if ([...objects].some((object) => object.startsWith(root) && ofInstance.test(object))) return true;
  return entries.some(({ line }) => lists.has(listIn(line) ?? ""));
}

/** The lists and route-maps among the objects, and the route-maps that use them, by kind and name. */
function changedLists(objects: ReadonlySet<string>, entries: readonly Entry[]): ReadonlySet<string> {
  const changed = new Set([...objects].flatMap((object) => listOf(object) ?? []));
  const usedBy = new Map<string, Set<string>>();
  for (const { path, line } of entries) {
    const user = listOf(path[0] ?? "");
    const used = user === undefined ? undefined : listUsed(line);
    if (user === undefined || used === undefined) continue;
    usedBy.set(used, (usedBy.get(used) ?? new Set()).add(user));
  }
  // A set grows while it is walked: whoever uses a user is found too, each once.
  for (const list of changed) for (const user of usedBy.get(list) ?? []) changed.add(user);
  return changed;
}

/** "route-map transit-in" of "route-map transit-in permit 10". */
function listOf(object: string): string | undefined {
  for (const [pattern, kind] of definitions) {
    const name = pattern.exec(object)?.[1];
    if (name !== undefined) return `${kind} ${name}`;
  }
  return undefined;
}
const definitions: readonly (readonly [RegExp, string])[] = [
  [/^route-map (\S+) /, "route-map"],
  [/^(?:ip|ipv6) prefix-list (\S+)/, "prefix-list"],
  [/^bgp as-path access-list (\S+)/, "as-path"],
  [/^bgp (?:large-|ext)?community-list \S+ (\S+)/, "community"],
  [/^(?:ipv6 )?access-list (\S+)/, "access-list"],
];

/** What a line of a route-map refers to. */
function listUsed(line: string): string | undefined {
  for (const [pattern, kind] of references) {
    const name = pattern.exec(line)?.[1];
    if (name !== undefined) return `${kind} ${name}`;
  }
  return undefined;
}
const references: readonly (readonly [RegExp, string])[] = [
  [/^call (\S+)/, "route-map"],
  [/^match ip(?:v6)? \S+ prefix-list (\S+)/, "prefix-list"],
  [/^match as-path (\S+)/, "as-path"],
  [/^match (?:large-|ext)?community (\S+)/, "community"],
  [/^set (?:large-)?comm-list (\S+)/, "community"],
  [/^match ip(?:v6)? (?:address|next-hop|route-source) (\S+)/, "access-list"],
];

/** What a line of a neighbour filters incoming routes by. */
function listIn(line: string): string | undefined {
  const [, word = "", name] =
    /^neighbor \S+ (route-map|prefix-list|filter-list|distribute-list) (\S+) in$/.exec(line) ?? [];
  const kind = { "filter-list": "as-path", "distribute-list": "access-list" }[word] ?? word;
  return name === undefined ? undefined : `${kind} ${name}`;
}
