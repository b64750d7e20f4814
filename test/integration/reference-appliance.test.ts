/**
 * The reference appliance of the example repository, fra1/r1, under its agent: a process, a git server, VPP's two instances, FRR.
 * All is simulated, and all but the hardware real where there is a VPP (IMP_TEST_VPP): packets flow then.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { askAgent } from "../../controller/cli/agent-client.ts";
import type { Run } from "../../controller/machine.ts";
import { readHistory } from "../../controller/journal.ts";
import type { DeploymentStatus, Status } from "../../controller/report/status.ts";
import type { Plan } from "../../reconcilers/core.ts";
import { instances } from "../../reconcilers/vpp/model.ts";
import { isObject, type JsonObject, type JsonValue } from "../../schemas/json.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { type AgentProcess, startAgent } from "../lab/agent-process.ts";
import { exampleFile, exampleSites } from "../lab/example-sites.ts";
import { gitServer } from "../lab/git-server.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { benchKinds, type VppBench } from "../lab/vpp-bench.ts";
import { type HostName, server, vppWorld, type VppWorld } from "../lab/vpp-world.ts";

const host = linuxHost({ seal: () => "", reveal: () => undefined });
const nics = ["external", "internal", "te1", "te2", "lab"] as const;
const [main, interfaces, routing] = ["fra1/r1/main.yaml", "fra1/r1/interfaces.yaml", "fra1/r1/routing.yaml"];

type Change = (value: JsonObject) => JsonObject;

/** Sets what is at a path of keys; undefined takes it out. */
function put(keys: readonly string[], value: JsonValue | undefined): Change {
  return (at) => {
    const [key = "", ...rest] = keys;
    const { [key]: below, ...others } = at;
    if (rest.length > 0) return { ...at, [key]: put(rest, value)(isObject(below) ? below : {}) };
    return value === undefined ? others : { ...at, [key]: value };
  };
}

/** The files that a test bench must have otherwise: it has no image, none of this hardware, no resolver, and no night to wait for. */
function onBench(bench: VppBench): Readonly<Record<string, JsonObject>> {
  const quick = { "soak-seconds": 1, "grace-seconds": 2, "deadline-seconds": 120, "max-impact": "restart" };
  const others: readonly Change[] = nics.flatMap((nic) => [
    put(["interfaces", nic, "pci"], undefined),
    ...Object.entries(bench.nic(nic)).map(([key, value]) => put(["interfaces", nic, key], value)),
  ]);
  // Where packets flow a carrier must be there, and it does not speak BGP.
  const upstream = put(["routing", "static", "0.0.0.0/0"], { via: ["192.0.2.1"] });
  const changes: readonly (readonly [string, ...Change[]])[] = [
    ["fleet.yaml", put(["image"], undefined), put(["policy"], quick)],
    [main, put(["identity"], undefined), put(["health"], undefined)],
    [interfaces, ...(bench.spaces ? others : [])],
    [routing, ...(bench.spaces ? [upstream] : [])],
  ];
  return Object.fromEntries(
    changes.map(([path, ...all]) => [path, all.reduce((value, change) => change(value), exampleFile(path))]),
  );
}

interface PlanAnswer {
  readonly plans: Readonly<Record<string, Plan>>;
  readonly problems: readonly unknown[];
}

