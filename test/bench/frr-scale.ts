/** FRR with thousands of lines: what a plan and a change cost, beside frr-reload.py and what the daemons need to print them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { bundleInto } from "../../deploy/bundle.ts";
import { nodeFlags } from "../../deploy/package/contents.ts";
import { loadSource } from "../../reconcilers/frr/load.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { readSource } from "../../reconcilers/frr/source.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost } from "../lab/frr-host.ts";
import { makeNamespace } from "../lab/netns.ts";
import { changes, largeConfiguration } from "./frr-large.ts";
import { cpuMsOf, reload, type Reloaded, whyNoReload } from "./frr-reload.ts";
import type { Cost, Ran } from "./frr-scale-child.ts";

const host = frrHost();
const signal = new AbortController().signal;
const daemons = ["zebra", "staticd", "bgpd"] as const satisfies readonly Daemon[];
/** Of what is short, the cheapest of so many counts. */
const rounds = 3;

type Print = (line: string) => void;

/** `sizes` in lines. */
export async function benchFrrScale(print: Print, sizes: readonly number[]): Promise<void> {
  const why = whyNoFrr() ?? whyNoReload();
  if (why !== undefined) return print(`frr-scale: not measured: ${why}`);
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-frr-"));
  try {
    // As it ships: one file, so that reading sources costs neither time nor memory.
    const child = join(folder, "child.mjs");
    await bundleInto(child, undefined, "test/bench/frr-scale-child.ts");
    print(`frr-scale: ${cpus().length} cores (${cpus()[0]?.model}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB`);
    print("  CPU is our own process's and that of frr-reload.py with what it starts, both without their start");
    for (const size of sizes) await one(child, size, print);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function one(child: string, size: number, print: Print): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-frr-"));
  using namespace = makeNamespace("scale");
  await using real = await startFrr(namespace, daemons);
  const { sockets } = real;
  const file = (name: string, text: string) => {
    const path = join(folder, `${name.replace(" ", "-")}.conf`);
    writeFileSync(path, text);
    return path;
  };
  const theirs = (verb: "--test" | "--reload", path: string, start: number): Reloaded => {
    const ran = reload(verb, namespace.name, path);
    return { ...ran, cpuMs: ran.cpuMs - start };
  };
  try {
    // What frr-reload.py takes where there is nothing to read and nothing to do: Python, and vtysh three times.
    const nothing = file("nothing", "");
    const start = cheapest(() => theirs("--test", nothing, 0)).cpuMs;
    const begin = performance.now();
    const { lines } = readSource(largeConfiguration(size));
    await loadSource(lines, new Set(), daemons, host, sockets, signal);
    const loadMs = performance.now() - begin;
    // As people have it in a file.
    const argv = ["-N", namespace.name, "-c", "show running-config no-header"];
    const config = spawnSync("vtysh", argv, { encoding: "utf8", maxBuffer: 1 << 28 }).stdout;
    const same = file("same", config);
    const [all, ofBgp] = [await floorOf(sockets, daemons), await floorOf(sockets, ["bgpd"])];
    const count = config.split("\n").length;
    print(`${count} lines, loaded in ${ms(loadMs)}`);
    print(
      `  floor: the daemons print them in ${ms(all.wallMs)} (${ms(all.cpuMs)} CPU), bgpd alone in ${ms(ofBgp.wallMs)}`,
    );
    print(`  start of frr-reload.py: ${ms(start)} CPU`);
    const { "ten lines": ten, removal, "all lines": every } = changes(config);
    const paths = { ten: file("ten", ten), removal: file("removal", removal), every: file("every", every) };

    const plans = { "nothing to do": same, "ten lines": paths.ten };
    const [idle, changed] = agent(child, sockets, same);
    for (const [name, path] of Object.entries(plans)) {
      const other = cheapest(() => theirs("--test", path, start));
      const warm = name === "ten lines" ? changed : idle;
      print(
        planRow(
          `plan, ${name}, impctl`,
          cheapest(() => ours(child, "plan", sockets, path)),
          other,
        ),
      );
      if (warm) print(planRow(`plan, ${name}, agent`, warm, other));
    }
    for (const [name, path] of Object.entries({ "ten lines": paths.ten, removal: paths.removal })) {
      const tried: (Ran & { readonly daemonsMs: number })[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const before = daemonsMs(sockets);
        const ran = ours(child, "apply", sockets, path);
        tried.push({ ...ran, daemonsMs: daemonsMs(sockets) - before });
        ours(child, "apply", sockets, same);
      }
      const other = theirs("--reload", path, start);
      ours(child, "apply", sockets, same);
      const [ran] = tried.toSorted((a, b) => a.wallMs - b.wallMs);
      // Read before, and what was told read again: for lists and route-maps that is zebra, too.
      const again = name === "removal" ? all : ofBgp;
      if (ran) print(applyRow(`apply, ${name}`, ran, other, all, again));
    }
    // Each line that the daemons take in costs them more the more they have: of the largest only the plan, and its trial, count.
    const verb = size > 10_000 ? "plan" : "apply";
    const cpu = daemonsMs(sockets);
    const ran = ours(child, verb, sockets, paths.every);
    const daemonCpu = daemonsMs(sockets) - cpu;
    const a = (value: number) => `${((value * 1000) / count).toFixed(0)} µs`;
    print(
      `  ${verb}, all lines: ${ran.steps} steps in ${ms(ran.wallMs)}, ${ms(ran.scratch.wallMs)} of it with a scratch FRR; a line ${a(ran.cpuMs)} own CPU, ${a(daemonCpu)} of the daemons; RSS ${ran.rssMiB.toFixed(0)} MiB`,
    );
    // What takes hours beside us is left out.
    if (size > 1000) return;
    ours(child, "apply", sockets, same);
    const other = theirs("--reload", paths.every, start);
    print(`    frr-reload.py ${ms(other.wallMs)}: ${times(other, ran)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the child once. Throws with the problems of the plan. */
function ours(child: string, verb: "plan" | "apply", sockets: string, path: string): Ran {
  const ran = spawned(child, verb, sockets, path) as Ran;
  if (ran.problems.length > 0) throw new Error(ran.problems.join("\n"));
  return ran;
}

/** With nothing to do, and with ten lines. */
function agent(child: string, sockets: string, path: string): readonly Ran[] {
  const all = spawned(child, "agent", sockets, path) as readonly Ran[];
  for (const { problems } of all) if (problems.length > 0) throw new Error(problems.join("\n"));
  return all;
}

function spawned(child: string, verb: string, sockets: string, path: string): unknown {
  const argv = [...nodeFlags, child, verb, sockets, path];
  const {
    stdout,
    stderr,
    signal: killed,
  } = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 1_800_000 });
  if (stdout === "") throw new Error(killed === null ? stderr : `${verb} ${path}: ended by ${killed}`);
  return JSON.parse(stdout);
}

function cheapest<C extends Cost>(run: () => C): C {
  const [first = run()] = Array.from({ length: rounds }, run).toSorted((a, b) => a.cpuMs - b.cpuMs);
  return first;
}

/** What these daemons need to print what they run, all at once. */
async function floorOf(sockets: string, some: readonly Daemon[]): Promise<Cost> {
  const runs: Cost[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [begin, before] = [performance.now(), daemonsMs(sockets)];
    await Promise.all(
      some.map(async (daemon) => {
        const vty = await openVty(host, sockets, daemon, signal);
        await vty.ask("show running-config", signal, 300_000);
        vty.close();
      }),
    );
    runs.push({ wallMs: performance.now() - begin, cpuMs: daemonsMs(sockets) - before });
  }
  return runs.toSorted((a, b) => a.wallMs - b.wallMs)[0] ?? { wallMs: Number.NaN, cpuMs: Number.NaN };
}

/** CPU of all of them since they started. */
function daemonsMs(sockets: string): number {
  const pids = daemons.map((daemon) => Number(readFileSync(`${sockets}/${daemon}.pid`, "utf8")));
  return pids.reduce((total, pid) => total + cpuMsOf(pid), 0);
}

function planRow(what: string, ran: Ran, other: Reloaded): string {
  const { cpuMs, wallMs } = ran.scratch;
  const scratch = wallMs > 0 ? `, ${ms(cpuMs)} of it with a scratch FRR for ${ms(wallMs)}` : "";
  return `  ${what}: ${times(other, ran)} (${ms(other.cpuMs)} | ${ms(ran.cpuMs)} CPU${scratch}); ${ran.steps} steps, RSS ${ran.rssMiB.toFixed(0)} MiB`;
}

function applyRow(
  what: string,
  ran: Ran & { readonly daemonsMs: number },
  other: Reloaded,
  all: Cost,
  again: Cost,
): string {
  // Small ones need less than a tick of the clock that counts them.
  const cpuMs = all.cpuMs + again.cpuMs;
  const daemons = cpuMs < 100 ? "" : `; ${(ran.daemonsMs / cpuMs).toFixed(2)}x their CPU`;
  const twice = all.wallMs + again.wallMs;
  const changedMs = ran.wallMs - ran.plannedMs;
  const floor = (wallMs: number, floorMs: number) => `${ms(wallMs)}, ${(wallMs / floorMs).toFixed(2)}x`;
  const parts = `planned in ${floor(ran.plannedMs, all.wallMs)} the floor; carried out and verified in ${floor(changedMs, all.wallMs)}`;
  const whole = `both ${floor(ran.wallMs, twice)} the floor of reading, and reading again what was told (${ms(twice)}${daemons})`;
  return `  ${what} (${ran.outcome}): ${parts}; ${whole}\n    frr-reload.py ${ms(other.wallMs)}: ${times(other, ran)}; scratch FRR ${ms(ran.scratch.wallMs)}; RSS ${ran.rssMiB.toFixed(0)} MiB`;
}

function times(other: Cost, ran: Cost): string {
  return `${(other.cpuMs / ran.cpuMs).toFixed(1)}x less CPU, ${(other.wallMs / ran.wallMs).toFixed(1)}x less time`;
}

function ms(value: number): string {
  return value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}
