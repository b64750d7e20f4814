/** A BGP peer as it is with what its group gives it: for the rules over one appliance and across appliances. */
import type { Bgp, Peer, PeerGroup } from "../bgp.ts";
import { familyOf } from "../primitives.ts";

export interface Session {
  readonly peer: Peer;
  readonly group: PeerGroup | undefined;
  readonly remoteAs: Peer["remote-as"];
  /** The AS number that the peer sees. */
  readonly localAs: number;
  readonly internal: boolean;
  /** A value of the peer, or else of its group. */
  get<K extends keyof PeerGroup>(key: K): PeerGroup[K];
  /** The same within an address family. */
  policy(family: "ipv4" | "ipv6"): NonNullable<PeerGroup["ipv4"]>;
  /** The families that it carries. */
  readonly families: readonly ("ipv4" | "ipv6")[];
}

export function sessionOf(bgp: Pick<Bgp, "asn" | "peer-groups">, peer: Peer): Session {
  const group =
    peer.group !== undefined && Object.hasOwn(bgp["peer-groups"], peer.group)
      ? bgp["peer-groups"][peer.group]
      : undefined;
  const get = <K extends keyof PeerGroup>(key: K): PeerGroup[K] => peer[key] ?? group?.[key];
  const policy = (family: "ipv4" | "ipv6"): NonNullable<PeerGroup["ipv4"]> => ({ ...group?.[family], ...peer[family] });
  const remoteAs = get("remote-as");
  const usual = peer.address === undefined ? undefined : familyOf(peer.address);
  const byDefault = (family: "ipv4" | "ipv6"): boolean =>
    family === usual || peer[family] !== undefined || (usual === undefined && group?.[family] !== undefined);
  return {
    peer,
    group,
    remoteAs,
    localAs: get("local-as")?.asn ?? bgp.asn,
    internal: remoteAs === "internal" || remoteAs === bgp.asn,
    get,
    policy,
    families: (["ipv4", "ipv6"] as const).filter((family) => policy(family).activate ?? byDefault(family)),
  };
}
