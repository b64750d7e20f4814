import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, type Node, parseConfig, printConfig } from "../../reconcilers/frr/tree.ts";
import { frrHost } from "../lab/frr-host.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";

const signal = new AbortController().signal;
const plane = frr({ sockets: "/run/frr" });

/** Every route that there is, by its communities. */
const universe = ["", "64500:1", "64500:2", "64500:1 64500:2"];

type Lists = Record<string, Record<string, { action: string; says: string }>>;
type Maps = Record<string, { action: string; list: string | undefined; exact: boolean }>;

/** Community lists that are asked by the route-map that a peer exports by. */
const policies: fc.Arbitrary<FrrDesired> = fc
  .record({
    lists: fc.dictionary(
      fc.constantFrom("A", "B"),
      fc.dictionary(
        fc.constantFrom("5", "10", "15"),
        fc.record({
          action: fc.constantFrom("permit", "deny"),
          says: fc.constantFrom("64500:1", "64500:2", "64500:1 64500:2"),
        }),
        { minKeys: 1 },
      ),
    ),
    map: fc.dictionary(
      fc.constantFrom("10", "20", "30"),
      fc.record({
        action: fc.constantFrom("permit", "deny"),
        list: fc.option(fc.constantFrom("A", "B"), { nil: undefined }),
        exact: fc.boolean(),
      }),
      { minKeys: 1 },
    ),
  })
  .map(({ lists, map }) => ({ config: textOf(lists, map) }));

function textOf(lists: Lists, map: Maps): string {
  const lines: string[] = [];
  for (const [name, entries] of Object.entries(lists)) {
    const said = new Set<string>();
    for (const [seq, { action, says }] of Object.entries(entries)) {
      // FRR has no two entries that say the same.
      if (said.has(`${action} ${says}`)) continue;
      said.add(`${action} ${says}`);
      lines.push(`bgp community-list standard ${name} seq ${seq} ${action} ${says}`);
    }
  }
  for (const [seq, { action, list, exact }] of Object.entries(map)) {
    lines.push(`route-map OUT ${action} ${seq}`);
    if (list !== undefined && list in lists) lines.push(` match community ${list}${exact ? " exact-match" : ""}`);
  }
  lines.push("router bgp 64500", " no bgp default ipv4-unicast", " neighbor 192.0.2.1 remote-as 64496");
  lines.push(" address-family ipv4 unicast", "  neighbor 192.0.2.1 activate", "  neighbor 192.0.2.1 route-map OUT out");
  return printConfig(mergeConfigs([lines.join("\n")]));
}

/** What the peer gets: as FRR does it, written down anew. Without a filter it gets nothing (RFC 8212). */
function exported(config: string): ReadonlySet<string> {
  const nodes = parseConfig(config);
  const all = nodes.flatMap(({ line, children }) => [
    line,
    ...children.flatMap((one) => one.children.map((x) => x.line)),
  ]);
  const name = all.flatMap((line) => /^neighbor 192.0.2.1 route-map (\S+) out$/.exec(line)?.[1] ?? [])[0];
  return new Set(universe.filter((route) => name !== undefined && passesMap(nodes, name, route)));
}

function passesMap(nodes: readonly Node[], name: string, route: string): boolean {
  const entries = nodes.flatMap(({ line, children }) => {
    const match = new RegExp(`^route-map ${name} (permit|deny) (\\d+)$`).exec(line);
    return match ? [{ seq: Number(match[2]), action: match[1], lines: children.map((child) => child.line) }] : [];
  });
  const first = entries
    .toSorted((a, b) => a.seq - b.seq)
    .find(({ lines }) => {
      const [, list, exact] = /^match community (\S+)( exact-match)?$/.exec(lines[0] ?? "") ?? [];
      return list === undefined || passesList(nodes, list, route, exact !== undefined);
    });
  return first?.action === "permit";
}

