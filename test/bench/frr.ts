/** Reading a real FRR and planning against it, compared with frr-reload.py --test on the same FRR and the same configuration. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { frr } from "../../reconcilers/frr/frr.ts";
import { frrHost } from "../lab/frr-host.ts";
import { startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace } from "../lab/netns.ts";
import { inTurn, ratioLine } from "./measure.ts";

const reload = "/usr/lib/frr/frr-reload.py";
const never = new AbortController().signal;

/** 60 % prefix-list entries, 20 % static routes, 20 % neighbours, as FRR prints them. */
function configuration(lines: number): string {
  const neighbors = Array.from({ length: Math.floor(lines / 10) }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const entries = Array.from({ length: Math.floor(lines * 0.6) }, (_, i) => {
    return `ip prefix-list pl${Math.floor(i / 50)} seq ${((i % 50) + 1) * 5} permit 10.${i >> 8}.${i & 255}.0/24`;
  });
  const routes = Array.from(
    { length: Math.floor(lines / 5) },
    (_, i) => `ip route 172.16.${i >> 8}.${i & 255}/32 blackhole`,
  );
  return [
    ...entries,
    ...routes,
    "router bgp 64500",
    " no bgp default ipv4-unicast",
    ...neighbors.flatMap((peer) => [` neighbor ${peer} remote-as 64496`, ` neighbor ${peer} description peer ${peer}`]),
    "exit",
    "",
  ].join("\n");
}

export async function benchFrr(print: (line: string) => void): Promise<void> {
  const why = whyNoFrr() ?? (existsSync(reload) ? undefined : "needs Debian's frr-pythontools");
  if (why !== undefined) return print(`frr: not measured: ${why}`);
  for (const lines of [1000, 5000]) await one(lines, print);
}

async function one(lines: number, print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-frr-"));
  using namespace = makeNamespace("bench");
  await using real = await startFrr(namespace, ["zebra", "staticd", "bgpd"]);
  try {
    const file = join(folder, "frr.conf");
    writeFileSync(file, configuration(lines));
    const run = promisify(execFile);
    const vtysh = ["-N", namespace.name];
    await run("vtysh", [...vtysh, "-f", file], { timeout: 300_000, maxBuffer: 1 << 26 });
    const running = (await run("vtysh", [...vtysh, "-c", "show running-config no-header"], { maxBuffer: 1 << 26 }))
      .stdout;
    writeFileSync(file, running);
    const plane = frr({ sockets: real.sockets });
    const host = frrHost();
    const desired = { config: running };
    let steps = -1;
    const times = await inTurn(
      5,
      async () => {
        steps = plane.plan(desired, await plane.observe(host, never), [desired]).steps.length;
      },
      () => run(reload, ["--test", "--pathspace", namespace.name, file], { timeout: 300_000, maxBuffer: 1 << 26 }),
    );
    print(`frr: ${running.split("\n").length} lines of running configuration, nothing to change (${steps} steps)`);
    print(ratioLine("observe and plan", "frr-reload.py --test", times));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
