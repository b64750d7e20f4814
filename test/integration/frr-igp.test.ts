/** OSPF, OSPFv3 and BFD between two real FRRs: every word of a link, what a change of it does, and what health checks say. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prober } from "../../controller/health/probe.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { askJson, list, number, record, string } from "../../reconcilers/frr/json.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { renderFrr } from "../../reconcilers/frr/render/render.ts";
import type { HealthCheck } from "../../schemas/health.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, makeWire } from "../lab/netns.ts";
import { generation } from "../lab/story.ts";

const missing = whyNoFrr();
const signal = AbortSignal.timeout(170_000);
const secrets = passingSecrets();
const host = linuxHost(secrets);

type Routing = NonNullable<MachineInput["routing"]>;
type Link = NonNullable<NonNullable<Routing["ospf"]>["interfaces"]>[string];
type Link3 = NonNullable<NonNullable<Routing["ospf3"]>["interfaces"]>[string];

const fast = { network: "point-to-point", "hello-seconds": 1, "dead-seconds": 4 } as const;

/** One of the two routers, with these words on its link. */
function router(end: 1 | 2, link: Link = {}, link3: Link3 = {}, more: Partial<Routing> = {}): FrrDesired {
  const machine = Machine.parse({
    interfaces: { core0: { pci: "0000:03:00.0", addresses: [`172.20.9.${end}/30`, `2001:db8:9::${end}/64`] } },
    routing: {
      "router-id": `192.0.2.${end}`,
      ospf: { interfaces: { core0: { ...fast, ...link } } },
      ospf3: { interfaces: { core0: { ...fast, ...link3 } } },
      bfd: { profiles: { quick: { "detect-multiplier": 5, "receive-interval-ms": 200, "transmit-interval-ms": 200 } } },
      ...more,
    },
  });
  return renderFrr(machine, { frr: "8.4.4" }, (name) => secrets.seal(name));
}

