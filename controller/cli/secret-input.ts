/** Takes a secret's text where nobody else sees it: from standard input, or from a prompt that does not echo. */
import process from "node:process";
import type { Readable } from "node:stream";
import { Problem } from "../../schemas/problem.ts";
import type { Terminal } from "./terminal.ts";

/** Far more than a secret may have; what is longer is cut off before it fills the memory. */
const limit = 16 * 1024;

/** The text as it was given. A person is asked twice. */
export type SecretInput = (name: string, terminal: Terminal) => Promise<string>;

/** Standard input, as far as it is needed here. */
export type Keyboard = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** From this process's standard input. Rejects when the terminal's signal aborts or the input ends early. */
export function readSecretInput(name: string, terminal: Terminal): Promise<string> {
  return readSecretFrom(process.stdin, (text) => void process.stderr.write(text), name, terminal.signal);
}

/** The same from any input; `show` writes the questions. */
export async function readSecretFrom(
  input: Keyboard,
  show: (text: string) => void,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  if (!input.isTTY) return readPiped(input, signal);
  input.setRawMode?.(true);
  try {
    const keys = lines(input, signal);
    const ask = async (question: string) => {
      show(question);
      const { value } = await keys.next();
      show("\n");
      if (value === undefined) throw new Problem("USAGE", "interrupted: nothing was written.");
      return value;
    };
    const first = await ask(`Text of ${name} (not shown): `);
    const second = await ask("Once more: ");
    if (first !== second) throw new Problem("USAGE", "the two texts differ.", { remedy: "Try again." });
    return first;
  } finally {
    input.setRawMode?.(false);
    input.destroy();
  }
}

async function readPiped(input: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of abortable(input, signal)) {
    size += chunk.length;
    if (size > limit) throw new Problem("USAGE", `the text is longer than ${limit} bytes.`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Lines, key by key: only in raw mode does the terminal leave the echo to us, and we leave it out. What was typed or
 * pasted after a line counts for the next one, so that a pasted text of two lines is never taken for one. Ends at
 * Ctrl-C, Ctrl-D and the end of the input.
 */
async function* lines(input: Readable, signal: AbortSignal): AsyncGenerator<string, undefined> {
  let line = "";
  input.setEncoding("utf8");
  for await (const chunk of abortable(input, signal)) {
    for (const key of String(chunk)) {
      if (key === "\u0003" || key === "\u0004") return undefined;
      if (key === "\r" || key === "\n") {
        yield line;
        line = "";
      } else if (key === "\u007f" || key === "\b") line = Array.from(line).slice(0, -1).join("");
      else if (key === "\u0015") line = "";
      else if (line.length < limit) line += key;
    }
  }
  return undefined;
}

async function* abortable(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer | string> {
  const abort = () => input.destroy(new Problem("USAGE", "interrupted: nothing was written."));
  signal.addEventListener("abort", abort, { once: true });
  try {
    yield* input as AsyncIterable<Buffer | string>;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
