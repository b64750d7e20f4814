/** `impctl internal-render`: run by the agent of another boot environment, for the one that this is in. Nobody types it. */
import type { Command } from "commander";
import { runRenderChild } from "../trial/render-child.ts";

export function define(command: Command): void {
  command.action(runRenderChild);
}
