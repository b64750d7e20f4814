/**
 * Overlays: what an operator changed on this box for a while, above the sites repository. They stand in the ledger, are
 * merged whenever the machine is loaded, and so are deployed, proven and rolled back like any commit; then they end.
 */
import { createHash } from "node:crypto";
import type { LocalFile } from "../schemas/local.ts";
import { Problem } from "../schemas/problem.ts";
import type { Agent } from "./agent.ts";
import type { Above, Generation } from "../reconcilers/generation.ts";
import type { Ledger } from "./ledger.ts";
import { isOver, leftOf, term, type Clock, type Term } from "./term.ts";
import type { Turn } from "./turn.ts";
import { heldBy } from "./verdicts.ts";

export interface Overlay extends Above, LocalFile {
  readonly term: Term;
  /** An operator ended it: it goes with the next tick. */
  readonly ended?: true;
}

/** Why an overlay ended: its time was over, an operator ended it, or it failed here. */
export type OverlayEnd = "over" | "operator" | "failed";

export interface EndedOverlay extends Above {
  readonly why: OverlayEnd;
  /** In one sentence, where it failed. */
  readonly failure?: string;
  /** Wall clock. */
  readonly at: number;
}

export interface Started {
  /** Undefined: the file does not fit, for the problems that are errors. */
  readonly started: { readonly id: string; readonly until: string } | undefined;
  /** What is wrong with the commit and this above it. */
  readonly problems: readonly Problem[];
}

/**
 * Lets one begin, if it fits the commit that it is to stand on and says anything new; it is on disk then. One of the same kind and name is
 * replaced. Rejects with USAGE where it would change nothing.
 */
export async function startOverlay(
  agent: Pick<Agent, "tryOut" | "memory" | "clock">,
  file: LocalFile,
  reason: string,
  ms: number,
  signal: AbortSignal,
): Promise<Started> {
  const { clock } = agent;
  const isOther = ({ kind, name }: Overlay) => kind !== file.kind || name !== file.name;
  const below = standing(agent.memory().ledger()).filter(isOther);
  const [without, with_] = [await agent.tryOut(below, signal), await agent.tryOut([...below, file], signal)];
  const { generation, problems } = with_;
  if (!generation) return { started: undefined, problems };
  if (generation.digest === without.generation?.digest) {
    const inVain = problems.find(({ at }) => at?.file === file.name);
    throw new Problem("USAGE", inVain?.message ?? `${file.name} asks for nothing that is not so already.`, {
      ...(inVain?.remedy !== undefined && { remedy: inVain.remedy }),
    });
  }
  const seed = JSON.stringify([file, clock.bootId(), clock.uptime()]);
  const id = `${file.kind}-${createHash("sha256").update(seed).digest("hex").slice(0, 6)}`;
  const added: Overlay = { id, ...file, reason, term: term(clock, ms) };
  await agent.memory().remember((ledger) => {
    return { ...ledger, overlays: [...ledger.overlays.filter((one) => one.ended ?? isOther(one)), added] };
  });
  return { started: { id, until: new Date(clock.now() + ms).toISOString() }, problems };
}

/** The ledger after an operator ended these. */
export function withEnded(ledger: Ledger, ids: readonly string[]): Ledger {
  const ended = (one: Overlay): Overlay => (ids.includes(one.id) ? { ...one, ended: true } : one);
  return { ...ledger, overlays: ledger.overlays.map(ended) };
}

/** Those that nobody ended. */
export function standing({ overlays }: Pick<Ledger, "overlays">): readonly Overlay[] {
  return overlays.filter(({ ended }) => !ended);
}

/** Names what stands above the repository: another name, another machine to load. */
export function overlaysKey(overlays: readonly Above[]): string {
  return overlays.map(({ id }) => id).join(" ");
}

/** What of one stands in a generation. */
export function aboveOf({ id, kind, name, reason }: Above): Above {
  return { id, kind, name, reason };
}

/** What stands above this generation and not above the other one. */
export function begunIn({ overlays = [] }: Generation, before: Generation | undefined): readonly Above[] {
  return overlays.filter(({ id }) => before?.overlays?.some((one) => one.id === id) !== true);
}

