/** A terminal that keeps what was written, and runs a command line in it. */
import { run } from "../../../../controller/cli/program.ts";
import type { Terminal } from "../../../../controller/cli/terminal.ts";

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `impctl <argv>` in this process, without colours, as if `folder` were the current one. */
export async function impctl(folder: string, ...argv: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const terminal: Terminal = {
    out: (text) => void (out += text.endsWith("\n") ? text : `${text}\n`),
    err: (text) => void (err += text.endsWith("\n") ? text : `${text}\n`),
    style: (_, text) => text,
    environment: {},
    folder,
    signal: new AbortController().signal,
    exitCode: 0,
  };
  const exitCode = await run(argv, terminal);
  return { exitCode, out, err };
}
