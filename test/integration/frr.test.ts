import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { folderTree } from "../../controller/folder.ts";
import type { Plan } from "../../reconcilers/core.ts";
import { derive } from "../../reconcilers/derive.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired, FrrStep } from "../../reconcilers/frr/model.ts";
import { sealConfig } from "../../reconcilers/frr/seal.ts";
import { bgpSessions } from "../../reconcilers/frr/sessions.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { filterConfig, mergeConfigs, parseConfig, pathKey, printConfig, walk } from "../../reconcilers/frr/tree.ts";
import { listMachines, loadMachine } from "../../schemas/load.ts";
import { type Bird, startBird, whyNoBird } from "../lab/bird.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { configs, ours } from "../lab/frr-configs.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { routingMachine } from "../lab/routing-machine.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr() ?? whyNoBird();
const secrets = testSecrets();
const host = frrHost(undefined, secrets);
const signal = new AbortController().signal;

/** A configuration as a person writes it: secrets in clear, made known and sealed here. */
function desired(text: string): FrrDesired {
  const sealed = sealConfig(text, (secret) => secrets.known(secret));
  return { config: printConfig(mergeConfigs([sealed])) };
}

const nothing: FrrDesired = { config: "" };
const catalogue = readFileSync(new URL("frr-catalogue.conf", import.meta.url), "utf8");

