import { describe, expect, it } from "vitest";
import { ceasedMsAgo, prober } from "../../../../controller/health/probe.ts";
import type { HealthCheck } from "../../../../schemas/health.ts";
import { frrHost } from "../../../lab/frr-host.ts";
import { simFrr } from "../../../lab/frr-sim.ts";
import { generation } from "../../../lab/story.ts";

const { signal } = new AbortController();
const sockets = "/var/run/frr";

function router(): ReturnType<typeof simFrr> {
  const frr = simFrr();
  frr.peers.set("192.0.2.1", { as: 64501, prefixes: { ipv4Unicast: 7 } });
  frr.load(`interface external
 ip ospf area 0.0.0.0
exit
router bgp 64500
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 64501
 neighbor 192.0.2.2 remote-as 64502
 !
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
 exit-address-family
exit
router ospf
exit
`);
  frr.ospfNeighbors.set("external", "192.0.2.9");
  frr.settle();
  return frr;
}

async function results(health: readonly HealthCheck[], host = frrHost(router())): Promise<Record<string, string>> {
  const seen = await prober(host, sockets)(generation([], { health }), signal);
  return Object.fromEntries([...seen.results].map(([key, { ok, detail }]) => [key, `${ok ? "ok" : "red"}: ${detail}`]));
}

describe("looking at the appliance", () => {
  it("sees which sessions are up, with their prefixes", async () => {
    const seen = await prober(frrHost(router()), sockets)(generation([]), signal);
    expect([...seen.sessions.values()]).toMatchObject([
      { peer: "192.0.2.1", up: true, prefixes: 7 },
      { peer: "192.0.2.2", up: false, prefixes: 0 },
    ]);
  });

  it("checks sessions and how many prefixes they bring", async () => {
    const check = (peer: string, min?: number): HealthCheck => ({
      check: "bgp-session",
      peer,
      required: true,
      ...(min !== undefined && { "min-prefixes": min }),
    });
    expect(await results([check("192.0.2.1", 7), check("192.0.2.2"), check("192.0.2.3")])).toEqual({
      "bgp-session 192.0.2.1": "ok: is Established",
      "bgp-session 192.0.2.2": "red: is Active",
      "bgp-session 192.0.2.3": "red: is not configured",
    });
    expect(await results([check("192.0.2.1", 8)])).toEqual({
      "bgp-session 192.0.2.1": "red: brings 7 accepted prefixes, and at least 8 are wanted",
    });
  });

  it("checks adjacencies", async () => {
    const check = (name: string): HealthCheck => ({ check: "ospf-neighbor", interface: name, required: true });
    expect(await results([check("external"), check("internal")])).toEqual({
      "ospf-neighbor external": "ok: full adjacency",
      "ospf-neighbor internal": "red: no full adjacency on internal",
    });
  });

  it("checks ports and addresses over new connections", async () => {
    const ran: string[] = [];
    const host = {
      ...frrHost(router()),
      reach: async (_address: string, port: number) => {
        if (port === 53) throw new Error("refused");
      },
      run: async (argv: readonly string[]) => {
        ran.push(argv.join(" "));
        return { exitCode: argv.includes("198.51.100.9") ? 1 : 0, stdout: "", stderr: "" };
      },
    };
    const seen = await results(
      [
        { check: "tcp", address: "192.0.2.53", port: 53, required: true },
        { check: "tcp", address: "192.0.2.53", port: 80, required: true },
        { check: "ping", address: "198.51.100.9", namespace: "dataplane", required: true },
        { check: "ping", address: "198.51.100.1", namespace: "management", required: true },
      ],
      host,
    );
    expect(seen).toEqual({
      "tcp 192.0.2.53 port 53": "red: refused",
      "tcp 192.0.2.53 port 80": "ok: connected",
      "ping 198.51.100.9 from dataplane": "red: 198.51.100.9 does not answer",
      "ping 198.51.100.1 from management": "ok: answered",
    });
    expect(ran).toContain("ip netns exec dataplane ping -n -c 1 -W 2 198.51.100.9");
  });

  it("knows whether the peer's operator took a session down", () => {
    const shown = (code: string, due: string) =>
      JSON.stringify({ "192.0.2.1": { lastErrorCodeSubcode: code, lastResetDueTo: due, lastResetTimerMsecs: 1000 } });
    expect(ceasedMsAgo(shown("0602", "BGP Notification received"), "192.0.2.1")).toBe(1000);
    expect(ceasedMsAgo(shown("0604", "BGP Notification received"), "192.0.2.1")).toBe(1000);
    expect(ceasedMsAgo(shown("0602", "BGP Notification send"), "192.0.2.1")).toBeUndefined();
    expect(ceasedMsAgo(shown("0202", "BGP Notification received"), "192.0.2.1")).toBeUndefined();
    expect(ceasedMsAgo("% No such neighbor", "192.0.2.1")).toBeUndefined();
    expect(ceasedMsAgo("null", "192.0.2.1")).toBeUndefined();
  });

  it("has no sessions where bgpd does not run, and says that it does not", async () => {
    const frr = router();
    frr.stop("bgpd");
    frr.stop("ospfd");
    const seen = await prober(frrHost(frr), sockets)(generation([]), signal);
    expect(seen.sessions.size).toBe(0);
    expect(seen.silent).toEqual(["bgpd"]);
  });
});
