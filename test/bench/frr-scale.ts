/** FRR with thousands of lines: what a plan and a change cost, beside frr-reload.py and what the daemons need to print them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleInto } from "../../deploy/bundle.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { loadSource } from "../../reconcilers/frr/load.ts";
import { readSource } from "../../reconcilers/frr/source.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost } from "../lab/frr-host.ts";
import { makeNamespace } from "../lab/netns.ts";
import { cpuMsOf, reload, type Reloaded, whyNoReload } from "./frr-reload.ts";

const host = frrHost();
const signal = new AbortController().signal;
const daemons = ["zebra", "staticd", "bgpd"] as const satisfies readonly Daemon[];

/** 60 % prefix-list entries, 20 % static routes, 20 % neighbours; the first hundred of them with a route-map each. */
export function largeConfiguration(lines: number): string {
  const count = Math.floor(lines / 10);
  const peers = Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const entries = Array.from({ length: Math.floor(lines * 0.6) }, (_, i) => {
    return `ip prefix-list pl${Math.floor(i / 50)} seq ${((i % 50) + 1) * 5} permit 10.${(i >> 8) & 255}.${i & 255}.0/24`;
  });
  const routes = Array.from(
    { length: Math.floor(lines / 5) },
    (_, i) => `ip route 172.16.${i >> 8}.${i & 255}/32 blackhole`,
  );
  const mapped = peers.slice(0, 100);
  return [
    ...entries,
    ...mapped.flatMap((_, i) => [`route-map rm${i} permit 10`, ` match ip address prefix-list pl${i % 12}`, "exit"]),
    ...routes,
    "router bgp 64500",
    " no bgp default ipv4-unicast",
    ...peers.flatMap((peer) => [` neighbor ${peer} remote-as 64496`, ` neighbor ${peer} description peer ${peer}`]),
    " address-family ipv4 unicast",
    ...mapped.flatMap((peer, i) => [`  neighbor ${peer} activate`, `  neighbor ${peer} route-map rm${i} in`]),
    " exit-address-family",
    "exit",
    "",
  ].join("\n");
}

/** Other values in ten lines; what ten neighbours and ten route-maps are gone from; another value in every line. */
function changes(text: string): Readonly<Record<"ten lines" | "removal" | "all lines", string>> {
  const lines = text.split("\n");
  const without: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (/^route-map rm1\d /.test(line)) inside = true;
    const peer = /neighbor 10\.0\.(\d+)\.1 /.exec(line)?.[1];
    if (!inside && !(peer !== undefined && Number(peer) >= 10 && Number(peer) < 20)) without.push(line);
    if (line === "exit") inside = false;
  }
  let left = 10;
  return {
    "ten lines": lines.map((line) => (/description/.test(line) && left-- > 0 ? `${line} changed` : line)).join("\n"),
    removal: without.join("\n"),
    "all lines": text
      .replaceAll(/^(ip prefix-list \S+ seq \d+) permit/gm, "$1 deny")
      .replaceAll(/(^ip route .*) blackhole$/gm, "$1 blackhole tag 7")
      .replaceAll(/( description .*)$/gm, "$1 changed"),
  };
}

interface Ran {
  readonly cpuMs: number;
  readonly planMs: number;
  readonly wallMs: number;
  readonly rssMiB: number;
  readonly steps: number;
  readonly problems: readonly string[];
  readonly outcome: string;
  readonly why: string;
}

/** `child`: the program that does one run. */
function ours(child: string, verb: "plan" | "apply", sockets: string, file: string): Ran {
  const { stdout, stderr } = spawnSync(process.execPath, [child, verb, sockets, file], {
    encoding: "utf8",
    timeout: 900_000,
  });
  const ran = JSON.parse(stdout === "" ? `{"problems":[${JSON.stringify(stderr)}]}` : stdout) as Ran;
  if (ran.problems.length > 0) throw new Error(ran.problems.join("\n"));
  return ran;
}

