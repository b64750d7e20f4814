/** Finds the command that is to blame where FRR rejects several as one: halves are sent again until one command is left. */
import type { FrrCommand } from "./model.ts";

export interface Culprit<C extends FrrCommand> {
  readonly command: C;
  /** In FRR's words. */
  readonly why: string;
}

/**
 * `commands` had no effect, none of them; `send` gives what FRR says against some, or undefined where it takes them: they have
 * their effect then. Resolves with undefined where no command is rejected by itself.
 */
export async function culpritOf<C extends FrrCommand>(
  commands: readonly C[],
  send: (some: readonly C[]) => Promise<string | undefined>,
): Promise<Culprit<C> | undefined> {
  let suspects = commands;
  while (suspects.length > 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    suspects = (await send(half)) === undefined ? suspects.slice(half.length) : half;
  }
  const [command] = suspects;
  const why = command && (await send([command]));
  return command && why !== undefined ? { command, why } : undefined;
}
