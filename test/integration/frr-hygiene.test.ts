/** What is refused of a peer because of its kind, on a real FRR that BIRD announces good and bad routes to. */
import * as fc from "fast-check";
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derive } from "../../reconcilers/derive.ts";
import { frr as frrPlane } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { type HygieneRule, hygieneRules } from "../../schemas/hygiene.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { type Bird, type BirdSession, startBird, whyNoBird } from "../lab/bird.ts";
import { frrHost } from "../lab/frr-host.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";

const why = whyNoFrr() ?? whyNoBird();

type Bgp = NonNullable<NonNullable<MachineInput["routing"]>["bgp"]>;
type Hygiene = NonNullable<NonNullable<Bgp["peer-groups"]>[string]["hygiene"]>;

const off = { off: "tried without" };
const poll = { timeout: 30_000, interval: 200 };

/** Of each rule a route that only it refuses, and one that nobody does. */
const good = ["9.0.0.0/24", "2a00:1::/32"];
const bad: Readonly<Partial<Record<HygieneRule, readonly string[]>>> = {
  "default-route": ["0.0.0.0/0", "::/0"],
  "bogon-prefixes": ["10.1.0.0/16", "2001:db8:5::/48", "2002:1::/32", "fc00:1::/32"],
  "own-prefixes": ["5.5.5.0/24", "2a01:1:2::/48"],
  "long-prefixes": ["9.1.0.0/25", "2a00:2::/64"],
  "bogon-asns": ["9.2.0.0/24", "2a00:3::/32"],
};
const announced = [...good, ...Object.values(bad).flat()];
const behind = { "9.2.0.0/24": [3356, 64512], "2a00:3::/32": [4_200_000_001] };

const maps = {
  in: { entries: { 10: { set: { "local-preference": 150, "large-communities": ["64500:9:9"] } } } },
  out: { entries: { 10: {} } },
} as const;
const policy = { "route-map": { in: "in", out: "out" } } as const;

function machineOf(bgp: Partial<Bgp>): Machine {
  return Machine.parse({
    routing: {
      "router-id": "198.51.100.1",
      "route-maps": maps,
      bgp: { asn: 64500, announce: { "5.5.0.0/16": {}, "2a01:1::/32": {} }, ...bgp },
    },
  });
}

/** `far` is of the kind, and `watcher` of another. */
function between(kind: "upstream" | "peer" | "customer", hygiene: Hygiene, watcher: Bgp["peers"] = {}): Machine {
  return machineOf({
    "peer-groups": { g: { kind, hygiene, "remote-as": 64496, ipv4: policy, ipv6: policy } },
    peers: { far: { address: "192.0.2.1", group: "g" }, far6: { address: "2001:db8:1::1", group: "g" }, ...watcher },
  });
}