describe.skipIf(missing !== undefined)(`a real FRR (${missing ?? "8.4"})`, () => {
  let appliance: Namespace;
  let upstream: Namespace;
  let real: RealFrr;
  let bird: Bird;
  let plane: ReturnType<typeof frr>;

  beforeAll(async () => {
    appliance = makeNamespace("frr");
    upstream = makeNamespace("up");
    for (const [name, net] of [
      ["external.25", "192.0.2"],
      ["external.26", "203.0.113"],
    ] as const) {
      makeWire(
        { namespace: appliance, name, addresses: [`${net}.2/30`] },
        { namespace: upstream, name, addresses: [`${net}.1/30`] },
      );
    }
    real = await startFrr(appliance);
    plane = frr({ sockets: real.sockets });
    const session = { localAs: 64496, peerAs: 64500, announces: ["192.0.2.128/25"] };
    bird = await startBird(upstream, "192.0.2.1", [
      { ...session, name: "a", localAddress: "192.0.2.1", peerAddress: "192.0.2.2", password: "first" },
      { ...session, name: "b", localAddress: "203.0.113.1", peerAddress: "203.0.113.2" },
    ]);
  });

  afterAll(async () => {
    await bird?.[Symbol.asyncDispose]();
    await real?.[Symbol.asyncDispose]();
    upstream?.[Symbol.dispose]();
    appliance?.[Symbol.dispose]();
  });

  afterEach(async () => {
    // Whatever a failed test left, pruned: everything that is live counts as owned.
    const { config } = await plane.observe(host, signal);
    await converge(nothing, [{ config }]);
  });

  async function plan(to: FrrDesired, owned: readonly FrrDesired[]): Promise<Plan<FrrStep>> {
    return plane.plan(to, await plane.observe(host, signal), owned);
  }

  /** Applies, and gives what a plan after it would still do. */
  async function converge(to: FrrDesired, owned: readonly FrrDesired[]): Promise<readonly string[]> {
    const { steps, problems } = await plan(to, owned);
    if (problems[0]) throw problems[0];
    for await (const step of plane.apply(steps, host, signal)) expect(steps).toContain(step);
    const again = await plan(to, [...owned, to]);
    return [...again.steps.map((step) => plane.describe(step)), ...again.foreign.map(({ text }) => `foreign ${text}`)];
  }

  /** Waits until a peer is Established, and gives its session. */
  async function established(peer: string) {
    for (let tries = 0; tries < 300; tries += 1) {
      const session = (await bgpSessions(host, real.sockets, signal)).find((one) => one.peer === peer);
      if (session?.state === "Established") return session;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${peer} does not come up`);
  }

  it("is in sync after every machine of the example repository, and after going back to the first", async () => {
    const tree = folderTree(new URL("../../sites", import.meta.url).pathname);
    const names = await listMachines(tree);
    const owned: FrrDesired[] = [];
    for (const name of [...names, names[0] ?? ""]) {
      const { loaded } = await loadMachine(tree, name);
      if (!loaded) throw new Error(`${name} is not valid`);
      const seal = (secret: string) => secrets.known(`t-${secret}`);
      const to = derive(loaded.machine, { frr: "8.4.4", vpp: "24.10", agent: "0.1.0" }, seal).frr;
      expect(await converge(to, owned)).toEqual([]);
      owned.push(to);
    }
    expect(await converge(nothing, owned)).toEqual([]);
  });

  it("takes everything that the routing schema can say", async () => {
    const to = derive(routingMachine, { frr: "8.4.4" }, (secret) => secrets.known(`t-${secret}`)).frr;

    expect(await converge(to, [])).toEqual([]);
    expect(await converge(nothing, [to])).toEqual([]);
  });

  it("takes and loses every line of the catalogue alone, and nothing else with it", async () => {
    const all = desired(catalogue);
    expect(await converge(all, [])).toEqual([]);
    const failures: string[] = [];
    const nodes = parseConfig(all.config);
    const keys: string[] = [];
    walk(nodes, (path, { line }) => void keys.push(pathKey(path, line)));
    // What others in the catalogue cannot be without is tried with them, in whole configurations.
    const pillars = /(?:^|\n)(?:neighbor \S+ (?:remote-as|peer-group|interface).*|no bgp default ipv4-unicast|.* bfd)$/;
    for (const key of keys.filter((one) => !pillars.test(one))) {
      const less = { config: printConfig(filterConfig(nodes, (path, line) => pathKey(path, line) !== key)) };
      for (const to of [less, all]) {
        const left = await converge(to, [all]).catch((thrown: unknown) => [String(thrown)]);
        failures.push(...left.map((step) => `${to === all ? "with" : "without"} ${key}: ${step}`));
      }
    }
    expect(failures).toEqual([]);
    expect(await converge(nothing, [all])).toEqual([]);
    expect((await plane.observe(host, signal)).config.trim()).toMatch(/^(?:bfd)?$/);
  });

  it("goes from any configuration to any other, and back", async () => {
    const any = () => configs(secrets.known("any"), ours, fc.constantFrom(64500, 64501));
    await fc.assert(
      fc.asyncProperty(any(), any(), async (a, b) => {
        expect(await converge(a, [])).toEqual([]);
        expect(await converge(b, [a])).toEqual([]);
        expect(await converge(a, [a, b])).toEqual([]);
        expect(await converge(nothing, [a])).toEqual([]);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it("changes every value of the catalogue in place", async () => {
    const before = desired(catalogue);
    const after = desired(changed(catalogue));
    expect(await converge(before, [])).toEqual([]);

    expect(await converge(after, [before])).toEqual([]);
    expect(await converge(before, [before, after])).toEqual([]);
    await converge(nothing, [before, after]);
  });

  it("brings sessions up, and leaves those alone that a change is not about", async () => {
    const two = desired(sessionsWith("first"));
    expect(await converge(two, [])).toEqual([]);
    await established("192.0.2.1");
    const before = await established("203.0.113.1");

    const other = desired(sessionsWith("second").replace("description transit-a", "description renamed"));
    const { steps } = await plan(other, [two]);
    expect(steps.map((step) => `${step.impact} ${plane.describe(step)}`)).toEqual([
      expect.stringMatching(
        /^session-reset set router bgp 64500\/neighbor 192.0.2.1: .*password <secret:[0-9a-f]{16}>.*\(resets 192.0.2.1\)$/,
      ),
    ]);
    expect(await converge(other, [two])).toEqual([]);
    expect(await converge(two, [two, other])).toEqual([]);
    await established("192.0.2.1");

    const after = await established("203.0.113.1");
    expect(after).toMatchObject({
      connectionsDropped: before.connectionsDropped,
      connectionsEstablished: before.connectionsEstablished,
    });
    await converge(nothing, [two, other]);
  });

  it("lets go of new peers that a killed client left idle in the middle of its batch", async () => {
    const text = sessionsWith("first");
    const vty = await openVty(host, real.sockets, "bgpd", signal);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => line.trim());
    await vty.send(["configure terminal", "XFRR_start_configuration", ...lines], signal);
    vty.close();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const states = (await bgpSessions(host, real.sockets, signal)).map(({ state }) => state);
    expect(states).toEqual(["Idle", "Idle"]);

    for await (const step of plane.apply([], host, signal)) expect(step).toBeUndefined();
    await established("203.0.113.1");
  });

  it("says which sessions a new router-id resets", async () => {
    const one = desired(sessionsWith("first"));
    expect(await converge(one, [])).toEqual([]);
    await established("192.0.2.1");
    const before = await established("203.0.113.1");
    const two = desired(sessionsWith("first").replace("router-id 192.0.2.2", "router-id 192.0.2.99"));
    const { steps } = await plan(two, [one]);

    expect(steps).toMatchObject([{ impact: "session-reset", resets: ["192.0.2.1", "203.0.113.1"] }]);
    expect(await converge(two, [one])).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await established("203.0.113.1");
    expect(after.connectionsDropped).toBeGreaterThan(before.connectionsDropped);
    await converge(nothing, [one, two]);
  });

  it("names the line that FRR rejects, without the secret in it", async () => {
    const bad = desired("router bgp 64500\n no bgp default ipv4-unicast\n neighbor 300.1.1.1 remote-as 64496\n");
    await expect(converge(bad, [])).rejects.toMatchObject({
      code: "FRR_REJECTED",
      message: expect.stringContaining('"neighbor 300.1.1.1 remote-as 64496"') as string,
    });

    const group = desired("ip prefix-list BAD seq 5 permit 12.0.0.0/8 ge 30 le 25\n");
    await expect(converge(group, [bad])).rejects.toMatchObject({ code: "FRR_REJECTED" });

    const secret = desired("router bgp 64500\n neighbor 192.0.2.77 password very-hidden\n");
    const rejection: unknown = await converge(secret, [bad]).catch((thrown: unknown) => thrown);
    expect(rejection).toMatchObject({ code: "FRR_REJECTED" });
    expect(JSON.stringify(rejection)).not.toContain("very-hidden");
    await converge(nothing, [bad, group, secret]);
  });

  it("leaves what somebody else configured, and says so", async () => {
    const theirs = desired("ip prefix-list THEIRS seq 5 permit 10.0.0.0/8\nip route 10.9.0.0/16 blackhole\n");
    expect(await converge(theirs, [])).toEqual([]);
    const ours = desired("ip prefix-list OURS seq 5 permit 10.0.0.0/8\n");

    expect(await converge(ours, [])).toEqual([
      "foreign ip prefix-list THEIRS seq 5 permit 10.0.0.0/8",
      "foreign ip route 10.9.0.0/16 blackhole",
    ]);
    expect(await converge(nothing, [ours, theirs])).toEqual([]);
  });

  it("sees and repairs a daemon that came back empty, also where others hold the same lines", async () => {
    const all = desired(
      "ip prefix-list P seq 5 permit 10.0.0.0/8\nroute-map M permit 10\n match ip address prefix-list P\n",
    );
    expect(await converge(all, [])).toEqual([]);
    await real.kill("bgpd");
    await expect(plan(desired("router bgp 64500\n"), [all])).resolves.toMatchObject({
      problems: [{ code: "FRR_DAEMON_MISSING" }],
    });
    await real.start("bgpd");

    const { steps } = await plan(all, [all]);
    expect(steps.length).toBeGreaterThan(0);
    expect(await converge(all, [all])).toEqual([]);
    await converge(nothing, [all]);
  });
});

/** Two sessions with bird, one of which has a password. */
function sessionsWith(password: string): string {
  return `
router bgp 64500
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 description transit-a
 neighbor 192.0.2.1 password ${password}
 neighbor 192.0.2.1 timers connect 1
 neighbor 203.0.113.1 remote-as 64496
 neighbor 203.0.113.1 timers connect 1
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
  neighbor 203.0.113.1 activate
`;
}

/** Other values in the same lines. */
function changed(text: string): string {
  const more = (_: string, word: string, number: string) => ` ${word} ${Number(number) + 2}`;
  const counted =
    / (cost|hello-interval|dead-interval|metric|weight|tag|local-preference|ebgp-multihop|priority|timers connect|timers \d+|timers bgp \d+|detect-multiplier|transmit-interval|receive-interval|minimum-ttl) (\d+)(?= |$)/gm;
  return text
    .replaceAll(counted, more)
    .replaceAll(/(seq \d+) permit/g, "$1 deny")
    .replaceAll(/ (password|md5) \S+/g, " $1 another")
    .replaceAll(/description .*/g, "description changed")
    .replaceAll(/maximum-prefix \d+/g, "maximum-prefix 77")
    .replaceAll(/maximum-paths (ibgp )?\d+/g, "maximum-paths $17")
    .replaceAll(/(set community) .*/g, "$1 64500:77")
    .replaceAll(/(set large-community) .*/g, "$1 64500:7:7")
    .replaceAll(/(as-path prepend) .*/g, "$1 64500")
    .replaceAll(/ (network|redistribute \S+|default-originate)( \S+)? route-map RM/g, " $1$2")
    .replaceAll("route-map RM in", "route-map RM2 in")
    .replaceAll("prefix-list A-IN in", "prefix-list B-IN in")
    .replaceAll("area 0.0.0.1 stub no-summary", "area 0.0.0.1 stub")
    .replaceAll("area 0.0.0.0", "area 0.0.0.5")
    .replaceAll("router-id 192.0.2.2", "router-id 192.0.2.99")
    .replaceAll("remote-as 64496", "remote-as 64498")
    .replaceAll("originate always metric", "originate metric")
    .replaceAll("blackhole", "reject");
}
