/**
 * A boot without the agent: what imp-boot lays of any machine, and what VPP and FRR start with, leaves the planes nothing to do.
 * The files are real ones, below a folder; VPP and FRR are simulated.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { bootFiles } from "../../controller/boot-files.ts";
import { frrBootFile } from "../../controller/frr-boot-file.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { type Host, sealedSecret } from "../../reconcilers/core.ts";
import { derive } from "../../reconcilers/derive.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { Desired, Generation } from "../../reconcilers/generation.ts";
import { catalogue, chain } from "../../reconcilers/system/catalogue.ts";
import { system } from "../../reconcilers/system/system.ts";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import { observeVpp, openInstance } from "../../reconcilers/vpp/instances.ts";
import { memoryPath } from "../../reconcilers/vpp/memory.ts";
import { instances } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import type { Machine } from "../../schemas/machine.ts";
import { type BootBox, makeBootBox } from "../lab/boot-box.ts";
import { exampleMachines } from "../lab/example-machines.ts";
import { committed, type Shell, shells } from "../lab/failsafe-box.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { disks } from "../lab/system-machines.ts";
import { places, vppHost } from "../lab/vpp-host.ts";

const [shell = shells[0]] = shells.filter(({ missing }) => !missing);
const why = process.getuid?.() === 0 ? (shell?.missing === false ? undefined : "needs dash or busybox") : "needs root";
const signal = new AbortController().signal;
const secrets = testSecrets();
/** Each is a run of a shell program, which takes about a second. */
const numRuns = Number(process.env["IMP_TEST_BOOTS"] ?? 12);

it.skipIf(why !== undefined)(
  `leaves nothing to plan of any machine, whatever stood in /etc before (${why ?? "root is here"})`,
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(exampleMachines, disks, async (make, before) => {
        const machine = await make();
        fc.pre(machine !== undefined);
        using box = makeBootBox(shell as Shell);
        const host = below(box);
        const desired = derive(machine, { frr: "8.4.4" }, (name) => secrets.known(name));
        await keep(box, host, desired);
        for (const { path, text, mode, owner } of before) await host.writeFile(path, text, { mode, owner });

        expect(box.boot("files")).toMatchObject({ exitCode: 0 });
        expect(box.notes("files")).toContain("its files are laid");

        expect(
          await leftOfSystem(
            host,
            desired,
            before.map(({ path }) => path),
          ),
        ).toEqual([]);
        expect(await leftOfVpp(box, desired, nicsOf(machine))).toEqual([]);
        expect(await leftOfFrr(box, desired)).toEqual([]);
      }),
      { numRuns },
    );
  },
);

/** The paths of an appliance are those below the box's folder. */
function below(box: BootBox): Host {
  const host = linuxHost(secrets);
  const at = (path: string): string => (path.startsWith(box.folder) ? path : join(box.folder, path));
  for (const { unit } of chain) {
    mkdirSync(at("/lib/systemd/system"), { recursive: true });
    writeFileSync(at(`/lib/systemd/system/${unit}`), "");
    box.link(`run/systemd/units/invocation:${unit}`, "start-1");
  }
  return {
    ...host,
    readFile: (path) => host.readFile(at(path)),
    readLink: (path) => host.readLink(at(path)),
    attributes: (path) => host.attributes(at(path)),
    writeFile: (path, text, options) => host.writeFile(at(path), text, options),
  };
}

/** Keeps what the agent keeps when it commits, for a box whose /etc is elsewhere. */
async function keep(box: BootBox, host: Host, desired: Desired): Promise<void> {
  const generation = { digest: committed, desired } as Generation;
  const folder = join(box.state, "generations", committed);
  box.write(`persistent/generations/${committed}/generation.json`, JSON.stringify(generation));
  const own = frrBootFile(host, { collect }, "/etc/frr/frr.conf");
  await bootFiles(host, box.state, [own]).keep(generation, desired);
  const list = (await host.readFile(join(folder, "restore"))) ?? "";
  await host.writeFile(join(folder, "restore"), list.replaceAll(" /etc/", ` ${box.etc}/`));
}

/** The secrets of a configuration, by what stands there for them. */
function collect(config: string): Readonly<Record<string, string>> {
  const sealed = config.match(sealedSecret) ?? [];
  return Object.fromEntries(sealed.map((one) => [one, secrets.reveal(one) ?? ""]));
}

async function leftOfSystem(host: Host, desired: Desired, foreign: readonly string[]): Promise<readonly string[]> {
  const plane = system({ managed: catalogue, run: "/run/imp" });
  const observed = await plane.observe(host, signal);
  const { steps, problems } = plane.plan(desired.system, observed, [desired.system]);
  const known = new Set([...desired.system.files.map(({ path }) => path), ...foreign]);
  expect(observed.files.filter(({ path }) => !known.has(path))).toEqual([]);
  expect(problems).toEqual([]);
  return steps.map((step) => plane.describe(step));
}

/** That DPDK has, also those that it was not told of by name. */
function nicsOf({ interfaces }: Machine): readonly string[] {
  return Object.entries(interfaces).flatMap(([name, { driver }]) => (driver === "dpdk" ? [name] : []));
}

async function leftOfVpp(box: BootBox, desired: Desired, nics: readonly string[]): Promise<readonly string[]> {
  const linesOf = (name: string) => (box.read(`etc/vpp/${name}`) ?? "").split("\n");
  const boot = { core: linesOf("commands-core.txt"), nat: linesOf("commands-nat.txt") };
  const { host, sims, files } = vppHost({ nics, boot });
  for (const instance of instances) {
    expect(sims[instance].failedCommands).toEqual([]);
    const vpp = await openInstance(host, places, instance, signal);
    vpp.close();
    // As `imp-boot vpp` does, which has a test of its own.
    const told = boot[instance].flatMap((line) => /^#remember (.*)/.exec(line)?.[1] ?? []);
    files.set(memoryPath(places.run, instance), [JSON.stringify({ incarnation: vpp.incarnation }), ...told].join("\n"));
  }
  const { steps, problems } = planVpp(desired.vpp, await observeVpp(host, places, signal), [desired.vpp]);
  expect(problems).toEqual([]);
  return steps.map(describeStep);
}

async function leftOfFrr(box: BootBox, desired: Desired): Promise<readonly string[]> {
  const plane = frr({ sockets: "/run/frr" });
  const sim = simFrr({ config: box.read("etc/frr/frr.conf") ?? "" });
  const { steps, problems } = plane.plan(desired.frr, await plane.observe(frrHost(sim, secrets), signal), [
    desired.frr,
  ]);
  expect(problems).toEqual([]);
  return steps.map((step) => plane.describe(step));
}
