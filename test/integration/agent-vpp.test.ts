/**
 * The agent as a process, with VPP beside a simulated FRR: a push that adds a VLAN with a session, one that cannot work, a VPP that
 * is killed. VPP is simulated, and a real one where there is one (IMP_TEST_VPP).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { askAgent } from "../../controller/cli/agent-client.ts";
import type { Status } from "../../controller/report/status.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { openVpp } from "../../reconcilers/vpp/api/open.ts";
import { type AgentProcess, startAgent } from "../lab/agent-process.ts";
import { gitServer } from "../lab/git-server.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { benchKinds, type VppBench } from "../lab/vpp-bench.ts";

const signal = AbortSignal.timeout(1_200_000);
const host = linuxHost({ seal: () => "", reveal: () => undefined });

const fleet = "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 2, deadline-seconds: 60, max-impact: restart }\n";

function machine(nic: JsonObject, vlans: Readonly<Record<number, string>>): string {
  const subs = Object.entries(vlans).map(([vlan, net]) => `${vlan}: { addresses: [${net}.2/30] }`);
  const peers = Object.entries(vlans).map(([vlan, net]) => `p${vlan}: { address: ${net}.1, remote-as: 64496 }`);
  return `interfaces: { external: { ${JSON.stringify(nic).slice(1, -1)}, mtu: 1500, sub-interfaces: { ${subs.join(", ")} } } }
routing:
  router-id: 198.51.100.1
  bgp: { asn: 64500, peers: { ${peers.join(", ")} } }
`;
}

for (const kind of benchKinds) {
  const { name, why } = kind;
  describe.skipIf(why)(`the agent beside a ${name} VPP${why === undefined ? "" : ` (${why})`}`, () => {
    const stack = new AsyncDisposableStack();
    let folder: string;
    let bench: VppBench;
    let sites: SitesRepository;
    let agent: AgentProcess;
    let start: () => AgentProcess;
    let first: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "imp-vg-"));
      stack.defer(() => rm(folder, { recursive: true }));
      bench = stack.use(await kind.make(folder, ["external"]));
      for (const peer of ["192.0.2.1", "203.0.113.1"]) bench.frr?.peers.set(peer, { as: 64496 });
      sites = makeSitesRepository(folder);
      first = push({ 25: "192.0.2" }, { "fleet.yaml": fleet, "fra1/site.yaml": "" });
      const server = await gitServer(sites.bare);
      stack.defer(() => server.close());
      start = () => {
        const remote = { folder, machine: "fra1/r1", remote: server.url, frrSockets: bench.frrSockets };
        return startAgent({ ...remote, vpp: folder, pollSeconds: 60, settings: `dataplane: ${bench.dataplane}\n` });
      };
      agent = stack.use(start());
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    function push(vlans: Readonly<Record<number, string>>, more: Readonly<Record<string, string>> = {}): string {
      return sites.push("Change", { ...more, "fra1/r1.yaml": machine(bench.nic("external"), vlans) });
    }

    const isAt = (commit: string) => (status: Status) => status.state === "idle" && status.committed?.commit === commit;

    /** The next poll is a minute away. */
    async function sync(): Promise<void> {
      await askAgent(agent.socket, { method: "POST", path: "/sync" }, AbortSignal.timeout(90_000));
    }

    /** Of all interfaces of VPP, name and number. */
    async function interfaces(): Promise<readonly string[]> {
      const vpp = await openVpp(host, { socket: join(folder, "core-api.sock") }, AbortSignal.timeout(10_000));
      const found = await vpp.dump("sw_interface_dump", { sw_if_index: 0xffff_ffff });
      vpp.close();
      return found.map(({ interface_name: one, sw_if_index: index, flags }) => `${one} ${index} ${flags}`);
    }
    const vlans = async () => (await interfaces()).flatMap((one) => /^external\.\d+/.exec(one)?.[0] ?? []).sort();

    it("carries out the first commit, and one that adds a VLAN with its session", async () => {
      await agent.until("the first commit is proven", isAt(first), 240);
      expect(await vlans()).toEqual(["external.25"]);

      const second = push({ 25: "192.0.2", 26: "203.0.113" });
      await sync();
      await agent.until("the second one is proven", isAt(second), 120);
      expect(await vlans()).toEqual(["external.25", "external.26"]);
      expect((await agent.status())?.checks?.red).toEqual([]);
    }, 400_000);

    it("takes back what VPP refuses, and holds it", async () => {
      const wrong = "raw-vpp: { odd: { commands: [set interface state nosuch up], undo: [], impact: hitless } }\n";
      sites.push("Something odd", { "fra1/r1.yaml": machine(bench.nic("external"), { 25: "192.0.2" }) + wrong });
      await sync();
      const held = await agent.until("it is held", ({ state }) => state === "held", 120);

      expect(held.lastDeployment).toMatchObject({ outcome: "rolled-back" });
      expect(await vlans()).toEqual(["external.25", "external.26"]);
    }, 200_000);

    it("brings back what a VPP lost that was killed, long before the next poll", async () => {
      await bench.kill("core");
      await bench.start("core");
      const back = () => vlans().then((found) => found.length === 2);
      for (const end = Date.now() + 60_000; Date.now() < end && !(await back());) await host.sleep(100, signal);

      expect(await vlans()).toEqual(["external.25", "external.26"]);
      await agent.until(
        "it is said",
        ({ planes, lastDeployment }) => {
          return (
            planes.vpp?.drift === 0 && lastDeployment?.purpose === "correct" && lastDeployment.outcome === "committed"
          );
        },
        30,
      );
    }, 200_000);

    it("leaves all of it alone when it starts anew", async () => {
      const before = await interfaces();
      const changes = bench.changes();
      await agent[Symbol.asyncDispose]();
      agent = stack.use(start());
      await agent.until("it has looked", ({ planes, state }) => state === "held" && planes.vpp?.drift === 0, 120);

      expect(await interfaces()).toEqual(before);
      expect(bench.changes()).toBe(changes);
    }, 200_000);
  });
}
