/** Blocks of commands for what the schema has no word for: what they did, only they know. */
import { Problem } from "../../../schemas/problem.ts";
import type { Raw } from "../model.ts";
import type { Reader, Target, Writers } from "./kind.ts";

export const readRaw: Reader = ({ remembered }) => Promise.resolve(remembered.all("raw"));

/** In order, and no further than the first that VPP says it refuses. */
async function run(commands: readonly string[], { vpp }: Target): Promise<void> {
  for (const command of commands) await vpp.cli(command);
}

/** Every line, whichever of them VPP refuses: what is not there need not be undone. Rejects where VPP does not answer. */
async function undo(commands: readonly string[], { vpp }: Target): Promise<void> {
  for (const command of commands) {
    try {
      await vpp.cli(command);
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.code !== "VPP_REFUSED") throw thrown;
    }
  }
}

/** All of it, or as little as its undo leaves. */
async function add(block: Raw, to: Target): Promise<void> {
  try {
    await run(block.commands, to);
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === "VPP_REFUSED") await undo(block.undo, to);
    throw thrown;
  }
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