function passesList(nodes: readonly Node[], name: string, route: string, exact: boolean): boolean {
  const entries = nodes.flatMap(({ line }) => {
    const match = new RegExp(`^bgp community-list standard ${name} seq (\\d+) (permit|deny) (.*)$`).exec(line);
    return match ? [{ seq: Number(match[1]), action: match[2], says: match[3] ?? "" }] : [];
  });
  const holds = (says: string) =>
    exact ? says === route : says.split(" ").every((one) => route.split(" ").includes(one));
  return entries.toSorted((a, b) => a.seq - b.seq).find(({ says }) => holds(says))?.action === "permit";
}

async function bring(sim: SimFrr, desired: FrrDesired, owned: readonly FrrDesired[]) {
  const host = frrHost(sim);
  const plan = plane.plan(desired, await plane.observe(host, signal), owned);
  expect(plan.problems).toEqual([]);
  for await (const _ of plane.apply(plan.steps, host, signal));
  const again = plane.plan(desired, await plane.observe(host, signal), [...owned, desired]);
  expect(again.steps.map((step) => plane.describe(step))).toEqual([]);
  return { steps: plan.steps.map((step) => plane.describe(step)), notes: plan.notes };
}

describe("what a peer gets while its community lists change", () => {
  it("is never what it got neither before nor gets after, between any two commands", async () => {
    let copied = 0;
    await fc.assert(
      fc.asyncProperty(policies, policies, async (a, b) => {
        const sim = simFrr();
        await bring(sim, a, []);
        const [before, after] = [exported(sim.configOf("bgpd")), exported(b.config)];
        const leaks: string[] = [];
        let line = "";
        const look = () => {
          const leaked = [...exported(sim.configOf("bgpd"))].filter((route) => !before.has(route) && !after.has(route));
          if (leaked.length > 0) leaks.push(`"${leaked.join('", "')}" gets out after "${line}"`);
        };
        sim.watch = (daemon, next) => {
          // Told before it is carried out.
          if (daemon === "bgpd") look();
          line = next;
        };
        const { steps, notes } = await bring(sim, b, [a]);
        look();

        expect(leaks).toEqual([]);
        expect(exported(sim.configOf("bgpd"))).toEqual(after);
        expect(sim.config()).not.toContain("~");
        if (steps.some((step) => step.includes("~"))) copied += 1;
        // What becomes more is said; more may be said, since what several communities have in common is not weighed.
        const isSaid = notes.some((note) => note.includes("may be announced more than before"));
        expect(isSaid || after.isSubsetOf(before)).toBe(true);
      }),
      { numRuns: 25 },
    );
    expect(copied).toBeGreaterThan(0);
  }, 300_000);

  it("is not what a map that goes on asking would let through of a list that it asks no longer", async () => {
    const [both, one] = ["64500:1 64500:2", "64500:1"].map((says) => ({ A: { "5": { action: "permit", says } } }));
    const a = { config: textOf(both ?? {}, { "10": { action: "permit", list: "A", exact: false } }) };
    const b = { config: textOf(one ?? {}, { "10": { action: "deny", list: undefined, exact: false } }) };
    const sim = simFrr();
    await bring(sim, a, []);
    const seen = new Set<string>();
    sim.watch = () => exported(sim.configOf("bgpd")).forEach((route) => seen.add(route));
    await bring(sim, b, [a]);

    expect([...seen]).toEqual(["64500:1 64500:2"]);
  });

  it("is in the order of small changes where that permits nothing more", async () => {
    const sim = simFrr();
    const map = { "10": { action: "permit", list: "A", exact: false } };
    const a = { config: textOf({ A: { "5": { action: "permit", says: "64500:1" } } }, map) };
    const more = { "5": { action: "permit", says: "64500:1" }, "10": { action: "permit", says: "64500:2" } };
    const b = { config: textOf({ A: more }, map) };
    await bring(sim, a, []);
    const { steps, notes } = await bring(sim, b, [a]);
    expect(steps).toEqual(["set bgp community-list standard A: seq 10 permit 64500:2"]);
    expect(notes).toEqual([
      "192.0.2.1 may be announced more than before: for example 0.0.0.0/0 that has bgp community-list standard 64500:2, by route-map OUT.",
    ]);
  });
});
