/** Three agents as processes of their own, over a git server's repository and TLS on loopback, each with a simulated FRR. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAgent, type AgentProcess } from "../lab/agent-process.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { hasOpenssl } from "../lab/openssl.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { impctl } from "../unit/controller/cli/terminal.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;
const names = ["fra1/r1", "fra1/r2", "ber1/r1"] as const;
type Name = (typeof names)[number];

const fleet = `defaults: 1
policy: { poll-seconds: 1, soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60 }
routing: { bgp: { asn: 64500, ebgp-requires-policy: false } }
rollout: { waves: [[fra1/r1], [fra1/*], ["*"]] }
`;

interface Box {
  readonly frr: SimFrr;
  readonly agent: AgentProcess;
  readonly close: () => Promise<void>;
  /** What `impctl fingerprint` says on it. */
  readonly line: string;
}

describe.skipIf(!hasGit || !hasOpenssl())("three real agents in waves (needs git and openssl)", () => {
  let top: string;
  let sites: SitesRepository;
  const boxes = new Map<Name, Box>();

  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), "imp-rollout-"));
    sites = makeSitesRepository(top);
    for (const [index, name] of names.entries()) {
      const folder = join(top, name.replace("/", "-"));
      const frr = simFrr();
      frr.peers.set("192.0.2.1", { as: 64496 });
      const sockets = await frr.listen(`${folder}/frr`);
      const port = 40_000 + ((process.pid * 3 + index) % 20_000);
      const settings = `listen-tls: "127.0.0.1:${port}"\n`;
      const agent = startAgent({ folder, machine: name, remote: sites.bare, frrSockets: `${folder}/frr`, settings });
      // What an operator copies into the repository.
      const said = await impctl(folder, "fingerprint", "--settings", `${folder}/persistent/agent.yaml`);
      if (!/^status: \{ address: "127\.0\.0\.1:\d+", fingerprint: "SHA256:\S{43}" \}\n$/.test(said.out)) {
        throw new Error(`impctl fingerprint said: ${said.out}${said.err}`);
      }
      boxes.set(name, { frr, agent, close: () => sockets.close(), line: said.out });
    }
    sites.push("Start", { "fleet.yaml": fleet, "fra1/site.yaml": "", "ber1/site.yaml": "", ...appliances(64496) });
    for (const name of names) await box(name).agent.until("the first commit", ({ good }) => good?.soaked === true, 60);
  });
  afterAll(async () => {
    for (const { agent, close } of boxes.values()) {
      await agent[Symbol.asyncDispose]();
      await close();
    }
    await rm(top, { recursive: true, force: true });
  });

  function box(name: Name): Box {
    const one = boxes.get(name);
    if (!one) throw new Error(name);
    return one;
  }
  const appliances = (as: number, more = "") =>
    Object.fromEntries(
      names.map((name, index) => [
        `${name}.yaml`,
        `${box(name).line}interfaces: { a: { pci: "0000:03:00.0", addresses: [192.0.2.${index + 2}/24] } }
routing:
  router-id: 192.0.2.${index + 2}
  ${more}
  bgp: { peers: { transit: { address: 192.0.2.1, remote-as: ${as} } } }
`,
      ]),
    );
  const changes = (name: Name) => box(name).frr.config();

  it("takes back on the first what kills a session there, and touches the others not at all", async () => {
    const before = names.map(changes);
    sites.push("The wrong AS number", appliances(64497));

    await box("fra1/r1").agent.until("held", ({ state }) => state === "held", 60);
    for (const name of ["fra1/r2", "ber1/r1"] as const) {
      const { reason } = await box(name).agent.until("waits for it", ({ rollout }) => rollout?.[0]?.why === "bad", 30);
      expect(reason).toMatch(/^It goes after fra1\/r1, which found it bad: /);
    }
    await delay(3000); // several polls
    expect(names.map(changes)).toEqual(before);
  });

  it("takes a good one on all of them, the first first", async () => {
    sites.push("A route", appliances(64496, "static: { 203.0.113.0/24: { discard: blackhole } }"));

    for (const name of names) await box(name).agent.until("the route", ({ good }) => good?.soaked === true, 90);
    const at = await Promise.all(names.map(async (name) => (await box(name).agent.status())?.committed?.at ?? 0));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    for (const name of names) expect(changes(name)).toContain("ip route 203.0.113.0/24 blackhole");
  });
});
