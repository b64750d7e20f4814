/** Health checks with the real programs, and proving on a real FRR between two BIRDs: what is measured is what happens. */
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Before } from "../../controller/health/judge.ts";
import { type Probe, prober } from "../../controller/health/probe.ts";
import { prove, type Proof } from "../../controller/health/prove.ts";
import { nowhere } from "../../controller/health/reach.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import type { Host } from "../../reconcilers/core.ts";
import { derive } from "../../reconcilers/derive.ts";
import { frr as frrPlane } from "../../reconcilers/frr/frr.ts";
import { touchedBy } from "../../reconcilers/frr/touched.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { healthChecks } from "../../reconcilers/health-checks.ts";
import { checkKey, type HealthCheck } from "../../schemas/health.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { type Bird, startBird, whyNoBird } from "../lab/bird.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";
import { generation } from "../lab/story.ts";

const host: Host = linuxHost({ seal: () => "", reveal: () => undefined });
const needs = (...programs: readonly string[]) => {
  const missing = programs.filter((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  return process.getuid?.() === 0 ? undefined : "needs root";
};
const whyNoPrograms = needs("curl", "dig", "setpriv");
const tableOfA = Array.from({ length: 2000 }, (_, index) => `100.${64 + (index >> 8)}.${index & 255}.0/24`);

/** What a check finds, in words; from this namespace. */
async function find(check: object, dataplane = "none", sockets = "/nonexistent"): Promise<string> {
  const whole = { required: true, ...check } as HealthCheck;
  const seen = await prober({ host, sockets, dataplane })(
    generation([], { health: [whole] }),
    AbortSignal.timeout(60_000),
  );
  const { ok, detail } = seen.results.get(checkKey(whole)) ?? { ok: undefined, detail: "no result" };
  return `${ok === undefined ? "?" : ok ? "ok" : "red"}: ${detail}`;
}

describe.skipIf(whyNoPrograms !== undefined)(`a check of something outside (${whyNoPrograms ?? "all here"})`, () => {
  it("asks over HTTP with curl", async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/broken" ? 500 : 200).end("all is well\n");
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const http = (more: object) =>
      find({ check: "http", url: `${url}/`, status: 200, namespace: "management", ...more });
    try {
      expect(await http({})).toBe("ok: answered 200");
      expect(await http({ body: "is well" })).toBe("ok: answered 200");
      expect(await http({ body: "is ill" })).toBe('red: answered 200 without "is ill"');
      expect(await http({ url: `${url}/broken` })).toBe("red: answered 500, and 200 is wanted");
      expect(await http({ url: `${url}/broken`, status: 500 })).toBe("ok: answered 500");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await http({})).toMatch(/^red: curl: \(7\) /);
  });

  it("asks names with dig", async () => {
    const address = "127.53.53.53";
    const server = createSocket("udp4", (query, from) => {
      server.send(dnsAnswer(query), from.port, from.address);
    });
    await new Promise<void>((resolve) => void server.bind(53, address, resolve));
    const dns = (more: object) =>
      find({ check: "dns", query: "www.example.net", type: "A", server: address, namespace: "management", ...more });
    try {
      expect(await dns({})).toBe("ok: 192.0.2.80");
      expect(await dns({ query: "none.example.net" })).toBe("red: no A record");
    } finally {
      server.close();
    }
    expect(await dns({ "timeout-seconds": 1 })).toMatch(/^red: .*(?:no servers could be reached|connection refused)/);
  });

  it("runs a command as nobody, without the agent's environment, and ends all that it started", async () => {
    process.env["IMP_TEST_SECRET"] = "hush";
    const command = (...argv: readonly string[]) =>
      find({ check: "command", argv, namespace: "management", "timeout-seconds": 2 });
    expect(await command("/usr/bin/id", "-u")).toBe("ok: ended with 0: 65534");
    expect(await command("/usr/bin/env", "sh", "-c", 'test -z "$IMP_TEST_SECRET"')).toBe("ok: ended with 0");
    expect(await command("/bin/sh", "-c", "echo so so; exit 75")).toBe("?: ended with 75: so so");
    expect(await command("/nonexistent")).toMatch(/^red: ended with 127: /);
    expect(await command("/bin/sh", "-c", "sleep 31 & sleep 31")).toBe("red: did not end within 2 s");
    expect(await command("/bin/sh", "-c", "! pgrep -f '^sleep 31$'")).toBe("ok: ended with 0");
  });

  it("reads the room of a file system with df, and says what it cannot tell", async () => {
    expect(await find({ check: "disk", path: "/", "min-free-mib": 1 })).toMatch(/^ok: \d+ % \(\d+ MiB\) free$/);
    expect(await find({ check: "disk", path: "/nonexistent" })).toMatch(/^red: df: .*No such file/);
    expect(await find({ check: "unit", unit: "imp-nonexistent" })).toMatch(/^red: does not exist|^\?: .*systemd/);
    expect(await find({ check: "pool", pool: "imp-nonexistent" })).toMatch(/^red: |^\?: .*zpool/);
  });
});

const why = whyNoFrr() ?? whyNoBird();

describe.skipIf(why !== undefined)(`proving on a real FRR (${why ?? "all here"})`, () => {
  const stack = new AsyncDisposableStack();
  let dataplane: Namespace;
  let wireB: Namespace;
  let frr: RealFrr;
  let birdB: Bird;
  let committed: Generation | undefined;

  beforeAll(async () => {
    dataplane = stack.use(makeNamespace("hdp"));
    const bird = async (
      label: string,
      tap: string,
      us: string,
      them: string,
      asn: number,
      announces: readonly string[],
    ) => {
      const namespace = stack.use(makeNamespace(label));
      makeWire(
        { namespace: dataplane, name: tap, addresses: [`${us}/30`] },
        { namespace, name: "to-dp", addresses: [`${them}/30`] },
      );
      const ends = { localAddress: them, localAs: asn, peerAddress: us, peerAs: 64500 };
      return { namespace, bird: stack.use(await startBird(namespace, them, [{ name: "dp", ...ends, announces }])) };
    };
    await bird("ha", "external.25", "192.0.2.2", "192.0.2.1", 64496, tableOfA);
    ({ namespace: wireB, bird: birdB } = await bird("hb", "external.26", "192.0.2.6", "192.0.2.5", 64497, [
      "198.51.100.0/25",
    ]));
    frr = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bfdd", "bgpd"]));
    await deploy(router({}));
    await until("both sessions are up", (seen) => [...seen.sessions.values()].every(({ up }) => up));
  });
  afterAll(() => stack.disposeAsync());

  /** Two transits; `from` is what is accepted of the first. */
  function router({
    from = { prefix: "0.0.0.0/0", le: 24 },
    statics = {},
    bfd = {},
  }: {
    readonly from?: object;
    readonly statics?: NonNullable<MachineInput["routing"]>["static"];
    readonly bfd?: NonNullable<NonNullable<MachineInput["routing"]>["bfd"]>["peers"];
  }): Generation {
    const timers = { "keepalive-seconds": 3, "hold-seconds": 9, "connect-seconds": 2 } as const;
    const machine = Machine.parse({
      interfaces: {
        external: {
          "kernel-name": "external",
          "linux-cp": "lo",
          "sub-interfaces": { 25: { addresses: ["192.0.2.2/30"] }, 26: { addresses: ["192.0.2.6/30"] } },
        },
      },
      routing: {
        "router-id": "198.51.100.1",
        static: statics,
        "prefix-lists": { some: { entries: { 10: from } } },
        "route-maps": {
          "from-a": { entries: { 10: { match: { "prefix-list": "some" } } } },
          all: { entries: { 10: {} } },
        },
        bfd: { peers: bfd },
        bgp: {
          asn: 64500,
          peers: {
            a: {
              address: "192.0.2.1",
              "remote-as": 64496,
              timers,
              ipv4: { "route-map": { in: "from-a", out: "all" } },
            },
            b: { address: "192.0.2.5", "remote-as": 64497, timers, ipv4: { "route-map": { in: "all", out: "all" } } },
          },
        },
      },
    });
    const policy = { "grace-seconds": 4, "soak-seconds": 8 };
    return generation([], {
      desired: derive(machine, { frr: "8.4.4" }, () => ""),
      health: healthChecks(machine, { frr: "8.4.4" }),
      policy,
    });
  }

  const look = (thoroughly = true, health: readonly HealthCheck[] = committed?.health ?? []) =>
    prober({ host, sockets: frr.sockets, dataplane: dataplane.name })(
      generation([], { health }),
      AbortSignal.timeout(20_000),
      { thoroughly },
    );

  async function until(what: string, claim: (seen: Probe) => boolean): Promise<Probe> {
    for (let tries = 0; tries < 120; tries += 1) {
      const seen = await look();
      if (claim(seen)) return seen;
      await host.sleep(250, AbortSignal.timeout(60_000));
    }
    throw new Error(`still not: ${what}`);
  }

  /** Baseline, apply, prove: without the engine around it. `meanwhile` happens once it was applied. */
  async function deploy(
    candidate: Generation,
    meanwhile = async (): Promise<void> => undefined,
    settles = false,
  ): Promise<Proof> {
    const signal = AbortSignal.timeout(150_000);
    const plane = frrPlane({ sockets: frr.sockets });
    const owned = committed ? [committed.desired.frr] : [];
    const observed = await plane.observe(host, signal);
    const plan = plane.plan(candidate.desired.frr, observed, owned);
    expect(plan.problems).toEqual([]);
    const probe = await look(true, candidate.health);
    for await (const step of plane.apply(plan.steps, host, signal)) void step;
    const before: Before = {
      probe,
      candidate,
      committed,
      touched: touchedBy(plan.steps, [observed.config, candidate.desired.frr.config]),
      advisory: new Set(),
    };
    const happening = meanwhile();
    const proof = await prove(
      {
        host,
        before,
        probe: prober({ host, sockets: frr.sockets, dataplane: dataplane.name }),
        around: nowhere,
        ran: undefined,
        incarnation: async (limited) => (settles ? undefined : plane.incarnation?.(host, limited)),
        readBack: async () => undefined,
        since: host.uptime(),
        deadline: host.uptime() + 90_000,
        soakMs: 8000,
        settles,
        looked: () => undefined,
      },
      signal,
    );
    await happening;
    if (!proof.failure) committed = candidate;
    return proof;
  }

  it("sees links, sessions, prefixes, routes and BFD as they are", async () => {
    const bfd = router({ bfd: { nobody: { address: "192.0.2.1" } } });
    expect((await deploy(bfd)).failure).toBeUndefined();
    const seen = await until("all routes are in the kernel", ({ routes }) => (routes?.ipv4.fib ?? 0) > 2000);
    const words = [...seen.results].map(
      ([key, { ok, detail }]) => `${ok === undefined ? "?" : ok ? "ok" : "red"} ${key}: ${detail}`,
    );
    expect(words.filter((one) => !one.includes(" unit "))).toEqual([
      "ok bgp-session 192.0.2.1: is Established",
      "ok bgp-session 192.0.2.5: is Established",
      "red bfd-peer 192.0.2.1: is down",
      "ok link lo: is up",
      "ok link external.25: is up",
      "ok link external.26: is up",
    ]);
    expect(seen.sessions.get("192.0.2.1")).toMatchObject({
      prefixes: 2000,
      endOfRib: true,
      families: { ipv4Unicast: 2000 },
    });
    expect(seen.sessions.get("192.0.2.1")?.upMs).toBeGreaterThan(0);
    const ns = dataplane.name;
    expect(await find({ check: "routes", family: "ipv4", protocol: "bgp", min: 2001 }, ns, frr.sockets)).toBe(
      "ok: 2001 installed routes",
    );
    expect(await find({ check: "ping", address: "192.0.2.1", namespace: "dataplane" }, ns, frr.sockets)).toBe(
      "ok: answered",
    );
    const silent = { check: "ping", address: "192.0.2.3", namespace: "dataplane", "timeout-seconds": 1 };
    expect(await find(silent, ns, frr.sockets)).toMatch(/^red: /);
    expect(await find({ ...silent, namespace: "dataplane" }, "imp-nowhere", frr.sockets)).toMatch(/^red: .*namespace/);
  });

  it("passes a tighter import filter, although few prefixes are left", async () => {
    const proof = await deploy(router({ from: { prefix: "100.64.0.0/16", le: 24 } }));

    expect(proof.failure).toBeUndefined();
    expect(
      (await until("it has its effect", ({ sessions }) => sessions.get("192.0.2.1")?.prefixes === 256)).sessions.size,
    ).toBe(2);
    expect((await deploy(router({}))).failure).toBeUndefined();
    await until("all are back", ({ sessions }) => sessions.get("192.0.2.1")?.prefixes === 2000);
  });

  it("has no verdict when a cable is pulled at a port that the change leaves alone", async () => {
    const change = router({ statics: { "203.0.113.0/24": { discard: "blackhole" } } });
    const proof = await deploy(change, async () => void wireB.ip("link", "set", "dev", "to-dp", "down"));

    expect(proof.failure).toMatchObject({ trigger: "health", verdict: "inconclusive" });
    expect(proof.failure?.reason).toContain("external.26 lost its carrier, and the plan leaves it alone");
    wireB.ip("link", "set", "dev", "to-dp", "up");
    await until("b is back", ({ sessions }) => sessions.get("192.0.2.5")?.up === true);
    expect((await deploy(change)).failure).toBeUndefined();
  });

  it("has no verdict when the peer's operator shuts the session down, and passes without it", async () => {
    const change = router({});
    const proof = await deploy(change, () => birdB.disable("dp"));

    expect(proof.failure).toMatchObject({ trigger: "health", verdict: "inconclusive" });
    expect(proof.failure?.reason).toContain("The peer's operator took it down");
    expect((await deploy(change)).failure).toBeUndefined();
    await birdB.enable("dp");
    await until("b is back", ({ sessions }) => sessions.get("192.0.2.5")?.up === true);
  });

  it("waits after a restart until End-of-RIB, still counts and the kernel say that routing has settled", async () => {
    const change = router({ statics: { "203.0.113.128/25": { discard: "blackhole" } } });
    const plane = frrPlane({ sockets: frr.sockets });
    const proof = await deploy(
      change,
      async () => {
        await frr.kill("bgpd");
        await frr.start("bgpd");
        const signal = AbortSignal.timeout(30_000);
        // As bgpd reads it from its file.
        const { steps } = plane.plan(change.desired.frr, await plane.observe(host, signal), []);
        for await (const step of plane.apply(steps, host, signal)) void step;
      },
      true,
    );

    expect(proof.failure).toBeUndefined();
    const told = proof.timeline.flatMap(({ red }) => red.map(({ reason }) => reason));
    expect(told.join("\n")).toMatch(
      /After the restart the BGP session with 192\.0\.2\.\d is not back yet|bgpd does not answer/,
    );
    const seen = await look();
    expect(seen.sessions.get("192.0.2.1")).toMatchObject({ up: true, prefixes: 2000, endOfRib: true });
    expect(seen.routes?.ipv4.fib).toBeGreaterThan(2000);
  });
});

/** Answers www.… with 192.0.2.80, and other names with nothing. */
function dnsAnswer(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const question = query.subarray(12, end);
  const isKnown = question.includes("www");
  const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, isKnown ? 1 : 0, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80]);
  return Buffer.concat([header, question, ...(isKnown ? [record] : [])]);
}
