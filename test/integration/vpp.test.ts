/**
 * The plane against two real VPPs in a namespace: empty to full in one go, packets of a container through ABF and det44 to the
 * Internet, a push of several changes, and what is left after VPP was killed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import type { Host } from "../../reconcilers/core.ts";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import type { VppDesired, VppStep } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";
import { altered, applianceIn, pushed } from "../lab/vpp-appliance.ts";

const host = linuxHost({ seal: () => "", reveal: () => undefined });
const why = whyNoVpp() ?? whyNoTaps();

describe.skipIf(why)(`VPP's plane, on real instances${why ? ` (${why})` : ""}`, () => {
  const signal = AbortSignal.timeout(300_000);
  const spaces: Namespace[] = [];
  const running = new Map<string, RealVpp>();
  let folder = "";
  let places: VppPlaces;
  let dataplane: Namespace;
  let containers: Namespace;
  let internet: Namespace;
  let committed: Required<Omit<VppDesired, "prune">>;

  function space(label: string): Namespace {
    const made = makeNamespace(`vw${label}`);
    spaces.push(made);
    return made;
  }

  async function start(name: "core" | "nat"): Promise<void> {
    running.set(name, await startVpp({ folder, name, namespace: dataplane }));
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "imp-vw-"));
    places = { sockets: { core: join(folder, "core-api.sock"), nat: join(folder, "nat-api.sock") }, run: folder };
    committed = applianceIn(folder);
    dataplane = space("d");
    containers = space("c");
    internet = space("i");
    const lan = space("l");
    const end = (namespace: Namespace, name: string, ...addresses: string[]) => ({ namespace, name, addresses });
    makeWire(end(dataplane, "vw-ext"), end(internet, "vw0", "198.51.100.1/24"));
    makeWire(end(dataplane, "vw-int"), end(lan, "vw0", "10.10.0.10/24"));
    makeWire(end(dataplane, "vw-te1"), end(lan, "vw1"));
    makeWire(end(dataplane, "vw-te2"), end(lan, "vw2"));
    makeWire(end(dataplane, "vw-incus"), end(containers, "vw0", "10.234.116.10/24"));
    internet.ip("address", "add", "192.0.2.53/32", "dev", "lo");
    // Only what det44 makes of it finds its way back.
    internet.ip("route", "add", "203.0.113.8/29", "via", "198.51.100.2");
    lan.ip("route", "add", "default", "via", "10.10.0.1");
    containers.ip("route", "add", "default", "via", "10.234.116.5");
    // As imp-boot has it: VPP cannot take several packets in one.
    for (const one of [internet, lan, containers]) one.ip("link", "set", "dev", "vw0", "gso_max_segs", "1");
    // Linux would answer for the taps' addresses on the ports themselves.
    const quiet = ["net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2"];
    await host.run(dataplane.inside("sysctl", "-qw", ...quiet), { timeoutMs: 10_000, signal });
    await Promise.all([start("core"), start("nat")]);
  }, 120_000);

  afterAll(async () => {
    for (const vpp of running.values()) await vpp.kill();
    for (const one of spaces) one[Symbol.dispose]();
    if (folder !== "") await rm(folder, { recursive: true });
  });

  async function plan(desired: VppDesired, ...owned: VppDesired[]): Promise<readonly VppStep[]> {
    const { steps, problems } = planVpp(desired, await observeVpp(host, places, signal), owned);
    expect(problems).toEqual([]);
    return steps;
  }

  /** Units stand for the instances that this test started. */
  const withUnits: Host = {
    ...host,
    async run(argv, options) {
      const [, instance] = /^systemctl restart vpp-(core|nat)\.service$/.exec(argv.join(" ")) ?? [];
      if (instance !== "core" && instance !== "nat") return host.run(argv, options);
      await running.get(instance)?.kill();
      await start(instance);
      return { exitCode: 0, stdout: "", stderr: "" };
    },
  };

  async function apply(steps: readonly VppStep[]): Promise<void> {
    const done: string[] = [];
    for await (const { id } of applyVpp(steps, withUnits, places, signal)) done.push(id);
    expect(done).toEqual(steps.map(({ id }) => id));
  }

  /** Whether 15 are answered within half a minute: memif takes seconds to join again, and the first packets wait for ARP on every hop. */
  async function pings(target: string): Promise<boolean> {
    const argv = containers.inside("ping", "-c", "15", "-i", "0.2", "-w", "30", "-q", target);
    const { stdout } = await host.run(argv, { timeoutMs: 60_000, signal });
    return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0) >= 15;
  }

  it("makes everything of nothing in one go, and finds nothing to do then", async () => {
    const steps = await plan(committed);
    expect(steps.every((step) => step.kind !== "remove")).toBe(true);
    await apply(steps);
    expect((await plan(committed)).map(describeStep)).toEqual([]);
  }, 120_000);

  it("forwards a container's packets through ABF and det44", async () => {
    expect(await pings("192.0.2.53")).toBe(true);
    const size = 300_000;
    const serve = `require("http").createServer((_, to) => to.end("x".repeat(${size}))).listen(8080, () => console.log("up"))`;
    const [program, ...argv] = internet.inside(process.execPath, "-e", serve);
    const server = spawn(program, argv, { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await once(server.stdout, "data");
      const get = `fetch("http://192.0.2.53:8080").then((it) => it.text()).then((text) => console.log(text.length))`;
      const { stdout } = await host.run(containers.inside(process.execPath, "-e", get), { timeoutMs: 60_000, signal });
      expect(stdout.trim()).toBe(`${size}`);
    } finally {
      server.kill("SIGKILL");
    }
  }, 120_000);

  it("carries out a push with exactly the steps that were planned", async () => {
    const next = pushed(committed);
    const steps = await plan(next, committed);
    expect(steps.map(describeStep)).toEqual([
      "core: remove address 10.30.0.1/24 on internal.30",
      "core: remove tag rewrite on internal.60",
      "core: remove port internal.60 of bridge domain 60",
      "core: remove port bvi60 of bridge domain 60",
      "core: remove bridge domain 60",
      "core: remove VLAN internal.60",
      "core: remove BVI bvi60",
      "nat: add det44 mapping of 10.30.0.0/24 to 203.0.113.0/29",
      "core: add VLAN internal.50: dot1q 50",
      "core: add linux-cp pair of internal.50: internal.50 in Linux",
      "core: add address 10.30.0.1/24 on internal.40",
      "core: set mtu of internal.40 from 1500 to 1400",
      "core: set internal.50 up with an mtu of 1500",
    ]);
    await apply(steps);
    expect((await plan(next, committed)).map(describeStep)).toEqual([]);
    committed = next;
    expect(await pings("192.0.2.53")).toBe(true);
  }, 120_000);

  it("changes nearly everything of core, and takes it back", async () => {
    const other = altered(committed).core;
    await apply(await plan({ core: other }, committed));
    expect((await plan({ core: other }, committed)).map(describeStep)).toEqual([]);
    await apply(await plan({ core: committed.core }, { core: other }));
    expect((await plan({ core: committed.core }, { core: other })).map(describeStep)).toEqual([]);
  }, 120_000);

  it.each(["core", "nat"] as const)(
    "brings everything of %s back after it was killed",
    async (instance) => {
      await running.get(instance)?.kill();
      await start(instance);
      const steps = await plan(committed, committed);
      expect(new Set(steps.map((step) => step.instance))).toEqual(new Set([instance]));
      expect(steps.length).toBeGreaterThan(20);
      await apply(steps);
      expect((await plan(committed, committed)).map(describeStep)).toEqual([]);
      expect(await pings("192.0.2.53")).toBe(true);
    },
    120_000,
  );

  it("restarts nat, which does not let go of det44 on an interface, and makes what else it had", async () => {
    const { core, nat } = committed;
    const objects = nat.objects.filter(({ kind }) => !kind.startsWith("det44"));
    const without = { core, nat: { objects } };
    const steps = await plan(without, committed);
    expect(steps.map(describeStep)).toEqual([
      expect.stringMatching(/^nat: restart VPP: VPP does not let go of det44 on an interface/),
    ]);
    await apply(steps);
    await apply(await plan(without, committed));
    expect((await plan(without, committed)).map(describeStep)).toEqual([]);
  }, 120_000);
});
