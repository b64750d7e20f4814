/**
 * What goes on in the repository while a deployment is being proven. A newer commit ends one that is failing, and waits for one
 * that is proving well, unless it is urgent: then a green soak is not waited out. A rollback asks nobody.
 */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import { urgencyMeanwhile } from "./gate/allowed.ts";
import { urgentAtMost } from "./gate/impact.ts";
import { pauseOf } from "./gate/pause.ts";
import { atMost } from "./gate/windows.ts";
import { orderOf } from "./going-back.ts";
import type { Red } from "./health/judge.ts";
import type { Newer } from "./health/prove.ts";
import { settledKey } from "./health/settled.ts";
import type { Ledger } from "./ledger.ts";
import type { Deployment } from "./machine.ts";
import { surveyed, type Turn } from "./turn.ts";
import { askedOf, heldBy } from "./verdicts.ts";

/** A change that resets nothing has nothing to settle. */
const calmMs = 10_000;

export interface Lookout extends AsyncDisposable {
  /** Asked after each look of proving, with what is red: what ends it now. */
  newer(due: readonly Red[]): Promise<Newer | undefined>;
}

/** Polls beside the proving of `candidate`, as often as the loop would. */
export function startLookout(turn: Turn, candidate: Generation, deployment: Deployment): Lookout {
  const { appliance, parts, known } = turn;
  const { host, memory, listener } = appliance;
  const closing = new AbortController();
  const signal = AbortSignal.any([turn.signal, closing.signal]);
  const beside: Turn = { ...turn, signal };
  const before = known().wanted?.generation?.digest;
  let polling: Promise<void> | undefined;
  let nextPoll = host.uptime() + turn.repository.everyMs();
  let redSince: number | undefined;
  // Red for less is how a change settles: a session that it resets comes back.
  const graceMs = 1000 * candidate.policy["grace-seconds"];
  const failingMs = atMost(deployment.worstImpact ?? "hitless", "flap") ? Math.min(calmMs, graceMs) : graceMs;
  const small = new Map<string, boolean>();

  function pollWhenDue(): void {
    if (polling || (host.uptime() < nextPoll && !turn.repository.isAsked())) return;
    polling = turn.repository
      .poll(beside)
      .catch((thrown: unknown) => {
        if (!signal.aborted) listener.complain(asProblem(thrown));
      })
      .finally(() => {
        polling = undefined;
        nextPoll = host.uptime() + turn.repository.everyMs();
      });
  }

  /** Whether what is urgent disturbs little enough to be let through. */
  async function isSmall(next: Generation): Promise<boolean> {
    const before = small.get(next.digest);
    if (before !== undefined) return before;
    const { worstImpact } = await surveyed(parts, next, candidate, signal);
    small.set(next.digest, atMost(worstImpact ?? "hitless", urgentAtMost));
    return small.get(next.digest) === true;
  }

  async function ended(isFailing: boolean, isRed: boolean, ledger: Ledger): Promise<Newer | undefined> {
    const { startedAt } = deployment;
    // The deployment that carries an order out is not ended by it.
    if (ledger.order && !orderOf(ledger, deployment))
      return { does: "give-way", reason: "An operator ordered to go back." };
    const wanted = known().wanted;
    const next = wanted?.generation;
    if (!wanted || !next || heldBy(ledger, askedOf(next)) !== undefined) return undefined;
    if (next.digest === candidate.digest) {
      const hurried = ledger.hurry?.generation === next.digest && ledger.hurry.at >= startedAt;
      const isLittle = atMost(deployment.worstImpact ?? "hitless", urgentAtMost);
      return hurried && isLittle && !isRed ? { does: "finish", reason: ledger.hurry.reason } : undefined;
    }
    // What was there before it began was not armed in its place.
    const isLater = next.digest !== before;
    if (isFailing && isLater && next.policy.pause === undefined && !pauseOf(ledger, host)) {
      return { does: "give-way", reason: `Commit ${wanted.commit.slice(0, 12)} arrived while this one was failing.` };
    }
    const urgency = urgencyMeanwhile(ledger, next.digest, deployment.id);
    if (urgency === undefined || isRed || !(await isSmall(next))) return undefined;
    return { does: "finish", reason: urgency };
  }

  return {
    async newer(due) {
      pollWhenDue();
      redSince = due.some(({ key }) => key !== settledKey) ? (redSince ?? host.uptime()) : undefined;
      const isFailing = redSince !== undefined && host.uptime() - redSince >= failingMs;
      try {
        return await ended(isFailing, due.length > 0, memory.ledger());
      } catch (thrown) {
        turn.signal.throwIfAborted();
        listener.complain(asProblem(thrown));
        return undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error("the deployment is proven, or is not"));
      await polling;
    },
  };
}
