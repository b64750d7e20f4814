/** A terminal that keeps what was written, and runs a command line in it. */
import { run } from "../../../../controller/cli/program.ts";
import { line } from "../../../../controller/cli/terminal.ts";
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
    ...silentTerminal(folder),
    out: (text) => void (out += line(text)),
    err: (text) => void (err += line(text)),
  };
  const exitCode = await run(argv, terminal);
  return { exitCode, out, err };
}

/** A terminal without colours that keeps nothing. */
export function silentTerminal(folder: string): Terminal {
  return {
    out: () => undefined,
    err: () => undefined,
    redraw: undefined,
    style: (_, text) => text,
    columns: undefined,
    environment: {},
    folder,
    signal: new AbortController().signal,
    exitCode: 0,
  };
}
