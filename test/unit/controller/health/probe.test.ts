import { describe, expect, it } from "vitest";
import { newMemory, prober } from "../../../../controller/health/probe.ts";
import type { Host, RunResult } from "../../../../reconcilers/core.ts";
import { checkKey, type HealthCheck } from "../../../../schemas/health.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { frrHost } from "../../../lab/frr-host.ts";
import { simFrr } from "../../../lab/frr-sim.ts";
import { simHost } from "../../../lab/host.ts";
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
ip route 198.51.100.0/24 blackhole
router ospf
exit
`);
  frr.ospfNeighbors.set("external", "192.0.2.9");
  frr.bfd.set("192.0.2.1", "up").set("192.0.2.2", "down");
  frr.settle();
  return frr;
}

const looking = (host: Host) => prober({ host, sockets, dataplane: "dataplane" });

async function results(health: readonly object[], host = frrHost(router())): Promise<Record<string, string>> {
  const checks = health.map((check) => ({ required: true, ...check }) as HealthCheck);
  const seen = await looking(host)(generation([], { health: checks }), signal);
  return Object.fromEntries(
    [...seen.results].map(([key, { ok, detail }]) => [key, `${ok === undefined ? "?" : ok ? "ok" : "red"}: ${detail}`]),
  );
}

/** FRR, and a program that answers so. */
function programs(answer: (argv: string) => Partial<RunResult> | undefined): Host {
  return {
    ...frrHost(router()),
    run: async (argv) => {
      const result = answer(argv.join(" "));
      if (!result) throw new Problem("HOST_COMMAND", `${argv[0]} could not be run`);
      return { exitCode: 0, stdout: "", stderr: "", ...result };
    },
  };
}

describe("looking at FRR", () => {
  it("sees which sessions are up, with their prefixes", async () => {
    const seen = await looking(frrHost(router()))(generation([]), signal);
    expect([...seen.sessions.values()]).toMatchObject([
      { peer: "192.0.2.1", up: true, prefixes: 7, upMs: 60_000, endOfRib: undefined },
      { peer: "192.0.2.2", up: false, prefixes: 0 },
    ]);
    expect(seen.routes).toBeUndefined();
  });

  it("sees what the peers have sent and what the kernel has, when it looks thoroughly", async () => {
    const frr = router();
    frr.notInKernel = 2;
    const look = () => looking(frrHost(frr))(generation([]), signal, { thoroughly: true });
    const seen = await look();
    expect(seen.routes?.ipv4).toMatchObject({ rib: 7, fib: 5 });
    expect(seen.sessions.get("192.0.2.1")?.endOfRib).toBe(true);
    frr.peers.set("192.0.2.1", { as: 64501, isSending: true });
    expect((await look()).sessions.get("192.0.2.1")?.endOfRib).toBe(false);
  });

  it("checks sessions, their age and how many prefixes they bring", async () => {
    const check = (peer: string, more: object = {}) => ({ check: "bgp-session", peer, ...more });
    expect(await results([check("192.0.2.1", { "min-prefixes": 7 }), check("192.0.2.2"), check("192.0.2.3")])).toEqual({
      "bgp-session 192.0.2.1": "ok: is Established",
      "bgp-session 192.0.2.2": "red: is Active",
      "bgp-session 192.0.2.3": "red: is not configured",
    });
    expect(
      await results([
        check("192.0.2.1", { "min-prefixes": 8, name: "full" }),
        check("192.0.2.1", { "min-age-seconds": 61, name: "old" }),
        check("192.0.2.1", { "max-age-seconds": 59, name: "new" }),
        check("192.0.2.1", { "max-age-seconds": 60, "min-age-seconds": 60 }),
      ]),
    ).toEqual({
      "bgp-session 192.0.2.1 (full)": "red: brings 7 accepted prefixes, and at least 8 are wanted",
      "bgp-session 192.0.2.1 (old)": "red: is Established for 60 s, and at least 61 s are wanted",
      "bgp-session 192.0.2.1 (new)": "red: is Established for 60 s, and at most 59 s are wanted",
      "bgp-session 192.0.2.1": "ok: is Established",
    });
  });

  it("counts prefixes and routes in bounds", async () => {
    expect(
      await results([
        { check: "bgp-prefixes", peer: "192.0.2.1", min: 7, max: 7 },
        { check: "bgp-prefixes", peer: "192.0.2.1", family: "ipv6", min: 1 },
        { check: "bgp-prefixes", peer: "192.0.2.1", direction: "advertised", min: 1 },
        { check: "bgp-sessions", min: 1 },
        { check: "bgp-sessions", min: 2, name: "two" },
        { check: "routes", family: "ipv4", protocol: "bgp", max: 6 },
        { check: "routes", family: "ipv4", min: 1 },
      ]),
    ).toEqual({
      "bgp-prefixes 192.0.2.1": "ok: 7 accepted prefixes",
      "bgp-prefixes 192.0.2.1 ipv6": "red: 0 accepted prefixes, and at least 1 are wanted",
      "bgp-prefixes 192.0.2.1 advertised": "red: 0 advertised prefixes, and at least 1 are wanted",
      "bgp-sessions all": "ok: 1 of 2 sessions are Established",
      "bgp-sessions all (two)": "red: 1 of 2 sessions are Established, and at least 2 are wanted",
      "routes ipv4 bgp": "red: 7 installed routes, and at most 6 are wanted",
      "routes ipv4": "ok: 7 installed routes",
    });
  });

  it("looks for a route with zebra and the kernel", async () => {
    const routes = [
      { check: "route", prefix: "198.51.100.0/24" },
      { check: "route", prefix: "198.51.101.0/24" },
    ];
    const argv = "ip netns exec dataplane ip -4 -j route show exact 198.51.100.0/24";
    const kernel = (stdout: string) =>
      results(
        routes,
        programs((asked) => (asked === argv ? { stdout } : undefined)),
      );
    const missing = { "route 198.51.101.0/24": "red: is not known to zebra" };

    expect(await kernel('[{"type":"blackhole","dst":"198.51.100.0/24"}]')).toEqual({
      "route 198.51.100.0/24": "ok: is chosen by zebra (static), and the kernel has it",
      ...missing,
    });
    expect(await kernel("[ ]\n")).toEqual({
      "route 198.51.100.0/24": "red: is chosen by zebra (static), and the kernel does not have it",
      ...missing,
    });
  });

  it("checks adjacencies and BFD sessions", async () => {
    expect(
      await results([
        { check: "ospf-neighbor", interface: "external" },
        { check: "ospf-neighbor", interface: "external", "min-neighbors": 2, name: "two" },
        { check: "ospf-neighbor", interface: "internal" },
        { check: "bfd-peer", peer: "192.0.2.1" },
        { check: "bfd-peer", peer: "192.0.2.2" },
        { check: "bfd-peer", peer: "192.0.2.3" },
      ]),
    ).toEqual({
      "ospf-neighbor external": "ok: 1 full adjacency",
      "ospf-neighbor external (two)": "red: 1 full adjacency, and at least 2 are wanted",
      "ospf-neighbor internal": "red: no full adjacency",
      "bfd-peer 192.0.2.1": "ok: is up",
      "bfd-peer 192.0.2.2": "red: is down",
      "bfd-peer 192.0.2.3": "red: is not configured",
    });
  });

  it("has no sessions where bgpd does not run, and says that it does not", async () => {
    const frr = router();
    frr.stop("bgpd");
    frr.stop("ospfd");
    const seen = await looking(frrHost(frr))(generation([]), signal);
    expect(seen.sessions.size).toBe(0);
    expect(seen.silent).toEqual(["bgpd"]);
  });
});

describe("looking at the box", () => {
  it("sees the links of the dataplane", async () => {
    const shown = (ifname: string, flags: readonly string[]) => ({
      ifname,
      flags,
      stats64: { tx: { carrier_changes: 3 } },
    });
    const links = [shown("external", ["UP", "LOWER_UP"]), shown("spare", ["NO-CARRIER", "UP"]), shown("off", [])];
    const host = programs((argv) =>
      argv === "ip -n dataplane -j -s -s link show" ? { stdout: JSON.stringify(links) } : undefined,
    );
    const check = (name: string) => ({ check: "link", interface: name });
    expect(await results(["external", "spare", "off", "gone"].map(check), host)).toEqual({
      "link external": "ok: is up",
      "link spare": "red: has no carrier",
      "link off": "red: is administratively down",
      "link gone": "red: is not there",
    });
    expect(await results([check("external")])).toEqual({
      "link external": "?: the interfaces of the dataplane cannot be read",
    });
  });

  it("checks systemd units, and cannot tell where systemd does not run", async () => {
    const host = programs((argv) => {
      if (!argv.startsWith("systemctl show --property=ActiveState,SubState,LoadState -- ")) return undefined;
      if (argv.endsWith("frr")) return { stdout: "LoadState=loaded\nActiveState=active\nSubState=running" };
      if (argv.endsWith("lldpd")) return { stdout: "LoadState=loaded\nActiveState=failed\nSubState=failed" };
      if (argv.endsWith("gone")) return { stdout: "LoadState=not-found\nActiveState=inactive\nSubState=dead" };
      return { exitCode: 1, stderr: "System has not been booted with systemd\nmore" };
    });
    const check = (unit: string) => ({ check: "unit", unit });
    expect(await results(["frr", "lldpd", "gone", "none"].map(check), host)).toEqual({
      "unit frr": "ok: is active (running)",
      "unit lldpd": "red: is failed (failed)",
      "unit gone": "red: does not exist",
      "unit none": "?: System has not been booted with systemd",
    });
  });

  it("checks the room of a file system", async () => {
    const host = programs((argv) =>
      argv === "df -P -k -- /persistent"
        ? {
            stdout:
              "Filesystem 1024-blocks Used Available Capacity Mounted on\ntank/p 1000000 800000 200000 80% /persistent",
          }
        : { exitCode: 1, stderr: "df: /gone: No such file or directory" },
    );
    const check = (more: object) => ({ check: "disk", path: "/persistent", ...more });
    expect(
      await results(
        [
          check({}),
          check({ "min-free-percent": 21, name: "percent" }),
          check({ "min-free-mib": 196, name: "mib" }),
          check({ path: "/gone" }),
        ],
        host,
      ),
    ).toEqual({
      "disk /persistent": "ok: 20 % (195 MiB) free",
      "disk /persistent (percent)": "red: 20 % (195 MiB) free, and at least 21 % are wanted",
      "disk /persistent (mib)": "red: 20 % (195 MiB) free, and at least 196 MiB are wanted",
      "disk /gone": "red: df: /gone: No such file or directory",
    });
  });

  it("checks pools, and cannot tell without ZFS", async () => {
    const pools = (stdout: string) =>
      programs((argv) => (argv.startsWith("zpool list -H -o name,health") ? { stdout } : undefined));
    const check = { check: "pool" };
    expect(await results([check], pools("tank\tONLINE\ndata\tONLINE"))).toEqual({
      "pool all": "ok: tank, data ONLINE",
    });
    expect(await results([check], pools("tank\tDEGRADED"))).toEqual({ "pool all": "red: tank is DEGRADED" });
    expect(await results([check], pools(""))).toEqual({ "pool all": "?: there is no pool" });
    expect(
      await results(
        [check],
        programs(() => undefined),
      ),
    ).toEqual({ "pool all": "?: zpool could not be run" });
    const gone = programs(() => ({ exitCode: 1, stderr: "cannot open 'x': no such pool" }));
    expect(await results([{ check: "pool", pool: "x" }], gone)).toEqual({
      "pool x": "red: cannot open 'x': no such pool",
    });
  });
});

describe("looking around", () => {
  it("checks ports and addresses over new connections", async () => {
    const ran: string[] = [];
    const host = {
      ...programs((argv) => {
        ran.push(argv);
        return { exitCode: argv.endsWith("198.51.100.9") ? 1 : 0 };
      }),
      reach: async (_address: string, port: number) => {
        if (port === 53) throw new Problem("HOST_COMMAND", "refused", { transient: true });
      },
    };
    const seen = await results(
      [
        { check: "tcp", address: "192.0.2.53", port: 53 },
        { check: "tcp", address: "192.0.2.53", port: 80 },
        { check: "ping", address: "198.51.100.9", namespace: "dataplane", "timeout-seconds": 2 },
        { check: "ping", address: "198.51.100.1", namespace: "management" },
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

  it("checks the status and the text of an answer over HTTP", async () => {
    const host = programs((argv) =>
      argv.endsWith("/down")
        ? { exitCode: 7, stderr: "curl: (7) Failed to connect" }
        : { stdout: "all is well\nreally\n200" },
    );
    const check = (more: object) => ({
      check: "http",
      url: "http://192.0.2.53/",
      status: 200,
      namespace: "management",
      ...more,
    });
    expect(
      await results(
        [
          check({}),
          check({ status: 204, name: "a" }),
          check({ body: "is well", name: "b" }),
          check({ body: "200", name: "c" }),
          check({ url: "http://192.0.2.53/down" }),
        ],
        host,
      ),
    ).toEqual({
      "http http://192.0.2.53/": "ok: answered 200",
      "http http://192.0.2.53/ (a)": "red: answered 200, and 204 is wanted",
      "http http://192.0.2.53/ (b)": "ok: answered 200",
      "http http://192.0.2.53/ (c)": 'red: answered 200 without "200"',
      "http http://192.0.2.53/down": "red: curl: (7) Failed to connect",
    });
  });

  it("checks names, and what a server says of them", async () => {
    const ran: string[] = [];
    const host = programs((argv) => {
      ran.push(argv);
      if (argv.includes("@10.0.0.9"))
        return { exitCode: 9, stdout: ";; connection timed out; no servers could be reached" };
      return { stdout: argv.endsWith("example.net") ? "192.0.2.80\n" : "" };
    });
    const check = (more: object) => ({
      check: "dns",
      query: "example.net",
      type: "A",
      namespace: "management",
      ...more,
    });
    expect(
      await results([check({}), check({ query: "gone.example", type: "MX" }), check({ server: "10.0.0.9" })], host),
    ).toEqual({
      "dns example.net A": "ok: 192.0.2.80",
      "dns gone.example MX": "red: no MX record",
      "dns example.net A at 10.0.0.9": "red: connection timed out; no servers could be reached",
    });
    expect(ran).toContain("dig +short +tries=1 +time=5 @10.0.0.9 -t A -q example.net");
  });

  it("takes a command's word: 0 is well, 75 cannot tell", async () => {
    const ran: string[] = [];
    const host = programs((argv) => {
      ran.push(argv);
      const exitCode = Number(/(\d+)$/.exec(argv)?.[1]);
      return {
        exitCode,
        stdout: exitCode === 1 ? "line one\nline two" : "",
        stderr: exitCode === 75 ? "no meter" : "",
      };
    });
    const check = (code: number) => ({
      check: "command",
      argv: ["/usr/lib/site/power", String(code)],
      namespace: "dataplane",
    });
    expect(await results([0, 1, 75, 124].map(check), host)).toEqual({
      "command /usr/lib/site/power 0": "ok: ended with 0",
      "command /usr/lib/site/power 1": "red: ended with 1: line one",
      "command /usr/lib/site/power 75": "?: ended with 75: no meter",
      "command /usr/lib/site/power 124": "red: did not end within 10 s",
    });
    expect(ran[0]).toMatch(
      /^ip netns exec dataplane timeout --kill-after=1 10 sh -c .* check \/usr\/lib\/site\/power 0$/s,
    );
    expect(ran[0]).toContain("setpriv --reuid=65534");
  });
});

describe("looks of one watch", () => {
  it("ask each check as often as it wants, and wait for none that takes long", async () => {
    const sim = simHost();
    const frr = router();
    sim.listen(`${sockets}/bgpd.vty`, () => frr.connect("bgpd"));
    const host = sim.start();
    const asked: string[] = [];
    const silent = Promise.withResolvers<void>();
    const look = looking({
      ...host,
      reach: async (address) => {
        asked.push(address);
        if (address === "192.0.2.66") await silent.promise;
      },
    });
    const check = (address: string, more: object = {}): HealthCheck => ({
      check: "tcp",
      address,
      port: 1,
      required: true,
      ...more,
    });
    const [quick, seldom, slow] = [
      check("192.0.2.1", { "interval-seconds": 1 }),
      check("192.0.2.2"),
      check("192.0.2.66", { "interval-seconds": 1, "timeout-seconds": 60 }),
    ];
    const memory = newMemory(signal);
    const health = [quick, seldom, slow];
    let seen = await look(generation([], { health }), signal, { memory });
    for (let second = 1; second <= 6; second += 1) {
      await sim.pass(1000);
      seen = await look(generation([], { health }), signal, { memory });
    }
    expect(asked.filter((one) => one === "192.0.2.1")).toHaveLength(7);
    expect(asked.filter((one) => one === "192.0.2.2")).toHaveLength(2);
    expect(asked.filter((one) => one === "192.0.2.66")).toHaveLength(1);
    expect([...seen.results.keys()]).toEqual([checkKey(quick), checkKey(seldom)]);
  });
});
