/**
 * From a failing health check to the previous configuration, read back: a whole agent, real FRR with 200 sessions configured,
 * real BIRD at the far end of two; frr-reload.py brings the same FRR back from the same change, beside it.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { whyNoBird } from "../lab/bird.ts";
import { whyNoFrr } from "../lab/frr.ts";
import { interfaces, neighbours, noc, startRouter, type Router } from "../lab/router.ts";
import { median } from "./measure.ts";

const reload = "/usr/lib/frr/frr-reload.py";
const sessions = 200;
const rounds = Number(process.env["ROUNDS"] ?? 15);
const fleet = `defaults: 1
policy: { soak-seconds: 1, grace-seconds: 0, deadline-seconds: 60 }
`;

/** `round` changes every session a little; a wrong AS number takes one of those that are up down. */
function machine(round: number, asOfA: number): string {
  const timers = "timers: { keepalive-seconds: 3, hold-seconds: 9, connect-seconds: 1 }";
  const others = Array.from({ length: sessions - 2 }, (_, i) => {
    const address = `198.18.${i >> 8}.${i & 255}`;
    return `      p${i}: { address: ${address}, remote-as: 64510, description: "round ${round} of ${i}", expect: any }\n`;
  });
  return `${interfaces}routing:
  router-id: 198.51.100.1
  static: { ${noc.network}: { via: [${noc.via}] } }
  bgp:
    asn: 64500
    ebgp-requires-policy: false
    peers:
      a: { address: ${neighbours.a}, remote-as: ${asOfA}, ${timers} }
      b: { address: ${neighbours.b}, remote-as: 64497, ${timers} }
${others.join("")}`;
}

export async function benchRollback(print: (line: string) => void): Promise<void> {
  const why = whyNoFrr() ?? whyNoBird() ?? (existsSync(reload) ? undefined : "needs Debian's frr-pythontools");
  if (why !== undefined) return print(`rollback: not measured: ${why}`);
  const files = { "fleet.yaml": fleet, "fra1/site.yaml": "", "fra1/r1.yaml": machine(0, 64496) };
  await using router = await startRouter("bn", files);
  const times: number[] = [];
  {
    await using agent = router.agent();
    await agent.until("the first commit", ({ state, committed }) => state === "idle" && committed !== undefined, 120);
    for (let round = 1; round <= rounds; round += 1) {
      await router.until("the session is up", () => isUp(router), 60);
      const commit = router.sites.push(`Mistake ${round}`, { "fra1/r1.yaml": machine(round, 64499) });
      const { lastDeployment } = await agent.until(
        `round ${round} was rolled back`,
        ({ lastDeployment: last }) => last?.commit === commit && last.outcome === "rolled-back",
        120,
      );
      times.push(took(router, lastDeployment?.id ?? ""));
    }
  }
  const baseline = await reloaded(router);
  const sorted = times.toSorted((a, b) => a - b);
  const slowest = sorted.at(-1) ?? Number.NaN;
  print(`rollback: FRR with ${sessions} sessions, each changed by the commit that is undone, ${times.length} rounds`);
  print(
    `  failing check to read back: ${(median(times) / baseline).toFixed(2)}x of frr-reload.py --reload (median ${median(times).toFixed(0)} ms | ${baseline.toFixed(0)} ms), slowest ${slowest.toFixed(0)} ms`,
  );
}

async function isUp(router: Router): Promise<boolean> {
  return (await router.sessions()).filter(({ state }) => state === "Established").length === 2;
}

/** Milliseconds from the record that it failed to the one that it is back. */
function took({ folder }: Router, deployment: string): number {
  const lines = readFileSync(join(folder, "persistent/journal/history.jsonl"), "utf8").trim().split("\n");
  const records = lines.map((line) => JSON.parse(line) as Transition);
  const of = (type: string) => records.findLast((one) => one.event?.type === type)?.uptime ?? Number.NaN;
  if (!lines.some((line) => line.includes(deployment))) throw new Error(`no record of ${deployment}`);
  return of("rolled-back") - of("failed");
}

interface Transition {
  readonly uptime: number;
  readonly event?: { readonly type: string };
}

/** The same change, by hand, and frr-reload.py back from it; milliseconds. */
async function reloaded(router: Router): Promise<number> {
  const run = promisify(execFile);
  const { namespace } = router;
  const vtysh = async (...argv: string[]) =>
    (await run("vtysh", ["-N", namespace, ...argv], { maxBuffer: 1 << 26 })).stdout;
  const before = join(router.folder, "before.conf");
  writeFileSync(before, await vtysh("-c", "show running-config no-header"));
  const lines = Array.from(
    { length: sessions - 2 },
    (_, i) => ` neighbor 198.18.${i >> 8}.${i & 255} description something else\n`,
  );
  const change = join(router.folder, "change.conf");
  writeFileSync(change, `router bgp 64500\n neighbor ${neighbours.a} remote-as 64499\n${lines.join("")}`);
  await vtysh("-f", change);
  const begin = performance.now();
  await run(reload, ["--reload", "--pathspace", namespace, before], { timeout: 300_000, maxBuffer: 1 << 26 });
  return performance.now() - begin;
}
