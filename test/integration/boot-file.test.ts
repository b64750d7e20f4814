/** A real FRR that somebody configured by hand: what it starts with once the agent has taken it over. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askAgent } from "../../controller/cli/agent-client.ts";
import { type AgentProcess, startAgent } from "../lab/agent-process.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";

const why = whyNoFrr();

const files = {
  "fleet.yaml": "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60 }\n",
  "fra1/site.yaml": "",
  "fra1/r1.yaml": `interfaces:
  external: { pci: "0000:03:00.0", addresses: [192.0.2.2/29] }
routing:
  bgp:
    asn: 64500
    router-id: 198.51.100.1
    peers:
      a: { address: 192.0.2.1, remote-as: 64496 }
`,
};

const byHand = [
  "ip prefix-list by-hand seq 5 permit 203.0.113.0/24",
  "route-map by-hand permit 10",
  "match ip address prefix-list by-hand",
  "exit",
  "ip route 203.0.113.0/24 Null0",
  "router bgp 64500",
  "neighbor hands peer-group",
  "neighbor hands remote-as 64499",
  "neighbor 192.0.2.6 peer-group hands",
  "neighbor 192.0.2.6 password set-by-hand",
  "neighbor 192.0.2.6 timers 5 15",
  "address-family ipv4 unicast",
  "neighbor hands route-map by-hand in",
  "neighbor hands activate",
];

describe.skipIf(why !== undefined)(`the file that FRR starts from (${why ?? "FRR is here"})`, () => {
  let folder: string;
  let stack: AsyncDisposableStack;
  let dataplane: Namespace;
  let frr: RealFrr;
  let agent: AgentProcess;
  let path: string;

  /** As FRR's own user, as its start script runs it. */
  function vtysh(...argv: string[]): string {
    const command = ["-u", "frr", "--", "vtysh", "-N", dataplane.name, ...argv];
    return execFileSync("runuser", command, { encoding: "utf8", timeout: 30_000, stdio: ["ignore", "pipe", "pipe"] });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-boot-"));
    stack = new AsyncDisposableStack();
    dataplane = stack.use(makeNamespace("boot"));
    frr = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bgpd"]));
    path = `/etc/frr/${dataplane.name}/frr.conf`;
    writeFileSync(path, "log syslog informational\nservice advanced-vty\nline vty\n exec-timeout 5 0\n");
    chmodSync(path, 0o644);
    vtysh("-b");
    vtysh("-c", "configure terminal", ...byHand.flatMap((line) => ["-c", line]));
    const sites = makeSitesRepository(folder);
    sites.push("Start", files);
    agent = stack.use(
      startAgent({ folder, machine: "fra1/r1", remote: sites.bare, frrSockets: frr.sockets, frrConfig: path }),
    );
  });
  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it("brings back what the agent committed and what was set by hand, when FRR was restarted from it", async () => {
    await agent.until("it waits to be allowed", (s) => s.state === "waiting", 30);
    const allow = ["bgp router-id", "bgp default ipv4-unicast"].map((line) => `frr/router bgp 64500/${line}`);
    const adopting = { method: "POST", path: "/adopt", body: { allow }, timeoutMs: 30_000 } as const;
    await askAgent(agent.socket, adopting, AbortSignal.timeout(30_000));
    await agent.until("it is committed", (s) => s.state === "idle" && s.committed !== undefined, 60);
    const running = vtysh("-c", "show running-config");
    await agent[Symbol.asyncDispose]();
    for (const daemon of ["bgpd", "staticd", "zebra"] as const) await frr.kill(daemon);
    for (const daemon of ["zebra", "staticd", "bgpd"] as const) await frr.start(daemon);
    expect(vtysh("-c", "show running-config")).not.toContain("neighbor");

    vtysh("-b");

    expect(running).toContain("neighbor 192.0.2.1 remote-as 64496");
    expect(running).toContain("neighbor 192.0.2.6 password set-by-hand");
    expect(running).toContain("log syslog informational");
    expect(vtysh("-c", "show running-config")).toBe(running);
  });

  it("belongs to FRR, is closed to others, and what stood there before is kept beside it", () => {
    const user = Number(execFileSync("id", ["-u", "frr"], { encoding: "utf8" }));
    for (const name of [path, `${path}.before-impctl`]) {
      expect([statSync(name).uid, statSync(name).mode & 0o777]).toEqual([user, 0o640]);
    }
    expect(readFileSync(`${path}.before-impctl`, "utf8")).toContain("service advanced-vty\nline vty\n");
  });
});
