/**
 * The plane against two real VPPs in a namespace, with something of every kind: empty to full in one go, a push of several
 * changes, nearly everything otherwise and back. Packets flow in reference-appliance.test.ts.
 */
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
    const beyond = space("b");
    for (const name of ["vw-ext", "vw-int", "vw-te1", "vw-te2", "vw-incus"]) {
      makeWire({ namespace: dataplane, name, addresses: [] }, { namespace: beyond, name, addresses: [] });
    }
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

  it("makes everything of nothing in one go, and finds nothing to do then", async () => {
    const steps = await plan(committed);
    expect(steps.every((step) => step.kind !== "remove")).toBe(true);
    await apply(steps);
    expect((await plan(committed)).map(describeStep)).toEqual([]);
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
  }, 120_000);

  it("changes nearly everything of core, and takes it back", async () => {
    const other = altered(committed).core;
    await apply(await plan({ core: other }, committed));
    expect((await plan({ core: other }, committed)).map(describeStep)).toEqual([]);
    await apply(await plan({ core: committed.core }, { core: other }));
    expect((await plan({ core: committed.core }, { core: other })).map(describeStep)).toEqual([]);
  }, 120_000);

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
