import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, type Node, parseConfig, printConfig } from "../../reconcilers/frr/tree.ts";
import { frrHost } from "../lab/frr-host.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";

const signal = new AbortController().signal;
const plane = frr({ sockets: "/run/frr" });

/** Every route that there is: [third octet, length]. */
const universe: readonly (readonly [third: number, length: number])[] = [0, 1, 2, 3].flatMap((third) =>
  [24, 25].map((length) => [third, length] as const),
);
const peers = ["192.0.2.1", "192.0.2.2"] as const;

/** Lists of a few entries that overlap, route-maps that ask them and call each other, and two peers that export by them. */
const policies: fc.Arbitrary<FrrDesired> = fc
  .record({
    lists: fc.dictionary(
      fc.constantFrom("A", "B", "C"),
      fc.dictionary(
        fc.constantFrom("5", "10", "15", "20"),
        fc.record({
          action: fc.constantFrom("permit", "deny"),
          what: fc.constantFrom(
            "10.0.0.0/24",
            "10.0.1.0/24 le 25",
            "10.0.2.0/23 le 25",
            "10.0.0.0/22 ge 24 le 24",
            "any",
          ),
        }),
        { minKeys: 1 },
      ),
    ),
    maps: fc.dictionary(
      fc.constantFrom("M", "N"),
      fc.dictionary(
        fc.constantFrom("10", "20", "30"),
        fc.record({
          action: fc.constantFrom("permit", "deny"),
          list: fc.option(fc.constantFrom("A", "B", "C"), { nil: undefined }),
          call: fc.boolean(),
        }),
        { minKeys: 1 },
      ),
    ),
    outs: fc.tuple(fc.constantFrom("M", "N", "A", "B"), fc.constantFrom("M", "N", "A", "B")),
  })
  .map(({ lists, maps, outs }) => ({ config: textOf(lists, maps, outs) }));

type Lists = Record<string, Record<string, { action: string; what: string }>>;
type Maps = Record<string, Record<string, { action: string; list: string | undefined; call: boolean }>>;

function textOf(lists: Lists, maps: Maps, outs: readonly [string, string]): string {
  const lines: string[] = [];
  for (const [name, entries] of Object.entries(lists)) {
    const said = new Set<string>();
    for (const [seq, { action, what }] of Object.entries(entries)) {
      // FRR has no two entries that say the same.
      if (said.has(`${action} ${what}`)) continue;
      said.add(`${action} ${what}`);
      lines.push(`ip prefix-list ${name} seq ${seq} ${action} ${what}`);
    }
  }
  for (const [name, entries] of Object.entries(maps)) {
    for (const [seq, { action, list, call }] of Object.entries(entries)) {
      lines.push(`route-map ${name} ${action} ${seq}`);
      if (list !== undefined && list in lists) lines.push(` match ip address prefix-list ${list}`);
      if (call && name === "M" && "N" in maps) lines.push(" call N");
    }
  }
  lines.push("router bgp 64500", " no bgp default ipv4-unicast");
  for (const peer of peers) lines.push(` neighbor ${peer} remote-as 64496`);
  lines.push(" address-family ipv4 unicast");
  peers.forEach((peer, index) => {
    const name = outs[index] ?? "";
    lines.push(`  neighbor ${peer} activate`);
    if (name in maps) lines.push(`  neighbor ${peer} route-map ${name} out`);
    else if (name in lists) lines.push(`  neighbor ${peer} prefix-list ${name} out`);
  });
  return printConfig(mergeConfigs([lines.join("\n")]));
}

/** What a peer gets: as FRR does it, written down anew. Without a filter it gets nothing (RFC 8212). */
function exported(config: string, peer: string): ReadonlySet<string> {
  const nodes = parseConfig(config);
  const bgp = nodes.find(({ line }) => line.startsWith("router bgp "))?.children ?? [];
  const family = bgp.find(({ line }) => line.startsWith("address-family "))?.children ?? [];
  const lines = family.map(({ line }) => line).filter((line) => line.startsWith(`neighbor ${peer} `));
  const filter = lines.flatMap((line) => /(route-map|prefix-list) (\S+) out$/.exec(line)?.slice(1, 3) ?? []);
  const [kind, name = ""] = filter;
  if (kind === undefined || !lines.includes(`neighbor ${peer} activate`)) return new Set();
  const passes = kind === "route-map" ? passesMap : passesList;
  return new Set(universe.filter((route) => passes(nodes, name, route)).map(([third, length]) => `${third}/${length}`));
}

