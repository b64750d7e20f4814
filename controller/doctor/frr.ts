/** Whether FRR can be spoken to, and is of a version that is known. */
import { daemons } from "../../reconcilers/frr/model.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { asProblem } from "../../schemas/problem.ts";
import { fault, ok } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const frrChecks: readonly Check[] = [{ code: "frr", look: frr }];

async function frr({ host, settings }: Patient, signal: AbortSignal): Promise<Finding> {
  const sockets = settings.paths["frr-sockets"];
  const closed = new Map<string, string>();
  for (const daemon of daemons) {
    await host.connect(`${sockets}/${daemon}.vty`, signal).then(
      (connection) => connection.close(),
      (thrown: unknown) => closed.set(daemon, asProblem(thrown).message),
    );
  }
  signal.throwIfAborted();
  const forbidden = [...closed.values()].find((message) => message.includes("EACCES"));
  if (forbidden !== undefined)
    return fault(`FRR's vty sockets are not open to this user: ${forbidden}`, `As root: ls -l ${sockets}.`);
  const zebra = closed.get("zebra");
  if (zebra !== undefined) {
    const what = closed.size === daemons.length ? "FRR does not run" : "FRR's zebra does not run";
    return fault(`${what}: ${zebra}`, "systemctl status frr; paths.frr-sockets in agent.yaml must name its folder.");
  }
  const observed = await observeFrr(host, sockets, signal);
  const [problem] = planFrr({ config: observed.config }, observed, []).problems;
  if (problem) return fault(problem.message, problem.remedy ?? "See `impctl plan`.");
  return ok(`FRR ${observed.version} answers: ${observed.running.join(", ")}.`);
}
