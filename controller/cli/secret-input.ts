/** Takes a secret's text where nobody else sees it: from standard input, or from a prompt that does not echo. */
import process from "node:process";
import { Problem } from "../../schemas/problem.ts";
import type { Terminal } from "./terminal.ts";

/** Far more than `plain` lets through; what is longer is cut off before it fills the memory. */
const limit = 16 * 1024;

/** The text as it was given. A person is asked twice. */
export type SecretInput = (name: string, terminal: Terminal) => Promise<string>;

/** From this process's standard input. Aborts with the terminal's signal. */
export const readSecretInput: SecretInput = async (name, terminal) => {
  if (!process.stdin.isTTY) return readPiped(terminal.signal);
  const first = await prompt(`Text of ${name} (not shown): `, terminal.signal);
  const second = await prompt("Once more: ", terminal.signal);
  if (first !== second) throw new Problem("USAGE", "the two texts differ.", { remedy: "Try again." });
  return first;
};

async function readPiped(signal: AbortSignal): Promise<string> {
  const abort = () => process.stdin.destroy(new Problem("USAGE", "interrupted."));
  signal.addEventListener("abort", abort, { once: true });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new Problem("USAGE", `the text is longer than ${limit} bytes.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Reads a line key by key: only then does the terminal leave the echo to us, and we leave it out. */
async function prompt(question: string, signal: AbortSignal): Promise<string> {
  const input = process.stdin;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let line = "";
  const interrupted = () => reject(new Problem("USAGE", "interrupted."));
  const onData = (chunk: string) => {
    for (const key of chunk) {
      if (key === "\r" || key === "\n") return resolve(line);
      if (key === "\u0003" || key === "\u0004") return interrupted();
      if (key === "\u007f" || key === "\b") line = Array.from(line).slice(0, -1).join("");
      else if (key === "\u0015") line = "";
      else line += key;
    }
  };
  process.stderr.write(question);
  input.setEncoding("utf8");
  input.setRawMode(true);
  input.on("data", onData);
  signal.addEventListener("abort", interrupted, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", interrupted);
    input.off("data", onData);
    input.setRawMode(false);
    input.pause();
    process.stderr.write("\n");
  }
}
