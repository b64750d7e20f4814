/**
 * The plane in a process of its own: `plan` or `apply` a file, as `impctl frr` does, or `agent`, which plans again and again.
 * Then what it took, as JSON. The start of the process does not count.
 */
import { readFileSync } from "node:fs";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import type { Plan } from "../../reconcilers/core.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrStep } from "../../reconcilers/frr/model.ts";
import { freshScratches, type Scratches, warmScratches } from "../../reconcilers/frr/scratches.ts";
import { rehearsal } from "../../reconcilers/frr/rehearse.ts";
import { applyWhole, planWhole } from "../../reconcilers/frr/whole.ts";

export interface Cost {
  /** Of this process. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

export interface Ran extends Cost {
  /** Of its time, until the plan was there: the rest is carrying out, and reading back. */
  readonly plannedMs: number;
  readonly rssMiB: number;
  readonly steps: number;
  /** In what it took of asking a scratch FRR. */
  readonly scratch: Cost;
  readonly problems: readonly string[];
  readonly outcome: string;
}

const [verb = "plan", sockets = "", path = ""] = process.argv.slice(2);
const host = linuxHost(passingSecrets());
const signal = new AbortController().signal;
const folder = "/run/imp-bench-scratch";
const file = { name: path, text: readFileSync(path, "utf8") };
let scratch: Cost = { cpuMs: 0, wallMs: 0 };

/** Nothing else goes on while one is asked, until it was given back. */
function counted(scratches: Scratches): Scratches {
  return {
    async take(wanted, limit) {
      const end = begin();
      const lease = await scratches.take(wanted, limit);
      if ("why" in lease) return lease;
      const after = async (done: Promise<void>) => {
        await done;
        const cost = end();
        scratch = { cpuMs: scratch.cpuMs + cost.cpuMs, wallMs: scratch.wallMs + cost.wallMs };
      };
      return { ...lease, release: () => after(lease.release()), close: () => after(lease.close()) };
    },
  };
}

function begin(): () => Cost {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1000, wallMs: performance.now() - wall };
  };
}

function ran(cost: Cost, plannedMs: number, { steps, problems }: Plan<FrrStep>, outcome: string): Ran {
  // What getrusage() says is also that of the process which started this one.
  const rssMiB = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
  return { ...cost, plannedMs, rssMiB, steps: steps.length, scratch, problems: problems.map(String), outcome };
}

/** As `impctl frr` does. */
async function once(): Promise<Ran> {
  const instance = { sockets, scratches: counted(freshScratches(folder, host)) };
  const end = begin();
  const plan = await planWhole(file, instance, host, signal);
  const planned = end();
  const outcome = verb === "apply" ? await applyWhole(plan, instance, host, signal) : undefined;
  const why = outcome?.kind === "rolled-back" ? `: ${outcome.why.message}` : "";
  return ran(end(), planned.wallMs, plan, `${outcome?.kind ?? ""}${why}`);
}

/** The cheapest of some rounds after the first, each of which wants another ten lines, or none. */
async function agent(): Promise<readonly Ran[]> {
  const plane = frr({ sockets });
  const rehearse = rehearsal(() => counted(warmScratches(folder, host)));
  const { config } = await plane.observe(host, signal);
  const rounds: Ran[][] = [[], []];
  for (let round = 0; round < 8; round += 1) {
    for (const [kind, text] of [Buffer.from(config).toString(), withOthers(config, round)].entries()) {
      scratch = { cpuMs: 0, wallMs: 0 };
      const end = begin();
      const observed = await plane.observe(host, signal);
      const tried = await rehearse({ config: text }, observed, host, signal);
      const plan = plane.plan(tried.desired, observed, [{ config }]);
      const cost = end();
      rounds[kind]?.push(ran(cost, cost.wallMs, { ...plan, problems: [...tried.problems, ...plan.problems] }, ""));
    }
  }
  return rounds.flatMap((some) => some.slice(2).toSorted((a, b) => a.cpuMs - b.cpuMs)[0] ?? []);
}

/** Ten neighbours are described otherwise. */
function withOthers(config: string, round: number): string {
  const pieces: string[] = [];
  let from = 0;
  for (let count = 0; count < 10; count += 1) {
    const end = config.indexOf("\n", config.indexOf(" description ", from));
    pieces.push(config.slice(from, end));
    from = end;
  }
  return `${pieces.join(` ${round}`)} ${round}${config.slice(from)}`;
}

// Part of the start of a program: only one that runs others reads it.
await import("execa");
const result = verb === "agent" ? await agent() : await once();
process.stdout.write(JSON.stringify(result), () => process.exit(0));
