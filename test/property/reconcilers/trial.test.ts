/**
 * A box with the pure parts of a trial, on which anything may happen at any moment: I1, I7 and I10. The agent of this model does
 * nothing but what `standsAfter`, `nextCommitStep` and `whyNoTrial` say.
 */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  mostReboots,
  mostTrials,
  nextCommitStep,
  standsAfter,
  whyNoTrial,
  type Trial,
} from "../../../reconcilers/bootenv/trial.ts";

/** What happens next: the agent makes a step, or something comes in between. */
const happening = fc.constantFrom(
  "agent",
  "agent",
  "agent",
  "agent",
  "agent-restarts",
  "reset",
  "proof-fails",
  "menu",
  "hours-pass",
  "push",
);

const [old, candidate, generation] = ["10", "11", "d".repeat(64)];
const hour = 3_600_000;

interface Box {
  next: string;
  booted: string;
  boot: number;
  onTrial: string | undefined;
  linked: Map<string, string>;
  journal: { trial: Trial; proven: boolean } | undefined;
  verdict: "good" | undefined;
  trials: number;
  reboots: number[];
  now: number;
  count: number;
}

function fresh(): Box {
  const linked = new Map([[old, "c".repeat(64)]]);
  const now = Date.parse("2026-01-05T12:00Z");
  return {
    next: old,
    booted: old,
    boot: 1,
    onTrial: undefined,
    linked,
    journal: undefined,
    verdict: undefined,
    trials: 0,
    reboots: [],
    now,
    count: 0,
  };
}

function reset(box: Box, entering?: { readonly environment: string; readonly onTrial: string }): void {
  box.boot += 1;
  box.booted = entering?.environment ?? box.next;
  box.onTrial = entering?.onTrial;
}

/** One step of the agent, from what is on the disk alone: between any two the power may go. */
function agent(box: Box): void {
  const { journal } = box;
  if (!journal) {
    if (box.verdict !== undefined || box.booted !== old || box.next !== old) return;
    if (whyNoTrial(box.trials, box.reboots, box.now) !== undefined) return;
    box.count += 1;
    const trial = {
      deployment: `d${box.count}`,
      generation,
      environment: candidate,
      from: old,
      boot: `boot-${box.boot}`,
    };
    box.journal = { trial, proven: false };
    return;
  }
  const { trial } = journal;
  const onTrial = box.onTrial === undefined ? undefined : { generation, deployment: box.onTrial };
  const where = standsAfter(trial, { boot: `boot-${box.boot}`, booted: box.booted, next: box.next, onTrial });
  switch (where) {
    case "leaving":
      // It is counted before it happens.
      box.trials += 1;
      box.reboots.push(box.now);
      return reset(box, { environment: candidate, onTrial: trial.deployment });
    case "in-trial":
      if (!journal.proven) return void (box.journal = { trial, proven: true });
      return commit(box, trial);
    case "committed":
      return commit(box, trial);
    case "came-back":
      box.journal = undefined;
      return;
    case "elsewhere":
      return;
    default:
      where satisfies never;
  }
}

function commit(box: Box, trial: Trial): void {
  const step = nextCommitStep(trial, box);
  if (step === "link") box.linked.set(trial.environment, trial.generation);
  else if (step === "bootfs") box.next = trial.environment;
  else {
    box.journal = undefined;
    box.verdict = "good";
  }
}

it("boots next what is committed at all times, tries at most twice, and ends whole", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 120, size: "max" }), (story) => {
      const box = fresh();
      for (const what of story) {
        const wasCommitted = box.next === candidate;
        if (what === "agent") agent(box);
        else if (what === "reset") reset(box);
        else if (what === "menu") reset(box, { environment: box.count % 2 === 0 ? old : candidate, onTrial: "" });
        else if (what === "hours-pass") box.now += hour;
        // Another generation: its trials are counted anew, the reboots are not.
        else if (what === "push" && !box.journal && box.verdict === undefined) box.trials = 0;
        else if (what === "proof-fails" && box.journal && !box.journal.proven && box.booted === candidate) reset(box);
        if (what === "menu") box.onTrial = undefined;
        // I1
        expect(box.linked.has(box.next)).toBe(true);
        // What is committed is not gone back from.
        expect(wasCommitted && box.next !== candidate).toBe(false);
        // I10
        expect(box.trials).toBeLessThanOrEqual(mostTrials);
        expect(box.reboots.filter((at) => at > box.now - 24 * hour).length).toBeLessThanOrEqual(mostReboots);
      }
      // Left alone from here on, after a reset, it ends in one or the other, and the journal with it.
      reset(box);
      for (let left = 0; left < 30; left += 1) agent(box);
      expect(box.journal).toBeUndefined();
      expect(box.booted).toBe(box.next);
      expect(box.verdict === "good").toBe(box.next === candidate);
    }),
    { numRuns: 1000 },
  );
});
