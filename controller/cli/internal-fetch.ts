/** `impctl internal-fetch`: the agent's own child that fetches from git, started by the bundle. Nobody types it. */
import type { Command } from "commander";
import { runFetchChild } from "../git-fetch.ts";

export function define(command: Command): void {
  command.action(runFetchChild);
}
