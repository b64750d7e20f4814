import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { askAgent } from "../../controller/cli/agent-client.ts";
import type { Status } from "../../controller/report/status.ts";
import { simFrr } from "../lab/frr-sim.ts";
import type { SimFrr } from "../lab/frr-sim.ts";
import { gitServer } from "../lab/git-server.ts";
import type { GitServer } from "../lab/git-server.ts";
import { withoutGateway } from "../lab/no-gateway.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";
import type { SitesRepository } from "../lab/sites-repository.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;
const main = join(import.meta.dirname, "../../controller/main.ts");

const fleet = "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60 }\n";
const appliance = (peers: string) => `interfaces:
  external:
    pci: "0000:03:00.0"
    addresses: [192.0.2.2/24]
routing:
  bgp:
    asn: 64500
    router-id: 192.0.2.2
    peers:
${peers}`;
const upstream = "      upstream-a: { address: 192.0.2.1, remote-as: 64496 }\n";
const second = "      upstream-b: { address: 192.0.2.9, remote-as: 64497 }\n";

/** One agent as its own process; its log is read line by line. */
interface Running {
  readonly child: ChildProcess;
  /** Resolves with the first line, from now on or not yet taken, whose message it is. */
  logged(message: string): Promise<Readonly<Record<string, unknown>>>;
  ended(): Promise<number | NodeJS.Signals | null>;
}

