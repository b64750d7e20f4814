/** OSPFv2, OSPFv3 and BFD as FRR 8.4 prints them: what equals a default of FRR is not printed, so it is not rendered. */
import type { Bfd } from "../../../schemas/bfd.ts";
import type { Ospf, Ospf3 } from "../../../schemas/ospf.ts";
import { block, type RenderContext, valued, when } from "./lines.ts";

interface External {
  readonly metric?: number | undefined;
  readonly "metric-type": "type-1" | "type-2";
  readonly "route-map"?: string | undefined;
}

/** `router ospf` or `router ospf6`. */
export function renderOspf(
  version: "ospf" | "ospf6",
  ospf: Ospf | Ospf3,
  routerId: string | undefined,
): readonly string[] {
  const bandwidth = ospf["reference-bandwidth"];
  const originate = ospf["default-originate"];
  const lines = [
    ...valued(ospf["router-id"] ?? routerId, `${version} router-id`),
    ...when(ospf["log-adjacency-changes"], "log-adjacency-changes"),
    ...when(bandwidth !== 100_000, `auto-cost reference-bandwidth ${bandwidth}`),
    ...valued(ospf["max-paths"], "maximum-paths"),
    ...Object.entries(ospf.redistribute).map(([protocol, options]) => `redistribute ${protocol}${external(options)}`),
    ...Object.entries(ospf.areas).flatMap(([area, { kind, ranges }]) => [
      ...when(kind !== "normal", `area ${area} ${kind.replace("-no-summary", " no-summary")}`),
      ...ranges.map((range) => `area ${area} range ${range}`),
    ]),
    ...when(originate, `default-information originate${originate?.always ? " always" : ""}${external(originate)}`),
    ...when(ospf.distance !== undefined && ospf.distance !== 110, `distance ${ospf.distance}`),
  ];
  return lines.length === 0 ? [`router ${version}`] : block(`router ${version}`, lines);
}

function external(options: External | undefined): string {
  if (options === undefined) return "";
  return [
    ...valued(options.metric, " metric"),
    ...when(options["metric-type"] === "type-1", " metric-type 1"),
    ...valued(options["route-map"], " route-map"),
  ].join("");
}

/** The interfaces that take part. */
export function renderOspfInterfaces(
  version: "ospf" | "ospf6",
  interfaces: Ospf["interfaces"] | Ospf3["interfaces"],
  context: RenderContext,
): readonly string[] {
  return Object.entries(interfaces).flatMap(([ref, link]: [string, Ospf["interfaces"][string]]) => {
    const word = version === "ospf" ? "ip ospf" : "ipv6 ospf6";
    const { area, network, authentication, bfd } = link;
    const other = (value: number | undefined, usual: number) => (value === usual ? undefined : value);
    // The usual type of an interface is broadcast: only OSPFv3 prints it all the same.
    const shown = network === "broadcast" && version === "ospf" ? undefined : network;
    const keyId = authentication?.["key-id"];
    return block(`interface ${context.linux(ref)}`, [
      `${word} area ${area}`,
      ...valued(link.cost, `${word} cost`),
      ...valued(shown, `${word} network`),
      ...valued(other(link.priority, 1), `${word} priority`),
      ...valued(other(link["hello-seconds"], 10), `${word} hello-interval`),
      ...valued(other(link["dead-seconds"], 40), `${word} dead-interval`),
      ...when(link["mtu-ignore"], `${word} mtu-ignore`),
      ...when(link.passive, `${word} passive`),
      ...when(bfd !== undefined && bfd !== false, `${word} bfd`),
      ...when(typeof bfd === "string", `${word} bfd profile ${bfd}`),
      ...when(authentication, `${word} authentication message-digest`),
      ...when(
        authentication,
        `${word} message-digest-key ${keyId} md5 ${context.seal(authentication?.key.secret ?? "")}`,
      ),
    ]);
  });
}

export function renderBfd(bfd: Bfd, context: RenderContext): readonly string[] {
  const profiles = Object.entries(bfd.profiles).flatMap(([name, profile]) => [
    `profile ${name}`,
    ...when(profile["detect-multiplier"] !== 3, ` detect-multiplier ${profile["detect-multiplier"]}`),
    ...when(profile["transmit-interval-ms"] !== 300, ` transmit-interval ${profile["transmit-interval-ms"]}`),
    ...when(profile["receive-interval-ms"] !== 300, ` receive-interval ${profile["receive-interval-ms"]}`),
    ...when(profile.passive, " passive-mode"),
    ...when(profile["minimum-ttl"] !== 254, ` minimum-ttl ${profile["minimum-ttl"]}`).filter(
      () => profile["minimum-ttl"] !== undefined,
    ),
  ]);
  const peers = Object.values(bfd.peers).flatMap((peer) => [
    [
      `peer ${peer.address}`,
      ...when(peer.multihop, "multihop"),
      ...valued(peer.source, "local-address"),
      ...when(peer.interface !== undefined, `interface ${context.linux(peer.interface ?? "")}`),
    ].join(" "),
    ...valued(peer.profile, " profile"),
  ]);
  return block("bfd", [...profiles, ...peers]);
}
