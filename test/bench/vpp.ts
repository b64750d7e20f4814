/**
 * VPP's plane: how long it takes to see that nothing or one thing is to be done, by size; and 1,000 sub-interfaces made from
 * nothing and read back, compared with VPP's own `exec` of the equivalent commands. On a real VPP where one is found.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linuxHost } from "../../controller/host/linux.ts";
import { openVpp } from "../../reconcilers/vpp/api/open.ts";
import { nodeEnvironment, nodeFlags } from "../../deploy/package/contents.ts";
import { applyVpp, observeVpp, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import type { VppDesired, VppStep } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { renderVpp } from "../../reconcilers/vpp/render/render.ts";
import { loadMachine } from "../../schemas/load.ts";
import { memoryTree } from "../lab/memory-tree.ts";
import { makeNamespace } from "../lab/netns.ts";
import { startVpp, whyNoVpp } from "../lab/real-vpp.ts";
import { median } from "./measure.ts";
import { manyInterfaces, manyRules, type SampleMachine } from "./vpp-machines.ts";

const root = new URL("../..", import.meta.url).pathname;
const host = linuxHost({ seal: () => "", reveal: () => undefined });
const signal = new AbortController().signal;
const rounds = Number(process.env["ROUNDS"] ?? 5);

export async function benchVpp(print: (line: string) => void): Promise<void> {
  const why = whyNoVpp();
  print(`vpp: on ${why === undefined ? "a real VPP" : `the simulator, which is no measure of VPP (${why})`}`);
  await fromNothing(1000, print);
  await growing([100, 1000, 10_000], "sub-interfaces with two addresses each", manyInterfaces, print);
  await growing([1000, 20_000], "ACL rules", manyRules, print);
  await memory(10_000, print);
}

/** Each size beside the one before it, in time of the processor: what is linear in size takes 1.0x for each. */
async function growing(
  counts: readonly number[],
  things: string,
  machineOf: (count: number, changed?: number) => SampleMachine,
  print: (line: string) => void,
): Promise<void> {
  let before: { readonly count: number; readonly times: Times } | undefined;
  for (const count of counts) {
    const times = await one(`${count} ${things}`, machineOf(count), machineOf(count, 7), print);
    if (before) {
      const { count: fewer, times: less } = before;
      const ratio = (now: number, then: number) => (now / count / (then / fewer)).toFixed(2);
      print(
        `    for each, compared with each of ${fewer}: validate ${ratio(times.validate, less.validate)}x, observe and plan ${ratio(times.nothing, less.nothing)}x, with a change ${ratio(times.change, less.change)}x`,
      );
    }
    before = { count, times };
  }
}

/** Medians of what this process took of the processor, in milliseconds. */
interface Times {
  readonly validate: number;
  readonly nothing: number;
  readonly change: number;
}