describe.skipIf(missing !== undefined)(`OSPF, OSPFv3 and BFD (${missing ?? "8.4"})`, () => {
  let stack: AsyncDisposableStack;
  let dataplane = "";
  let near: RealFrr;
  let far: RealFrr;
  const run = new Map<RealFrr, FrrDesired>();

  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    const [here, there] = [stack.use(makeNamespace("iga")), stack.use(makeNamespace("igb"))];
    dataplane = here.name;
    makeWire(
      { namespace: here, name: "core0", addresses: ["172.20.9.1/30", "2001:db8:9::1/64"] },
      { namespace: there, name: "core0", addresses: ["172.20.9.2/30", "2001:db8:9::2/64"] },
    );
    const wanted = ["zebra", "bfdd", "ospfd", "ospf6d"] as const;
    near = stack.use(await startFrr(here, wanted));
    far = stack.use(await startFrr(there, wanted));
  });

  afterAll(async () => {
    await stack?.disposeAsync();
  });

  /** What was changed, and reads back as it is to be: nothing is left to do. */
  async function bring(frr: RealFrr, to: FrrDesired) {
    const owned = [run.get(frr) ?? { config: "" }];
    const { steps, problems } = planFrr(to, await observeFrr(host, frr.sockets, signal), owned);
    expect(problems).toEqual([]);
    for await (const _ of applyFrr(steps, host, frr.sockets, signal));
    const again = planFrr(to, await observeFrr(host, frr.sockets, signal), [...owned, to]);
    expect(again.steps.map(({ id, commands }) => [id, commands])).toEqual([]);
    run.set(frr, to);
    return { impact: steps.map(({ impact }) => impact), resets: steps.flatMap(({ resets }) => resets) };
  }

  const checks: readonly HealthCheck[] = [
    { check: "ospf-neighbor", interface: "core0", required: true },
    { check: "ospf3-neighbor", interface: "core0", required: true },
    { check: "bfd-peer", peer: "172.20.9.2", required: true },
  ];

  /** The checks that are green, once they are as expected or after half a minute. */
  async function green(expected: readonly string[]): Promise<readonly string[]> {
    const look = prober({ host, sockets: near.sockets, dataplane });
    for (let tries = 0; ; tries += 1) {
      const { results } = await look(generation([], { health: [...checks] }), signal);
      const well = [...results].flatMap(([key, { ok }]) => (ok === true ? [key] : []));
      if (tries === 150 || JSON.stringify(well) === JSON.stringify(expected)) return well;
      await host.sleep(200, signal);
    }
  }

  const adjacent = ["ospf-neighbor core0", "ospf3-neighbor core0"];

  it("are Full and up as health checks see them, and not where the other end differs or is gone", async () => {
    await bring(near, router(1));
    await bring(far, router(2));
    expect(await green(adjacent)).toEqual(adjacent);

    // Sessions of BFD come up with what uses them, at both ends.
    for (const [frr, end] of [[near, 1] as const, [far, 2] as const])
      await bring(frr, router(end, { bfd: "quick" }, { bfd: true }));
    expect(await green([...adjacent, "bfd-peer 172.20.9.2"])).toEqual([...adjacent, "bfd-peer 172.20.9.2"]);

    await bring(far, router(2, { bfd: "quick", "hello-seconds": 2 }, { bfd: true }));
    expect(await green(["ospf3-neighbor core0"])).toContain("ospf3-neighbor core0");
    expect(await green(["ospf3-neighbor core0"])).not.toContain("ospf-neighbor core0");
    await bring(far, router(2));
    await bring(near, router(1));
    expect(await green(adjacent)).toEqual(adjacent);
  });

  const words: readonly (readonly [string, Link, Link3, "hitless" | "flap"])[] = [
    ["cost", { cost: 50 }, { cost: 60 }, "hitless"],
    ["priority", { priority: 0 }, { priority: 7 }, "hitless"],
    ["mtu-ignore", { "mtu-ignore": true }, { "mtu-ignore": true }, "flap"],
    ["timers", { "hello-seconds": 2, "dead-seconds": 9 }, { "hello-seconds": 3, "dead-seconds": 11 }, "flap"],
    ["area", { area: "0.0.0.5" }, { area: "0.0.0.6" }, "flap"],
    ["network", { network: "broadcast" }, { network: "broadcast" }, "flap"],
    ["passive", { passive: true }, { passive: true }, "flap"],
    ["bfd", { bfd: true }, { bfd: "quick" }, "hitless"],
    ["bfd of a profile", { bfd: "quick" }, { bfd: true }, "hitless"],
    ["authentication", { authentication: { "key-id": 7, key: { secret: "k1" } } }, {}, "flap"],
    ["another key", { authentication: { "key-id": 7, key: { secret: "k2" } } }, {}, "flap"],
  ];

  it.each(words)("%s comes, becomes every other, and goes", async (_, link, link3, impact) => {
    await bring(near, router(1));
    const came = await bring(near, router(1, link, link3));
    expect(new Set(came.impact)).toEqual(new Set([impact]));
    expect(new Set(came.resets)).toEqual(new Set(impact === "flap" ? ["core0"] : []));
    for (const [, other, other3] of words) {
      await bring(near, router(1, other, other3));
      await bring(near, router(1, link, link3));
    }
    await bring(near, router(1));
  });

  /** For how long the adjacencies are Full, in seconds: of OSPF, of OSPFv3. */
  async function ages(): Promise<readonly [number, number]> {
    const ospf = await askJson(host, near.sockets, "ospfd", "show ip ospf neighbor json", signal);
    const [old] = list(record(record(ospf)["neighbors"])["192.0.2.2"]);
    const ospf6 = await askJson(host, near.sockets, "ospf6d", "show ipv6 ospf6 neighbor json", signal);
    const [old6] = list(record(ospf6)["neighbors"]);
    const [hours = 0, minutes = 0, seconds = 0] = string(record(old6)["duration"]).split(":").map(Number);
    return [number(record(old)["upTimeInMsec"]) / 1000, (hours * 60 + minutes) * 60 + seconds];
  }

  it("keeps its adjacencies over what is called hitless", async () => {
    await bring(near, router(1));
    await bring(far, router(2));
    expect(await green(adjacent)).toEqual(adjacent);
    // Older than the seconds of which ages are told, so that one that began anew is younger.
    while (Math.min(...(await ages())) < 4) await host.sleep(200, signal);
    const begun = host.uptime();
    const before = await ages();
    for (const [, link, link3, impact] of words) {
      if (impact !== "hitless") continue;
      expect(new Set((await bring(near, router(1, link, link3))).impact)).toEqual(new Set(["hitless"]));
    }
    await host.sleep(1000, signal);
    const passed = (host.uptime() - begun) / 1000;
    const after = await ages();
    expect(await green(adjacent)).toEqual(adjacent);
    expect(after.map((age, at) => age - (before[at] ?? 0) > passed - 2)).toEqual([true, true]);
  });

  const instances: readonly Partial<Routing>[] = [
    { "router-id": "192.0.2.9" },
    {
      ospf: {
        "reference-bandwidth": 40_000,
        distance: 90,
        "max-paths": 4,
        "log-adjacency-changes": false,
        "default-originate": { always: true, metric: 5, "metric-type": "type-1" },
        redistribute: { connected: { metric: 7 }, static: { "metric-type": "type-1" } },
        areas: { "0.0.0.5": { kind: "nssa", ranges: ["10.5.0.0/16"] }, "0.0.0.6": { kind: "stub-no-summary" } },
        interfaces: { core0: fast },
      },
      ospf3: {
        "reference-bandwidth": 40_000,
        distance: 90,
        "max-paths": 4,
        "default-originate": { metric: 5 },
        redistribute: { connected: {} },
        areas: { "0.0.0.5": { kind: "stub", ranges: ["2001:db8:5::/48"] } },
        interfaces: { core0: fast },
      },
    },
    {
      bfd: {
        profiles: { quick: { passive: true, "minimum-ttl": 250 }, slow: { "transmit-interval-ms": 1000 } },
        peers: {
          a: { address: "172.20.9.2", interface: "core0", profile: "slow" },
          b: { address: "192.0.2.77", multihop: true, source: "192.0.2.1" },
        },
      },
    },
    { ospf: { interfaces: {} } },
  ];

  it("go from any instance to any other, and back", async () => {
    for (const one of instances)
      for (const other of instances) {
        await bring(near, router(1, {}, {}, one));
        await bring(near, router(1, {}, {}, other));
      }
    await bring(near, { config: "" });
    // The head of a context without lines stays with bfdd, and is as good as none.
    expect((await observeFrr(host, near.sockets, signal)).config.replace(/^bfd\n$/, "")).toBe("");
  });
});
