/**
 * The journal: `current.json`, the state that a start of the agent continues from (replaced whole), and `history.jsonl`,
 * one line for each transition, one for each run of steps before it starts, one for each word of an operator.
 */
import type { Host } from "../reconcilers/core.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import { damageOfCurrent } from "../schemas/recorded.ts";
import type { Event, State } from "./machine.ts";

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

/** What an operator told the agent, on the box or in a signed commit or tag, as a line of history. */
export interface OperatorRecord {
  readonly at: number;
  readonly uptime: number;
  readonly boot: string;
  /** Which operation. */
  readonly asked: string;
  /** As it was asked, the reason in the operator's words included. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The newest generation at that time. */
  readonly generation?: string;
  /** In a second line, where nothing came of it: why. */
  readonly refused?: string;
}

/** Something that neither a transition nor an operator says, as a line of history. */
export interface Happening {
  readonly at: number;
  readonly uptime: number;
  readonly boot: string;
  /** A code, so that it can be found. */
  readonly happened:
    | "regressed"
    | "recovered"
    | "failsafe-acted"
    | "agent-updated"
    | "agent-update-failed"
    | "image-staged"
    | "noted";
  /** One sentence, for people. */
  readonly text: string;
}

/** What of either whoever speaks gives; time and boot are added. */
export type Spoken =
  | Pick<OperatorRecord, "asked" | "details" | "generation" | "refused">
  | Pick<Happening, "happened" | "text">;

/** A line of history. */
export type Recorded = HistoryRecord | OperatorRecord | Happening;

export interface Journal {
  /** The state that was last recorded; undefined when nothing ever was. Rejects with JOURNAL when it cannot be read. */
  read(): Promise<State | undefined>;
  /** Resolves once the record is on disk: what it announces may begin then, and not before. */
  record(record: HistoryRecord): Promise<void>;
  /** Resolves once an operator's word, or what happened, is in the history. */
  note(record: OperatorRecord | Happening): Promise<void>;
  /** The newest records, oldest first. Lines that a power cut tore are left out. */
  history(limit: number): Promise<readonly Recorded[]>;
}

/** Of what it writes; an image must have an agent that knows it. */
export const journalFormat = 2;
const keptLines = 1000;

/** The journal in `folder`. Nothing is read or written before the first call. */
export function openJournal(host: Host, folder: string): Journal {
  const currentPath = `${folder}/current.json`;
  const historyPath = `${folder}/history.jsonl`;
  // Unknown until the file was looked at, and again when appending failed in the middle.
  let tail: Tail | undefined;
  let last: Promise<void> = Promise.resolve();

  async function append(record: Recorded, current: boolean): Promise<void> {
    try {
      if (!tail || tail.lines >= 2 * keptLines) tail = await shorten(host, historyPath);
      const { torn, lines } = tail;
      if (current)
        await host.writeFile(currentPath, `${JSON.stringify({ format: journalFormat, ...record })}\n`, { mode: 0o600 });
      tail = undefined;
      await host.appendFile(historyPath, `${torn ? "\n" : ""}${JSON.stringify(record)}\n`);
      tail = { lines: lines + 1, torn: false };
    } catch (thrown) {
      throw asJournalProblem(thrown, folder);
    }
  }

  /** One after the other: an operator's word must not stand in the middle of a transition's line. */
  function inTurn(record: Recorded, current: boolean): Promise<void> {
    const mine = last.then(() => append(record, current));
    last = mine.catch(() => undefined);
    return mine;
  }

  return {
    async read() {
      const text = await reading(host.readFile(currentPath), currentPath);
      return text === undefined ? undefined : parseCurrent(text, currentPath);
    },
    record: (record) => inTurn(record, true),
    note: (record) => inTurn(record, false),
    history: (limit) => readHistory(host, folder, limit),
  };
}

/** The same as a journal's `history`, for whoever only reads. */
export async function readHistory(
  host: Pick<Host, "readFile">,
  folder: string,
  limit = Infinity,
): Promise<readonly Recorded[]> {
  const path = `${folder}/history.jsonl`;
  return lines((await reading(host.readFile(path), path)) ?? "").slice(-limit);
}

/** How the history ends. */
interface Tail {
  readonly lines: number;
  /** The last line has no end, which must be made before the next is appended. */
  readonly torn: boolean;
}

/** Keeps the history from growing for ever; says how it ends then. */
async function shorten(host: Host, path: string): Promise<Tail> {
  const text = (await host.readFile(path)) ?? "";
  const count = text.split("\n").length - 1;
  if (count < 2 * keptLines) return { lines: count, torn: text !== "" && !text.endsWith("\n") };
  const kept = lines(text).slice(-keptLines);
  await host.writeFile(path, kept.map((record) => `${JSON.stringify(record)}\n`).join(""), { mode: 0o600 });
  return { lines: kept.length, torn: false };
}

function lines(text: string): Recorded[] {
  return text.split("\n").flatMap((line) => {
    try {
      const record: unknown = JSON.parse(line);
      return isRecord(record) || isOperatorRecord(record) || isHappening(record) ? [record] : [];
    } catch {
      return []; // torn by a power cut: the record was never acted upon
    }
  });
}

function parseCurrent(text: string, path: string): State {
  let damage: string | undefined;
  try {
    const value: unknown = JSON.parse(text);
    damage = damageOfCurrent(value);
    if (damage === undefined) return (value as HistoryRecord).to;
  } catch {
    damage = "it is no JSON";
  }
  throw new Problem("JOURNAL", `${path} is damaged (${damage}): which deployment was in flight is not known.`, {
    remedy:
      "Nothing is changed on this box until it is clear. Look at history.jsonl beside it and at `impctl plan --live`, then remove current.json: the agent goes on from the committed generation.",
  });
}

function isOperatorRecord(value: unknown): value is OperatorRecord {
  return typeof value === "object" && value !== null && "asked" in value && typeof value.asked === "string";
}

function isHappening(value: unknown): value is Happening {
  return typeof value === "object" && value !== null && "happened" in value && typeof value.happened === "string";
}

function isRecord(value: unknown): value is HistoryRecord {
  return typeof value === "object" && value !== null && "to" in value;
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
