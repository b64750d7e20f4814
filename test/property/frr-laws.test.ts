import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired, FrrStep } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, parseConfig, pathKey, printConfig, walk } from "../../reconcilers/frr/tree.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";

const signal = new AbortController().signal;
const plane = frr({ sockets: "/run/frr" });
const secrets = testSecrets();
const password = "correct-horse";
const sealed = secrets.known(password);

/** Names of one side's objects: what is foreign has other ones. */
interface Names {
  readonly list: string;
  readonly map: string;
  readonly peers: readonly string[];
  readonly link: string;
  readonly net: string;
}
const ours: Names = {
  list: "OURS",
  map: "MAP",
  peers: ["192.0.2.1", "192.0.2.5", "2001:db8::1"],
  link: "external.25",
  net: "10.1",
};
const theirs: Names = { list: "THEIRS", map: "ODD", peers: ["192.0.2.9"], link: "internal.30", net: "10.9" };

/** Any configuration whose references all resolve. */
function configs(names: Names, asn: fc.Arbitrary<number> = fc.constant(64500)): fc.Arbitrary<FrrDesired> {
  const entry = fc.record({ action: fc.constantFrom("permit", "deny"), third: fc.nat(3) });
  const list = fc.dictionary(fc.constantFrom("5", "10", "15"), entry, { minKeys: 1 });
  const clause = fc.record({
    match: fc.option(fc.nat(2), { nil: undefined }),
    metric: fc.option(fc.nat(5), { nil: undefined }),
    community: fc.option(fc.nat(5), { nil: undefined }),
    action: fc.constantFrom("permit", "deny"),
  });
  const map = fc.dictionary(fc.constantFrom("10", "20"), clause, { minKeys: 1 });
  const peer = fc.record({
    as: fc.constantFrom("64496", "64497", "64500", "group"),
    description: fc.option(fc.constantFrom("transit", "peering"), { nil: undefined }),
    password: fc.boolean(),
    timers: fc.boolean(),
    shutdown: fc.boolean(),
    families: fc.subarray(["ipv4", "ipv6"]),
    list: fc.option(fc.nat(2), { nil: undefined }),
    map: fc.option(fc.nat(2), { nil: undefined }),
  });
  return fc
    .record({
      asn,
      lists: fc.dictionary(fc.constantFrom("0", "1", "2"), list),
      maps: fc.dictionary(fc.constantFrom("0", "1", "2"), map),
      peers: fc.dictionary(fc.constantFrom(...names.peers), peer),
      group: fc.constantFrom("64496", "internal"),
      routes: fc.uniqueArray(fc.record({ third: fc.nat(3), hop: fc.nat(2), tag: fc.nat(2) }), {
        selector: ({ third, hop }) => `${third} ${hop}`,
        maxLength: 4,
      }),
      ospf: fc.option(fc.record({ cost: fc.nat(3), area: fc.nat(1), key: fc.boolean() }), { nil: undefined }),
      routerId: fc.nat(1),
    })
    .map((parts) => ({ config: textOf(parts, names) }));
}

interface Clause {
  readonly match: number | undefined;
  readonly metric: number | undefined;
  readonly community: number | undefined;
  readonly action: string;
}

interface Parts {
  readonly asn: number;
  readonly lists: Record<string, Record<string, { action: string; third: number }>>;
  readonly maps: Record<string, Record<string, Clause>>;
  readonly peers: Record<
    string,
    {
      as: string;
      description: string | undefined;
      password: boolean;
      timers: boolean;
      shutdown: boolean;
      families: readonly string[];
      list: number | undefined;
      map: number | undefined;
    }
  >;
  readonly group: string;
  readonly routes: readonly { third: number; hop: number; tag: number }[];
  readonly ospf: { cost: number; area: number; key: boolean } | undefined;
  readonly routerId: number;
}

function textOf(parts: Parts, names: Names): string {
  const lines: string[] = [];
  const has = (table: object, key: number | undefined): key is number => key !== undefined && String(key) in table;
  for (const [id, entries] of Object.entries(parts.lists)) {
    for (const [sequence, { action, third }] of Object.entries(entries)) {
      lines.push(`ip prefix-list ${names.list}${id} seq ${sequence} ${action} ${names.net}.${third}.0/24`);
    }
  }
  for (const [id, entries] of Object.entries(parts.maps)) {
    for (const [sequence, { action, match, metric, community }] of Object.entries(entries)) {
      lines.push(`route-map ${names.map}${id} ${action} ${sequence}`);
      if (has(parts.lists, match)) lines.push(` match ip address prefix-list ${names.list}${match}`);
      if (metric !== undefined) lines.push(` set metric ${metric}`);
      if (community !== undefined) lines.push(` set community 64500:${community}`);
    }
  }
  for (const { third, hop, tag } of parts.routes) {
    lines.push(`ip route ${names.net}.${third}.0/24 192.0.2.${hop}${tag > 0 ? ` tag ${tag}` : ""}`);
  }
  if (parts.ospf) {
    lines.push(`interface ${names.link}`, ` ip ospf area 0.0.0.${parts.ospf.area}`);
    if (parts.ospf.cost > 0) lines.push(` ip ospf cost ${parts.ospf.cost}`);
    if (parts.ospf.key) lines.push(` ip ospf message-digest-key 1 md5 ${sealed}`);
  }
  const peers = Object.entries(parts.peers);
  if (peers.length > 0) lines.push(...bgpText(parts, names, peers, has));
  return printConfig(mergeConfigs([lines.join("\n")]));
}

