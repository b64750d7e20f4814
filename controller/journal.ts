/**
 * The journal: `current.json`, the state that a start of the agent continues from (replaced whole), and `history.jsonl`,
 * one line for each transition and one for each run of steps before it starts. The loop is its only writer.
 */
import type { Host } from "../reconcilers/core.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Event, State } from "./machine.ts";
import { moves } from "./machine.ts";

/** One line of history. */
export interface HistoryRecord {
  /** Wall clock. */
  readonly at: number;
  /** Milliseconds since this boot. */
  readonly uptime: number;
  readonly boot: string;
  readonly event: Event;
  readonly from: State["at"];
  readonly to: State;
}

export interface Journal {
  /** The state that was last recorded; undefined when nothing ever was. Rejects with JOURNAL when it cannot be read. */
  read(): Promise<State | undefined>;
  /** Resolves once the record is on disk: what it announces may begin then, and not before. */
  record(record: HistoryRecord): Promise<void>;
  /** The newest records, oldest first. Lines that a power cut tore are left out. */
  history(limit: number): Promise<readonly HistoryRecord[]>;
}

const keptLines = 1000;

/** The journal in `folder`. Nothing is read or written before the first call. */
export function openJournal(host: Host, folder: string): Journal {
  const currentPath = `${folder}/current.json`;
  const historyPath = `${folder}/history.jsonl`;
  // Whether a torn last line must be closed before the next is appended; unknown until the file was looked at once.
  let torn: boolean | undefined;

  return {
    async read() {
      const text = await reading(host.readFile(currentPath), currentPath);
      return text === undefined ? undefined : parseCurrent(text, currentPath);
    },
    async record(record) {
      try {
        torn ??= await shorten(host, historyPath);
        await host.writeFile(currentPath, `${JSON.stringify({ format: 1, ...record })}\n`, { mode: 0o600 });
        await host.appendFile(historyPath, `${torn ? "\n" : ""}${JSON.stringify(record)}\n`);
        torn = false;
      } catch (thrown) {
        throw asJournalProblem(thrown, folder);
      }
    },
    async history(limit) {
      const text = await reading(host.readFile(historyPath), historyPath);
      return lines(text ?? "").slice(-limit);
    },
  };
}

/** Keeps the history from growing for ever; says whether its last line is torn. */
async function shorten(host: Host, path: string): Promise<boolean> {
  const text = (await host.readFile(path)) ?? "";
  const all = text.split("\n");
  if (all.length <= 2 * keptLines) return text !== "" && !text.endsWith("\n");
  const kept = lines(text).slice(-keptLines);
  await host.writeFile(path, kept.map((record) => `${JSON.stringify(record)}\n`).join(""), { mode: 0o600 });
  return false;
}

function lines(text: string): HistoryRecord[] {
  return text.split("\n").flatMap((line) => {
    try {
      const record: unknown = JSON.parse(line);
      return isRecord(record) ? [record] : [];
    } catch {
      return []; // torn by a power cut: the record was never acted upon
    }
  });
}

function parseCurrent(text: string, path: string): State {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value.to;
  } catch {
    // falls through to the same problem
  }
  throw new Problem("JOURNAL", `${path} is damaged: which deployment was in flight is not known.`, {
    remedy:
      "Nothing is changed on this box until it is clear. Compare with history.jsonl beside it and with `impctl plan`, then remove current.json: the agent goes on from the committed generation.",
  });
}

function isRecord(value: unknown): value is HistoryRecord {
  if (typeof value !== "object" || value === null || !("to" in value)) return false;
  const { to } = value;
  if (typeof to !== "object" || to === null || !("at" in to) || typeof to.at !== "string") return false;
  return Object.hasOwn(moves, to.at) && "since" in to;
}

async function reading<T>(read: Promise<T>, path: string): Promise<T> {
  try {
    return await read;
  } catch (thrown) {
    throw asJournalProblem(thrown, path);
  }
}

function asJournalProblem(thrown: unknown, path: string): Problem {
  const problem = asProblem(thrown);
  return new Problem("JOURNAL", `The journal at ${path} cannot be used: ${problem.message}`, {
    remedy: "Check that the file system is mounted, writable and not full.",
    transient: true,
    cause: thrown,
  });
}
