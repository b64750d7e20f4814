/** From a git push to a real FRR with real sessions: BIRD at the far ends says what really happened. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bgpSessions } from "../../reconcilers/frr/sessions.ts";
import { type AgentProcess, startAgent } from "../lab/agent-process.ts";
import { type Bird, startBird, whyNoBird } from "../lab/bird.ts";
import { frrHost } from "../lab/frr-host.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { type GitServer, gitServer } from "../lab/git-server.ts";
import { makeNamespace, makeWire } from "../lab/netns.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";

const why = whyNoFrr() ?? whyNoBird();
const pollSeconds = 1;

const fleet =
  "defaults: 1\npolicy: { soak-seconds: 2, grace-seconds: 5, deadline-seconds: 60, retry-after-seconds: 0 }\n";

/** The appliance with these remote AS numbers; undefined leaves the peer out. */
function appliance(asOfA: number | undefined, asOfB: number | undefined): string {
  const peer = (name: string, address: string, asn: number | undefined) =>
    asn === undefined ? "" : `      ${name}: { address: ${address}, remote-as: ${asn}, group: transit }\n`;
  return `interfaces:
  external:
    pci: 0000:03:00.0
    sub-interfaces:
      25: { addresses: [192.0.2.2/30] }
      26: { addresses: [192.0.2.6/30] }
routing:
  router-id: 198.51.100.1
  prefix-lists: { own: { entries: { 10: { prefix: 203.0.113.0/24 } } } }
  route-maps:
    in: { entries: { 10: {} } }
    out: { entries: { 10: { match: { prefix-list: own } } } }
  bgp:
    asn: 64500
    announce: { 203.0.113.0/24: {} }
    peer-groups:
      transit:
        timers: { keepalive-seconds: 3, hold-seconds: 9, connect-seconds: 2 }
        ipv4: { route-map: { in: in, out: out } }
    peers:
${peer("a", "192.0.2.1", asOfA)}${peer("b", "192.0.2.5", asOfB)}`;
}

