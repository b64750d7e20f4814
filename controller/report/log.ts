/**
 * The agent's log: one line an event on standard output. JSON for journald and machines, text for people who watch.
 * Messages are fixed words with the facts in fields beside them, so that a log can be searched and counted.
 */
import { printable, printableJson } from "../../schemas/printable.ts";
import { asProblem } from "../../schemas/problem.ts";
import { maskSecrets } from "../mask.ts";

export type LogFields = Readonly<Record<string, unknown>>;

/** Severities of syslog, which journald understands. */
const priorities = { error: 3, warn: 4, info: 6, debug: 7 } as const;
export type LogLevel = keyof typeof priorities;

export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

export interface LogOptions {
  readonly format: "json" | "text";
  readonly write: (line: string) => void;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  readonly debug?: boolean;
  /** Begins each line with "<priority>", which journald takes off again (SyslogLevelPrefix=). */
  readonly journal?: boolean;
}

export function createLog(options: LogOptions): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (level === "debug" && !options.debug) return;
      const text = options.format === "json" ? jsonLine : textLine;
      const prefix = options.journal ? `<${priorities[level]}>` : "";
      options.write(`${prefix}${maskSecrets(text(level, message, fields, options.now()))}\n`);
    };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

function jsonLine(level: LogLevel, message: string, fields: LogFields, now: number): string {
  const time = new Date(now).toISOString();
  return printableJson(JSON.stringify({ time, level, priority: priorities[level], message, ...fields }, plain));
}

function textLine(level: LogLevel, message: string, fields: LogFields, now: number): string {
  const time = new Date(now).toISOString().slice(11, 19);
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${value instanceof Error ? String(asProblem(value)) : flat(value)}`);
  // A problem says what it is by itself, a warning even that it is one.
  if (fields["problem"] instanceof Error && message === "problem") {
    return `${time} ${level === "warn" ? "" : `${level}: `}${String(asProblem(fields["problem"]))}`;
  }
  return `${time} ${level === "info" ? "" : `${level}: `}${message}${shown.join("")}`;
}

function flat(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value, plain));
}

/** Problems know their own JSON; any other error would be "{}". */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? asProblem(value).toJSON() : value;
}

/** The newest lines of a log, as many as fit into so many characters. */
export interface Recent {
  add(line: string): void;
  /** Oldest first, without line ends and syslog's priorities. */
  lines(): readonly string[];
}

export function recentLines(most = 300_000): Recent {
  const kept: string[] = [];
  let size = 0;
  return {
    add(line) {
      const bare = line.replace(/^<\d>/, "").trimEnd();
      kept.push(bare);
      size += bare.length;
      while (size > most) size -= kept.shift()?.length ?? size;
    },
    lines: () => [...kept],
  };
}