function passesList(nodes: readonly Node[], name: string, [third, length]: readonly [number, number]): boolean {
  const entries = nodes.flatMap(({ line }) => {
    const match = new RegExp(`^ip prefix-list ${name} seq (\\d+) (permit|deny) (.*)$`).exec(line);
    return match ? [{ seq: Number(match[1]), action: match[2], what: match[3] ?? "" }] : [];
  });
  for (const { action, what } of entries.toSorted((a, b) => a.seq - b.seq)) {
    const [, base = "0", size = "0", ge, le] = /^10\.0\.(\d)\.0\/(\d+)(?: ge (\d+))?(?: le (\d+))?$/.exec(what) ?? [];
    const span = 2 ** (24 - Number(size));
    const inside = third >= Number(base) && third < Number(base) + span;
    const from = Number(ge ?? size);
    const to = Number(le ?? (ge === undefined ? size : 32));
    if (what === "any" || (inside && length >= from && length <= to)) return action === "permit";
  }
  return false;
}

function passesMap(nodes: readonly Node[], name: string, route: readonly [number, number]): boolean {
  const entries = nodes.flatMap(({ line, children }) => {
    const match = new RegExp(`^route-map ${name} (permit|deny) (\\d+)$`).exec(line);
    return match ? [{ seq: Number(match[2]), action: match[1], lines: children.map((child) => child.line) }] : [];
  });
  for (const { action, lines } of entries.toSorted((a, b) => a.seq - b.seq)) {
    const list = lines.flatMap((line) => /prefix-list (\S+)$/.exec(line)?.[1] ?? [])[0];
    if (list !== undefined && !passesList(nodes, list, route)) continue;
    const called = lines.flatMap((line) => /^call (\S+)$/.exec(line)?.[1] ?? [])[0];
    return action === "permit" && (called === undefined || passesMap(nodes, called, route));
  }
  return false;
}

async function bring(sim: SimFrr, desired: FrrDesired, owned: readonly FrrDesired[]): Promise<readonly string[]> {
  const host = frrHost(sim);
  const plan = plane.plan(desired, await plane.observe(host, signal), owned);
  expect(plan.problems).toEqual([]);
  for await (const _ of plane.apply(plan.steps, host, signal));
  const again = plane.plan(desired, await plane.observe(host, signal), [...owned, desired]);
  expect(again.steps.map((step) => plane.describe(step))).toEqual([]);
  return plan.steps.map((step) => plane.describe(step));
}

/** Goes from `a` towards `b`, and is killed after so many commands; resolves with whether that was all. */
async function cut(sim: SimFrr, b: FrrDesired, a: FrrDesired, after: number): Promise<boolean> {
  const host = frrHost(sim);
  const plan = plane.plan(b, await plane.observe(host, signal), [a]);
  let count = 0;
  sim.watch = () => {
    count += 1;
    if (count === after) sim.closeAt(/./);
  };
  try {
    for await (const _ of plane.apply(plan.steps, host, signal));
    return true;
  } catch {
    return false;
  } finally {
    sim.watch = undefined;
  }
}

const exporting = [
  "router bgp 64500",
  " no bgp default ipv4-unicast",
  ...peers.map((peer) => ` neighbor ${peer} remote-as 64496`),
  " address-family ipv4 unicast",
  ...peers.flatMap((peer) => [`  neighbor ${peer} activate`, `  neighbor ${peer} route-map M out`]),
];

/** M is made anew for the sake of C, and so asks A before that has changed. */
const early = [
  [
    "ip prefix-list A seq 5 permit 10.0.0.0/24",
    "ip prefix-list C seq 5 permit 10.0.0.0/24",
    "route-map N permit 10",
    "route-map M deny 10",
    "route-map M permit 20",
    " call N",
  ],
  [
    "ip prefix-list A seq 5 permit 10.0.1.0/24 le 25",
    "ip prefix-list C seq 5 permit any",
    "ip prefix-list C seq 15 permit 10.0.0.0/24",
    "route-map N permit 10",
    " match ip address prefix-list A",
    "route-map M deny 10",
    " match ip address prefix-list A",
    "route-map M permit 20",
    " match ip address prefix-list C",
  ],
].map((lines) => ({ config: printConfig(mergeConfigs([[...lines, ...exporting].join("\n")])) }));

