/**
 * Units that have still to read their files: written down before the files change, forgotten once the units read them. What an
 * agent left here that died in between is done by the next one. In the agent's run folder: after a boot everything is read anew.
 */
import type { Host } from "../core.ts";

/** By unit: which start of it was to read new files. It is over once the unit started again. */
type Pending = Readonly<Record<string, string | null>>;

function place(run: string): string {
  return `${run}/system-pending.json`;
}

export async function pendingUnits(host: Host, run: string): Promise<readonly string[]> {
  const pending = await read(host, run);
  const left: string[] = [];
  for (const [unit, start] of Object.entries(pending)) if ((await startOf(host, unit)) === start) left.push(unit);
  return left;
}

/** Resolves once it cannot be forgotten. */
export async function notePending(host: Host, run: string, units: readonly string[]): Promise<void> {
  const starts = await Promise.all(units.map(async (unit) => [unit, await startOf(host, unit)] as const));
  await host.writeFile(place(run), JSON.stringify(Object.fromEntries(starts)), { mode: 0o600 });
}

export async function forgetPending(host: Host, run: string): Promise<void> {
  await host.remove(place(run));
}

async function read(host: Host, run: string): Promise<Pending> {
  const text = await host.readFile(place(run));
  if (text === undefined) return {};
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? (found as Pending) : {};
  } catch {
    return {};
  }
}

/** systemd names every start of a unit there; null: it does not run. */
async function startOf(host: Host, unit: string): Promise<string | null> {
  return (await host.readLink(`/run/systemd/units/invocation:${unit}`)) ?? null;
}
