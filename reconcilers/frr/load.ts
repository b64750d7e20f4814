/**
 * Gives lines of a file to an FRR that nobody depends on, all of them, and tells which it does not take. Batches go fast
 * and say little about what is wrong; those with an error have to be gone through line by line, in an FRR that has not seen
 * them: what it took already it may refuse the second time.
 */
import type { Host } from "../core.ts";
import type { Daemon } from "./model.ts";
import { rejected } from "./rejected.ts";
import { daemonsOf } from "./route.ts";
import { scriptFor } from "./script.ts";
import { maskText, revealLine } from "./seal.ts";
import type { SourceLine } from "./source.ts";
import { openVty, rejection, type VtySession } from "./vty.ts";
import { refusedByVtysh } from "./vtysh.ts";

export interface Rejected {
  readonly line: SourceLine;
  /** In FRR's words. */
  readonly why: string;
}

export interface Loaded {
  /** In file order; only those of batches that were gone through line by line. */
  readonly rejected: readonly Rejected[];
  /** Batches in which something was rejected, each "daemon number". FRR may have taken any part of them. */
  readonly failed: readonly string[];
}

const batchLines = 500;
const patience = 300_000;

/**
 * `careful`: the batches to go through line by line, as an earlier load of the same lines into another FRR found them to
 * fail. Rejects with FRR_UNREACHABLE when a daemon ends.
 */
export async function loadSource(
  lines: readonly SourceLine[],
  careful: ReadonlySet<string>,
  running: readonly Daemon[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
): Promise<Loaded> {
  const loaded = await Promise.all(
    running.map(async (daemon) => {
      const own = lines.filter(({ context, line }) => daemonsOf(context, line).includes(daemon));
      return own.length === 0 ? { rejected: [], failed: [] } : loadInto(daemon, own, careful, host, sockets, signal);
    }),
  );
  // What several daemons refuse is told once.
  const byLine = new Map(loaded.flatMap(({ rejected }) => rejected).map((one) => [one.line, one]));
  return {
    rejected: [...byLine.values()].toSorted((a, b) => a.line.at - b.line.at),
    failed: loaded.flatMap(({ failed }) => failed),
  };
}

/** The same through vtysh, which finds one line at a time that is not taken; of lines that it does not know, none first. */
export async function loadByVtysh(
  lines: readonly SourceLine[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
): Promise<Loaded> {
  const refused = await refusedByVtysh(lines, host, sockets, signal);
  if (!refused) return { rejected: [], failed: [] };
  const { why, command, plain } = refused;
  if (!command) throw rejected("A scratch FRR", undefined, why, plain, "one of the lines");
  return { rejected: [{ line: command, why: said(why, plain) }], failed: [] };
}

async function loadInto(
  daemon: Daemon,
  lines: readonly SourceLine[],
  careful: ReadonlySet<string>,
  host: Host,
  sockets: string,
  signal: AbortSignal,
): Promise<Loaded> {
  let session = await openVty(host, sockets, daemon, signal);
  const refused: Rejected[] = [];
  const failed: string[] = [];
  try {
    for (let from = 0; from < lines.length; from += batchLines) {
      const batch = lines.slice(from, from + batchLines);
      const name = `${daemon} ${from / batchLines}`;
      await session.send(["end", "configure terminal"], signal);
      if (careful.has(name)) {
        for (const line of batch) {
          const why = await loadLine(session, line, host, signal);
          if (why !== undefined) refused.push({ line, why });
        }
        continue;
      }
      const script = scriptFor(daemon, batch).map(({ text }) => revealLine(text, host.secrets).line);
      const replies = await session.send(script, signal, patience, (reply) => rejection(reply) !== undefined);
      if (replies.every((reply) => rejection(reply) === undefined)) continue;
      failed.push(name);
      // What was on its way may have left it.
      session.close();
      session = await openVty(host, sockets, daemon, signal);
      await session.send(["end", "configure terminal", "XFRR_end_configuration"], signal);
    }
  } finally {
    session.close();
  }
  return { rejected: refused, failed };
}

/** What stands in a context that is not taken is not told of: the line that opens it is. */
async function loadLine(
  session: VtySession,
  { context, line }: SourceLine,
  host: Host,
  signal: AbortSignal,
): Promise<string | undefined> {
  await session.send(["end", "configure terminal"], signal);
  for (const head of context) {
    const reply = await session.ask(head, signal, patience);
    if (rejection(reply) !== undefined) return undefined;
  }
  const revealed = revealLine(line, host.secrets);
  const why = rejection(await session.ask(revealed.line, signal, patience));
  return why === undefined ? undefined : said(why, revealed.plain);
}

function said(why: string, plain: readonly string[]): string {
  return maskText(why, plain).replaceAll(/\s+/g, " ").slice(0, 300);
}