/** Why a commit that is well by itself waits. */
export function inTheWay(commit: string, overlays: readonly Overlay[]): Problem {
  const names = overlays.map(({ name, reason }) => `${name} (${reason})`).join(", ");
  return new Problem(
    "LOCAL",
    `Commit ${commit.slice(0, 12)} does not go together with ${names}, and waits for its end.`,
    {
      remedy: "See the problems below; `impctl apply --local --end` or `impctl undrain` ends it now.",
    },
  );
}

const ends = { over: "its time was over", operator: "an operator ended it", failed: "it failed here" } as const;

/** One sentence. */
export function endText({ kind, name, why, failure }: EndedOverlay): string {
  const what = kind === "drain" ? `The drain of ${name}` : `The local change ${name}`;
  return `${what} ended: ${ends[why]}${failure === undefined ? "." : `: ${failure}`}`;
}

/** As a status shows one. Times are wall clock. */
export interface ShownOverlay extends Above {
  /** Left out where it ended. */
  readonly since?: number;
  readonly until?: number;
  /** It ended, and is still live. */
  readonly ended?: true;
}

/** How long the end of one is shown. */
const shownEndMs = 86_400_000;

/** What a status says of them; nothing where there is nothing to say. */
export function overlayStatus(
  { overlays, endedOverlay }: Ledger,
  committed: Generation | undefined,
  clock: Clock,
): { readonly overlays?: readonly ShownOverlay[]; readonly endedOverlay?: EndedOverlay } {
  const standing = overlays.map((one) => {
    return { ...aboveOf(one), since: one.term.from, until: clock.now() + leftOf(one.term, clock) };
  });
  const gone = (committed?.overlays ?? []).filter(({ id }) => overlays.every((one) => one.id !== id));
  const shown = [...standing, ...gone.map((one) => ({ ...one, ended: true as const }))];
  const isNew = endedOverlay !== undefined && clock.now() - endedOverlay.at < shownEndMs;
  return { ...(shown.length > 0 && { overlays: shown }), ...(isNew && { endedOverlay }) };
}

/** In how many milliseconds each ends. */
export function overlayEnds({ overlays }: Ledger, clock: Clock): readonly number[] {
  return overlays.map((one) => (one.ended ? 0 : leftOf(one.term, clock)));
}

/** Ends those whose time is over, and those whose generation failed here: loudly, and before anything is loaded. */
export async function endOverlays(turn: Turn): Promise<void> {
  const { host, memory } = turn.appliance;
  const { overlays } = memory.ledger();
  await end(
    turn,
    overlays.filter(({ ended }) => ended),
    "operator",
  );
  await end(
    turn,
    overlays.filter((one) => !one.ended && isOver(one.term, host)),
    "over",
  );
  const failed = failedHere(turn);
  if (failed) await end(turn, failed.overlays, "failed", failed.reason);
}

/** Those that a generation that failed here has and the committed one has not. */
function failedHere({ appliance, known }: Turn): { overlays: readonly Overlay[]; reason: string } | undefined {
  const { wanted, overlaid, committed } = known();
  const ledger = appliance.memory.ledger();
  for (const generation of [wanted?.generation, overlaid?.generation]) {
    const held = generation && heldBy(ledger, { generation: generation.digest });
    if (!held) continue;
    const begun = new Set(begunIn(generation, committed).map(({ id }) => id));
    const overlays = ledger.overlays.filter(({ id }) => begun.has(id));
    if (overlays.length > 0) return { overlays, reason: held.reason };
  }
  return undefined;
}

async function end(turn: Turn, ended: readonly Overlay[], why: OverlayEnd, failure?: string): Promise<void> {
  const { host, memory, listener } = turn.appliance;
  for (const one of ended) {
    const last: EndedOverlay = {
      ...aboveOf(one),
      why,
      at: host.now(),
      ...(failure !== undefined && { failure }),
    };
    await turn.note({ asked: "overlay-ended", details: { ...last } });
    await memory.remember((ledger) => withoutOverlay(ledger, last));
    listener.event({ type: "overlay-ended", ...last });
  }
}

/** The ledger after it ended. */
export function withoutOverlay(ledger: Ledger, ended: EndedOverlay): Ledger {
  return { ...ledger, overlays: ledger.overlays.filter(({ id }) => id !== ended.id), endedOverlay: ended };
}
