/**
 * The boot commands of two real VPPs, given to them by imp-boot: nothing is left to plan then, and where a device is absent only
 * what stands on it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { renderBootCommands } from "../../reconcilers/vpp/boot-commands.ts";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import { observeVpp, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import { instances, type VppDesired } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, vppctl, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";
import { applianceIn } from "../lab/vpp-appliance.ts";

const host = linuxHost({ seal: () => "", reveal: () => undefined });
const imp = join(import.meta.dirname, "../../deploy/boot/imp-boot");
const why = whyNoVpp() ?? whyNoTaps() ?? (existsSync(vppctl.path) ? undefined : "needs vppctl");
const devices = ["vw-ext", "vw-int", "vw-te1", "vw-te2", "vw-incus"] as const;

describe.skipIf(why)(`the boot commands of real VPPs${why ? ` (${why})` : ""}`, () => {
  const signal = AbortSignal.timeout(300_000);
  const running: RealVpp[] = [];
  let folder = "";
  let dataplane: Namespace;
  let peer: Namespace;
  let places: VppPlaces;
  let desired: Required<Omit<VppDesired, "prune">>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "imp-vb-"));
    places = {
      sockets: { core: join(folder, "core-api.sock"), nat: join(folder, "nat-api.sock") },
      run: join(folder, "run"),
    };
    dataplane = makeNamespace("vbd");
    peer = makeNamespace("vbp");
    for (const name of devices) {
      makeWire({ namespace: dataplane, name, addresses: [] }, { namespace: peer, name, addresses: [] });
    }
    const { core, nat } = applianceIn(folder);
    // VPP's CLI has no word for the interfaces that VRRP tracks: the agent adds them.
    const objects = core.objects.map((one) => (one.kind === "vrrp" ? { ...one, track: [] } : one));
    desired = { core: { objects }, nat };
    await mkdir(join(folder, "etc/vpp"), { recursive: true });
    for (const instance of instances) {
      await writeFile(
        join(folder, `etc/vpp/commands-${instance}.txt`),
        renderBootCommands(instance, desired[instance]),
      );
    }
  }, 60_000);

  afterAll(async () => {
    await end();
    for (const one of [dataplane, peer]) one?.[Symbol.dispose]();
    if (folder !== "") await rm(folder, { recursive: true });
  });

  async function end(): Promise<void> {
    for (const vpp of running.splice(0)) await vpp.kill();
  }

  /** Both instances anew; what imp-boot said of core. */
  async function boot(): Promise<string> {
    await end();
    const said: string[] = [];
    for (const instance of instances) {
      const vpp = await startVpp({ folder, name: instance, namespace: dataplane });
      running.push(vpp);
      const env = {
        IMP_RUN: places.run,
        IMP_ETC: join(folder, "etc"),
        IMP_VPP: folder,
        MAINPID: `${vpp.pid}`,
        PATH: `${dirname(vppctl.path)}:${process.env["PATH"]}`,
        ...vppctl.env,
      };
      const { stdout, stderr } = await host.run(["sh", imp, "vpp", instance], { timeoutMs: 250_000, signal, env });
      said.push(`${stdout}${stderr}`);
    }
    return said[0] ?? "";
  }

  async function left(): Promise<readonly string[]> {
    const { steps, problems } = planVpp(desired, await observeVpp(host, places, signal), [desired]);
    expect(problems.map(({ message }) => message)).toEqual([]);
    return steps.map(describeStep);
  }

  it("leave nothing to plan", async () => {
    expect(await boot()).toMatch(/VPP core was given \d+ commands, of which 0 failed/);
    expect(await left()).toEqual([]);
  }, 280_000);

  it("leave to plan only what stands on a device that is absent", async () => {
    dataplane.ip("link", "delete", "vw-te1");
    const said = await boot();
    expect(said).toContain('"create host-interface name vw-te1');
    const missing = await left();
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.filter((step) => !/\bte1\b/.test(step))).toEqual([]);
    const memory = await readFile(join(places.run, "vpp-nat.jsonl"), "utf8");
    expect(memory).toContain('{"kind":"det44"}');
  }, 280_000);
});
