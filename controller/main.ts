/** The entry of `impctl`: one command line in, one exit code out. Everything else is in cli/, one command a file. */
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { run } from "./cli/program.ts";
import { processTerminal } from "./cli/terminal.ts";

// The agent idles for years: keeping the young generation small costs it nothing that anybody sees, and saves a tenth of
// its memory. It has to be said before the modules are loaded that would make it grow.
if (process.argv[2] === "agent") setFlagsFromString("--semi-space-growth-factor=1");

async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processTerminal());
}

void main();
