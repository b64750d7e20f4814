/**
 * Units that have still to read their files: written down before the files change, forgotten once the units read them. What an
 * agent left here that died or failed in between is done by the next one. In the agent's run folder: after a boot everything is
 * read anew.
 */
import type { Host } from "../core.ts";
import { catalogue } from "./catalogue.ts";
import { fileAt } from "./file-at.ts";
import type { PendingUnit, SystemFile } from "./model.ts";

/** Of a unit: which start of it was to read new files. It is over once the unit started again. */
interface Note extends Omit<PendingUnit, "unit"> {
  /** null: it did not run. */
  readonly start: string | null;
}

type Notes = Readonly<Record<string, Note>>;

function place(run: string): string {
  return `${run}/system-pending.json`;
}

export async function pendingUnits(host: Host, run: string): Promise<readonly PendingUnit[]> {
  const notes = await left(host, run);
  return Object.entries(notes).map(([unit, { start: _start, ...rest }]) => ({ unit, ...rest }));
}

/** Adds these to what is left; resolves once that cannot be forgotten, with whether anything was left. */
export async function notePending(host: Host, run: string, units: readonly string[]): Promise<boolean> {
  const before = await left(host, run);
  const fresh = await Promise.all(units.filter((unit) => !before[unit]).map(async (unit) => noteOf(host, unit)));
  await write(host, run, { ...before, ...Object.fromEntries(fresh) });
  return Object.keys(before).length > 0;
}

/** From here on nobody knows what it read, unless it started again. */
export async function noteAsked(host: Host, run: string, unit: string): Promise<void> {
  const notes = await read(host, run);
  const note = notes[unit];
  if (note) await write(host, run, { ...notes, [unit]: { ...note, isAsked: true } });
}

export async function forgetPending(host: Host, run: string): Promise<void> {
  await host.remove(place(run));
}

/** Whether a unit runs. */
export async function isUp(host: Host, unit: string): Promise<boolean> {
  return (await startOf(host, unit)) !== null;
}

async function noteOf(host: Host, unit: string): Promise<readonly [string, Note]> {
  const files: SystemFile[] = [];
  for (const { path, units } of catalogue) {
    const found = units.includes(unit) ? await fileAt(host, path) : undefined;
    if (found && found !== "odd") files.push(found);
  }
  const start = await startOf(host, unit);
  return [unit, { start, isAsked: false, ...(start !== null && { read: files }) }];
}

/** Those that did not start since; what was asked to and ended instead did not. */
async function left(host: Host, run: string): Promise<Notes> {
  const notes = Object.entries(await read(host, run));
  const starts = await Promise.all(notes.map(([unit]) => startOf(host, unit)));
  return Object.fromEntries(notes.filter(([, { start }], index) => starts[index] === null || starts[index] === start));
}

async function write(host: Host, run: string, notes: Notes): Promise<void> {
  await host.writeFile(place(run), JSON.stringify(notes), { mode: 0o600 });
}

async function read(host: Host, run: string): Promise<Notes> {
  const text = await host.readFile(place(run));
  if (text === undefined) return {};
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? (found as Notes) : {};
  } catch {
    return {};
  }
}

/** systemd names every start of a unit there; null: it does not run. */
async function startOf(host: Host, unit: string): Promise<string | null> {
  return (await host.readLink(`/run/systemd/units/invocation:${unit}`)) ?? null;
}
