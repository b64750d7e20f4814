/** `impctl vpp apply`: makes a VPP have what a machine says, and reads it back. */
import type { Command } from "commander";
import type { Plan } from "../../reconcilers/core.ts";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import { applyVpp } from "../../reconcilers/vpp/instances.ts";
import { type InstanceName, instances, type VppDesired, type VppStep } from "../../reconcilers/vpp/model.ts";
import type { Machine } from "../../schemas/machine.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { takeInstance } from "../hold.ts";
import { plural } from "../plural.ts";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { machineOptions, Target, type VppOptions } from "./vpp-target.ts";

export function define(command: Command, terminal: Terminal): void {
  machineOptions(command).action(async (machine: string, options: VppOptions) => {
    const done: string[] = [];
    const tell = (line: string) => (options.json ? done.push(line) : terminal.out(printable(line)));
    const count = await apply(machine, new Target(options, terminal), terminal.signal, tell);
    if (options.json) terminal.out(printableJson(JSON.stringify({ steps: done }, undefined, 2)));
    else if (count === 0) terminal.out("Nothing to do: in sync.");
    else terminal.out(`${plural(count, "step")} done and read back: in sync.`);
  });
  examples(
    command,
    ["impctl vpp apply r1.yaml", "impctl vpp apply r1.yaml --core /run/vpp/api.sock --prune all"],
    `Prints each step once it is done. What an earlier one made here and the machine does not have any more is removed; what others
made stays, unless --prune all. On a box with an agent the agent does all this, and takes back what differs from its repository.`,
  );
}

/** How many steps were done; each is told. Rejects where a step failed, or where what was read back is not what was wanted. */
async function apply(
  named: string,
  target: Target,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<number> {
  const machine = await target.machine(named);
  await using _ = await take(machine, target);
  const { desired, seen, count } = await carryOut(machine, target, signal, tell);
  if (count > 0) await readBack(desired, target);
  await target.end(desired, seen);
  return count;
}

/** Holds core, which everybody who is at this pair of instances holds, and nat where it may change. */
async function take(machine: Machine, target: Target): Promise<AsyncDisposable> {
  const { core, nat } = target.places.sockets;
  await using taken = new AsyncDisposableStack();
  taken.use(await takeInstance("vpp", core, "command"));
  if (nat !== core && (await target.mayChangeNat(machine))) taken.use(await takeInstance("vpp", nat, "command"));
  return taken.move();
}

/** What it observed and planned is not kept while it is read back. */
async function carryOut(
  machine: Machine,
  target: Target,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<{ readonly desired: VppDesired; readonly seen: readonly InstanceName[]; readonly count: number }> {
  const { desired, seen, plan } = await planned(machine, target);
  refuseUnfit(plan);
  if (plan.steps.length > 0) await target.begin(desired);
  for await (const step of applyVpp(plan.steps, target.host, target.places, signal)) tell(describeStep(step));
  return { desired, seen, count: plan.steps.length };
}

async function planned(machine: Machine, target: Target) {
  const observed = await target.observe();
  const desired = await target.desired(machine, observed);
  const seen = instances.filter((instance) => observed[instance]);
  return { desired, seen, plan: await target.plan(desired, observed) };
}

async function readBack(desired: VppDesired, target: Target): Promise<void> {
  const left = await target.plan(desired, await target.observe());
  if (left.steps.length + left.problems.length === 0) return;
  const lines = [...left.problems.map(({ message }) => message), ...left.steps.map(describeStep)];
  throw new Problem("READ_BACK", `VPP is not as it was to be: ${lines.join("; ")}`);
}

function refuseUnfit({ problems, steps }: Plan<VppStep>): void {
  if (problems.length > 0) throw new AggregateError(problems, "it cannot be carried out");
  const restart = steps.find((step) => step.kind === "restart");
  if (!restart) return;
  throw new Problem("VPP_REFUSED", `Nothing but a restart leads there. ${describeStep(restart)}`, {
    remedy: "Start that VPP anew when its traffic may stop, and apply again.",
  });
}
