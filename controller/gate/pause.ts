/** An operator's pause: `impctl pause` and `impctl resume`. It ends by itself. */
import type { Ledger } from "../ledger.ts";
import { leftOf, type Clock } from "../term.ts";

export interface Pause {
  readonly reason: string;
  /** Wall clock at which it ends. */
  readonly until: number;
}

/** The pause that still lasts. */
export function pauseOf({ pause }: Pick<Ledger, "pause">, clock: Clock): Pause | undefined {
  if (!pause) return undefined;
  const left = leftOf(pause.term, clock);
  return left === 0 ? undefined : { reason: pause.reason, until: clock.now() + left };
}
