/** A real FRR that starts anew, and one that somebody changes by vtysh: what a real agent makes of each. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askAgent } from "../../controller/cli/agent-client.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import type { Status } from "../../controller/report/status.ts";
import type { LivePatch } from "../../controller/live-patch.ts";
import { mergeOver } from "../../schemas/merge.ts";
import { parseYaml } from "../../schemas/yaml.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { incarnationOf } from "../../reconcilers/frr/incarnation.ts";
import { type AgentProcess, startAgent } from "../lab/agent-process.ts";
import { testSecrets } from "../lab/frr-host.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { type GitServer, gitServer } from "../lab/git-server.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";

const why = whyNoFrr();

const machine = `routing:
  router-id: 198.51.100.1
  static: { 203.0.113.0/24: { discard: blackhole } }
  bgp:
    asn: 64500
    ebgp-requires-policy: false
    peers: { a: { address: 192.0.2.1, remote-as: 64496, expect: any } }
`;

function asCommitted({ state, committed, planes }: Status): boolean {
  return state === "idle" && committed !== undefined && planes.frr?.drift === 0;
}

describe.skipIf(why !== undefined)(`drift of a real FRR (${why ?? "all here"})`, () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let dataplane: Namespace;
  let sites: SitesRepository;
  let server: GitServer;
  let frr: RealFrr;
  let agent: AgentProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-drift-"));
    dataplane = stack.use(makeNamespace("drift"));
    frr = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bgpd"]));
    sites = makeSitesRepository(folder);
    const fleet = "defaults: 1\npolicy: { soak-seconds: 1, deadline-seconds: 60 }\n";
    sites.push("Start", { "fleet.yaml": fleet, "fra1/site.yaml": "", "fra1/r1.yaml": machine });
    server = await gitServer(sites.bare);
    agent = stack.use(startAgent({ folder, machine: "fra1/r1", remote: server.url, frrSockets: frr.sockets }));
    await agent.until("as committed", asCommitted, 60);
  });
  afterAll(async () => {
    await stack.disposeAsync();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function vtysh(...commands: readonly string[]): string {
    const argv = ["-N", dataplane.name, ...commands.flatMap((command) => ["-c", command])];
    return execFileSync("vtysh", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  }

  it("names other daemons after one of them was killed and started, and the same ones otherwise", async () => {
    const host = linuxHost(testSecrets());
    const before = await incarnationOf(host, frr.sockets);
    expect(before).toMatch(/zebra \d+@\d+, staticd \d+@\d+, bfdd -, ospfd -, ospf6d -, bgpd \d+@\d+$/);
    expect(await incarnationOf(host, frr.sockets)).toBe(before);

    await frr.kill("bgpd");
    expect(await incarnationOf(host, frr.sockets)).toMatch(/bgpd -$/);
    await frr.start("bgpd");
    const after = await incarnationOf(host, frr.sockets);
    expect(after).toMatch(/bgpd \d+@\d+$/);
    expect(after).not.toBe(before);
  });

  it("is brought back after a daemon was killed and started without its configuration", async () => {
    const before = await agent.until("as committed", asCommitted, 30);
    await frr.kill("bgpd");
    await frr.start("bgpd");

    await agent.until(
      "bgpd was missed",
      (s) => !asCommitted(s) || s.lastDeployment?.id !== before.lastDeployment?.id,
      30,
    );
    await expect
      .poll(() => vtysh("show running-config"), { timeout: 30_000, interval: 300 })
      .toContain("neighbor 192.0.2.1 remote-as 64496");
    await agent.until("as committed", asCommitted, 30);
  });

  it("is reported and left alone when somebody changes it by vtysh", async () => {
    vtysh("configure terminal", "no ip route 203.0.113.0/24 blackhole");

    const status = await agent.until("drift is seen", (s) => (s.planes.frr?.drift ?? 0) > 0, 30);
    expect(status.planes.frr).toMatchObject({ cause: "somebody", fate: "report" });
    expect(status.planes.frr?.steps?.join()).toContain("ip route 203.0.113.0/24");
    await agent.until("looked again", (s) => (s.git.lastPollAt ?? 0) > (status.git.lastPollAt ?? 0) + 2000, 30);
    expect(vtysh("show running-config")).not.toContain("ip route 203.0.113.0/24");
  });

  it("plans nothing once the patch that accepting it prints is committed", async () => {
    vtysh("configure terminal", "router bgp 64500", "neighbor 192.0.2.1 description by hand");
    const body = { reason: "their wish" };
    const question = { method: "POST", path: "/accept-drift", body, timeoutMs: 60_000 } as const;
    const answer = (await askAgent(agent.socket, question, AbortSignal.timeout(60_000))) as LivePatch;
    expect(answer.left).toEqual([]);
    const yaml = answer.files[0]?.yaml ?? "";
    const parse = (text: string) => parseYaml("r1.yaml", new TextEncoder().encode(text)).document?.value ?? {};

    const commit = sites.push("As it is", { "fra1/r1.yaml": yamlText(mergeOver(parse(machine), parse(yaml))) });
    const status = await agent.until("committed", (s) => asCommitted(s) && s.committed?.commit === commit, 60);
    expect(status.lastDeployment).toMatchObject({ commit, outcome: "committed", steps: 0 });
    expect(vtysh("show running-config")).toContain("neighbor 192.0.2.1 description by hand");
  });
});
