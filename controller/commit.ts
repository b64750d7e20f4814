/** The commit: one rename on disk, then the boot files, the verdict, and only then the state. */
import type { Desired } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { bringTo, mustBeInFlight, readBack } from "./bring.ts";
import { ended } from "./deployment-status.ts";
import { withVerdict } from "./ledger.ts";
import { withDeadline } from "./retry.ts";
import { attemptLimitMs, goingBackMs } from "./roll-back.ts";
import { withoutWords } from "./words.ts";

/**
 * Finishes a commit that a restart found. When the power was cut, the planes may have started from the boot files of the
 * generation before; so the candidate is brought back first.
 */
export async function resumeCommit(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, store, secrets, progress, failsafe } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const { generation, owned, secrets: texts } = await store.staged(deployment.generation);
  secrets.learn(Object.fromEntries(texts));
  await failsafe.goingBack(deployment, (await store.committed())?.digest, goingBackMs);
  const everOwned = [...(owned ? [owned] : []), generation.desired];
  const seen = await withDeadline(host, attemptLimitMs, signal, "Finishing a commit", async (limited) => {
    await bringTo(appliance, generation.desired, everOwned, limited);
    return readBack(appliance, generation.desired, everOwned, limited);
  });
  await finishCommit(appliance, seen);
}

/**
 * Makes a proven candidate the committed generation, and what was `seen` of the planes what they start with. May be repeated
 * from anywhere: the next start does. `note` is for the status.
 */
export async function finishCommit(appliance: Appliance, seen: Desired, note?: string): Promise<void> {
  const { host, store, memory, progress, secrets, bootFiles, listener, failsafe } = appliance;
  const deployment = mustBeInFlight(progress.state());
  // It is proven, and the journal says so: from here on nobody goes back any more.
  await failsafe.disarm();
  const { generation, secrets: texts } = await store.staged(deployment.generation);
  secrets.learn(Object.fromEntries(texts));
  await bootFiles.keep(generation, seen);
  await store.commit(deployment.generation);
  await bootFiles.lay(generation);
  await memory.remember((ledger) => {
    const before = ledger.committed;
    const at = before?.generation === generation.digest ? before.at : host.now();
    const next = { ...ledger, committed: { generation: generation.digest, commit: generation.commit, at } };
    if (deployment.purpose === "correct")
      return { ...next, lastDeployment: ended(host.now(), deployment, "committed") };
    return {
      ...withVerdict(
        withoutWords(next, deployment.id),
        generation.digest,
        deployment.id,
        "good",
        "Proven.",
        host.now(),
      ),
      lastDeployment: { ...ended(host.now(), deployment, "committed"), ...(note !== undefined && { reason: note }) },
    };
  });
  listener.committed(generation);
  await progress.move({ type: "committed" });
  listener.event({ type: "deployment-ended", outcome: "committed" });
  await store.prune([generation.digest]).catch((thrown: unknown) => listener.complain(asProblem(thrown)));
}
