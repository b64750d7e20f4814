/**
 * Tries a desired state on a scratch FRR before the live one is touched: what FRR would reject is told then, and what it
 * prints otherwise than it was written is compared as it prints it. Only what differs from what is live is tried, once.
 */
import { Problem } from "../../schemas/problem.ts";
import type { Host, Rehearsed } from "../core.ts";
import { daemons, type FrrDesired, type FrrObserved } from "./model.ts";
import { outlineOf, printOutline } from "./outline-text.ts";
import { relevantParts } from "./relevant.ts";
import { takersOf } from "./route.ts";
import type { Scratches } from "./scratches.ts";
import { type SourceLine, sourceText } from "./source.ts";
import { type Tried, tryOut } from "./trial.ts";
import { joined, unionOf } from "./union.ts";
import { linesOf, partSource } from "./units.ts";
import { isAlike } from "./unlike.ts";

type Rehearse = (
  desired: FrrDesired,
  observed: FrrObserved,
  host: Host,
  signal: AbortSignal,
) => Promise<Rehearsed<FrrDesired>>;

/** How many trials are remembered: what is desired, what is owned, and what was tried before. */
const mostKnown = 8;

/** Implements Reconciler.rehearse. What was tried once is known from then on. */
export function rehearsal(scratchesOf: (host: Host) => Scratches): Rehearse {
  const known = new Map<string, Exclude<Tried, { readonly why: string }>>();
  let scratches: Scratches | undefined;
  return async (desired, observed, host, signal) => {
    const asIs = { desired, problems: [], notes: [] };
    const { version } = observed;
    const isKnown = desired.printedBy !== undefined && desired.printedBy === version;
    if (isKnown) return asIs;
    const printed = (config: string) => ({
      ...asIs,
      desired: { ...desired, config, ...(version !== undefined && { printedBy: version }) },
    });
    if (desired.config === observed.config) return printed(desired.config);
    const [wanted, live] = [outlineOf(desired.config), outlineOf(observed.config)];
    const relevant = relevantParts(wanted, live);
    const { fed, kept } = partSource(linesOf(relevant.part(wanted)), relevant.part(live));
    if (fed.length === 0) return printed(desired.config);
    const profile = observed.profile ?? "traditional";
    const name = JSON.stringify([profile, version, fed.map(({ context, line }) => [context, line])]);
    let tried: Tried | undefined = known.get(name);
    if (!tried) {
      scratches ??= scratchesOf(host);
      const takers = takersOf(fed);
      const wanted = { daemons: daemons.filter((daemon) => takers.includes(daemon)), profile };
      tried = await tryOut(fed, wanted, scratches, host, signal).catch((thrown: unknown) => {
        signal.throwIfAborted();
        // A scratch that fails is no reason to leave the live one as it is, least of all on the way back.
        return { why: thrown instanceof Error ? thrown.message : String(thrown) };
      });
      if ("why" in tried) return { ...asIs, notes: [untried(tried.why)] };
      known.set(name, tried);
      const [oldest] = known.keys();
      if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
    }
    if ("why" in tried) return asIs;
    if (version !== undefined && tried.seen.version !== version) {
      return { ...asIs, notes: [untried(`FRR ${tried.seen.version} is installed, and ${version} runs`)] };
    }
    if (tried.refused.length > 0) return { ...asIs, problems: tried.refused.map(rejected) };
    const shown = unionOf([sourceText(kept), tried.seen.config].map((text) => outlineOf(text)));
    const whole = joined(relevant.rest(wanted), shown);
    return printed(isAlike(whole, wanted) ? desired.config : printOutline(whole));
  };
}

function untried(why: string): string {
  return `What FRR prints of this was taken from a table, and not tried before, because no scratch FRR runs here: ${why}.`;
}

function rejected({ line: { context }, what }: { readonly line: SourceLine; readonly what: string }): Problem {
  const where = context.length > 0 ? `, in "${context.join(" / ")}"` : "";
  return new Problem("FRR_REJECTED", `A scratch FRR was asked before: ${what}${where}`, {
    remedy: "Correct the line in the machine file, or the raw block that it comes from.",
  });
}
