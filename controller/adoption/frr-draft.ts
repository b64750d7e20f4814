/**
 * FRR's running configuration as the `routing` section: what exists, with what FRR does by itself written out, then every
 * line that the machine file has a word for. A guess: fit.ts takes out what does not come back as it is.
 */
import { type Entries, entriesOf, isAddress, type Neighbor, neighborsOf } from "../../reconcilers/frr/entries.ts";
import { type LiveChange, liveChanges } from "../../reconcilers/frr/live-changes.ts";
import type { Spelling } from "../../reconcilers/frr/spelling.ts";
import { type Node, parseConfig } from "../../reconcilers/frr/tree.ts";
import type { JsonObject, JsonValue } from "../../schemas/json.ts";
import { put } from "../../schemas/patch.ts";

type Ref = (linux: string) => string;

/** Instances, peers, groups and profiles that are there, and the defaults of FRR that hold for them. `ref` names an interface. */
export function skeletonOf(config: string, ref: Ref): JsonObject {
  const nodes = parseConfig(config);
  const bgp = nodes.find(({ line }) => /^router bgp \d+$/.test(line));
  const ospf = nodes.find(({ line }) => line === "router ospf");
  const ospf3 = nodes.find(({ line }) => line === "router ospf6");
  const bfd = nodes.find(({ line }) => line === "bfd");
  return {
    ...(bgp && says(bgp, "no bgp default ipv4-unicast") && { bgp: bgpOf(bgp, entriesOf(nodes), ref) }),
    ...(ospf && { ospf: ospfOf(ospf) }),
    ...(ospf3 && { ospf3: ospfOf(ospf3) }),
    ...(bfd && { bfd: bfdOf(bfd, ref) }),
  };
}

/** With a word for every line that is live and that the machine does not ask for yet. */
export function withWords(draft: JsonObject, desired: string, live: string, spelled: Spelling): JsonObject {
  return liveChanges(desired, live, []).reduce((made, change) => {
    if (change.live === undefined) return made;
    const words = spelled.of(change)[0] ?? [];
    return words.reduce((file, { path, value }) => {
      if (value === null || isOfGroup(change)) return file;
      return put(file, path, path[2] === "announce" ? announced(value) : value);
    }, made);
  }, draft);
}

/** A peer-group that FRR carries a family for by itself: its members have no line, and the machine file knows no such. */
function isOfGroup({ live }: LiveChange): boolean {
  const [, name = "", rest] = /^neighbor (\S+) (.*)$/.exec(live ?? "") ?? [];
  return rest === "activate" && !isAddress(name);
}

/** The blackhole route behind it is a route of its own here, where there is one. */
function announced(value: JsonValue): JsonValue {
  return { ...(value as JsonObject), blackhole: false };
}

function says({ children }: Node, line: string): boolean {
  return children.some((child) => child.line === line);
}

function bgpOf(bgp: Node, entries: Entries, ref: Ref): JsonObject {
  const neighbors = [...neighborsOf(entries).values()].filter(({ key }) => key.startsWith(`${bgp.line}\n`));
  const groups = neighbors.filter(({ isGroup }) => isGroup);
  const carried = new Set(groups.filter(({ entries: own }) => own.some(isActivation)).map(({ name }) => name));
  // Those of a group that carries a family by itself stay with it.
  const peers = neighbors.filter(({ isGroup, group }) => !isGroup && (group === undefined || !carried.has(group)));
  const named: Record<string, JsonValue> = {};
  for (const peer of peers) named[freeName(nameOf(peer), named)] = peerOf(peer, ref);
  return {
    asn: Number(bgp.line.split(" ")[2]),
    "ebgp-requires-policy": !says(bgp, "no bgp ebgp-requires-policy"),
    "log-neighbor-changes": says(bgp, "bgp log-neighbor-changes"),
    "graceful-restart": says(bgp, "bgp graceful-restart")
      ? "restart"
      : says(bgp, "bgp graceful-restart-disable")
        ? "off"
        : "helper",
    ...section("peer-groups", Object.fromEntries(groups.filter(({ name }) => !carried.has(name)).map(groupOf))),
    ...section("peers", named),
  };
}

