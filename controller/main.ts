/** The entry of `impctl`: one command line in, one exit code out. Everything else is in cli/, one command a file. */
import process from "node:process";
import { run } from "./cli/program.ts";
import { processTerminal } from "./cli/terminal.ts";

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  // The agent starts this program once more to fetch; that is no command for people.
  if (argv[0] === "internal-fetch") return (await import("./git-fetch.ts")).runFetchChild();
  process.exitCode = await run(argv, processTerminal());
}

void main();