describe.skipIf(why !== undefined)(`hygiene (${why ?? "all here"})`, () => {
  const stack = new AsyncDisposableStack();
  const host = frrHost();
  let dataplane: Namespace;
  let frr: RealFrr;
  let bird: Bird;
  let owned: FrrDesired[] = [];

  async function bring(machine: Machine): Promise<readonly string[]> {
    const plane = frrPlane({ sockets: frr.sockets });
    const desired = derive(machine, { frr: "8.4.4" }, (name) => name).frr;
    const signal = AbortSignal.timeout(60_000);
    const plan = plane.plan(desired, await plane.observe(host, signal), owned);
    expect(plan.problems).toEqual([]);
    for await (const step of plane.apply(plan.steps, host, signal)) void step;
    const again = plane.plan(desired, await plane.observe(host, signal), [...owned, desired]);
    expect(again.steps.map((step) => plane.describe(step))).toEqual([]);
    owned = [desired];
    return plan.notes;
  }

  function accepted(): readonly string[] {
    const known = (["ipv4", "ipv6"] as const).flatMap((family) => {
      const text = execFileSync("vtysh", ["-N", dataplane.name, "-c", `show bgp ${family} unicast json`], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      const { routes } = JSON.parse(text) as { routes: Record<string, { path: string }[]> };
      return Object.entries(routes).flatMap(([prefix, ways]) => (ways.some(({ path }) => path !== "") ? [prefix] : []));
    });
    return known.toSorted();
  }

  const allBut = (rules: readonly HygieneRule[]) => {
    const refused = new Set(rules.flatMap((rule) => bad[rule] ?? []));
    return announced.filter((prefix) => !refused.has(prefix)).toSorted();
  };

  beforeAll(async () => {
    dataplane = stack.use(makeNamespace("hyg"));
    const far = stack.use(makeNamespace("hygf"));
    const wires = ["192.0.2.", "2001:db8:1::", "192.0.3.", "2001:db8:2::"];
    for (const [at, network] of wires.entries()) {
      const length = network.includes(":") ? 64 : 30;
      makeWire(
        { namespace: dataplane, name: `w${at}`, addresses: [`${network}2/${length}`] },
        { namespace: far, name: `f${at}`, addresses: [`${network}1/${length}`] },
      );
    }
    frr = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bgpd"]));
    const session = (name: string, network: string, localAs: number, all: readonly string[]): BirdSession => {
      const announces = all.filter((prefix) => prefix.includes(":") === network.includes(":"));
      const paths = Object.entries(behind).filter(([prefix]) => announces.includes(prefix));
      const ends = { localAddress: `${network}1`, localAs, peerAddress: `${network}2`, peerAs: 64500 };
      return { name, ...ends, announces, behind: Object.fromEntries(paths) };
    };
    bird = stack.use(
      await startBird(far, "192.0.2.1", [
        session("far", "192.0.2.", 64496, announced),
        session("far6", "2001:db8:1::", 64496, announced),
        session("watcher", "192.0.3.", 64497, []),
        session("watcher6", "2001:db8:2::", 64497, []),
      ]),
    );
  });
  afterAll(() => stack.disposeAsync());

  it("takes everything of a peer without a kind, as written", async () => {
    const far = { "remote-as": 64496, ipv4: policy, ipv6: policy } as const;
    await bring(
      machineOf({
        peers: {
          far: { ...far, address: "192.0.2.1", ipv6: { activate: false } },
          far6: { ...far, address: "2001:db8:1::1", ipv4: { activate: false } },
        },
      }),
    );
    await expect.poll(accepted, poll).toEqual(allBut([]));
  });

  it("refuses what each rule is about, and takes the rest", async () => {
    await bring(between("peer", {}));
    await expect.poll(accepted, poll).toEqual([...good].toSorted());
    await bring(between("upstream", {}));
    await expect.poll(accepted, poll).toEqual([...good, ...(bad["default-route"] ?? [])].toSorted());
  });

  it("lets through what a rule refused that is switched off, and says why in the plan", async () => {
    const rules = Object.keys(bad) as HygieneRule[];
    for (const rule of rules) {
      const notes = await bring(between("peer", { [rule]: off }));
      expect(notes).toContain(`hygiene of far, far6: ${rule} is switched off: tried without`);
      await expect.poll(accepted, poll).toEqual([...good, ...(bad[rule] ?? [])].toSorted());
    }
    await bring(between("peer", Object.fromEntries(rules.map((rule) => [rule, off]))));
    await expect.poll(accepted, poll).toEqual(allBut([]));
  });

  it("takes of a customer what is inside of own prefixes, and not those themselves", async () => {
    await bring(between("customer", {}));
    await expect.poll(accepted, poll).toEqual([...good, ...(bad["own-prefixes"] ?? [])].toSorted());
  });

  it("with route-leaks tells a peer nothing that came from another, and marks what it keeps", async () => {
    const watcher = { "remote-as": 64497, kind: "peer", ipv4: policy, ipv6: policy } as const;
    const both = {
      watcher: { ...watcher, address: "192.0.3.1", ipv6: { activate: false } },
      watcher6: { ...watcher, address: "2001:db8:2::1", ipv4: { activate: false } },
    } as const;
    const own = ["2a01:1::/32", "5.5.0.0/16"];
    const told = async () => [...(await bird.received("watcher")), ...(await bird.received("watcher6"))].toSorted();

    await bring(between("upstream", {}, both));
    await expect.poll(told, poll).toEqual([...own, ...good, "0.0.0.0/0", "::/0"].toSorted());
    await bring({ ...between("upstream", {}, both), ...leaks(between("upstream", {}, both)) });
    await expect.poll(told, poll).toEqual(own);
    const text = execFileSync("vtysh", ["-N", dataplane.name, "-c", "show bgp ipv4 unicast 9.0.0.0/24"]).toString();
    expect(text).toContain("Large Community: 64500:3:4 64500:9:9");
    const notes = await bring(between("upstream", {}, both));
    expect(notes.join("\n")).toMatch(/may be announced more than before/);

    await bring(leaks(between("customer", { "own-prefixes": off }, both)));
    await expect.poll(told, poll).toEqual([...own, ...good, ...(bad["own-prefixes"] ?? [])].toSorted());
  });

  it("shuts a peer of a kind without a policy, also where FRR is told to open it", async () => {
    const closed = { "remote-as": 64496, kind: "peer" } as const;
    const open = { "ebgp-requires-policy": false } as const;
    const peers = (more: object) => ({
      far: { ...closed, address: "192.0.2.1", ...more },
      far6: { ...closed, address: "2001:db8:1::1", ...more },
    });
    await bring(machineOf({ ...open, peers: peers({}) }));
    await expect.poll(accepted, poll).toEqual([]);
    await bring(machineOf({ ...open, peers: peers({ hygiene: { "missing-policy": off } }) }));
    await expect.poll(accepted, poll).toEqual([...good].toSorted());
    await expect.poll(async () => bird.received("far"), poll).toEqual(["5.5.0.0/16"]);
  });

  it("is canonical, whatever is on, off, written or inherited", async () => {
    const rules = Object.keys(hygieneRules) as HygieneRule[];
    const setting = fc.constantFrom(true as const, off);
    const hygiene = fc.uniqueArray(fc.tuple(fc.constantFrom(...rules), setting), {
      maxLength: 4,
      selector: ([rule]) => rule,
    });
    const part = fc.record({
      kind: fc.constantFrom(undefined, "upstream", "peer", "customer", "route-server", "collector"),
      role: fc.constantFrom(undefined, "offered", "required"),
      hygiene: hygiene.map((pairs) => Object.fromEntries(pairs)),
      ipv4: fc.constantFrom(undefined, policy, { "route-map": { in: "out" } }, { "prefix-list": { in: "p" } }),
      ipv6: fc.constantFrom(undefined, policy),
    });
    const samples = fc.sample(fc.tuple(part, part, part, fc.boolean()), { numRuns: 6, seed: 11 });
    for (const [{ role: _, ...group }, { role, ...one }, other, isShut] of samples) {
      const written = {
        "ebgp-requires-policy": isShut,
        "peer-groups": { g: group },
        peers: {
          one: { ...one, address: "192.0.2.1", group: "g", "remote-as": 64496 },
          other: { ...other, role: undefined, address: "2001:db8:1::1", group: "g", "remote-as": 3356 },
          alone: { ...one, role, address: "192.0.3.1", "remote-as": 65_001 },
        },
      };
      // Reads back as it is, or bring() throws.
      await expect(bring(machineOf(JSON.parse(JSON.stringify(written)) as Partial<Bgp>))).resolves.toBeDefined();
    }
  });
});

function leaks(machine: Machine): Machine {
  const { bgp } = machine.routing;
  if (!bgp) return machine;
  const hygiene = { ...bgp.hygiene, "route-leaks": true as const };
  return { ...machine, routing: { ...machine.routing, bgp: { ...bgp, hygiene } } };
}
