/** Blocks of commands for what the schema has no word for: what they did, only they know. */
import type { Reader, Target, Writers } from "./kind.ts";

export const readRaw: Reader = ({ remembered }) => Promise.resolve(remembered.all("raw"));

/** In order, and no further than the first that VPP says it refuses. */
async function run(commands: readonly string[], { vpp }: Target): Promise<void> {
  for (const command of commands) await vpp.cli(command);
}

export const rawWriters: Writers<"raw"> = {
  raw: {
    needs: ["cli_inband"],
    add: ({ commands }, to) => run(commands, to),
    set: async (before, after, to) => {
      await run(before.undo, to);
      await run(after.commands, to);
    },
    remove: ({ undo }, to) => run(undo, to),
  },
};