describe.skipIf(why !== undefined)(`impctl agent over a git server, FRR and BIRD (${why ?? "all here"})`, () => {
  let folder: string;
  let stack: AsyncDisposableStack;
  let sites: SitesRepository;
  let server: GitServer;
  let frr: RealFrr;
  let birdA: Bird;
  let birdB: Bird;
  let agent: AgentProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-proof-"));
    stack = new AsyncDisposableStack();
    const dataplane = stack.use(makeNamespace("dp"));
    const bird = async (label: string, tap: string, us: string, them: string, asn: number, announces: string) => {
      const namespace = stack.use(makeNamespace(label));
      makeWire(
        { namespace: dataplane, name: tap, addresses: [`${us}/30`] },
        { namespace, name: "to-dp", addresses: [`${them}/30`] },
      );
      const ends = { localAddress: them, localAs: asn, peerAddress: us, peerAs: 64500 };
      return stack.use(await startBird(namespace, them, [{ name: "dp", ...ends, announces: [announces] }]));
    };
    birdA = await bird("a", "external.25", "192.0.2.2", "192.0.2.1", 64496, "198.51.100.128/25");
    birdB = await bird("b", "external.26", "192.0.2.6", "192.0.2.5", 64497, "198.51.100.64/26");
    frr = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bgpd"]));
    sites = makeSitesRepository(folder);
    sites.push("Start", { "fleet.yaml": fleet, "fra1/site.yaml": "", "fra1/r1.yaml": appliance(64496, undefined) });
    server = await gitServer(sites.bare);
    agent = stack.use(
      startAgent({ folder, machine: "fra1/r1", remote: server.url, frrSockets: frr.sockets, pollSeconds }),
    );
  });
  afterAll(async () => {
    await stack.disposeAsync();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const committed = (commit: string) =>
    agent.until(`${commit} is committed`, (s) => s.state === "idle" && s.committed?.commit === commit, 90);

  async function established(bird: Bird): Promise<void> {
    await expect
      .poll(() => bird.protocol("dp"), { timeout: 20_000, interval: 200 })
      .toMatch(/BGP state:\s+Established/);
  }

  async function session(peer: string) {
    const all = await bgpSessions(frrHost(), frr.sockets, AbortSignal.timeout(10_000));
    return all.find((one) => one.peer === peer);
  }

  it("brings an empty FRR to the first commit, and the far end hears exactly what the policy lets out", async () => {
    await committed(sites.git("rev-parse", "HEAD").trim());

    await established(birdA);
    await expect.poll(() => birdA.received("dp"), { timeout: 20_000 }).toEqual(["203.0.113.0/24"]);
  });

  it("adds a neighbour without touching the session that is there", async () => {
    const before = await session("192.0.2.1");
    const commit = sites.push("Add b", { "fra1/r1.yaml": appliance(64496, 64497) });
    const pushed = Date.now();
    await vi.waitUntil(async () => (await session("192.0.2.5")) !== undefined, { timeout: 60_000, interval: 50 });
    // Said, not asserted: a poll's interval and 2 s on a machine that has nothing else to do.
    console.log(`push to FRR: ${((Date.now() - pushed) / 1000).toFixed(1)} s, polled every ${pollSeconds} s`);

    await committed(commit);
    await established(birdB);
    const after = await session("192.0.2.1");
    expect(after?.connectionsEstablished).toBe(before?.connectionsEstablished);
    expect(after?.connectionsDropped).toBe(before?.connectionsDropped);
  });

  it("rolls back a valid change that breaks a session, and leaves the other session alone", async () => {
    const good = sites.git("rev-parse", "HEAD").trim();
    const before = await session("192.0.2.1");
    const bad = sites.push("Swap two digits", { "fra1/r1.yaml": appliance(64496, 64479) });

    const status = await agent.until(
      "the change is rolled back",
      (s) => s.lastDeployment?.commit === bad && s.lastDeployment.outcome === "rolled-back",
      120,
    );

    expect(status.committed?.commit).toBe(good);
    expect(status.lastDeployment?.trigger).toBe("health");
    expect(status.lastDeployment?.reason).toContain("192.0.2.5");
    await established(birdB);
    const after = await session("192.0.2.1");
    expect(after?.connectionsEstablished).toBe(before?.connectionsEstablished);
    expect(after?.connectionsDropped).toBe(before?.connectionsDropped);
  });

  it("does not try the bad generation again when another commit asks the same", async () => {
    const commit = sites.push("The same again, with a comment", {
      "fra1/r1.yaml": `# looks innocent\n${appliance(64496, 64479)}`,
    });

    const status = await agent.until("it is held", (s) => s.desired?.commit === commit && s.state === "held", 60);

    expect(status.held?.reason).toContain("192.0.2.5");
    expect((await session("192.0.2.5"))?.remoteAs).toBe(64497);
  });

  it("refuses a mistake with its file, line and column, and goes on with what is committed", async () => {
    const commit = sites.push("Break it", { "fra1/r1.yaml": appliance(64496, 0) });

    const status = await agent.until(
      "it is refused",
      (s) => s.desired?.commit === commit && s.problems.some((problem) => problem.code === "SCHEMA"),
      60,
    );

    const [problem] = status.problems;
    expect(problem).toMatchObject({ code: "SCHEMA", file: "fra1/r1.yaml", line: 22 });
    expect((await session("192.0.2.5"))?.remoteAs).toBe(64497);
  });

  it("needs no more than two requests and no fetch while nothing changes", async () => {
    await agent.until("a poll is over", (s) => s.git.lastError === undefined, 30);
    const seen = server.requests.length;
    await delay(5000);
    const since = server.requests.slice(seen);

    const polls = since.filter((line) => line.startsWith("GET")).length;
    expect(polls).toBeGreaterThan(1);
    expect(since.length).toBeLessThanOrEqual(2 * polls);
    expect(since.filter((line) => line.startsWith("POST")).length).toBeLessThanOrEqual(polls);
  });

  it("does not blame a change for a session that the far end's operator shuts down meanwhile", async () => {
    await established(birdB);
    const commit = sites.push("Prove longer", {
      "fleet.yaml": fleet.replace("soak-seconds: 2", "soak-seconds: 10"),
      "fra1/r1.yaml": appliance(64496, 64497),
    });
    await agent.until("it is being proven", (s) => s.desired?.commit === commit && s.state === "proving", 60);

    await birdB.disable("dp");

    const status = await agent.until(
      "it is rolled back",
      (s) => s.lastDeployment?.commit === commit && s.lastDeployment.outcome === "rolled-back",
      60,
    );
    expect(status.lastDeployment?.reason).toContain("The peer's operator took it down");
    await committed(commit);
  });

  it("does not blame a change for a bgpd that dies meanwhile", async () => {
    await birdB.enable("dp");
    await established(birdA);
    await established(birdB);
    const commit = sites.push("Prove longer still", {
      "fleet.yaml": fleet.replace("soak-seconds: 2", "soak-seconds: 11"),
      "fra1/r1.yaml": appliance(64496, undefined),
    });
    await agent.until("it is being proven", (s) => s.desired?.commit === commit && s.state === "proving", 60);

    await frr.kill("bgpd");
    await agent.until("it is being rolled back", (s) => s.state === "rolling-back", 30);
    await frr.start("bgpd");

    const status = await agent.until(
      "it is rolled back",
      (s) => s.lastDeployment?.commit === commit && s.lastDeployment.outcome === "rolled-back",
      60,
    );
    expect(status.lastDeployment?.reason).toContain("FRR's bgpd does not answer");
    expect(status.held).toBeUndefined();
    await committed(commit);
    await established(birdA);
  });

  it("does not commit what a bgpd that restarted meanwhile has lost", async () => {
    await established(birdA);
    const good = sites.git("rev-parse", "HEAD").trim();
    const commit = sites.push("Add b again", { "fra1/r1.yaml": appliance(64496, 64497) });
    await agent.until("it is being proven", (s) => s.desired?.commit === commit && s.state === "proving", 60);

    await frr.kill("bgpd");
    await frr.start("bgpd");

    const status = await agent.until(
      "it is rolled back",
      (s) => s.lastDeployment?.commit === commit && s.lastDeployment.outcome === "rolled-back",
      60,
    );
    expect(status.committed?.commit).toBe(good);
    expect(status.lastDeployment?.reason).toContain("VPP or a daemon of FRR restarted meanwhile");
    expect(status.held).toBeUndefined();
    await committed(commit);
    await established(birdB);
  });
});
