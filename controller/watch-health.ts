/** The last part of a tick: looks at the checks of what is committed, and what that means while it is on probation. */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import { glassOf } from "./break-glass.ts";
import { withoutOrder } from "./going-back.ts";
import { greenSubjects } from "./health/green.ts";
import { newMemory, type CheckResult, type Memory } from "./health/probe.ts";
import type { Ledger } from "./ledger.ts";
import { inFlight } from "./machine.ts";
import { judgeProbation, noPatience, type Patience, type Probation } from "./probation.ts";
import { changedSessions } from "./rollout/decide.ts";
import type { CheckNews } from "./report/observer.ts";
import { withDeadline } from "./retry.ts";
import type { Turn } from "./turn.ts";

export interface HealthWatch {
  /** Looks once, while nothing is in flight. Rejects only when the turn's signal aborts. */
  look(turn: Turn): Promise<void>;
}

const limitMs = 30_000;

/** What is remembered from look to look at one generation. */
interface Watched {
  readonly generation: string;
  readonly memory: Memory;
  readonly ending: AbortController;
  patience: Patience;
}

export function startHealthWatch(): HealthWatch {
  let watched: Watched | undefined;

  function forget(): void {
    watched?.ending.abort();
    watched = undefined;
  }

  function watching(generation: string, signal: AbortSignal): Watched {
    if (watched?.generation === generation) return watched;
    forget();
    const ending = new AbortController();
    const memory = newMemory(AbortSignal.any([signal, ending.signal]));
    watched = { generation, memory, ending, patience: noPatience };
    return watched;
  }

  return {
    async look(turn) {
      turn.signal.throwIfAborted();
      const { listener, progress } = turn.appliance;
      const { committed } = turn.known();
      // What is being changed is somebody else's to watch, and is looked at anew afterwards.
      if (!committed || inFlight(progress.state())) return forget();
      try {
        await lookOnce(turn, committed, watching(committed.digest, turn.signal));
      } catch (thrown) {
        turn.signal.throwIfAborted();
        listener.event({ type: "checked", results: undefined });
        listener.complain(asProblem(thrown));
      }
    },
  };
}

async function lookOnce(turn: Turn, committed: Generation, watched: Watched): Promise<void> {
  const { host, memory, probe, listener } = turn.appliance;
  const { probation } = memory.ledger();
  // While an operator works by hand, what goes down does so by intent.
  const isOn = probation?.generation === committed.digest && !glassOf(memory.ledger(), host);
  // What is green at the first look is compared with for a day: that one waits for every check.
  const looking = isOn && !probation.green ? {} : { memory: watched.memory };
  const seen = await withDeadline(host, limitMs, turn.signal, "Looking at the checks", (limited) =>
    probe(committed, limited, looking),
  );
  listener.event({ type: "checked", results: [...seen.results].map(news) });
  const { wanted } = turn.known();
  const isWanted = wanted?.generation?.digest === committed.digest;
  if (isWanted) turn.publish({ wellBefore: greenSubjects(seen) });
  if (!isOn) {
    watched.patience = noPatience;
    return;
  }
  const graceMs = 1000 * committed.policy["grace-seconds"];
  const next = isWanted ? undefined : wanted?.generation;
  const excused = next ? changedSessions(next, committed, memory.ledger().seen).follow : new Set<string>();
  const judged = judgeProbation(probation, watched.patience, seen, { graceMs, excused, clock: host });
  watched.patience = judged.patience;
  const { happened } = judged;
  await memory.remember((ledger) => {
    // An operator may have spoken meanwhile.
    if (ledger.probation !== probation) return ledger;
    const next = { ...ledger, probation: judged.probation };
    if (happened?.what === "recovered") return withoutPolicysOrder(next);
    return happened && !ledger.order ? withOrder(next, probation, happened.text, host.now()) : next;
  });
  turn.publish({});
  if (!happened) return;
  await turn.note({ happened: happened.what, text: happened.text });
  if (memory.ledger().order?.by === "probation") turn.repository.hasten();
}

/** Where policy says so it leads back, like an operator's word; the loop carries that out. */
function withOrder(ledger: Ledger, { to }: Probation, reason: string, at: number): Ledger {
  return to === undefined ? ledger : { ...ledger, order: { to, reason, at, by: "probation" } };
}

/** The ledger when what policy goes back for is over, or taken as it is. */
export function withoutPolicysOrder(ledger: Ledger): Ledger {
  return ledger.order?.by === "probation" ? withoutOrder(ledger) : ledger;
}

function news([name, { check, ok, detail }]: readonly [string, CheckResult]): CheckNews {
  return { name, severity: check.required ? "required" : "advisory", ok, detail };
}
