/**
 * `impctl be drill`: the way into a trial and back, with what runs. It is a trial like any other, of a clone of the boot environment that
 * runs, towards the generation that is committed; once that is proven there, it is left by a reset, as one that failed.
 */
import { environmentOf } from "../../reconcilers/bootenv/model.ts";
import { whyNoTrial } from "../../reconcilers/bootenv/trial.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { standingOf } from "../boot-environments.ts";
import { askGate } from "../gate/ask.ts";
import { takeBaseline } from "../health/baseline.ts";
import { startLookout } from "../lookout.ts";
import type { Deployment, Target } from "../machine.ts";
import { withDeadline } from "../retry.ts";
import { surveyed, surveyLimitMs, type Turn } from "../turn.ts";
import { askedOf } from "../verdicts.ts";
import { tryImage } from "./begin.ts";
import { testSeconds } from "./watchdog-test.ts";
import { isDrill, makeDrill, removeDrill } from "./drill-clone.ts";

/** Begins one where an operator ordered it, or says in the history why not. Resolves where the box stayed. */
export async function drillIfOrdered(turn: Turn): Promise<void> {
  const { appliance, signal } = turn;
  const { memory, listener, host } = appliance;
  const order = memory.ledger().drill;
  if (!order) return;
  // Ordered once: what keeps it from beginning keeps it for good.
  await memory.remember((ledger) => ({ ...ledger, drill: undefined }));
  try {
    await begin(turn, order.watchdog);
  } catch (thrown) {
    signal.throwIfAborted();
    const { message } = asProblem(thrown);
    listener.complain(asProblem(thrown));
    listener.happened({ happened: "noted", text: `The drill did not begin: ${message}` });
    await removeDrill(host, signal).catch((second: unknown) => listener.complain(asProblem(second)));
  }
}

async function begin(turn: Turn, isWatchdogTest: true | undefined): Promise<void> {
  const { parts, appliance, signal } = turn;
  const { host, progress, state } = appliance;
  const { committed } = turn.known();
  if (!["idle", "held"].includes(progress.state().at)) throw refused("another deployment is wanted or waits");
  if (!committed) throw refused("nothing was committed here that a reset could come back to");
  const watchdogSeconds = isWatchdogTest && (await testSeconds(host));
  const reboots = appliance.memory.ledger().reboots.map(({ from }) => from);
  const why = whyNoTrial(0, reboots, host.now());
  if (why !== undefined) throw refused(why);
  const standing = await standingOf({ host, state }, signal);
  const running = standing && environmentOf(standing.observed, standing.observed.booted);
  if (!running) throw refused("the root of this box is no ZFS dataset");
  if (standing.observed.next !== running.guid) throw refused("another boot environment boots next than runs");
  const plan = await surveyed(parts, committed, committed, signal);
  const target: Target = { purpose: "correct", commit: committed.commit, ...askedOf(committed) };
  const { shut, again } = await askGate(turn, {
    purpose: "correct",
    policy: committed.policy,
    candidate: committed,
    committed,
    plan,
  });
  if (shut) throw refused(shut.reason);
  await makeDrill(host, running, signal);
  const there = (await standingOf({ host, state }, signal))?.observed.environments.find(isDrill);
  if (!there) throw refused("its clone is not among the boot environments");
  const baseline = await withDeadline(host, surveyLimitMs, signal, "Taking the baseline", (limited) =>
    takeBaseline(parts, committed, limited),
  );
  await progress.move({ type: "wanted", target });
  const intent = {
    target,
    candidate: committed,
    committed,
    plan,
    baseline,
    again,
    lookout: lookoutOf(turn, committed),
  };
  await tryImage(turn, intent, {
    there,
    from: running,
    isDrill: true,
    ...(watchdogSeconds !== undefined && { watchdogSeconds }),
  });
}

function lookoutOf(turn: Turn, candidate: Generation) {
  return (deployment: Deployment) => startLookout(turn, candidate, deployment);
}

function refused(why: string): Problem {
  return new Problem("BOOT_ENVIRONMENT", `No drill: ${why}.`.replace(/\.\.$/, "."), {
    remedy: "impctl status says how the box stands.",
  });
}
