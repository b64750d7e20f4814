/**
 * A commit with what stands above the repository on this box. What begins there begins on the committed commit; what ends
 * does not wait for a newest commit that is held or shut. So neither ever brings in a commit that may not be armed.
 */
import type { Generation } from "../reconcilers/generation.ts";
import type { LocalFile } from "../schemas/local.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";
import type { Shut } from "./machine.ts";
import { aboveOf, inTheWay, overlaysKey, standing, type Overlay } from "./overlay.ts";
import type { Known } from "./report/known.ts";
import { withDeadline } from "./retry.ts";
import { noOverrides } from "./source.ts";
import { tupleOf } from "./start.ts";
import { fetchLimitMs, type AgentParts, type Turn, type Wanted } from "./turn.ts";
import { isSameCommit } from "./verdicts.ts";

/** The machine of a commit with these above it. Where the commit alone is well it waits for their end: problem LOCAL. */
export async function loadBelow(
  { parts, signal }: Pick<Turn, "parts" | "signal">,
  { commit, tree }: Underlay,
  overlays: readonly Overlay[],
): Promise<Wanted> {
  const limited = (local: readonly LocalFile[]) =>
    withDeadline(parts.host, fetchLimitMs, signal, "Loading the machine", (limit) =>
      parts.load(tree, commit, local, limit),
    );
  if (overlays.length === 0) return limited([]);
  const alone = await limited([]);
  const { generation, problems, ...more } = await limited(overlays);
  const below = alone.generation?.digest;
  if (!generation) {
    // Whoever changed the box for a while needed it so.
    return {
      generation,
      problems: below === undefined ? problems : [inTheWay(commit, overlays), ...problems],
      ...more,
    };
  }
  const above = { overlays: overlays.map(aboveOf), ...(below !== undefined && { below }) };
  return { generation: { ...generation, ...above }, problems, ...more };
}

/** It is in the cache as a rule; the loop waits for it. */
const readLimitMs = 60_000;

/** A commit on which overlays stand, and its files. */
export interface Underlay {
  readonly commit: string;
  readonly tree: Tree;
}

/**
 * What overlays begin on: the committed commit; the newest one where it asks for the same, or nothing is committed.
 * Rejects with a GIT_ Problem where the files of the committed one are not to be had.
 */
export async function underlay(
  { host, source }: Pick<AgentParts, "host" | "source">,
  { wanted, committed }: Pick<Known, "wanted" | "committed">,
  signal: AbortSignal,
): Promise<Underlay | undefined> {
  if (!committed || (wanted?.generation && isSameCommit(wanted.generation, committed))) return wanted;
  const { commit } = committed;
  const tree = await withDeadline(host, readLimitMs, signal, "Reading the committed commit", (limited) =>
    source.accept(commit, commit, noOverrides, limited),
  );
  return { commit, tree };
}

/** As the loop knows it. `shut`: why the box is not brought there. */
export interface Overlaid {
  readonly key: string;
  readonly generation?: Generation;
  readonly shut?: Pick<Shut, "reason" | "unblock">;
}

/**
 * The committed commit with what stands above it now, where that is neither what is committed nor what is wanted. Why there is
 * none although there should be is published.
 */
export async function overlaid(turn: Turn): Promise<Generation | undefined> {
  const { committed, overlaid: before } = turn.known();
  const overlays = standing(turn.appliance.memory.ledger());
  const newest = newestNow(turn);
  const isNone =
    !committed ||
    overlaysKey(committed.overlays ?? []) === overlaysKey(overlays) ||
    (newest && isSameCommit(newest, committed));
  if (isNone) {
    turn.publish({ overlaid: undefined });
    return undefined;
  }
  const key = `${committed.digest} ${overlaysKey(overlays)}`;
  if (before?.key !== key || !before.generation) {
    turn.publish({ overlaid: { key, ...(await loaded(turn, committed, overlays)) } });
  }
  return turn.known().overlaid?.generation;
}

/** What the newest commit asks for; undefined while it was not loaded with what stands above it now. */
export function newestNow({ appliance, known }: Turn): Generation | undefined {
  const { wanted } = known();
  const isNow = wanted?.overlays === overlaysKey(standing(appliance.memory.ledger()));
  return isNow ? wanted.generation : undefined;
}

async function loaded(turn: Turn, committed: Generation, overlays: readonly Overlay[]): Promise<Omit<Overlaid, "key">> {
  try {
    const below = await underlay(turn.parts, turn.known(), turn.signal);
    const { generation, problems } = below ? await loadBelow(turn, below, overlays) : { problems: [] };
    if (generation && isSameCommit(generation, committed)) return { generation };
    throw (
      problems.find(({ severity }) => severity === "error") ??
      new Problem("GIT_CACHE", `Commit ${committed.commit.slice(0, 12)} does not ask for what was committed with it.`)
    );
  } catch (thrown) {
    turn.signal.throwIfAborted();
    const { message, remedy } = asProblem(thrown);
    return { shut: { reason: message, unblock: remedy ?? "It is tried again with each poll." } };
  }
}

/** Notes that what is committed is what this one asks for: nothing is to be done, but other overlays, or none, stand above it. */
export async function restate({ appliance, publish }: Turn, committed: Generation, same: Generation): Promise<void> {
  const { store, memory, environment } = appliance;
  if (overlaysKey(committed.overlays ?? []) === overlaysKey(same.overlays ?? [])) return;
  const { overlays: _overlays, below: _below, ...kept } = committed;
  const { commit, overlays, below } = same;
  const stated = { ...kept, commit, ...(overlays && { overlays }), ...(below !== undefined && { below }) };
  await store.commit(stated);
  await memory.remember((ledger) => ({
    ...ledger,
    committed: tupleOf(stated, environment, ledger.committed?.at ?? appliance.host.now()),
  }));
  publish({ committed: stated });
}
