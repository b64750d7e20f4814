/** Where the trial of a deployment stands: by what is booted, what boots next, and what the kernel command line says. */
import { observeBootenv } from "../../reconcilers/bootenv/observe.ts";
import { standsAfter, trialWords, type Trial, type TrialStanding } from "../../reconcilers/bootenv/trial.ts";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Deployment } from "../machine.ts";

/** The trial as its record and its command line have it; undefined: the deployment has none. */
export function trialOf({ id, generation, trial }: Deployment): Trial | undefined {
  if (!trial) return undefined;
  const { environment, from, boot } = trial;
  return { deployment: id, generation, environment, from, boot };
}

/** undefined: the deployment has no trial. Rejects with POOL while the pool cannot be read: nothing may be decided then. */
export async function whereIs(
  host: Host,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<TrialStanding | undefined> {
  const trial = trialOf(deployment);
  if (!trial) return undefined;
  const observed = await observeBootenv(host, signal);
  if (observed?.booted === undefined) {
    throw new Problem(
      "POOL",
      `A trial of ${deployment.trial?.name} is going on, and the root of this box is no dataset.`,
      {
        remedy: "Boot from the pool again: whatever bootfs names is committed.",
      },
    );
  }
  const onTrial = trialWords((await host.readFile("/proc/cmdline")) ?? "");
  return standsAfter(trial, { boot: host.bootId(), booted: observed.booted, next: observed.next, onTrial });
}
