/** The part of a tick that looks at the pool: what runs, what boots next, what is free. */
import { asProblem } from "../schemas/problem.ts";
import { standingOf } from "./boot-environments.ts";
import { withDeadline } from "./retry.ts";
import type { Turn } from "./turn.ts";

const limitMs = 60_000;

/** Known afterwards; a pool that cannot be read is complained of, and keeps nothing else from going on. */
export async function lookAtEnvironments({ parts, appliance, signal, publish }: Turn): Promise<void> {
  const { host, settings } = parts;
  try {
    const standing = await withDeadline(host, limitMs, signal, "Looking at the pool", (limited) =>
      standingOf({ host, state: settings.paths.state }, limited),
    );
    publish({ environments: standing });
  } catch (thrown) {
    signal.throwIfAborted();
    appliance.listener.complain(asProblem(thrown));
    publish({ environments: undefined });
  }
}
