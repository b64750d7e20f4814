/** What a change of FRR's configuration disturbs: which sessions and adjacencies go down by it. Tried on FRR 8.4.4. */
import type { Impact } from "../core.ts";
import type { Entries, Entry, Neighbor } from "./entries.ts";
import { neighborKey } from "./entries.ts";

/** One line that changes. */
export interface Operation {
  readonly kind: "add" | "set" | "remove";
  readonly entry: Entry;
  /** What a set replaces. */
  readonly old?: Entry;
}

export interface Disturbance {
  readonly impact: Impact;
  /** Peers and interfaces that lose their session. */
  readonly resets: readonly string[];
  /** Where equality is not effect. */
  readonly note?: string;
}

/** What is live, as far as impact depends on it. */
export interface LiveSessions {
  readonly neighbors: ReadonlyMap<string, Neighbor>;
  /** Whoever connects from there is a peer, in no configuration, and goes with the line. */
  readonly ranges: readonly ListenRange[];
  /** Interfaces that have an area, by protocol: where there can be an adjacency. */
  readonly adjacent: Readonly<Record<Protocol, readonly string[]>>;
  /** Networks by which an instance of OSPF enables the interfaces that have an address in them. */
  readonly networks: Readonly<Record<Protocol, readonly string[]>>;
}

type Protocol = "ospf" | "ospf6";

interface ListenRange {
  /** The line of its instance. */
  readonly root: string;
  readonly prefix: string;
  readonly group: string;
}

export function liveSessions(entries: Entries, neighbors: ReadonlyMap<string, Neighbor>): LiveSessions {
  const all = [...entries.values()];
  const withArea = (start: string) =>
    all.flatMap(({ path: [root = ""], line }) =>
      root.startsWith("interface ") && line.startsWith(start) ? [root.slice("interface ".length)] : [],
    );
  return {
    neighbors,
    ranges: all.flatMap((entry) => rangeIn(entry) ?? []),
    adjacent: { ospf: withArea("ip ospf area "), ospf6: withArea("ipv6 ospf6 area ") },
    networks: { ospf: all.filter(isNetwork).map(({ line }) => line.replace(/ area .*/, "")), ospf6: [] },
  };
}

function rangeIn({ path: [root = ""], line }: Pick<Entry, "path" | "line">): ListenRange | undefined {
  const [, prefix, group] = /^(?:no )?bgp listen range (\S+) peer-group (\S+)$/.exec(line) ?? [];
  return prefix === undefined || group === undefined ? undefined : { root, prefix, group };
}

const none: Disturbance = { impact: "hitless", resets: [] };

/** Attributes that a session is negotiated with: bgpd tears it down when one changes (bgpd.c, peer_flag_modify). */
const renegotiated =
  /^neighbor \S+ (?:remote-as|interface|peer-group|activate|password|update-source|ebgp-multihop|ttl-security|local-as|local-role|passive|capability|disable-connected-check|extended-optional-parameters|route-reflector-client|route-server-client|addpath-)/;
/** Lines of the instance that every session of it depends on. */
const instanceWide = /^bgp (?:router-id|cluster-id|confederation|default ipv4-unicast)\b/;
/** Lines that act when a session opens the next time. */
const nextSession =
  /^(?:timers bgp|bgp graceful-restart|neighbor \S+ (?:timers|graceful-restart|advertisement-interval))/;
/** Lines of an interface that both ends of an adjacency must agree on, or that end it. */
const adjacency =
  /^(?:ip ospf|ipv6 ospf6) (?:area|network|hello-interval|dead-interval|authentication|authentication-key|message-digest-key|passive|mtu-ignore|instance-id)\b/;

/** What one changed line disturbs. */
export function disturbance(operation: Operation, live: LiveSessions): Disturbance {
  const { entry } = operation;
  const root = entry.path[0] ?? entry.line;
  if (root.startsWith("router bgp ")) return ofBgp(operation, live, root);
  if (/^router ospf6?\b/.test(root)) return ofOspf(operation, live, root.split(" ")[1] === "ospf6" ? "ospf6" : "ospf");
  if (root.startsWith("interface ")) return ofInterface(operation, live, root);
  return none;
}