/** A VPP that has the machine's NICs and nothing else, for as long as `work` takes. */
async function withVpp<T>({ nics }: SampleMachine, work: (places: VppPlaces) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-vpp-"));
  const places = { sockets: { core: join(folder, "core-api.sock"), nat: join(folder, "none.sock") }, run: folder };
  try {
    if (whyNoVpp() !== undefined) {
      const sim = await simulator(places.sockets.core, nics);
      try {
        return await work(places);
      } finally {
        sim.kill("SIGKILL");
        await once(sim, "exit");
      }
    }
    using namespace = makeNamespace("benchvpp");
    await using _real = await startVpp({ folder, name: "core", namespace, heap: "1G", statistics: "512M" });
    const vpp = await openVpp(host, { socket: places.sockets.core }, signal);
    for (const [i, name] of nics.entries()) {
      // The only kind of hardware that VPP has without any.
      await vpp.cli(`create packet-generator interface pg${i}`);
      await vpp.cli(`set interface name pg${i} ${name}`);
    }
    vpp.close();
    return await work(places);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function simulator(socket: string, nics: readonly string[]): Promise<ChildProcess> {
  const argv = [join(root, "test/lab/vpp/main.ts"), "--socket", socket, ...nics.flatMap((name) => ["--nic", name])];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

async function desiredOf({ yaml }: SampleMachine): Promise<VppDesired> {
  const own = Object.fromEntries(yaml.map((text, i) => [`s/r/${i}.yaml`, text] as const));
  const tree = memoryTree({ "fleet.yaml": "defaults: 1\n", "s/site.yaml": "{}\n", ...own });
  const { loaded, problems } = await loadMachine(tree, "s/r");
  if (!loaded) throw new Error(problems.slice(0, 3).join("\n"));
  return renderVpp(loaded.machine, { vpp: "26.06" });
}

async function stepsTo(desired: VppDesired, places: VppPlaces): Promise<readonly VppStep[]> {
  const plan = planVpp(desired, await observeVpp(host, places, signal), [desired]);
  if (plan.problems.length > 0) throw new Error(plan.problems.join("\n"));
  return plan.steps;
}

async function carryOut(desired: VppDesired, places: VppPlaces): Promise<number> {
  const steps = await stepsTo(desired, places);
  for await (const _ of applyVpp(steps, host, places, signal));
  const left = await stepsTo(desired, places);
  if (left.length > 0) throw new Error(`${left.length} steps are left`);
  return steps.length;
}

/** Milliseconds that it took, what came of it, and how many of them the processor was at it here. */
async function timed<T>(work: () => Promise<T>): Promise<readonly [number, T, number]> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [performance.now() - begin, result, (user + system) / 1000];
}

async function fromNothing(count: number, print: (line: string) => void): Promise<void> {
  const machine = manyInterfaces(count);
  const desired = await desiredOf(machine);
  const times = { ours: [] as number[], baseline: [] as number[] };
  let steps = 0;
  for (let round = 0; round < 3; round += 1) {
    const [ours, done] = await withVpp(machine, (places) => timed(() => carryOut(desired, places)));
    times.ours.push(ours);
    steps = done;
    if (whyNoVpp() === undefined) times.baseline.push(await withVpp(machine, (places) => executed(machine, places)));
  }
  const [ours, baseline] = [median(times.ours), median(times.baseline)];
  print(
    `  ${count} sub-interfaces with ${2 * count} addresses from nothing: ${steps} steps, observed, planned, applied and read back`,
  );
  print(
    Number.isNaN(baseline)
      ? `    ${ours.toFixed(0)} ms; the simulator has no exec to compare with`
      : `    ${(ours / baseline).toFixed(2)}x of VPP's own exec of ${machine.commands.length} commands (median ${ours.toFixed(0)} ms | ${baseline.toFixed(0)} ms)`,
  );
}

async function executed({ commands }: SampleMachine, { sockets, run }: VppPlaces): Promise<number> {
  const file = join(run, "commands");
  writeFileSync(file, `${commands.join("\n")}\n`);
  const vpp = await openVpp(host, { socket: sockets.core, deadlineMs: 300_000 }, signal);
  const [time] = await timed(() => vpp.call("cli_inband", { cmd: `exec ${file}` }));
  vpp.close();
  return time;
}

async function one(
  what: string,
  machine: SampleMachine,
  changed: SampleMachine,
  print: (line: string) => void,
): Promise<Times> {
  const [desired, other] = [await desiredOf(machine), await desiredOf(changed)];
  return await withVpp(machine, async (places) => {
    await carryOut(desired, places);
    const times = { validate: [] as number[], nothing: [] as number[], change: [] as number[] };
    const work = { validate: [] as number[], nothing: [] as number[], change: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      const [validate, , validateWork] = await timed(() => desiredOf(machine));
      const [nothing, none, nothingWork] = await timed(() => stepsTo(desired, places));
      const [change, steps, changeWork] = await timed(() => stepsTo(other, places));
      if (none.length !== 0 || steps.length !== 1) throw new Error(`${none.length} and ${steps.length} steps`);
      times.validate.push(validate);
      times.nothing.push(nothing);
      times.change.push(change);
      work.validate.push(validateWork);
      work.nothing.push(nothingWork);
      work.change.push(changeWork);
    }
    const [validate, nothing, change] = [median(times.validate), median(times.nothing), median(times.change)];
    print(
      `  ${what}: validate ${validate.toFixed(0)} ms, observe and plan ${nothing.toFixed(0)} ms with nothing to do, ${change.toFixed(0)} ms with one change`,
    );
    return { validate: median(work.validate), nothing: median(work.nothing), change: median(work.change) };
  });
}

/**
 * The most that the bundled program, started as an appliance does, ever had resident, as the kernel counts it: while it plans
 * all of it from nothing, while it applies that and reads it back, and when there is nothing to do; beside what it needs to start.
 */
async function memory(count: number, print: (line: string) => void): Promise<void> {
  const bundle = join(root, "dist/impctl.cjs");
  execFileSync(process.execPath, [join(root, "deploy/build.ts")], { stdio: "ignore" });
  const machine = manyInterfaces(count);
  await withVpp(machine, async (places) => {
    const file = join(places.run, "r1.yaml");
    writeFileSync(file, machine.yaml[0] ?? "");
    const { core, nat } = places.sockets;
    const where = [file, "--core", core, "--nat", nat, "--run", places.run];
    const base = await peakOf([bundle, "version"]);
    print(
      `  impctl: ${base.toFixed(0)} MiB resident to start; of ${count} sub-interfaces with ${2 * count} addresses, at most`,
    );
    for (const [what, command] of [
      ["plan from nothing", "plan"],
      ["apply from nothing", "apply"],
      ["plan with nothing to do", "plan"],
    ] as const) {
      const peak = await peakOf([bundle, "vpp", command, ...where]);
      print(`    ${what}: ${peak.toFixed(0)} MiB, ${(peak / base).toFixed(2)}x of that`);
    }
  });
}

async function peakOf(argv: readonly string[]): Promise<number> {
  const env = { ...process.env, ...nodeEnvironment };
  const child = spawn(process.execPath, [...nodeFlags, ...argv], { stdio: "ignore", env });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakMiB(child.pid ?? 0));
  }, 5);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(timer);
  if (code !== 0 && code !== 2) throw new Error(`${argv.join(" ")}: exit code ${code}`);
  return peak;
}

function peakMiB(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
