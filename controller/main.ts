/** The entry of `impctl`: one command line in, one exit code out. Everything else is in cli/, one command a file. */
import process from "node:process";
import { run } from "./cli/program.ts";
import { processTerminal } from "./cli/terminal.ts";

async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processTerminal());
}

void main();
