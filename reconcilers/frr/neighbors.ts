/** What FRR knows of single BGP neighbours: why a session is down, and whether a peer has sent all that it has. */
import type { Host } from "../core.ts";
import { fields, number, record, string } from "./json.ts";
import { openVty } from "./vty.ts";

/** Seen with FRR 8.4.4 and BIRD 2. */
export interface BgpNeighbor {
  /**
   * How long ago the peer's operator took the session down, in milliseconds; undefined: nobody there did. FRR keeps it until
   * the session is up again.
   */
  readonly ceasedMsAgo: number | undefined;
  /** Whether it has sent End-of-RIB for every family; undefined: its session does not do that. */
  readonly endOfRib: boolean | undefined;
}

/** Of how many neighbours somebody asks at once. */
const mostAsked = 50;

/** Asks bgpd about these peers, by their names as nameInVrf has them, as many as are allowed. Rejects with FRR_UNREACHABLE when it does not answer. */
export async function bgpNeighbors(
  host: Host,
  sockets: string,
  peers: readonly string[],
  signal: AbortSignal,
  most = mostAsked,
): Promise<ReadonlyMap<string, BgpNeighbor>> {
  const asked = peers.slice(0, most);
  if (asked.length === 0) return new Map();
  const vty = await openVty(host, sockets, "bgpd", signal);
  try {
    const replies = await vty.send(
      asked.map((name) => {
        const [peer, , vrf] = name.split(" ");
        return `show bgp ${vrf === undefined ? "" : `vrf ${vrf} `}neighbors ${peer} json`;
      }),
      signal,
    );
    return new Map(
      replies.flatMap(({ text }, index): [string, BgpNeighbor][] => {
        const peer = asked[index] ?? "";
        const neighbor = readNeighbor(text, peer.replace(/ .*$/, ""));
        return neighbor ? [[peer, neighbor]] : [];
      }),
    );
  } finally {
    vty.close();
  }
}

/**
 * Reads `show bgp neighbors X json`. Administrative shutdown, reset and removal of the peer (RFC 4486: Cease 2, 4 and 3) are
 * its operator's doing where they were received; a peer that got too many prefixes (Cease 1) may complain of us.
 */
export function readNeighbor(text: string, peer: string): BgpNeighbor | undefined {
  let shown: unknown;
  try {
    shown = record(JSON.parse(text))[peer];
  } catch {
    return undefined;
  }
  if (typeof shown !== "object" || shown === null) return undefined;
  const { lastErrorCodeSubcode: code, lastResetDueTo, lastResetTimerMsecs } = record(shown);
  const hasCeased = lastResetDueTo === "BGP Notification received" && /^060[234]$/.test(string(code));
  return {
    ceasedMsAgo: hasCeased && typeof lastResetTimerMsecs === "number" ? number(lastResetTimerMsecs) : undefined,
    endOfRib: readEndOfRib(record(shown)),
  };
}

function readEndOfRib(shown: Readonly<Record<string, unknown>>): boolean | undefined {
  // A peer that does no graceful restart need not send it (RFC 4724).
  if (record(shown["neighborCapabilities"])["gracefulRestart"] !== "advertisedAndReceived") return undefined;
  const received = record(record(shown["gracefulRestartInfo"])["endOfRibRecv"]);
  const carried = fields(record(record(shown["neighborCapabilities"])["multiprotocolExtensions"]))
    .filter(([, how]) => record(how)["advertisedAndReceived"] === true)
    .map(([family]) => family);
  return carried.every((family) => received[family] === true);
}
