/** What the gate must know of the box and of others before it can decide: looked up once for each question. */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Turn } from "../turn.ts";
import { pauseOf, type Pause } from "./pause.ts";
import type { Question } from "./question.ts";

export interface Facts {
  /** Wall clock. */
  readonly now: number;
  /** An operator's pause that still lasts. */
  readonly pause: Pause | undefined;
  /** Looked up for reboots alone: only they need it. */
  readonly clockSynchronised: boolean;
}

const clockLimitMs = 10_000;

/** Looks them up. What cannot be found out is told as such, never assumed to be well. */
export async function gatherFacts({ appliance, signal }: Turn, { plan }: Pick<Question, "plan">): Promise<Facts> {
  const { host, memory, listener } = appliance;
  const clock = { synchronised: false };
  if (plan.worstImpact === "reboot") {
    clock.synchronised = await isClockSynchronised(host, signal).catch((thrown: unknown) => {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
      return false;
    });
  }
  return {
    now: host.now(),
    pause: pauseOf(memory.ledger(), host),
    clockSynchronised: clock.synchronised,
  };
}

async function isClockSynchronised(host: Host, signal: AbortSignal): Promise<boolean> {
  const argv = ["timedatectl", "show", "--property=NTPSynchronized", "--value"] as const;
  const { exitCode, stdout } = await host.run(argv, { timeoutMs: clockLimitMs, signal });
  return exitCode === 0 && stdout.trim() === "yes";
}
