/** The commit point of an image: `bootfs` names it, and the pool says so. */
import { environmentOf } from "../../reconcilers/bootenv/model.ts";
import { nextCommitStep } from "../../reconcilers/bootenv/trial.ts";
import { zpool } from "../../reconcilers/bootenv/zfs.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { standingOf } from "../boot-environments.ts";
import type { Deployment } from "../machine.ts";
import { trialOf } from "./where.ts";

/**
 * Lets a proven trial be what boots next, once its own link is there (I1). Nothing to do where it is. Rejects with a Problem, and then
 * whatever resets the box brings back what was committed before.
 */
export async function commitTrial(
  { host, state }: Appliance,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<void> {
  const trial = trialOf(deployment);
  if (!trial) return;
  const standing = await standingOf({ host, state }, signal);
  const environment = standing && environmentOf(standing.observed, trial.environment);
  if (!standing || !environment) {
    throw new Problem("BOOT_ENVIRONMENT", `${deployment.trial?.name} was proven, and is not in the pool any more.`);
  }
  const link = await host.readLink(`${state}/committed.d/${trial.environment}`);
  const linked = new Map([[trial.environment, link?.split("/").at(-1) ?? ""]]);
  const step = nextCommitStep(trial, { next: standing.observed.next, linked });
  if (step === "journal") return;
  if (step === "link")
    throw new Problem("INTERNAL", `${environment.name} is to boot next, and committed nothing (I1).`);
  const { name } = standing.observed.pool;
  await zpool(host, ["set", `bootfs=${environment.dataset}`, name], signal);
  const said = (await zpool(host, ["list", "-H", "-o", "bootfs", name], signal)).trim();
  if (said === environment.dataset) return;
  throw new Problem("POOL", `bootfs was set to ${environment.dataset}, and is ${said}.`, {
    remedy: `zpool set bootfs=${environment.dataset} ${name}, and see zpool history.`,
  });
}
