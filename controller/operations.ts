/** What operators may ask of the running agent, put into effect: for the control socket. */
import type { Generation } from "../reconcilers/generation.ts";
import { Problem } from "../schemas/problem.ts";
import type { Agent } from "./agent.ts";
import { whyHeld } from "./ledger.ts";
import type { Survey } from "./planes.ts";
import type { Answer, Operations } from "./report/operations.ts";

/** A plan as plain data, its problems as reports. */
export function planAnswer(generation: Generation, { plans, worstImpact, problems }: Survey): Answer {
  return {
    commit: generation.commit,
    generation: generation.digest,
    ...(worstImpact && { worstImpact }),
    plans,
    problems: problems.map((problem) => problem.toJSON()),
    notManaged: generation.notManaged,
  };
}

/** The operations on `agent`. What an operator allows is on disk before the answer is given. */
export function operationsOn(agent: Agent): Operations {
  async function pollNow(signal: AbortSignal): Promise<Answer> {
    agent.reconsider();
    const polled = agent.polled(signal);
    agent.nudge();
    await polled;
    const status = agent.status();
    const { state, reason, desired, git, inSync } = status;
    return { state, inSync, ...(reason && { reason }), ...(desired && { desired }), git };
  }

  return {
    status: () => agent.status(),
    sync: pollNow,
    async plan(signal) {
      const { generation, plan } = await agent.plan(signal);
      return planAnswer(generation, plan);
    },
    async accept(commit, signal) {
      if (!/^[0-9a-f]{40}$/.test(commit)) {
        throw new Problem("USAGE", `"${commit}" is not a commit of 40 hex digits.`, {
          remedy: "`git rev-parse <revision>` prints it.",
        });
      }
      await agent.memory().remember((ledger) => {
        const commits = [...new Set([...ledger.overrides.commits, commit])];
        return { ...ledger, overrides: { ...ledger.overrides, commits } };
      });
      return pollNow(signal);
    },
    async acceptRewrite(signal) {
      await agent.memory().remember((ledger) => ({ ...ledger, overrides: { ...ledger.overrides, rewrite: true } }));
      return pollNow(signal);
    },
    async adopt(signal) {
      await agent.memory().remember((ledger) => ({ ...ledger, adopted: true }));
      return pollNow(signal);
    },
    async retry(reason, signal) {
      const generation = agent.status().desired?.generation;
      if (generation === undefined || whyHeld(agent.memory().ledger(), generation) === undefined) {
        throw new Problem("USAGE", "The newest generation is not held, so there is nothing to try again.");
      }
      await agent.note({ asked: "retry", reason, generation });
      await agent.memory().remember((ledger) => {
        const { [generation]: _forgotten, ...verdicts } = ledger.verdicts;
        return { ...ledger, verdicts };
      });
      return pollNow(signal);
    },
  };
}
