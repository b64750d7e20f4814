import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derive } from "../../reconcilers/derive.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired, FrrObserved } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, printConfig } from "../../reconcilers/frr/tree.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { type Alternatives, machineWith } from "../lab/alternatives.ts";
import { bgpAlternatives } from "../lab/alternatives-bgp.ts";
import { policyAlternatives } from "../lab/alternatives-policy.ts";

const missing = whyNoFrr();
const secrets = testSecrets();
const host = frrHost(undefined, secrets);
const signal = new AbortController().signal;

describe.skipIf(missing !== undefined)(`what excludes each other on a real FRR (${missing ?? "8.4"})`, () => {
  let appliance: Namespace;
  let real: RealFrr;
  let plane: ReturnType<typeof frr>;
  let observed: FrrObserved;

  beforeAll(async () => {
    appliance = makeNamespace("alt");
    for (const name of ["external.25", "external.26", "external.27"]) {
      appliance.ip("link", "add", name, "type", "veth", "peer", "name", `${name}-far`);
      appliance.ip("link", "set", "dev", name, "up");
    }
    appliance.ip("address", "add", "192.0.2.2/30", "dev", "external.25");
    real = await startFrr(appliance);
    plane = frr({ sockets: real.sockets });
    observed = await plane.observe(host, signal);
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    appliance?.[Symbol.dispose]();
  });

  /** Applies, and gives what a plan after it would still do. */
  async function converge(to: FrrDesired, owned: readonly FrrDesired[]): Promise<readonly string[]> {
    const { steps, problems } = plane.plan(to, observed, owned);
    if (problems[0]) return [String(problems[0])];
    const thrown = await carryOut(steps);
    observed = await plane.observe(host, signal);
    if (thrown !== undefined) return [thrown];
    const again = plane.plan(to, observed, [...owned, to]);
    return [...again.steps.map((step) => plane.describe(step)), ...again.foreign.map(({ text }) => `foreign ${text}`)];
  }

  async function carryOut(steps: Parameters<typeof plane.apply>[0]): Promise<string | undefined> {
    try {
      for await (const step of plane.apply(steps, host, signal)) expect(steps).toContain(step);
      return undefined;
    } catch (thrown) {
      return String(thrown);
    }
  }

  function configsOf({ at, values }: Alternatives): readonly FrrDesired[] {
    const seal = (name: string) => secrets.known(`t-${name}`);
    return values.map((value) => derive(machineWith(at, value), { frr: "8.4.4" }, seal).frr);
  }

  /** Goes from every configuration to every other, and gives the ways on which something was left. */
  async function tour(configs: readonly FrrDesired[], names: readonly string[]): Promise<readonly string[]> {
    const failures: string[] = [];
    let from = "start";
    for (const index of everyWay(configs.length)) {
      const to = names[index] ?? "";
      const before = { config: observed.config };
      const left = await converge(configs[index] ?? before, [...configs, before]);
      if (left.length > 0) failures.push(`${from} -> ${to}: ${left.join("; ")}`);
      from = to;
    }
    return failures;
  }

  for (const one of [...policyAlternatives, ...bgpAlternatives]) {
    const keys = new Set(one.values.flatMap((value) => Object.keys(value)));
    it(
      `goes from any to any other of ${[...one.at, [...keys].join("|")].join(".")}`,
      { timeout: 120_000 },
      async () => {
        const names = one.values.map((value) => JSON.stringify(value));
        expect(await tour(configsOf(one), names)).toEqual([]);
      },
    );
  }

  it("lets no member of a group switch off what the group has on, which is why validation refuses it", async () => {
    const group = ["shutdown", "passive", "bfd", "capability extended-nexthop", "enforce-first-as"];
    const family = [
      "next-hop-self",
      "soft-reconfiguration inbound",
      "remove-private-AS",
      "route-server-client",
      "attribute-unchanged next-hop",
    ];
    const lines = [...group.map((flag) => ` neighbor G ${flag}`), " address-family ipv4 unicast"];
    const text = [base, ...lines, ...family.map((flag) => `  neighbor G ${flag}`)].join("\n");
    const to = { config: printConfig(mergeConfigs([text.replace("router bgp 64500\n", member)])) };
    expect(await converge(to, [{ config: observed.config }])).toEqual([]);

    const vty = await openVty(host, real.sockets, "bgpd", signal);
    const own = group.map((flag) => `no neighbor 192.0.2.5 ${flag}`);
    const inside = family.map((flag) => `no neighbor 192.0.2.5 ${flag}`);
    const context = ["configure terminal", "router bgp 64500"];
    await vty.send([...context, ...own, "address-family ipv4 unicast", ...inside, "end"], signal);
    vty.close();
    observed = await plane.observe(host, signal);
    expect(plane.plan(to, observed, [to])).toMatchObject({ steps: [], foreign: [] });
  });

  for (const [context, lines] of unsayable) {
    it(`goes from any to any other of raw ${lines.join(" | ")}`, async () => {
      const text = (line: string) => [...context, line].map((one, depth) => " ".repeat(depth) + one).join("\n");
      const configs = lines.map((line) => ({ config: printConfig(mergeConfigs([base, text(line)])) }));
      expect(await tour(configs, lines)).toEqual([]);
    });
  }
});

const base = `
ip prefix-list P seq 5 permit 10.0.0.0/8
access-list A seq 5 permit 10.0.0.0/8
router bgp 64500
 no bgp default ipv4-unicast
 neighbor 192.0.2.1 remote-as 64496
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
`;

const member = `router bgp 64500
 neighbor G peer-group
 neighbor 192.0.2.5 remote-as 64497
 neighbor 192.0.2.5 peer-group G
`;

/** What only raw lines can say: [contexts, alternatives]. */
const unsayable: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ["router bgp 64500", "address-family ipv4 unicast"],
    ["neighbor 192.0.2.1 distribute-list A in", "neighbor 192.0.2.1 prefix-list P in"],
  ],
  [
    ["router bgp 64500", "address-family ipv4 unicast"],
    ["neighbor 192.0.2.1 distribute-list A out", "neighbor 192.0.2.1 prefix-list P out"],
  ],
  [
    ["vrf red"],
    [
      "192.0.2.1",
      "192.0.2.1 250",
      "192.0.2.1 tag 7",
      "192.0.2.1 tag 9 250",
      "blackhole",
      "reject 250",
      "external.25 30",
    ].map((rest) => `ip route 10.1.0.0/16 ${rest}`),
  ],
];

/** A walk over the indices that takes each way from one to another once, and ends where it began. */
function everyWay(count: number): readonly number[] {
  const walk = [0];
  for (let at = 0; at < count; at += 1) {
    for (let other = at + 1; other < count; other += 1) walk.push(other, at);
    if (at + 1 < count) walk.push(at + 1);
  }
  return walk.length === 1 ? walk : [...walk, 0];
}
