/** The lines of a BGP peer or peer-group, but for those by which it exists. */
import type { Bgp, Peer, PeerGroup } from "../../../schemas/bgp.ts";
import { type RenderContext, valued, when } from "./lines.ts";

type Family = NonNullable<PeerGroup["ipv4"]>;

/** What FRR calls a peer: its address, or the interface of an unnumbered one. */
export function peerName(peer: Pick<Peer, "address" | "interface">, context: Pick<RenderContext, "linux">): string {
  return peer.address ?? context.linux(peer.interface ?? "");
}

/** Without what the group says just the same. */
function beyond<T extends object>(own: T, group: Partial<T> | undefined): Partial<T> {
  if (group === undefined) return own;
  const same = (key: string) =>
    JSON.stringify((own as Record<string, unknown>)[key]) === JSON.stringify((group as Record<string, unknown>)[key]);
  return Object.fromEntries(Object.entries(own).filter(([key]) => !same(key))) as Partial<T>;
}

/** What we are to a peer of a kind (RFC 9234). */
const roles: Readonly<Partial<Record<NonNullable<PeerGroup["kind"]>, string>>> = {
  upstream: "customer",
  peer: "peer",
  customer: "provider",
  "route-server": "rs-client",
};

/** The same of filters, way by way: FRR shows none of a member that its group has too. */
function filtersBeyond(own: Family, group: Family | undefined): Partial<Family> {
  const rest: Partial<Family> = beyond<Family>(own, group);
  const pairs = (["route-map", "prefix-list", "as-path-list"] as const).flatMap((kind) => {
    const names = rest[kind];
    return names === undefined ? [] : [[kind, beyond(names, group?.[kind])] as const];
  });
  return { ...rest, ...Object.fromEntries(pairs) };
}

/** Lines of `router bgp`. */
export function peerLines(
  name: string,
  peer: PeerGroup | Peer,
  group: PeerGroup | undefined,
  bgp: Pick<Bgp, "timers">,
  context: RenderContext,
): readonly string[] {
  const own: Partial<PeerGroup> = beyond<PeerGroup>(peer, group);
  const unnumbered = "address" in peer ? peer.address === undefined : false;
  const isUnnumbered = unnumbered || ("interface" in peer && !("address" in peer));
  const restart = { restart: "graceful-restart", helper: "graceful-restart-helper", off: "graceful-restart-disable" };
  const local = own["local-as"];
  const { timers } = own;
  const inherited = group?.timers ?? bgp.timers;
  const connect = timers ? timers["connect-seconds"] : group ? undefined : inherited?.["connect-seconds"];
  const isUsual = timers?.["keepalive-seconds"] === 60 && timers["hold-seconds"] === 180 && inherited === undefined;
  const source = own["update-source"];
  const offered = "role" in peer ? peer.role : undefined;
  const role = offered && peer.kind && roles[peer.kind];
  const lines = [
    ...when(role, `local-role ${role}${offered === "required" ? " strict-mode" : ""}`),
    ...when(
      local,
      `local-as ${local?.asn}${local?.["no-prepend"] || local?.["replace-as"] ? " no-prepend" : ""}${local?.["replace-as"] ? " replace-as" : ""}`,
    ),
    ...valued(own.description, "description"),
    ...when(own.shutdown, "shutdown"),
    ...when(own.bfd, "bfd"),
    ...when(typeof own.bfd === "string", `bfd profile ${own.bfd}`),
    ...when(own.password, `password ${own.password ? context.seal(own.password.secret) : ""}`),
    ...when(own.passive, "passive"),
    ...valued(own["ebgp-multihop"], "ebgp-multihop"),
    ...valued(own["ttl-security-hops"], "ttl-security hops"),
    ...when(own["enforce-first-as"], "enforce-first-as"),
    ...when(source, `update-source ${/^[0-9.]+$|:/.test(source ?? "") ? source : context.linux(source ?? "")}`),
    ...when(timers && !isUsual, `timers ${timers?.["keepalive-seconds"]} ${timers?.["hold-seconds"]}`),
    ...valued(connect, "timers connect"),
    ...when(own["graceful-restart"], restart[own["graceful-restart"] ?? "helper"]),
    ...when(own["capability-extended-next-hop"] && !isUnnumbered, "capability extended-nexthop"),
  ];
  return lines.map((line) => `neighbor ${name} ${line}`);
}

const withheld: Readonly<Record<NonNullable<Family["send-community"]>, readonly string[]>> = {
  all: [],
  both: [" large"],
  standard: [" extended", " large"],
  extended: ["", " large"],
  large: ["", " extended"],
  none: [" all"],
};

/** Lines of an address family, but for `activate`. FRR sends all communities unless told not to. */
export function peerFamilyLines(
  name: string,
  family: Family | undefined,
  group: Family | undefined,
): readonly string[] {
  if (family === undefined) return [];
  const own = filtersBeyond(family, group);
  const limit = own["max-prefix"];
  const origin = own["default-originate"];
  const filter = (
    word: string,
    names: { readonly in?: string | undefined; readonly out?: string | undefined } | undefined,
  ) => [...when(names?.in, `${word} ${names?.in} in`), ...when(names?.out, `${word} ${names?.out} out`)];
  const warning = limit?.["warning-percent"];
  const lines = [
    ...when(own["add-path"] === "all", "addpath-tx-all-paths"),
    ...when(own["add-path"] === "best-per-as", "addpath-tx-bestpath-per-AS"),
    ...when(own["remove-private-as"], "remove-private-AS"),
    ...when(own["route-reflector-client"], "route-reflector-client"),
    ...when(own["next-hop-self"], "next-hop-self"),
    ...when(own["default-originate"], `default-originate${typeof origin === "string" ? ` route-map ${origin}` : ""}`),
    ...when(own["soft-reconfiguration"], "soft-reconfiguration inbound"),
    ...when(
      limit,
      [
        `maximum-prefix ${limit?.limit}`,
        ...when(warning !== undefined && warning !== 75, String(warning)),
        ...when(limit?.["warning-only"], "warning-only"),
        ...when(!limit?.["warning-only"] && limit?.["restart-minutes"], `restart ${limit?.["restart-minutes"]}`),
      ].join(" "),
    ),
    ...when(own["route-server-client"], "route-server-client"),
    ...when(own["route-server-client"], "attribute-unchanged next-hop"),
    ...when(own["allow-own-as"], `allowas-in${own["allow-own-as"] === 3 ? "" : ` ${own["allow-own-as"]}`}`),
    ...valued(own.weight, "weight"),
    ...filter("prefix-list", own["prefix-list"]),
    ...filter("filter-list", own["as-path-list"]),
    ...filter("route-map", own["route-map"]),
  ];
  const withholds = own["send-community"] ? withheld[own["send-community"]] : [];
  return [
    ...lines.map((line) => `neighbor ${name} ${line}`),
    ...withholds.map((kind) => `no neighbor ${name} send-community${kind}`),
  ];
}

/**
 * Whether a peer carries a family: as written, else as its group says, else the family of its address and any that it
 * has a section of its own for. What a group says of a family is no reason: its members are of both.
 */
export function carries(peer: Peer, family: "ipv4" | "ipv6", ofGroup: boolean | undefined): boolean {
  const asked = peer[family]?.activate ?? ofGroup;
  if (asked !== undefined) return asked;
  if (peer[family] !== undefined) return true;
  // Unnumbered: the session runs over a link-local address and carries both.
  if (peer.address === undefined) return true;
  return peer.address.includes(":") === (family === "ipv6");
}
