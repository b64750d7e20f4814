/**
 * The simulated VPP as a process of its own, for tests of agents that run beside it:
 *
 *     node test/lab/vpp/main.ts --socket PATH [--boot-file PATH] [--nic NAME]... [--netns NAME] [--lcp-sync] [--lcp-auto-subint]
 *
 * Says "ready" once it listens. Ends by signal, or with code 134 where VPP would have died of a request.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { simVpp } from "./sim-vpp.ts";

const { values } = parseArgs({
  options: {
    socket: { type: "string" },
    "boot-file": { type: "string" },
    nic: { type: "string", multiple: true, default: [] },
    netns: { type: "string", default: "" },
    "lcp-sync": { type: "boolean", default: false },
    "lcp-auto-subint": { type: "boolean", default: false },
  },
});
if (values.socket === undefined) throw new Error("--socket is missing");
const file = values["boot-file"];

const vpp = simVpp({
  physical: values.nic,
  linuxCp: { sync: values["lcp-sync"], autoSubint: values["lcp-auto-subint"], namespace: values.netns },
  bootCommands: file !== undefined && existsSync(file) ? readFileSync(file, "utf8").split("\n") : [],
  pid: process.pid,
  onDeath: (reason) => {
    process.stderr.write(`died: ${reason}\n`);
    process.exit(134);
  },
});
for (const line of vpp.failedCommands) process.stderr.write(`failed: ${line}\n`);
await vpp.listen(values.socket);
process.stdout.write("ready\n");
