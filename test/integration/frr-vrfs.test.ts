/** VRFs of FRR: each word in place, what is said where Linux has no device, and a session in one beside one of the main table. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prober } from "../../controller/health/probe.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { renderFrr } from "../../reconcilers/frr/render/render.ts";
import { healthChecks } from "../../reconcilers/health-checks.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { startBird, whyNoBird } from "../lab/bird.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";
import { generation } from "../lab/story.ts";

const missing = whyNoFrr() ?? whyNoBird();
const signal = AbortSignal.timeout(170_000);
const secrets = passingSecrets();
const host = linuxHost(secrets);

type Routing = NonNullable<MachineInput["routing"]>;
type Vrf = NonNullable<Routing["vrfs"]>[string];

function machineWith(vrfs: Routing["vrfs"]): Machine {
  return Machine.parse({
    routing: {
      "router-id": "192.0.2.1",
      "prefix-lists": { any: { entries: { 10: { prefix: "0.0.0.0/0", le: 32 } } } },
      "route-maps": { all: { entries: { 10: { match: { "prefix-list": "any" } } } } },
      bgp: {
        asn: 64500,
        peers: {
          main: { address: "172.20.7.1", "remote-as": 64510, ipv4: { "route-map": { in: "all", out: "all" } } },
        },
      },
      vrfs,
    },
  });
}

function render(vrfs: Routing["vrfs"]): FrrDesired {
  return renderFrr(machineWith(vrfs), { frr: "8.4.4" }, (name) => secrets.seal(name));
}

describe.skipIf(missing !== undefined)(`VRFs of FRR (${missing ?? "8.4"})`, () => {
  let stack: AsyncDisposableStack;
  let main: Namespace;
  let apart: Namespace;
  let far: Namespace;
  let frr: RealFrr;
  let owned: FrrDesired = { config: "" };

  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    [main, apart, far] = [
      stack.use(makeNamespace("vra")),
      stack.use(makeNamespace("vrb")),
      stack.use(makeNamespace("vrc")),
    ];
    // Both under one address: that is what a VRF is for.
    makeWire(
      { namespace: main, name: "wave0", addresses: ["172.20.7.2/30"] },
      { namespace: far, name: "far0", addresses: ["172.20.7.1/30"] },
    );
    // zebra takes a namespace for a VRF with -n, where the kernel knows no devices of VRFs too.
    frr = stack.use(await startFrr(main, undefined, undefined, { zebra: ["-n"] }));
  });

  afterAll(async () => {
    await stack?.disposeAsync();
  });

  async function bring(
    to: FrrDesired,
  ): Promise<{ readonly notes: readonly string[]; readonly left: readonly unknown[] }> {
    const { steps, problems, notes } = planFrr(to, await observeFrr(host, frr.sockets, signal), [owned]);
    expect(problems).toEqual([]);
    for await (const _ of applyFrr(steps, host, frr.sockets, signal));
    const again = planFrr(to, await observeFrr(host, frr.sockets, signal), [owned, to]);
    owned = to;
    return { notes, left: again.steps.map(({ id, commands }) => [id, commands]) };
  }

  const peer = { address: "10.9.0.2", "remote-as": 64511 } as const;
  const open = { "route-map": { in: "all", out: "all" } } as const;
  const variants: readonly (readonly [string, Vrf])[] = [
    ["nothing", {}],
    ["a route", { static: { "10.1.0.0/16": { via: ["10.9.0.1"] } } }],
    ["a tag", { static: { "10.1.0.0/16": { via: ["10.9.0.1"], tag: 7 } } }],
    ["a distance", { static: { "10.1.0.0/16": { via: ["10.9.0.1"], tag: 8, distance: 20 } } }],
    ["an interface", { static: { "10.1.0.0/16": { via: ["10.9.0.1"], interface: "wave7" } } }],
    ["another VRF", { static: { "10.1.0.0/16": { via: ["10.9.0.1"], tag: 7, "next-hop-vrf": "default" } } }],
    [
      "two ways",
      { static: { "10.1.0.0/16": { via: ["10.9.0.1", "10.9.0.2"] }, "2001:db8:1::/48": { via: ["2001:db8::1"] } } },
    ],
    ["a blackhole", { static: { "10.1.0.0/16": { discard: "blackhole", tag: 9 } } }],
    ["a rejected one", { static: { "10.1.0.0/16": { discard: "reject", distance: 30 } } }],
    ["BGP", { bgp: { asn: 64500, peers: { p: { ...peer, ipv4: open } } } }],
    ["another number", { bgp: { asn: 64501, peers: { p: { ...peer, ipv4: open } } } }],
    ["another peer", { bgp: { asn: 64500, peers: { p: { ...peer, "remote-as": 64512, bfd: true, ipv4: open } } } }],
    ["a password", { bgp: { asn: 64500, peers: { p: { ...peer, password: { secret: "k" }, ipv4: open } } } }],
    [
      "a group",
      {
        bgp: {
          asn: 64500,
          "peer-groups": { g: { "remote-as": 64511, ipv4: open } },
          peers: { p: { address: "10.9.0.2", group: "g" } },
        },
      },
    ],
    ["an import", { bgp: { asn: 64500, import: { from: ["default"] }, announce: { "10.1.0.0/16": {} } } }],
    [
      "a filtered import",
      { bgp: { asn: 64500, import: { from: ["default"], "route-map": "all" }, redistribute: { static: {} } } },
    ],
    [
      "aggregates",
      { bgp: { asn: 64500, aggregates: { "10.0.0.0/8": { "summary-only": true } }, multipath: { ebgp: 4 } } },
    ],
  ];

  it.each(variants)("goes from %s to all others and back", async (_, one) => {
    const there = variants.flatMap(([, other]) => [render({ blue: one }), render({ blue: other })]);
    for (const to of [...there, render({})]) expect((await bring(to)).left).toEqual([]);
  });

  it("says while there is no device, and has a session with one address in both tables once there is", async () => {
    const vrf = apart.name;
    const wanted = {
      [vrf]: {
        static: { "10.7.0.0/16": { discard: "blackhole" } },
        bgp: {
          asn: 64500,
          "router-id": "192.0.2.9",
          peers: { p: { address: "172.20.7.1", "remote-as": 64511, ipv4: open } },
        },
      },
      blue: { static: { "10.1.0.0/16": { via: ["10.9.0.1"] } } },
    } satisfies Routing["vrfs"];
    const { notes } = await bring(render(wanted));
    expect(notes.filter((note) => note.includes("no device"))).toEqual([
      expect.stringMatching(/^The VRF blue has no device in Linux/),
    ]);

    const beyond = stack.use(makeNamespace("vrd"));
    makeWire(
      { namespace: apart, name: "wave1", addresses: ["172.20.7.2/30"] },
      { namespace: beyond, name: "far1", addresses: ["172.20.7.1/30"] },
    );
    const checks = healthChecks(machineWith(wanted), { frr: "8.4.4" }).filter(({ check }) => check === "bgp-session");
    expect(checks.map((check) => "peer" in check && check.peer)).toEqual(["172.20.7.1", `172.20.7.1 vrf ${vrf}`]);
    const speaker = (namespace: Namespace, localAs: number) =>
      startBird(namespace, "172.20.7.1", [
        {
          name: "near",
          localAddress: "172.20.7.1",
          localAs,
          peerAddress: "172.20.7.2",
          peerAs: 64500,
          announces: ["198.51.100.0/24"],
        },
      ]);
    const look = prober({ host, sockets: frr.sockets, dataplane: main.name });
    const until = async (expected: readonly boolean[]): Promise<readonly unknown[]> => {
      for (let tries = 0; ; tries += 1) {
        const { results } = await look(generation([], { health: [...checks] }), signal);
        const seen = [...results.values()].map(({ ok }) => ok);
        if (tries === 300 || JSON.stringify(seen) === JSON.stringify(expected)) return seen;
        await host.sleep(100, signal);
      }
    };
    const first = stack.use(await speaker(far, 64510));
    expect(await until([true, false])).toEqual([true, false]);
    stack.use(await speaker(beyond, 64511));
    expect(await until([true, true])).toEqual([true, true]);
    // Each says nothing of the other, of the same address.
    await first[Symbol.asyncDispose]();
    expect(await until([false, true])).toEqual([false, true]);
  });
});
