/** What a command may see and touch of the process that it runs in. Tests hand in one that keeps what was written. */
import process from "node:process";
import { styleText } from "node:util";

/** Exit codes are stable: scripts and CI depend on them. */
export const exitCodes = { ok: 0, problem: 1, changes: 2, attention: 3, usage: 64 } as const;

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface Terminal {
  /** Writes to standard output, and a newline where the text does not end in one. */
  out(text: string): void;
  /** The same to standard error. */
  err(text: string): void;
  /** Shows a line on standard error in place of the one before; undefined: it is no terminal. */
  readonly redraw: ((text: string) => void) | undefined;
  /** Colours text for standard output, or leaves it (NO_COLOR, not a terminal). */
  style(style: Style, text: string): string;
  /** How wide standard output is; undefined: it is no terminal, and nothing is wrapped. */
  readonly columns: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The current folder, absolute. */
  readonly folder: string;
  /** Aborts when the user or systemd asks the agent to end. */
  readonly signal: AbortSignal;
  /** Set by a command that ends well but has something to say: drift, changes pending, problems shown. */
  exitCode: number;
}

/** Ends a text in exactly the newline that a terminal wants. */
export function line(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** Commands that have something to leave in order. */
const orderly: readonly (string | undefined)[] = ["adopt", "agent", "doctor", "frr", "image", "vpp"];

/**
 * The terminal of this process. Of the agent, of what changes FRR or makes images, and of whoever asks VPP, which keeps a client that
 * just goes for ever, the first SIGINT, SIGTERM or SIGHUP aborts the signal, a second one kills; any other command has nothing to leave
 * in order, and is ended by the first whatever it waits for.
 */
export function processTerminal(command: string | undefined): Terminal {
  const ending = new AbortController();
  for (const name of orderly.includes(command) ? (["SIGINT", "SIGTERM", "SIGHUP"] as const) : []) {
    // It stays: where execa's is the only listener while a child runs, that one kills the process.
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(exitCodes.problem);
      ending.abort(new Error(name));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    // `impctl plan | head` is no error.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
  return {
    out: (text) => void process.stdout.write(line(text)),
    err: (text) => void process.stderr.write(line(text)),
    redraw: process.stderr.isTTY ? (text) => void process.stderr.write(`\r\x1b[K${text}`) : undefined,
    style: (style, text) => styleText(style, text, { stream: process.stdout }),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    environment: process.env,
    folder: process.cwd(),
    signal: ending.signal,
    exitCode: exitCodes.ok,
  };
}
