/** Blocks of commands for what the schema has no word for: what they did, only they know. */
import { Problem } from "../../../schemas/problem.ts";
import type { Raw } from "../model.ts";
import type { Reader, Target, Writers } from "./kind.ts";

export const readRaw: Reader = ({ remembered }) => Promise.resolve(remembered.all("raw"));

/** In order, and no further than the first that VPP says it refuses. */
async function run(commands: readonly string[], { vpp }: Target): Promise<void> {
  for (const command of commands) await vpp.cli(command);
}

/**
 * Every line, whichever of them VPP refuses: what is not there need not be undone. Resolves to those that it refused. Rejects
 * where VPP does not answer.
 */
async function undo(commands: readonly string[], { vpp }: Target): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const command of commands) {
    try {
      await vpp.cli(command);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      refused.push(command);
    }
  }
  return refused;
}

function isRefusal(thrown: unknown): thrown is Problem {
  return thrown instanceof Problem && thrown.code === "VPP_REFUSED";
}

/** All of it, or as little as its undo leaves. */
async function add(block: Raw, to: Target): Promise<void> {
  try {
    await run(block.commands, to);
  } catch (thrown) {
    const refused = isRefusal(thrown) ? await undo(block.undo, to) : [];
    throw isRefusal(thrown) && refused.length > 0 ? leaving(refused, thrown) : thrown;
  }
}

/** What failed, with what may have stayed of it. */
function leaving(refused: readonly string[], problem: Problem): Problem {
  const lines = refused.map((line) => JSON.stringify(line)).join(", ");
  return new Problem("VPP_REFUSED", `${problem.message} Of its undo VPP refused ${lines}.`, {
    remedy: `Look at what is left of the block: VPP's log says why. ${problem.remedy ?? ""}`.trim(),
    transient: problem.transient,
    cause: problem,
  });
}

export const rawWriters: Writers<"raw"> = {
  raw: {
    needs: ["cli_inband"],
    add,
    set: async (before, after, to) => {
      await undo(before.undo, to);
      await add(after, to);
    },
    remove: (block, to) => undo(block.undo, to),
  },
};
