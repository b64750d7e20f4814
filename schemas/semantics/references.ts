/** Rules about references: what is named exists, and is what its user needs. */
import type { Path } from "../json.ts";
import { nearest } from "../nearest.ts";
import { type Kind, type Mention, mentionsOf } from "./mentions.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

/** Names that the machine could refer to beside its own: what policies/ offers. Only for "did you mean". */
export type Offered = (kind: Kind) => Iterable<string>;

const words: Readonly<Record<Kind, string>> = {
  "prefix-lists": "prefix-list",
  "as-path-lists": "AS-path list",
  "community-lists": "community list",
  "route-maps": "route-map",
  acls: "ACL",
  policers: "policer",
  "peer-groups": "peer-group",
  "bfd-profiles": "BFD profile",
  vrfs: "VRF",
  interfaces: "interface",
};

export function checkReferences(view: View, offered: Offered, report: Report): void {
  const known = knownNames(view);
  for (const mention of mentionsOf(view.machine)) {
    if (mention.kind === "interfaces") checkInterface(view, mention, report);
    else if (!known[mention.kind].has(mention.name))
      missing(words[mention.kind], mention, [...known[mention.kind], ...offered(mention.kind)], report);
    else checkKind(view, mention, report);
  }
  checkPools(view, report);
}

function knownNames({ machine }: View): Readonly<Record<Exclude<Kind, "interfaces">, ReadonlySet<string>>> {
  const { routing } = machine;
  const keys = (map: object = {}): ReadonlySet<string> => new Set(Object.keys(map));
  return {
    "prefix-lists": keys(routing["prefix-lists"]),
    "as-path-lists": keys(routing["as-path-lists"]),
    "community-lists": keys(routing["community-lists"]),
    "route-maps": keys(routing["route-maps"]),
    acls: keys(machine.acls),
    policers: keys(machine.policers),
    vrfs: keys(machine.vrfs),
    "peer-groups": keys(routing.bgp?.["peer-groups"]),
    "bfd-profiles": keys(routing.bfd?.profiles),
  };
}

/** Reports a name that leads nowhere, with the nearest of the known ones. */
export function missing(
  what: string,
  { name, path }: { name: string; path: Path },
  known: Iterable<string>,
  report: Report,
): void {
  const meant = nearest(name, known);
  const remedy = meant === undefined ? `Correct the name, or define the ${what}.` : `Did you mean ${meant}?`;
  report("reference-missing", path, `there is no ${what} ${JSON.stringify(name)}`, remedy);
}

function checkInterface({ ports, machine }: View, { name, path, use }: Mention, report: Report): void {
  const port = ports.get(name);
  if (!port) return missingInterface({ ports, machine }, name, path, report);
  if (use === "physical" && port.kind !== "physical")
    report("reference-missing", path, `${name} is no physical interface`, "Name a physical interface.");
  const routed = use === "frr" || use === "vpp-l3";
  if (!routed) return;
  if (port.role !== "routed")
    report(
      "reference-unseen",
      path,
      `${name} is ${port.role === "bonded" ? "a member of a bond" : "switched, not routed"}`,
    );
  else if (use === "frr" && port.linux === undefined) {
    const why = port.settings.vrf === undefined ? "has linux-cp: false" : `is in the VRF ${port.settings.vrf}`;
    report("reference-unseen", path, `${name} ${why}, so FRR does not see it`);
  }
}

function missingInterface(
  { ports, machine }: Pick<View, "ports" | "machine">,
  name: string,
  path: Path,
  report: Report,
): void {
  if (name === "containers" && path[0] === "nat" && machine.containers) {
    const remedy = "Leave it out: containers.nat says whether the containers are translated.";
    return report("reference-missing", path, "the containers are no interface", remedy);
  }
  const dot = name.indexOf(".");
  const parent = dot > 0 ? ports.get(name.slice(0, dot)) : undefined;
  const inLinux = [...ports.values()].find(({ linux }) => linux === name)?.ref;
  const meant = inLinux ?? nearest(name, ports.keys());
  const add = parent
    ? `Add "${name.slice(dot + 1)}" to the sub-interfaces of ${parent.ref}`
    : "Correct the name, or define the interface";
  const remedy =
    meant === undefined ? `${add}.` : parent ? `${add}, or did you mean ${meant}?` : `Did you mean ${meant}?`;
  report("reference-missing", path, `there is no interface ${JSON.stringify(name)}`, remedy);
}

function checkKind({ machine: { routing } }: View, { name, path, must }: Mention, report: Report): void {
  if (must === undefined) return;
  if ("family" in must) {
    const family = routing["prefix-lists"][name]?.family;
    if (family !== must.family)
      report("reference-kind", path, `the prefix-list ${name} is of family ${family}, not ${must.family}`);
    return;
  }
  const kind = routing["community-lists"][name]?.kind;
  if (kind !== must.community)
    report("reference-kind", path, `the community list ${name} is of kind ${kind}, not ${must.community}`);
}

function checkPools({ machine: { nat } }: View, report: Report): void {
  const pools = Object.keys(nat?.det44?.pools ?? {});
  for (const [name, { pool }] of Object.entries(nat?.det44?.mappings ?? {})) {
    if (!pools.includes(pool))
      missing("NAT pool", { name: pool, path: ["nat", "det44", "mappings", name, "pool"] }, pools, report);
  }
}