function section(name: string, value: JsonObject): JsonObject {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}

function isActivation({ line }: { readonly line: string }): boolean {
  return line.endsWith(" activate");
}

function groupOf({ name, identity }: Neighbor): readonly [string, JsonValue] {
  return [name, remoteAs(identity.map(({ line }) => line))];
}

function remoteAs(lines: readonly string[]): JsonObject {
  const asn = lines.map((line) => / remote-as (\S+)$/.exec(line)?.[1]).find((one) => one !== undefined);
  return asn === undefined ? {} : { "remote-as": /^\d+$/.test(asn) ? Number(asn) : asn };
}

function peerOf({ name, identity, entries, group, isUnnumbered }: Neighbor, ref: Ref): JsonObject {
  const lines = identity.map(({ line }) => line);
  const own = isUnnumbered ? "" : name.includes(":") ? "ipv6" : "ipv4";
  const families = (["ipv4", "ipv6"] as const).flatMap((family) => {
    const inside = entries.filter(({ path }) => path[1] === `address-family ${family} unicast`);
    const isActive = inside.some(({ line }) => line === `neighbor ${name} activate`);
    return isActive || inside.length > 0 || family === own || isUnnumbered ? [[family, { activate: isActive }]] : [];
  });
  return {
    ...(isUnnumbered ? { interface: ref(name) } : { address: name }),
    ...(group !== undefined && { group }),
    ...remoteAs(lines),
    description: descriptionOf(entries) ?? "",
    ...Object.fromEntries(families),
  };
}

function descriptionOf(entries: Neighbor["entries"]): string | undefined {
  return entries.map(({ line }) => /^neighbor \S+ description (.*)$/.exec(line)?.[1]).find((one) => one !== undefined);
}

/** After what it is described as, where that makes a name. */
function nameOf({ name, entries }: Neighbor): string {
  const said = slug(descriptionOf(entries) ?? "");
  return said === "" || said.length > 40 ? slug(`peer-${name}`) : said;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function freeName(name: string, taken: Readonly<Record<string, unknown>>): string {
  for (let count = 1; ; count += 1) {
    const one = count === 1 ? name : `${name}-${count}`;
    if (!Object.hasOwn(taken, one)) return one;
  }
}

function ospfOf(ospf: Node): JsonObject {
  const ranges = ospf.children.flatMap(({ line }) => {
    const [, area = "", prefix] = /^area (\S+) range (\S+)$/.exec(line) ?? [];
    return prefix === undefined ? [] : [[area, prefix] as const];
  });
  const byArea = Map.groupBy(ranges, ([area]) => area);
  const areas = [...byArea].map(([area, all]) => [area, { ranges: all.map(([, prefix]) => prefix) }] as const);
  return {
    // FRR's own, which it does not print.
    "reference-bandwidth": 100_000,
    "log-adjacency-changes": says(ospf, "log-adjacency-changes"),
    ...section("areas", Object.fromEntries(areas)),
  };
}

function bfdOf(bfd: Node, ref: Ref): JsonObject {
  const profiles: Record<string, JsonValue> = {};
  const peers: Record<string, JsonValue> = {};
  for (const { line, children } of bfd.children) {
    const name = /^profile (\S+)$/.exec(line)?.[1];
    if (name !== undefined) profiles[name] = {};
    const address = /^peer (\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    const after = (word: string) => new RegExp(` ${word} (\\S+)`).exec(line)?.[1];
    const [source, out] = [after("local-address"), after("interface")];
    const profile = children.map((child) => /^profile (\S+)$/.exec(child.line)?.[1]).find((one) => one !== undefined);
    peers[freeName(slug(`peer-${address}`), peers)] = {
      address,
      ...(line.includes(" multihop") && { multihop: true }),
      ...(source !== undefined && { source }),
      ...(out !== undefined && { interface: ref(out) }),
      ...(profile !== undefined && { profile }),
    };
  }
  return { ...section("profiles", profiles), ...section("peers", peers) };
}
