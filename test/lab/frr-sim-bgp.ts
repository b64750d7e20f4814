/** The BGP sessions of the simulated FRR: which are Established, and how their counters move as real ones do. */
import type { BgpSession } from "../../reconcilers/frr/sessions.ts";
import type { Line } from "./frr-store.ts";

/** A peer that would answer. */
export interface SimPeer {
  readonly as: number;
  /** What it announces by family; { ipv4Unicast: 1 } unless given. */
  readonly prefixes?: Readonly<Record<string, number>>;
  readonly password?: string;
  /** It has not sent all of its routes yet. */
  readonly isSending?: boolean;
}

interface Session {
  readonly vrf: string;
  readonly peer: string;
  readonly fingerprint: string;
  readonly established: boolean;
  readonly ups: number;
  readonly downs: number;
  readonly remoteAs: number;
  readonly families: Readonly<Record<string, number>>;
}

/** Lines that a session is negotiated with: when one changes, it is torn down. */
const negotiated =
  /^neighbor \S+ (?:remote-as|interface|peer-group|password|update-source|ebgp-multihop|ttl-security|local-as|shutdown|passive|capability|disable-connected-check|bfd$|activate|route-reflector-client)/;

export class SimBgp {
  private sessions = new Map<string, Session>();

  /** bgpd is gone. */
  forget(): void {
    this.sessions = new Map();
  }

  settle(config: ReadonlyMap<string, Line>, peers: ReadonlyMap<string, SimPeer>): void {
    const next = new Map<string, Session>();
    for (const { line, children } of config.values()) {
      const instance = /^router bgp (\d+)(?: vrf (\S+))?$/.exec(line);
      if (!instance) continue;
      const vrf = instance[2] ?? "default";
      for (const peer of neighborsOf(children)) {
        const session = this.one(config, children, Number(instance[1]), vrf, peer, peers.get(peer));
        next.set(`${vrf} ${peer}`, session);
      }
    }
    this.sessions = next;
  }

  list(): readonly BgpSession[] {
    return [...this.sessions.values()].map((session) => ({
      vrf: session.vrf,
      peer: session.peer,
      remoteAs: session.remoteAs,
      state: session.established ? "Established" : "Active",
      connectionsEstablished: session.ups,
      connectionsDropped: session.downs,
      upMs: session.established ? 60_000 : 0,
      prefixes: session.families,
      advertised: {},
    }));
  }

  /** `show bgp vrf all summary json`. */
  summary(): string {
    const vrfs: Record<string, Record<string, { peers: Record<string, unknown> }>> = {};
    for (const { vrf, peer, prefixes, advertised, upMs, ...rest } of this.list()) {
      for (const [family, pfxRcd] of Object.entries(prefixes)) {
        const families = (vrfs[vrf] ??= {});
        (families[family] ??= { peers: {} }).peers[peer] = {
          ...rest,
          peerUptimeMsec: upMs,
          pfxRcd,
          pfxSnt: advertised[family] ?? 0,
        };
      }
    }
    return JSON.stringify(vrfs);
  }

  /** `show bgp neighbors X json`, as far as anybody asks; undefined: there is no such peer. */
  neighbor(peer: string, remote: SimPeer | undefined, hasCeased: boolean): string | undefined {
    const session = [...this.sessions.values()].find((one) => one.peer === peer);
    if (!session) return undefined;
    const families = Object.keys(session.families);
    const each = (value: unknown) => Object.fromEntries(families.map((family) => [family, value]));
    const up = {
      neighborCapabilities: {
        gracefulRestart: "advertisedAndReceived",
        multiprotocolExtensions: each({ advertisedAndReceived: true }),
      },
      gracefulRestartInfo: { endOfRibRecv: remote?.isSending === true ? {} : each(true) },
    };
    const ceased = {
      lastResetTimerMsecs: 500,
      lastErrorCodeSubcode: "0602",
      lastResetDueTo: "BGP Notification received",
    };
    return JSON.stringify({ [peer]: session.established ? up : hasCeased ? ceased : {} });
  }