describe("what a peer gets while its filters change", () => {
  it("is never what it got neither before nor gets after, between any two commands", async () => {
    let copied = 0;
    await fc.assert(
      fc.asyncProperty(policies, policies, async (a, b) => {
        const sim = simFrr();
        await bring(sim, a, []);
        const before = peers.map((peer) => exported(sim.configOf("bgpd"), peer));
        const after = peers.map((peer) => exported(b.config, peer));
        const leaks: string[] = [];
        let line = "";
        const look = () => {
          peers.forEach((peer, index) => {
            const leaked = [...exported(sim.configOf("bgpd"), peer)].filter(
              (route) => !before[index]?.has(route) && !after[index]?.has(route),
            );
            if (leaked.length > 0) leaks.push(`${peer} gets ${leaked.join(", ")} after "${line}"`);
          });
        };
        sim.watch = (daemon, next) => {
          // Told before it is carried out.
          if (daemon === "bgpd") look();
          line = next;
        };
        const steps = await bring(sim, b, [a]);
        look();

        expect(leaks).toEqual([]);
        expect(peers.map((peer) => exported(sim.configOf("bgpd"), peer))).toEqual(after);
        expect(sim.config()).not.toContain("~");
        if (steps.some((step) => step.includes("~"))) copied += 1;
      }),
      { numRuns: 150, examples: [early as [FrrDesired, FrrDesired]] },
    );
    expect(copied).toBeGreaterThan(0);
  });

  it("goes by no copy that a killed apply left behind: the next plan removes it, forward as well as back", async () => {
    const before = {
      "5": { action: "deny", what: "10.0.1.0/24 le 25" },
      "10": { action: "deny", what: "any" },
      "15": { action: "permit", what: "any" },
    };
    const after = { "10": { action: "permit", what: "10.0.1.0/24 le 25" }, "20": { action: "deny", what: "any" } };
    const [a, b] = [before, after].map((A) => ({ config: textOf({ A }, {}, ["A", "A"]) }));
    if (!a || !b) throw new Error("two");
    let left = 0;
    for (const [target, owned] of [
      [b, [a]],
      [a, [a, b]],
    ] as const) {
      for (let last = 1; ; last += 1) {
        const sim = simFrr();
        await bring(sim, a, []);
        if (await cut(sim, b, a, last)) break;
        if (sim.config().includes("~")) left += 1;
        await bring(sim, target, owned);
        expect(sim.config()).not.toContain("~");
        const wanted = peers.map((peer) => exported(target.config, peer));
        expect(peers.map((peer) => exported(sim.configOf("bgpd"), peer))).toEqual(wanted);
      }
    }
    expect(left).toBeGreaterThan(10);
  });

  it("is said before where it becomes more", async () => {
    const sim = simFrr();
    const a = { config: textOf({ A: { "5": { action: "permit", what: "10.0.0.0/24" } } }, {}, ["A", "A"]) };
    const b = { config: textOf({ A: { "5": { action: "permit", what: "10.0.0.0/22 ge 24 le 24" } } }, {}, ["A", "A"]) };
    await bring(sim, a, []);
    const observed = await plane.observe(frrHost(sim), signal);
    expect(plane.plan(b, observed, [a]).notes).toEqual([
      "192.0.2.1, 192.0.2.2 may be announced more than before: for example 10.0.1.0/24, by ip prefix-list A.",
    ]);
    await bring(sim, b, [a]);
    expect(plane.plan(a, await plane.observe(frrHost(sim), signal), [b]).notes).toEqual([]);
  });

  it("stays in the order of small changes where that permits nothing more", async () => {
    const sim = simFrr();
    const a = { config: textOf({ A: { "5": { action: "permit", what: "10.0.0.0/24" } } }, {}, ["A", "A"]) };
    await bring(sim, a, []);
    const entries = {
      "5": { action: "permit", what: "10.0.0.0/24" },
      "10": { action: "permit", what: "10.0.1.0/24 le 25" },
    };
    const more = { ...entries, "15": { action: "permit", what: "10.0.2.0/23 le 25" } };
    expect(await bring(sim, { config: textOf({ A: more }, {}, ["A", "A"]) }, [a])).toEqual([
      "set ip prefix-list A: seq 10 permit 10.0.1.0/24 le 25, seq 15 permit 10.0.2.0/23 le 25",
    ]);
  });

  it("is switched over to a copy where small changes would permit more, and back", async () => {
    const sim = simFrr();
    const first = { "5": { action: "deny", what: "10.0.1.0/24 le 25" }, "10": { action: "deny", what: "any" } };
    const second = {
      "5": { action: "permit", what: "10.0.0.0/24" },
      "10": { action: "permit", what: "10.0.2.0/23 le 25" },
    };
    const swap = { "5": { action: "deny", what: "10.0.0.0/24" }, "10": { action: "permit", what: "any" } };
    const a = { config: textOf({ A: { ...second } }, {}, ["A", "A"]) };
    await bring(sim, a, []);
    expect(await bring(sim, { config: textOf({ A: swap }, {}, ["A", "A"]) }, [a])).not.toContain("~");
    const b = { config: textOf({ A: { ...first, "15": { action: "permit", what: "any" } } }, {}, ["A", "A"]) };
    await bring(sim, b, [{ config: sim.config() }]);
    const c = { "10": { action: "permit", what: "10.0.1.0/24 le 25" }, "20": { action: "deny", what: "any" } };
    const told = await bring(sim, { config: textOf({ A: c }, {}, ["A", "A"]) }, [b]);
    expect(told[0]).toBe("add ip prefix-list A~: seq 10 permit 10.0.1.0/24 le 25, seq 20 deny any");
    expect(told.at(-1)).toBe("remove ip prefix-list A~");
  });
});