interface Floor {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** What the daemons need to print what they run, all at once. */
async function floorOf(sockets: string): Promise<Floor> {
  const pids = daemons.map((daemon) => Number(readFileSync(`${sockets}/${daemon}.pid`, "utf8")));
  const cpu = () => pids.reduce((total, pid) => total + cpuMsOf(pid), 0);
  const runs: Floor[] = [];
  for (let round = 0; round < 3; round += 1) {
    const [begin, before] = [performance.now(), cpu()];
    await Promise.all(
      daemons.map(async (daemon) => {
        const vty = await openVty(host, sockets, daemon, signal);
        await vty.ask("show running-config", signal, 300_000);
        vty.close();
      }),
    );
    runs.push({ wallMs: performance.now() - begin, cpuMs: cpu() - before });
  }
  return runs.toSorted((a, b) => a.wallMs - b.wallMs)[1] ?? { wallMs: Number.NaN, cpuMs: Number.NaN };
}

/** `sizes` in lines. */
export async function benchFrrScale(print: (line: string) => void, sizes: readonly number[]): Promise<void> {
  const why = whyNoFrr() ?? whyNoReload();
  if (why !== undefined) return print(`frr-scale: not measured: ${why}`);
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-frr-"));
  try {
    // As it ships: one file, so that reading sources costs neither time nor memory.
    const child = join(folder, "child.mjs");
    await bundleInto(child, undefined, "test/bench/frr-scale-child.ts");
    for (const size of sizes) await one(child, size, print);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function one(child: string, size: number, print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-frr-"));
  using namespace = makeNamespace("scale");
  await using real = await startFrr(namespace, daemons);
  const file = (name: string, text: string) => {
    const path = join(folder, `${name.replace(" ", "-")}.conf`);
    writeFileSync(path, text);
    return path;
  };
  try {
    const begin = performance.now();
    const text = largeConfiguration(size);
    await loadSource(readSource(text).lines, new Set(), daemons, host, real.sockets, signal);
    const loadMs = performance.now() - begin;
    // As people have it in a file.
    const argv = ["-N", namespace.name, "-c", "show running-config no-header"];
    const config = spawnSync("vtysh", argv, { encoding: "utf8", maxBuffer: 1 << 28 }).stdout;
    const same = file("same", config);
    const floor = await floorOf(real.sockets);
    const lines = config.split("\n").length;
    print(
      `frr-scale: ${lines} lines, loaded in ${ms(loadMs)}; floor ${ms(floor.wallMs)}, ${ms(floor.cpuMs)} CPU of the daemons`,
    );
    const line = (what: string, ran: Ran, other: Reloaded | undefined) => print(row(what, ran, other, floor));
    line("plan, nothing to do", ours(child, "plan", real.sockets, same), reload("--test", namespace.name, same));
    for (const [name, changed] of Object.entries(changes(config))) {
      const path = file(name, changed);
      // What takes hours beside us is left out.
      const isLong = name === "all lines" && size > 1000;
      if (name === "ten lines")
        line(`plan, ${name}`, ours(child, "plan", real.sockets, path), reload("--test", namespace.name, path));
      const applied = ours(child, "apply", real.sockets, path);
      ours(child, "apply", real.sockets, same);
      const other = isLong ? undefined : reload("--reload", namespace.name, path);
      line(`apply, ${name} (${applied.outcome}${applied.why})`, applied, other);
      ours(child, "apply", real.sockets, same);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(what: string, ran: Ran, other: Reloaded | undefined, floor: Floor): string {
  const beside =
    other === undefined
      ? "frr-reload.py not run"
      : `frr-reload.py ${ms(other.wallMs)}, CPU ${ms(other.cpuMs)}: ${(other.wallMs / ran.wallMs).toFixed(1)}x the time, ${(other.cpuMs / ran.cpuMs).toFixed(1)}x the CPU`;
  const times = (ran.wallMs / floor.wallMs).toFixed(2);
  return `  ${what}: ${ran.steps} steps, ${ms(ran.wallMs)} (${times}x floor), own CPU ${ms(ran.cpuMs)}, RSS ${ran.rssMiB.toFixed(0)} MiB | ${beside}`;
}

function ms(value: number): string {
  return value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}