  private one(
    config: ReadonlyMap<string, Line>,
    router: ReadonlyMap<string, Line>,
    asn: number,
    vrf: string,
    peer: string,
    remote: SimPeer | undefined,
  ): Session {
    const lines = linesOf(router, peer);
    const fingerprint = [asn, ...instanceLines(router), ...lines.filter((line) => negotiated.test(line))].join("\n");
    const asked = lines.map((line) => /remote-as (\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
    const password = lines.map((line) => /password (.*)/.exec(line)?.[1]).find((found) => found !== undefined);
    const fits =
      remote !== undefined &&
      (asked === String(remote.as) ||
        (asked === "external" && remote.as !== asn) ||
        (asked === "internal" && remote.as === asn)) &&
      (remote.password === undefined || remote.password === password);
    const families = this.families(config, router, peer, remote);
    const up = fits && !lines.some((line) => /^neighbor \S+ shutdown/.test(line)) && Object.keys(families).length > 0;
    const old = this.sessions.get(`${vrf} ${peer}`);
    const dropped = old?.established === true && (!up || old.fingerprint !== fingerprint);
    return {
      vrf,
      peer,
      fingerprint,
      established: up,
      ups: (old?.ups ?? 0) + (up && (dropped || !old?.established) ? 1 : 0),
      downs: (old?.downs ?? 0) + (dropped ? 1 : 0),
      remoteAs: remote?.as ?? (Number(asked) || 0),
      families: up ? families : Object.fromEntries(Object.keys(families).map((family) => [family, 0])),
    };
  }

  private families(
    config: ReadonlyMap<string, Line>,
    router: ReadonlyMap<string, Line>,
    peer: string,
    remote: SimPeer | undefined,
  ): Record<string, number> {
    const families: Record<string, number> = {};
    const byDefault = ![...router.values()].some(({ line }) => line === "no bgp default ipv4-unicast");
    if (byDefault && !peer.includes(":")) families["ipv4Unicast"] = 0;
    for (const { line, children } of router.values()) {
      const family = /^address-family (ipv[46]) unicast$/.exec(line)?.[1];
      if (family === undefined) continue;
      const lines = linesOf(router, peer, children);
      if (lines.some((own) => own.endsWith(" activate") && !own.startsWith("no "))) families[`${family}Unicast`] = 0;
      const filters = lines.flatMap(
        (own) => /^neighbor \S+ (prefix-list|route-map) (\S+) in$/.exec(own)?.slice(1, 3).join(" ") ?? [],
      );
      // A filter that does not exist denies everything.
      const denied = filters.some(
        (filter) => ![...config.values()].some((top) => top.line.replace(/^(ip|ipv6) /, "").startsWith(`${filter} `)),
      );
      const name = `${family}Unicast`;
      if (families[name] !== undefined && !denied)
        families[name] = remote?.prefixes?.[name] ?? (remote?.prefixes ? 0 : 1);
    }
    return families;
  }
}

function instanceLines(router: ReadonlyMap<string, Line>): readonly string[] {
  return [...router.values()]
    .map(({ line }) => line)
    .filter((line) => /^bgp (?:router-id|cluster-id|confederation)/.test(line));
}

/** Neighbours that are peers: not peer-groups. */
function neighborsOf(router: ReadonlyMap<string, Line>): ReadonlySet<string> {
  const lines = [...router.values()].map(({ line }) => line);
  const groups = new Set(lines.map((line) => /^neighbor (\S+) peer-group$/.exec(line)?.[1]));
  const names = lines.flatMap((line) => /^neighbor (\S+) (?:remote-as|peer-group \S|interface)/.exec(line)?.[1] ?? []);
  return new Set(names.filter((name) => !groups.has(name)));
}

/** The neighbour's own lines and those of its peer-group. */
function linesOf(
  router: ReadonlyMap<string, Line>,
  peer: string,
  within: ReadonlyMap<string, Line> = router,
): readonly string[] {
  const groupLine = new RegExp(`^neighbor ${peer.replaceAll(".", "\\.")} (?:interface )?peer-group (\\S+)$`);
  const group = [...router.values()].map(({ line }) => groupLine.exec(line)?.[1]).find((name) => name !== undefined);
  const names = [peer, ...(group === undefined ? [] : [group])];
  const all = [...within.values()].flatMap(({ line, children }) =>
    within === router && line.startsWith("address-family ")
      ? [line, ...[...children.values()].map((child) => child.line)]
      : [line],
  );
  return names.flatMap((name) => all.filter((line) => line.replace(/^no /, "").startsWith(`neighbor ${name} `)));
}
