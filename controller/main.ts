/** The entry of `impctl`: one command line in, one exit code out. Everything else is in cli/, one command a file. */
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { run } from "./cli/program.ts";
import { processTerminal } from "./cli/terminal.ts";

// Beside a dataplane that wants the memory, what is not in use any more is collected once the heap has grown by a fifth. Left to
// itself, V8 lets it become four times as large first: the plan of a large machine needs a quarter less. A command does so at once,
// and not by and by, while it would grow on; idle, the agent needs less the other way.
if (process.argv[2] === "agent" || process.argv[2] === "vpp") setFlagsFromString("--heap-growing-percent=20");
if (process.argv[2] === "vpp") setFlagsFromString("--no-incremental-marking");

// The agent idles for years beside a dataplane that wants the memory and the cores: without the optimizing compilers it
// needs a sixth less of the one, and of the other nothing that anybody sees (a poll is a few milliseconds either way).
if (process.argv[2] === "agent") {
  setFlagsFromString("--semi-space-growth-factor=1");
  for (const flag of ["--optimize-for-size", "--no-opt", "--no-maglev", "--no-sparkplug"]) setFlagsFromString(flag);
}

async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processTerminal(process.argv[2]));
}

void main();
