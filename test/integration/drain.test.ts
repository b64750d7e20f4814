/** Draining on a real FRR between two BIRDs and a second FRR: routes move, and nothing goes down. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derive } from "../../reconcilers/derive.ts";
import { frr as frrPlane } from "../../reconcilers/frr/frr.ts";
import { bgpSessions, type BgpSession } from "../../reconcilers/frr/sessions.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { type Bird, startBird, whyNoBird } from "../lab/bird.ts";
import { frrHost } from "../lab/frr-host.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";

const why = whyNoFrr() ?? whyNoBird();
const prefix = "198.51.100.0/24";
const gshut = "(65535,0)";

interface Drains {
  readonly machine?: "drain";
  readonly a?: "drain";
  readonly link?: "drain";
}

/** Transit a is better than b; `o` is the other router of the site. */
function routing({ machine, a, link }: Drains): Machine {
  const peer = { timers: { "keepalive-seconds": 3, "hold-seconds": 9, "connect-seconds": 2 } } as const;
  const written: MachineInput = {
    ...(machine && { maintenance: machine }),
    routing: {
      "router-id": "198.51.100.1",
      "prefix-lists": { own: { entries: { 10: { prefix: "203.0.113.0/24" } } } },
      "route-maps": {
        "a-in": { entries: { 10: { set: { "local-preference": 200, communities: ["64500:1"] } } } },
        "b-in": { entries: { 10: { set: { "local-preference": 150 } } } },
        out: { entries: { 10: { match: { "prefix-list": "own" }, set: { communities: ["64500:7"] } } } },
      },
      bgp: {
        asn: 64500,
        announce: { "203.0.113.0/24": {} },
        peers: {
          a: {
            ...peer,
            address: "192.0.2.1",
            "remote-as": 64496,
            ipv4: { "route-map": { in: "a-in", out: "out" } },
            ...(a && { maintenance: a }),
          },
          b: { ...peer, address: "192.0.2.5", "remote-as": 64497, ipv4: { "route-map": { in: "b-in", out: "out" } } },
          o: { ...peer, address: "192.0.2.9", "remote-as": "internal", ipv4: { "next-hop-self": true } },
        },
      },
      ospf: { interfaces: { wo: { network: "point-to-point", cost: 10, ...(link && { maintenance: link }) } } },
      ospf3: { interfaces: { wo: { network: "point-to-point", cost: 10, ...(link && { maintenance: link }) } } },
    },
  };
  return Machine.parse(written);
}