function ofBgp(operation: Operation, live: LiveSessions, root: string): Disturbance {
  const { entry, kind } = operation;
  const line = entry.line.replace(/^no /, "");
  if (entry.path.length === 0) return kind === "remove" ? reset(peersOf(live, root)) : none;
  const key = neighborKey(entry);
  if (key === undefined) {
    const range = rangeIn(entry);
    if (range) return kind === "add" ? none : reset([dynamicPeers(range)]);
    if (instanceWide.test(line)) return reset(peersOf(live, root));
    return nextSession.test(line)
      ? { ...none, note: `"${line}" takes effect when sessions open the next time.` }
      : none;
  }
  const neighbor = live.neighbors.get(key);
  if (!neighbor) return none;
  const closes = kind === "remove" ? line.endsWith(" bfd") : / shutdown\b/.test(line);
  if (renegotiated.test(line) || closes) return reset(membersOf(live, root, neighbor));
  return nextSession.test(line)
    ? { ...none, note: `"${line}" takes effect when the session opens the next time.` }
    : none;
}

function reset(peers: readonly string[]): Disturbance {
  return peers.length === 0 ? none : { impact: "session-reset", resets: peers };
}

/** The peers of an instance whose session can be up. */
function peersOf(live: LiveSessions, root: string): readonly string[] {
  const named = [...live.neighbors.values()]
    .filter((one) => one.key.startsWith(`${root}\n`) && !one.isGroup && !isShut(one))
    .map((one) => one.name);
  return [...named, ...live.ranges.filter((range) => range.root === root).map(dynamicPeers)];
}

/** The peer itself, or those of the group. */
export function membersOf(live: LiveSessions, root: string, neighbor: Neighbor): readonly string[] {
  if (!neighbor.isGroup) return isShut(neighbor) ? [] : [neighbor.name];
  const named = [...live.neighbors.values()]
    .filter((one) => one.key.startsWith(`${root}\n`) && one.group === neighbor.name && !isShut(one))
    .map((one) => one.name);
  const ranges = live.ranges.filter((range) => range.root === root && range.group === neighbor.name);
  return [...named, ...ranges.map(dynamicPeers)];
}

function dynamicPeers({ prefix }: ListenRange): string {
  return `peers in ${prefix}`;
}

function isShut(neighbor: Neighbor): boolean {
  return neighbor.entries.some(({ line }) => /^neighbor \S+ shutdown\b/.test(line));
}

function ofOspf(operation: Operation, live: LiveSessions, protocol: Protocol): Disturbance {
  const { entry, kind } = operation;
  const line = entry.line.replace(/^no /, "");
  const adjacencies = [...live.adjacent[protocol], ...live.networks[protocol]];
  if (isEnabling(line)) return kind === "add" ? none : flap([line.replace(/ area .*/, "")]);
  const ends =
    entry.path.length === 0
      ? kind === "remove"
      : /^(?:area \S+ (?:stub|nssa|authentication)|passive-interface)/.test(line);
  if (ends) return flap(adjacencies);
  if (/^ospf6? router-id/.test(line) && adjacencies.length > 0) {
    const clear = protocol === "ospf" ? "clear ip ospf process" : "clear ipv6 ospf6 process";
    return { ...none, note: `"${line}" takes effect after "${clear}" or a restart of ${protocol}d.` };
  }
  return none;
}

function ofInterface(operation: Operation, live: LiveSessions, root: string): Disturbance {
  const { line } = operation.entry;
  const protocol = /^(?:no )?ip ospf /.test(line) ? "ospf" : "ospf6";
  const name = root.slice("interface ".length);
  // Which interfaces a network of an instance enables depends on their addresses, which FRR may not have.
  const runs = live.adjacent[protocol].includes(name) || live.networks[protocol].length > 0;
  return runs && adjacency.test(line.replace(/^no /, "")) ? flap([name]) : none;
}

function flap(interfaces: readonly string[]): Disturbance {
  return interfaces.length === 0 ? none : { impact: "flap", resets: interfaces };
}

function isNetwork({ path, line }: Entry): boolean {
  return path[0] !== undefined && /^router ospf(?: |$)/.test(path[0]) && isEnabling(line);
}

function isEnabling(line: string): boolean {
  return /^network \S+ area /.test(line);
}