describe.skipIf(!hasGit)("impctl agent over a git server and simulated FRR (needs git)", () => {
  let top: string;
  let frr: SimFrr;
  let sockets: { close(): Promise<void> };
  let sites: SitesRepository;
  let server: GitServer;
  let settings: string;
  let agent: Running;
  let port: number;
  const running: Running[] = [];

  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), "imp-agent-"));
    frr = simFrr();
    sockets = await frr.listen(join(top, "frr"));
    frr.peers.set("192.0.2.1", { as: 64496 });
    frr.peers.set("192.0.2.9", { as: 64497 });
    sites = makeSitesRepository(top);
    sites.push("Start", { "fleet.yaml": fleet, "fra1/r1.yaml": appliance(upstream) });
    server = await gitServer(sites.bare);
    settings = join(top, "agent.yaml");
    await writeFile(
      settings,
      `machine: fra1/r1
repository: { remotes: [{ url: "${server.url}" }], poll-seconds: 0.3 }
listen: 127.0.0.1:0
failsafe: { mode: off }
system: { mode: off }
vpp: { mode: off }
secrets: { age-key: ${top}/age.key, folder: ${top}/secrets, seal-key: ${top}/seal.key }
paths: { state: ${top}/state, cache: ${top}/cache, run: ${top}/run, frr-sockets: ${top}/frr, frr-config: ${top}/frr.conf }
`,
    );
    agent = start();
  });
  afterAll(async () => {
    for (const one of running) one.child.kill("SIGKILL");
    await server.close();
    await sockets.close();
    await rm(top, { recursive: true });
  });

  function start(): Running {
    const child = spawn(process.execPath, [main, "agent", "--settings", settings], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: `${withoutGateway(top)}:${process.env["PATH"]}` },
    });
    const lines: Readonly<Record<string, unknown>>[] = [];
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
      child.once("close", (code, signal) => resolve(code ?? signal));
    });
    let wake: () => void = () => undefined;
    let error = "";
    child.stderr.on("data", (chunk: Buffer) => (error += chunk.toString()));
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
      wake();
    });
    const one: Running = {
      child,
      ended: () => ended,
      async logged(message) {
        for (;;) {
          const at = lines.findIndex((line) => line["message"] === message);
          const found = lines[at];
          if (found) {
            lines.splice(0, at + 1);
            return found;
          }
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          const over = await Promise.race([promise, ended]);
          if (over !== undefined)
            throw new Error(`the agent ended with ${String(over)}: ${error} ${JSON.stringify(lines)}`);
        }
      },
    };
    running.push(one);
    return one;
  }

  /** Runs the command line as its own process; FRR lives in this one, so that it must not be blocked meanwhile. */
  async function impctl(...argv: readonly string[]) {
    const child = spawn(process.execPath, [main, ...argv, "--socket", join(top, "run/agent.sock")], {
      timeout: 60_000,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const status = await new Promise((resolve) => child.once("close", resolve));
    return { status, stdout, stderr };
  }

  async function status(): Promise<Status> {
    const question = { method: "GET", path: "/status" } as const;
    return (await askAgent(join(top, "run/agent.sock"), question, AbortSignal.timeout(10_000))) as Status;
  }

  const neighbors = () => frr.config().match(/neighbor \S+ remote-as \d+/g);

  it("brings an empty box to the first commit and proves it", async () => {
    const { at } = await agent.logged("serving");
    ({ port } = at as { readonly port: number });
    await agent.logged("deployment committed");

    expect(neighbors()).toEqual(["neighbor 192.0.2.1 remote-as 64496"]);
    expect(frr.sessions()).toMatchObject([{ peer: "192.0.2.1", state: "Established" }]);
    expect(await readFile(join(top, "frr.conf"), "utf8")).toContain("neighbor 192.0.2.1 remote-as 64496");
    expect((await impctl("sync")).status).toBe(0);
    expect((await status()).committed?.commit).toBe(sites.git("rev-parse", "HEAD").trim());
  });

  it("brings a second peer, and leaves the first one's session alone", async () => {
    const commit = sites.push("Add a peer", { "fra1/r1.yaml": appliance(upstream + second) });

    const end = await agent.logged("deployment committed");

    expect(end).toMatchObject({ commit: commit.slice(0, 12) });
    expect(frr.sessions().map(({ peer, state, connectionsDropped }) => [peer, state, connectionsDropped])).toEqual([
      ["192.0.2.1", "Established", 0],
      ["192.0.2.9", "Established", 0],
    ]);
  });

  it("refuses a commit with a mistake in it, and says where it is", async () => {
    const before = frr.config();
    sites.push("Mistake", { "fra1/r1.yaml": appliance(upstream + second.replace("remote-as", "remote-ass")) });

    const { problem } = await agent.logged("problem");

    expect(problem).toMatchObject({ code: "SCHEMA", file: "fra1/r1.yaml", line: 11 });
    expect(frr.config()).toBe(before);
  });

  it("rolls back a valid commit that kills a session, and holds it", async () => {
    sites.push("Wrong AS", { "fra1/r1.yaml": appliance(upstream + second.replace("64497", "64499")) });

    const end = await agent.logged("deployment rolled-back");

    expect(end).toMatchObject({ trigger: "health" });
    expect(neighbors()).toEqual(["neighbor 192.0.2.1 remote-as 64496", "neighbor 192.0.2.9 remote-as 64497"]);
    expect(frr.sessions()[0]).toMatchObject({ peer: "192.0.2.1", connectionsDropped: 0 });
    expect((await status()).held).toBeDefined();
  });

  it("answers status, why and plan on the command line", async () => {
    const shown = await impctl("status");
    const why = await impctl("why");
    const plan = await impctl("plan");

    expect([shown.status, shown.stderr]).toEqual([3, ""]);
    expect(shown.stdout).toMatch(/^why +held: Generation /m);
    expect([why.status, why.stderr]).toEqual([3, ""]);
    expect(why.stdout).toMatch(/^why +held, for .*\n +Generation [0-9a-f]{12} failed here .*192\.0\.2\.9/);
    expect([plan.status, plan.stderr]).toEqual([2, ""]);
    expect(plan.stdout).toMatch(/^ {2}session-reset {2}.*192\.0\.2\.9: remote-as 64499/m);
  });

  it("plans towards edited files without the agent, and changes nothing", async () => {
    const { length } = frr.history;

    const first = join(top, "before-any-agent.yaml");
    const seal = join(top, "before-any-agent.key");
    await writeFile(first, (await readFile(settings, "utf8")).replace(`${top}/seal.key`, seal));

    const plan = await impctl("plan", "--live", "--settings", first, "--sites", sites.clone);

    expect([plan.status, plan.stderr]).toEqual([2, ""]);
    expect(plan.stdout).toMatch(/^the files as they are, generation [0-9a-f]{12}$/m);
    expect(plan.stdout).toContain("neighbor 192.0.2.9: remote-as 64499");
    expect(frr.history.slice(length)).toEqual([]);
    await expect(readFile(seal)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("shows its pages to monitoring", async () => {
    const page = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

    expect(await page("/metrics")).toMatch(/^imp_deployments_total\{outcome="committed"\} 2$/m);
    expect(JSON.parse(await page("/status"))).toMatchObject({ machine: "fra1/r1", state: "held" });
    expect(await page("/healthz")).toContain("ok");
  });

  it("shows what is wrong with its settings until the file is well again, and goes on with what it had", async () => {
    const written = await readFile(settings, "utf8");
    await writeFile(settings, `${written}listne: 127.0.0.1:1\ndataplane: [\n`);
    const garbage = await agent.logged("the changed settings are not used");
    await writeFile(settings, `${written}listne: 127.0.0.1:1\n`);
    // A file that is being written may be read half: what counts is what it says in the end.
    const shown = /^also +problem: \S*agent\.yaml:\d+:1: listne: unknown key/m;
    await vi.waitUntil(async () => shown.test((await impctl("status")).stdout), { timeout: 20_000 });
    await writeFile(settings, written);
    await chmod(settings, 0o666);
    const open = `${settings} can be written by other users; it is not used.`;
    await vi.waitUntil(async () => (await status()).problems.some(({ message }) => message === open), {
      timeout: 20_000,
    });
    await chmod(settings, 0o600);
    await vi.waitUntil(async () => (await status()).problems.length === 0, { timeout: 20_000 });

    expect(garbage).toMatchObject({ problem: { code: "SETTINGS", file: settings } });
    expect((await impctl("status")).stdout).not.toContain("problem");
  });

  it("does not start with settings that other users can write to", async () => {
    await chmod(settings, 0o622);
    const second = start();
    const code = await second.ended();
    await chmod(settings, 0o600);

    expect(code).toBe(1);
    await expect(second.logged("serving")).rejects.toThrow(
      `${settings} can be written by other users; it is not used.`,
    );
  });

  it("lets no second agent run on the box", async () => {
    expect(await start().ended()).toBe(1);
    expect((await status()).state).toBe("held");
  });

  it("starts again after being killed without touching FRR", async () => {
    const { length } = frr.history;
    agent.child.kill("SIGKILL");
    await agent.ended();

    agent = start();
    await agent.logged("now held");
    expect((await impctl("sync")).status).toBe(0);

    expect(frr.history.slice(length)).toEqual([]);
  });

  it("ends well when it is told to", async () => {
    agent.child.kill("SIGTERM");

    expect(await agent.ended()).toBe(0);
  });
});
