/** The BGP instance as FRR 8.4 prints it: what equals a default of FRR is not printed, so it is not rendered. */
import type { Bgp, Peer } from "../../../schemas/bgp.ts";
import type { Machine } from "../../../schemas/machine.ts";
import { carries, peerFamilyLines, peerLines, peerName } from "./bgp-peers.ts";
import { applying, block, type RenderContext, valued, when } from "./lines.ts";
import { announcedPools } from "./static.ts";

type Family = "ipv4" | "ipv6";

export type Instance = Omit<Bgp, "hygiene" | "own-prefixes">;

/** `vrf`: of the VRF that the instance is of; undefined: it is the default one. */
export function renderBgp(
  machine: Machine,
  bgp: Instance,
  context: RenderContext,
  vrf?: { readonly name: string; readonly imports: readonly string[] },
): readonly string[] {
  const groups = applying(bgp["peer-groups"], context.versions);
  const peers = applying(bgp.peers, context.versions);
  const families = (["ipv4", "ipv6"] as const).flatMap((family) =>
    block(`address-family ${family} unicast`, [
      ...familyLines(vrf ? [] : announcedPools(machine), bgp, family, context),
      ...(vrf?.imports ?? []),
    ]),
  );
  return block(`router bgp ${bgp.asn}${vrf ? ` vrf ${vrf.name}` : ""}`, [
    ...instanceLines(
      machine,
      bgp,
      peers.map(([, peer]) => peer),
    ),
    ...groups.flatMap(([name, group]) => [
      `neighbor ${name} peer-group`,
      ...valued(group["remote-as"], `neighbor ${name} remote-as`),
      ...peerLines(name, group, undefined, bgp, context),
    ]),
    ...peers.flatMap(([name, peer]) => {
      const group = peer.group === undefined ? undefined : bgp["peer-groups"][peer.group];
      const neighbor = peerName(peer, context);
      const described = { ...peer, description: (peer.description ?? name) || undefined };
      return [...identity(peer, bgp, context), ...peerLines(neighbor, described, group, bgp, context)];
    }),
    ...families,
  ]);
}

function instanceLines(machine: Machine, bgp: Instance, peers: readonly Peer[]): readonly string[] {
  const { multipath, timers } = bgp;
  const restarts = bgp["graceful-restart"] === "restart";
  const isUsual = timers?.["keepalive-seconds"] === 60 && timers["hold-seconds"] === 180;
  const parts = [...peers, ...Object.values(bgp["peer-groups"])];
  // Sending the best path of each AS needs it, and FRR switches it on by itself.
  const perAs = parts.some((part) => [part.ipv4, part.ipv6].some((family) => family?.["add-path"] === "best-per-as"));
  return [
    ...valued(bgp["router-id"] ?? machine.routing["router-id"], "bgp router-id"),
    ...when(bgp["log-neighbor-changes"], "bgp log-neighbor-changes"),
    ...when(bgp["always-compare-med"], "bgp always-compare-med"),
    ...when(!bgp["ebgp-requires-policy"], "no bgp ebgp-requires-policy"),
    "no bgp default ipv4-unicast",
    // RFC 8326: to eBGP peers with the community, from them with local preference 0.
    ...when(machine.maintenance === "drain", "bgp graceful-shutdown"),
    ...valued(bgp["cluster-id"], "bgp cluster-id"),
    ...when(bgp["deterministic-med"] || perAs, "bgp deterministic-med"),
    ...when(restarts && bgp["restart-seconds"] !== 120, `bgp graceful-restart restart-time ${bgp["restart-seconds"]}`),
    ...when(restarts, "bgp graceful-restart"),
    ...when(bgp["graceful-restart"] === "off", "bgp graceful-restart-disable"),
    ...when(multipath?.["as-path-relax"], "bgp bestpath as-path multipath-relax"),
    ...when(bgp["compare-router-id"], "bgp bestpath compare-routerid"),
    ...when(timers && !isUsual, `timers bgp ${timers?.["keepalive-seconds"]} ${timers?.["hold-seconds"]}`),
  ];
}

/** The lines by which a peer exists: its own AS number unless its group has one, and its group. */
function identity(peer: Peer, bgp: Instance, context: RenderContext): readonly string[] {
  const name = peerName(peer, context);
  const group = peer.group === undefined ? undefined : bgp["peer-groups"][peer.group];
  const own = group?.["remote-as"] === undefined ? peer["remote-as"] : undefined;
  if (peer.address === undefined) {
    if (peer.group === undefined) return [`neighbor ${name} interface remote-as ${own}`];
    return [`neighbor ${name} interface peer-group ${peer.group}`, ...valued(own, `neighbor ${name} remote-as`)];
  }
  const link = peer.interface === undefined ? undefined : context.linux(peer.interface);
  return [
    ...valued(own, `neighbor ${name} remote-as`),
    ...valued(peer.group, `neighbor ${name} peer-group`),
    ...valued(link, `neighbor ${name} interface`),
  ];
}

function familyLines(
  pools: readonly { readonly prefix: string }[],
  bgp: Instance,
  family: Family,
  context: RenderContext,
): readonly string[] {
  const isOurs = (prefix: string) => prefix.includes(":") === (family === "ipv6");
  const aggregates = Object.entries(bgp.aggregates).filter(([prefix]) => isOurs(prefix));
  const other = family === "ipv4" ? "ospf6" : "ospf";
  const groups = applying(bgp["peer-groups"], context.versions);
  return [
    ...Object.entries(bgp.announce)
      .filter(([prefix]) => isOurs(prefix))
      .map(([prefix, options]) => [`network ${prefix}`, ...valued(options["route-map"], "route-map")].join(" ")),
    ...pools.filter(({ prefix }) => isOurs(prefix)).map(({ prefix }) => `network ${prefix}`),
    ...aggregates.map(
      ([prefix, { "as-set": set, "summary-only": only, "route-map": map }]) =>
        `aggregate-address ${prefix}${set ? " as-set" : ""}${only ? " summary-only" : ""}${map === undefined ? "" : ` route-map ${map}`}`,
    ),
    ...Object.entries(bgp.redistribute)
      .filter(([protocol]) => protocol !== other)
      .map(([protocol, options]) =>
        [
          `redistribute ${protocol}`,
          ...valued(options.metric, "metric"),
          ...valued(options["route-map"], "route-map"),
        ].join(" "),
      ),
    ...groups.flatMap(([name, group]) => peerFamilyLines(name, group[family], undefined)),
    ...applying(bgp.peers, context.versions).flatMap(([, peer]) => {
      const group = peer.group === undefined ? undefined : bgp["peer-groups"][peer.group];
      const name = peerName(peer, context);
      const lines = peerFamilyLines(name, peer[family], group?.[family]);
      return [...when(carries(peer, family, group?.[family]?.activate), `neighbor ${name} activate`), ...lines];
    }),
    ...valued(bgp.multipath?.ebgp, "maximum-paths"),
    ...valued(bgp.multipath?.ibgp, "maximum-paths ibgp"),
  ];
}
