import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Agent } from "../agent.ts";
import { fallback } from "../going-back.ts";
import type { Answer, Operation } from "./operation.ts";

/**
 * `impctl rollback [generation]`: back to the generation that was committed before, or to a kept one. What is being proven is
 * given up for it; a stranded box tries again. It resolves once that is on disk, not once the box is there.
 */
export const rollback: Operation = {
  name: "rollback",
  changes: true,
  check(asked) {
    const named = asked["generation"];
    if (named === undefined || (typeof named === "string" && /^[0-9a-f]{6,64}$/.test(named))) return;
    throw new Problem("USAGE", "a generation is named by 6 to 64 hex digits.", {
      remedy: "impctl history shows them.",
    });
  },
  async run(agent, asked) {
    const named = typeof asked["generation"] === "string" ? asked["generation"] : undefined;
    const reason = typeof asked["reason"] === "string" ? asked["reason"].trim().slice(0, 500) : "";
    const { message, to } = await meant(agent, named);
    const order = { reason, at: agent.clock.now(), ...(to !== undefined && { to }) };
    await agent.memory().remember((ledger) => ({ ...ledger, order }));
    agent.polls.interrupt();
    return { message, ...(to !== undefined && { generation: to }) };
  },
};

/** What going back means now. */
async function meant(agent: Agent, named: string | undefined): Promise<Answer & { readonly to?: string }> {
  const { state, mode, committed, deployment } = agent.status();
  if (mode === "observe") throw new Problem("USAGE", "The agent's settings say to observe only.");
  const kept = await agent.kept();
  const to = named === undefined ? undefined : only(kept, named).digest;
  if (state === "stranded") {
    if (to !== undefined) throw new Problem("USAGE", "A stranded box goes back to what is committed first.");
    return { message: "The agent tries again to go back to what is committed." };
  }
  if (state === "rolling-back" || state === "committing") {
    throw new Problem("AGENT_BUSY", `The agent is ${state} already.`, {
      transient: true,
      remedy: "See `impctl status`, and say it again once that is over.",
    });
  }
  const given = deployment && deployment.purpose !== "correct" ? "What is being deployed is given up" : "";
  const also = given ? endingWithIt(agent, kept) : "";
  if (to === undefined && given) return { message: `${given}.${also}` };
  const digests = kept.map(({ digest }) => digest);
  const digest = to ?? fallback(agent.memory().ledger(), digests, committed?.generation);
  const target = kept.find((one) => one.digest === digest);
  if (!target) throw new Problem("USAGE", "Nothing that was committed before is kept here.");
  if (digest === committed?.generation && !given) throw new Problem("USAGE", "That generation is committed already.");
  const goal = `generation ${target.digest.slice(0, 12)} (commit ${target.commit.slice(0, 12)})`;
  return {
    message: given ? `${given}, then the box goes back to ${goal}.${also}` : `The box goes back to ${goal}.`,
    to: target.digest,
  };
}

/** What of this box alone is being deployed and is not committed yet ends as failed: a sentence to add. */
function endingWithIt(agent: Agent, kept: readonly Generation[]): string {
  const { committed, deployment, overlays = [] } = agent.status();
  const proven = kept.find(({ digest }) => digest === committed?.generation)?.overlays ?? [];
  const begun = overlays.filter(({ since }) => since !== undefined && since <= (deployment?.startedAt ?? 0));
  const ending = begun.filter(({ id }) => !proven.some((one) => one.id === id));
  if (ending.length === 0) return "";
  return ` With it ends what was begun on this box, and it is not tried again: ${ending.map(({ name }) => name).join(", ")}.`;
}

/** The one generation that begins like this. */
function only(kept: readonly Generation[], named: string): Generation {
  const [first, second] = kept.filter(({ digest }) => digest.startsWith(named));
  if (first && !second) return first;
  const why = first ? "several kept generations begin like that" : "no kept generation begins like that";
  const shown = kept.map(({ digest, commit }) => `${digest.slice(0, 12)} (commit ${commit.slice(0, 12)})`);
  throw new Problem("USAGE", `${named}: ${why}.`, { remedy: `There are, oldest first: ${shown.join(", ")}.` });
}