for (const kind of benchKinds) {
  const { name, why } = kind;
  describe.skipIf(why)(`the reference appliance on ${name} VPPs${why === undefined ? "" : ` (${why})`}`, () => {
    const stack = new AsyncDisposableStack();
    const figures: string[] = [];
    let folder: string;
    let bench: VppBench;
    let world: VppWorld | undefined;
    let sites: SitesRepository;
    let agent: AgentProcess;
    const file: Record<string, JsonObject> = {};

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "imp-vg-"));
      stack.defer(() => rm(folder, { recursive: true }));
      bench = stack.use(await kind.make(folder, nics, true));
      if (bench.spaces) world = stack.use(await vppWorld(host, bench, folder));
      sites = makeSitesRepository(folder);
      const git = await gitServer(sites.bare);
      stack.defer(() => git.close());
      const secrets = join(folder, "persistent/secrets");
      await mkdir(secrets, { recursive: true, mode: 0o700 });
      for (const secret of ["bgp-transit-a", "bgp-ibgp", "ospf-backbone"]) {
        await writeFile(join(secrets, secret), secret.slice(-8), { mode: 0o600 });
      }
      Object.assign(file, onBench(bench));
      const texts = Object.entries(file).map(([path, value]) => [path, yamlText(value)] as const);
      sites.push("The example", { ...exampleSites, ...Object.fromEntries(texts) });
      const { frrSockets, dataplane } = bench;
      agent = stack.use(
        startAgent({
          folder,
          machine: "fra1/r1",
          remote: git.url,
          frrSockets,
          vpp: folder,
          pollSeconds: 60,
          settings: `dataplane: ${dataplane}\nincus: { mode: off }\n`,
        }),
      );
    }, 120_000);
    afterAll(async () => {
      for (const line of figures) console.log(`${name}: ${line}`);
      await stack.disposeAsync();
    });

    const ask = (method: "GET" | "POST", path: string, body?: JsonObject): Promise<unknown> =>
      askAgent(agent.socket, { method, path, body, timeoutMs: 90_000 }, AbortSignal.timeout(120_000));
    const plan = async () => (await ask("GET", "/plan")) as PlanAnswer;

    /** Until the deployment of a commit ended; all others are ended before. */
    async function ended(what: string, isIt: (deployment: DeploymentStatus) => boolean): Promise<DeploymentStatus> {
      const over = ({ state, lastDeployment: last }: Status) =>
        ["idle", "held", "stranded"].includes(state) && last?.endedAt !== undefined && isIt(last);
      const { lastDeployment } = await agent.until(what, over, 180);
      if (lastDeployment?.outcome !== "committed") throw new Error(JSON.stringify(lastDeployment));
      return lastDeployment;
    }

    /** What the journal says was carried out since, a run after the other. */
    async function carriedOut(since: number): Promise<readonly Run[]> {
      const records = await readHistory(host, join(folder, "persistent/journal"));
      return records.flatMap((one) =>
        "event" in one && one.at >= since && one.event.type === "run-started" ? [one.event.run] : [],
      );
    }

    async function nothingIsLeft(): Promise<void> {
      const { plans, problems } = await plan();
      expect(problems).toEqual([]);
      expect(Object.values(plans).flatMap(({ steps }) => steps.map(({ id }) => id))).toEqual([]);
    }

    function note(
      what: string,
      { startedAt, endedAt = 0, steps, worstImpact }: DeploymentStatus,
      runs: readonly Run[],
    ) {
      const planes = runs.map((run) => `${run.plane} ${run.steps.length}`).join(", ");
      figures.push(`${what}: ${steps} steps (${planes}; ${worstImpact}), proven after ${endedAt - startedAt} ms`);
    }

    async function push(subject: string, path: string, ...changes: readonly Change[]): Promise<readonly string[]> {
      file[path] = changes.reduce((value, change) => change(value), file[path] ?? {});
      // The plan is published while nothing may be done.
      await ask("POST", "/pause", { reason: subject, for: "10m" });
      const commit = sites.push(subject, { [path]: yamlText(file[path]) });
      await ask("POST", "/sync");
      await agent.until("it waits", ({ state, desired }) => state === "waiting" && desired?.commit === commit, 90);
      const published = await plan();
      expect(published.problems).toEqual([]);
      await ask("POST", "/resume");
      const deployment = await ended(subject, ({ commit: of, purpose }) => of === commit && purpose === "deploy");
      const runs = await carriedOut(deployment.startedAt);
      note(subject, deployment, runs);

      const planned = Object.values(published.plans).flatMap(({ steps }) => steps.map(({ id }) => id));
      expect(runs.flatMap(({ steps }) => steps).toSorted()).toEqual(planned.toSorted());
      expect(deployment).toMatchObject({ steps: planned.length, stepsDone: planned.length });
      await nothingIsLeft();
      return runs.flatMap(({ plane, does = [] }) => (plane === "vpp" ? does : []));
    }

    it("is brought from nothing to everything in one deployment", async () => {
      const first = await ended("it is proven", () => true);
      expect(first).toMatchObject({ outcome: "committed", purpose: "deploy" });
      note("empty to full", first, await carriedOut(first.startedAt));
      await nothingIsLeft();
    }, 300_000);

    const unforwarded = name === "simulated";

    /** "pings, and the address that the server saw". */
    async function crossing(from: HostName, to = server): Promise<string> {
      return `${await world?.pings(from, to)} ${await world?.seenFrom(from, to)}`;
    }
    const fromContainers = /^15 203\.0\.113\.(8|9|10|11|12|13|14|15)$/;

    it.skipIf(unforwarded)(
      "translates what a container sends to the Internet (needs a real VPP)",
      async () => {
        expect(await crossing("container")).toMatch(fromContainers);
      },
      120_000,
    );

    it.skipIf(unforwarded)(
      "translates an office's packets, and none between private networks (needs a real VPP)",
      async () => {
        expect(await crossing("office")).toMatch(/^15 203\.0\.113\.[0-7]$/);
        expect(await crossing("container", "10.30.0.10")).toBe("15 10.234.116.10");
      },
      120_000,
    );

    it("has a VLAN more", async () => {
      const vlan = { description: "Press", mtu: 1500, addresses: ["10.50.0.1/24"] };
      const done = await push("Add a VLAN", interfaces, put(["interfaces", "internal", "sub-interfaces", "50"], vlan));
      expect(done).toEqual([
        "core: add VLAN internal.50: dot1q 50",
        "core: add linux-cp pair of internal.50: internal.50 in Linux",
        // What offices send there is not translated.
        "core: set ACL nat:internal.30:10.30.0.0/24: 1 rule more, of 9",
        "core: add address 10.50.0.1/24 on internal.50",
        "core: set internal.50 up with an mtu of 1500",
      ]);
    }, 200_000);

    it("has another MTU", async () => {
      const mtu = put(["interfaces", "internal", "sub-interfaces", "40", "mtu"], 1400);
      expect(await push("Change an MTU", interfaces, mtu)).toEqual(["core: set mtu of internal.40 from 1500 to 1400"]);
    }, 200_000);

    it("has an address on another interface", async () => {
      const addresses = (vlan: string, list: readonly string[]) =>
        put(["interfaces", "internal", "sub-interfaces", vlan, "addresses"], list);
      const done = await push(
        "Move an address",
        interfaces,
        addresses("700", []),
        addresses("50", ["10.50.0.1/24", "10.70.7.1/24"]),
      );
      expect(done).toEqual([
        "core: remove address 10.70.7.1/24 on internal.700",
        "core: add address 10.70.7.1/24 on internal.50",
      ]);
    }, 200_000);

    it("has a mapping of det44 more", async () => {
      const changes = [
        put(["nat", "det44", "pools", "guests"], { prefix: "203.0.113.20/30" }),
        put(["nat", "det44", "mappings", "guests"], { source: "10.40.0.0/24", pool: "guests" }),
        put(["nat", "det44", "inside"], ["internal.30", "internal.40"]),
      ];
      expect(await push("Translate guests", main, ...changes)).toEqual([
        "nat: add route 10.40.0.0/24: via 169.254.1.4 memif1/0",
        "nat: add det44 mapping of 10.40.0.0/24 to 203.0.113.20/30",
        "core: add ACL nat:internal.40:10.40.0.0/24: 8 rules",
        "core: add route 203.0.113.20/30: via 169.254.1.3 memif2/0",
        "core: add steering of ACL nat:internal.40:10.40.0.0/24 (ABF policy 2044887191): via 169.254.1.5 memif1/0",
        "core: add ABF policy 2044887191 on internal.40: ipv4, priority 100000",
      ]);
    }, 200_000);

    it("has a bridge less", async () => {
      const gone = [
        put(["bridges"], undefined),
        put(["interfaces", "internal", "sub-interfaces", "60"], undefined),
        put(["interfaces", "lab", "sub-interfaces"], undefined),
      ];
      expect(await push("Delete the bridge", interfaces, ...gone)).toEqual([
        "core: remove tag rewrite on lab.60",
        "core: remove tag rewrite on internal.60",
        "core: remove port lab.60 of bridge domain 60",
        "core: remove port internal.60 of bridge domain 60",
        "core: remove port bvi60 of bridge domain 60",
        "core: remove bridge domain 60",
        "core: remove linux-cp pair of bvi60",
        "core: remove VLAN lab.60",
        "core: remove VLAN internal.60",
        "core: remove BVI bvi60",
        "core: set ACL nat:internal.30:10.30.0.0/24: 1 rule less, of 8",
        "core: set ACL nat:internal.40:10.40.0.0/24: 1 rule less, of 7",
      ]);
    }, 200_000);

    it.each(instances)(
      "is restored after %s was killed, as soon as it runs again",
      async (instance) => {
        await bench.kill(instance);
        await bench.start(instance);
        const answered = Date.now();
        const deployment = await ended("it is restored", (it) => it.purpose === "correct" && it.startedAt >= answered);
        const runs = await carriedOut(answered);
        note(`${instance} killed, begun ${deployment.startedAt - answered} ms after it answered`, deployment, runs);
        expect(runs.filter(({ plane }) => plane === "vpp").flatMap(({ steps }) => steps)).not.toEqual([]);
        await nothingIsLeft();
        const isForwarding = unforwarded || fromContainers.test(await crossing("container"));
        expect(isForwarding).toBe(true);
      },
      200_000,
    );
  });
}