describe.skipIf(why !== undefined)(`draining (${why ?? "all here"})`, () => {
  const stack = new AsyncDisposableStack();
  const host = frrHost();
  let site: Namespace;
  let frr: RealFrr;
  let birdA: Bird;
  let birdB: Bird;
  let owned: FrrDesired[] = [];

  function vtysh(namespace: Namespace, ...commands: readonly string[]): string {
    const argv = ["-N", namespace.name, ...commands.flatMap((command) => ["-c", command])];
    return execFileSync("vtysh", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  }

  /** Brings FRR there, reads back, and says how much it disturbed. */
  async function bring(drains: Drains): Promise<readonly string[]> {
    const plane = frrPlane({ sockets: frr.sockets });
    const desired = derive(routing(drains), { frr: "8.4.4" }, (name) => name).frr;
    const signal = AbortSignal.timeout(60_000);
    const plan = plane.plan(desired, await plane.observe(host, signal), owned);
    expect(plan.problems).toEqual([]);
    for await (const step of plane.apply(plan.steps, host, signal)) void step;
    expect(plane.plan(desired, await plane.observe(host, signal), [...owned, desired]).steps).toEqual([]);
    owned = [desired];
    return [...new Set(plan.steps.map(({ impact }) => impact))];
  }

  async function counters(): Promise<Readonly<Record<string, readonly [number, number]>>> {
    const all = await bgpSessions(host, frr.sockets, AbortSignal.timeout(10_000));
    const one = ({ connectionsEstablished: up, connectionsDropped: down }: BgpSession) => [up, down] as const;
    return Object.fromEntries(all.map((session) => [session.peer, one(session)]));
  }

  function soon(what: () => string | Promise<string>) {
    return expect.poll(what, { timeout: 30_000, interval: 300 });
  }

  /** Which way the prefix goes from here: the next hop of the best path. */
  function bestWay(): string {
    const text = vtysh(dataplane, `show bgp ipv4 unicast ${prefix} json`);
    const { paths } = JSON.parse(text) as {
      paths: { bestpath?: { overall?: boolean }; nexthops: { ip: string }[]; locPrf?: number }[];
    };
    const best = paths.find((path) => path.bestpath?.overall === true);
    return `${best?.nexthops[0]?.ip} ${best?.locPrf}`;
  }

  let dataplane: Namespace;

  beforeAll(async () => {
    dataplane = stack.use(makeNamespace("drain"));
    const bird = async (label: string, tap: string, us: string, them: string, asn: number) => {
      const namespace = stack.use(makeNamespace(label));
      makeWire(
        { namespace: dataplane, name: tap, addresses: [`${us}/30`] },
        { namespace, name: "to-dp", addresses: [`${them}/30`] },
      );
      const ends = { localAddress: them, localAs: asn, peerAddress: us, peerAs: 64500 };
      return stack.use(await startBird(namespace, them, [{ name: "dp", ...ends, announces: [prefix] }]));
    };
    birdA = await bird("drain-a", "wa", "192.0.2.2", "192.0.2.1", 64496);
    birdB = await bird("drain-b", "wb", "192.0.2.6", "192.0.2.5", 64497);
    site = stack.use(makeNamespace("drain-o"));
    makeWire(
      { namespace: dataplane, name: "wo", addresses: ["192.0.2.10/30", "2001:db8::2/64"] },
      { namespace: site, name: "x", addresses: ["192.0.2.9/30", "2001:db8::1/64"] },
    );
    dataplane.ip("address", "add", "198.51.100.1/32", "dev", "lo");
    frr = stack.use(await startFrr(dataplane));
    stack.use(await startFrr(site));
    const ospf = ["ip ospf area 0.0.0.0", "ip ospf network point-to-point"];
    const ospf6 = ["ipv6 ospf6 area 0.0.0.0", "ipv6 ospf6 network point-to-point"];
    vtysh(site, "configure terminal", "router ospf", "exit", "router ospf6", "exit", "interface x", ...ospf, ...ospf6);
    const bgp = ["router bgp 64500", "neighbor 192.0.2.10 remote-as 64500", "neighbor 192.0.2.10 timers connect 2"];
    vtysh(site, "configure terminal", ...bgp);
  });
  afterAll(() => stack.disposeAsync());

  it("begins with everything up, and a as the better way", async () => {
    expect(await bring({})).not.toEqual([]);
    await soon(bestWay).toBe("192.0.2.1 200");
    await soon(() => birdA.routes("dp")).toContain("203.0.113.0/24");
    await soon(() => birdB.routes("dp")).toContain("203.0.113.0/24");
    await soon(() => vtysh(site, "show ip ospf neighbor")).toContain("Full");
    await soon(() => vtysh(site, "show ipv6 ospf6 neighbor")).toContain("Full");
    await soon(() => vtysh(site, `show bgp ipv4 unicast ${prefix}`)).toContain("localpref 200");
  });

  it("of a peer moves what comes from it to another, tells it why, and keeps its session and filters", async () => {
    const before = await counters();
    expect(await bring({ a: "drain" })).toEqual(["hitless"]);

    await soon(bestWay).toBe("192.0.2.5 150");
    await soon(() => birdA.routes("dp")).toContain(gshut);
    const heard = await birdA.routes("dp");
    expect(heard, "what its own route-map sets stays").toContain("(64500,7)");
    expect(await birdA.received("dp")).toEqual(["203.0.113.0/24"]);
    expect(await birdB.routes("dp")).not.toContain(gshut);

    expect(await bring({})).toEqual(["hitless"]);
    await soon(bestWay).toBe("192.0.2.1 200");
    await soon(() => birdA.routes("dp")).not.toContain(gshut);
    expect(await counters()).toEqual(before);
  });

  it("of the appliance tells every peer, moves the site's other router away, and keeps all sessions", async () => {
    const before = await counters();
    expect(await bring({ machine: "drain" })).toEqual(["hitless"]);

    await soon(() => birdA.routes("dp")).toContain(gshut);
    await soon(() => birdB.routes("dp")).toContain(gshut);
    await soon(() => vtysh(site, `show bgp ipv4 unicast ${prefix}`)).toContain("localpref 0,");
    await soon(() => vtysh(site, "show ip ospf database router 198.51.100.1")).toMatch(/TOS 0 Metric: 65535/);
    await soon(() => vtysh(site, "show ipv6 ospf6 database router detail")).toMatch(/Metric: 65535/);

    await bring({});
    await soon(bestWay).toBe("192.0.2.1 200");
    await soon(() => birdB.routes("dp")).not.toContain(gshut);
    await soon(() => vtysh(site, "show ip ospf database router 198.51.100.1")).not.toMatch(/TOS 0 Metric: 65535/);
    expect(await counters()).toEqual(before);
    expect(vtysh(site, "show ip ospf neighbor")).toContain("Full");
  });

  it("of an OSPF interface gives it the highest cost, and the adjacency stays", async () => {
    await bring({ link: "drain" });

    await soon(() => vtysh(site, "show ip ospf database router 198.51.100.1")).toMatch(/TOS 0 Metric: 65535/);
    await soon(() => vtysh(site, "show ipv6 ospf6 database router detail")).toMatch(/Metric: 65535/);
    expect(vtysh(site, "show ip ospf neighbor")).toContain("Full");
    expect(vtysh(site, "show ipv6 ospf6 neighbor")).toContain("Full");
    await bring({});
  });
});