function bgpText(
  parts: Parts,
  names: Names,
  peers: readonly (readonly [string, Parts["peers"][string]])[],
  has: (table: object, key: number | undefined) => key is number,
): readonly string[] {
  const group = `${names.list}-GROUP`;
  const lines = [`router bgp ${parts.asn}`, " no bgp default ipv4-unicast"];
  if (names === ours) lines.push(` bgp router-id 192.0.2.${parts.routerId}`);
  if (peers.some(([, peer]) => peer.as === "group")) {
    lines.push(` neighbor ${group} peer-group`, ` neighbor ${group} remote-as ${parts.group}`);
  }
  for (const [name, peer] of peers) {
    lines.push(` neighbor ${name} ${peer.as === "group" ? `peer-group ${group}` : `remote-as ${peer.as}`}`);
    if (peer.description !== undefined) lines.push(` neighbor ${name} description ${peer.description}`);
    if (peer.shutdown) lines.push(` neighbor ${name} shutdown`);
    if (peer.password) lines.push(` neighbor ${name} password ${sealed}`);
    if (peer.timers) lines.push(` neighbor ${name} timers 10 30`);
  }
  for (const family of ["ipv4", "ipv6"]) {
    const inside = peers.flatMap(([name, peer]) =>
      peer.families.includes(family)
        ? [
            `  neighbor ${name} activate`,
            ...(has(parts.lists, peer.list) ? [`  neighbor ${name} prefix-list ${names.list}${peer.list} in`] : []),
            ...(has(parts.maps, peer.map) ? [`  neighbor ${name} route-map ${names.map}${peer.map} out`] : []),
          ]
        : [],
    );
    if (inside.length > 0) lines.push(` address-family ${family} unicast`, ...inside);
  }
  return lines;
}

async function converge(sim: SimFrr, desired: FrrDesired, owned: readonly FrrDesired[]): Promise<readonly FrrStep[]> {
  const host = frrHost(sim, secrets);
  const plan = plane.plan(desired, await plane.observe(host, signal), owned);
  expect(plan.problems).toEqual([]);
  // What is journalled and read again must do the same.
  const steps = JSON.parse(JSON.stringify(plan.steps)) as FrrStep[];
  const done = [];
  for await (const step of plane.apply(steps, host, signal)) done.push(step);
  expect(done).toEqual(plan.steps);
  const again = plane.plan(desired, await plane.observe(host, signal), [...owned, desired]);
  expect(again.steps.map((step) => plane.describe(step))).toEqual([]);
  return plan.steps;
}

function linesOf(config: string): ReadonlySet<string> {
  const lines = new Set<string>();
  walk(parseConfig(config), (path, { line }) => lines.add(pathKey(path, line)));
  return lines;
}

/** References of neighbours and route-map entries to lists and maps that the daemon does not have. */
function dangling(config: string): readonly string[] {
  const defined = new Set([...config.matchAll(/^(?:ip prefix-list|route-map) (\S+)/gm)].map((match) => match[1]));
  const used = [
    ...config.matchAll(/^ +(?:neighbor \S+ (?:prefix-list|route-map)|match ip address prefix-list) (\S+)/gm),
  ];
  return used.map((match) => match[1] ?? "").filter((name) => !defined.has(name));
}

const anyAsn = fc.constantFrom(64500, 64501);

describe("the laws of FRR's plane", () => {
  it("plans nothing after applying, for any two configurations, and back", async () => {
    await fc.assert(
      fc.asyncProperty(configs(ours, anyAsn), configs(ours, anyAsn), async (a, b) => {
        const sim = simFrr();
        await converge(sim, a, []);
        const before = linesOf(sim.config());
        await converge(sim, b, [a]);
        await converge(sim, a, [a, b]);

        expect(linesOf(sim.config())).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves nothing behind when everything is withdrawn", async () => {
    await fc.assert(
      fc.asyncProperty(configs(ours), async (a) => {
        const sim = simFrr();
        await converge(sim, a, []);
        await converge(sim, { config: "" }, [a]);

        expect(sim.config()).toBe("");
      }),
      { numRuns: 20 },
    );
  });

  it("never touches what nobody here made", async () => {
    await fc.assert(
      fc.asyncProperty(configs(theirs), configs(ours), configs(ours), async (foreign, a, b) => {
        const sim = simFrr({ config: foreign.config });
        await converge(sim, a, []);
        await converge(sim, b, [a]);
        await converge(sim, { config: "" }, [a, b]);

        expect([...linesOf(foreign.config)].filter((line) => !linesOf(sim.config()).has(line))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("refers to nothing that is not there, at no moment of a change", async () => {
    await fc.assert(
      fc.asyncProperty(configs(ours), configs(ours), async (a, b) => {
        const sim = simFrr();
        const seen: string[] = [];
        sim.watch = (daemon, line) => {
          for (const name of dangling(sim.configOf(daemon))) seen.push(`${daemon} after "${line}": ${name}`);
        };
        await converge(sim, a, []);
        await converge(sim, b, [a]);

        expect(seen).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("tells no secret, in steps, descriptions or what was observed", async () => {
    await fc.assert(
      fc.asyncProperty(configs(ours), configs(ours), async (a, b) => {
        const sim = simFrr();
        const first = await converge(sim, a, []);
        const second = await converge(sim, b, [a]);
        const observed = await plane.observe(frrHost(sim, secrets), signal);
        const said = JSON.stringify([
          first,
          second,
          observed,
          [...first, ...second].map((step) => plane.describe(step)),
        ]);

        expect(said).not.toContain(password);
        expect(sim.config().includes(password)).toBe(b.config.includes(sealed));
      }),
      { numRuns: 20 },
    );
  });
});
