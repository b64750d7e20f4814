/** Approvals by signed tags of the sites repository: looked for with each poll, taken once each. */
import { asProblem, Problem } from "../schemas/problem.ts";
import { approvalOf, withApproval } from "./gate/allowed.ts";
import { withDeadline } from "./retry.ts";
import type { Approvable, OfferedTag } from "./source.ts";
import type { Turn } from "./turn.ts";

/** Limit for reading all tags that one poll found. */
const limitMs = 60_000;

/** What a tag may approve now; undefined while there is nothing, or it is approved already. */
export function approvable(turn: Turn): Approvable | undefined {
  const { wanted, committed } = turn.known();
  const generation = wanted?.generation?.digest;
  if (!wanted || generation === undefined || generation === committed?.digest) return undefined;
  if (approvalOf(turn.appliance.memory.ledger(), generation)) return undefined;
  return { commit: wanted.commit, generation };
}

/** Takes the first of the tags that counts. Why others do not stands in the status; nothing here fails a poll. */
export async function hearApproval(turn: Turn, sought: Approvable, tags: readonly OfferedTag[]): Promise<void> {
  const { host } = turn.parts;
  const ignored: Problem[] = [];
  try {
    await withDeadline(host, limitMs, turn.signal, "Reading tags", (limited) =>
      firstThatCounts(turn, sought, tags, ignored, limited),
    );
  } catch (thrown) {
    turn.signal.throwIfAborted();
    ignored.push(asWarning(asProblem(thrown)));
  }
  turn.publish({ ignoredTags: ignored });
}

async function firstThatCounts(
  turn: Turn,
  sought: Approvable,
  tags: readonly OfferedTag[],
  ignored: Problem[],
  signal: AbortSignal,
): Promise<void> {
  const { parts, appliance } = turn;
  const { memory } = appliance;
  // One that was used up is not taken again.
  const used = memory.ledger().approvals[sought.generation]?.tag;
  for (const tag of tags.filter(({ id }) => id !== used)) {
    try {
      const approver = await parts.source.approval?.(tag, sought, signal);
      if (!approver) return;
      const { signer, reason: said } = approver;
      const reason = said === "" ? `approved by ${signer}` : said;
      await turn.note({ asked: "approve", details: { reason, tag: tag.name, signer }, generation: sought.generation });
      const approval = { reason, at: parts.host.now(), by: "tag", tag: tag.id } as const;
      return await memory.remember((ledger) => withApproval(ledger, sought.generation, approval));
    } catch (thrown) {
      signal.throwIfAborted();
      ignored.push(asWarning(asProblem(thrown)));
    }
  }
}

function asWarning({ code, message, remedy }: Problem): Problem {
  return new Problem(code, message, { severity: "warning", ...(remedy !== undefined && { remedy }) });
}
