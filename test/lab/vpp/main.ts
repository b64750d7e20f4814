/**
 * The simulated VPP as a process of its own, for tests of agents that run beside it:
 *
 *     node test/lab/vpp/main.ts --socket PATH [--cli PATH] [--nic NAME]... [--netns NAME] [--lcp-sync] [--lcp-auto-subint]
 *
 * Says "ready" once it listens. Ends by signal, or with code 134 where VPP would have died of a request.
 */
import { parseArgs } from "node:util";
import { listenCli } from "./cli-socket.ts";
import { simVpp } from "./sim-vpp.ts";

const { values } = parseArgs({
  options: {
    socket: { type: "string" },
    cli: { type: "string" },
    nic: { type: "string", multiple: true, default: [] },
    netns: { type: "string", default: "" },
    "lcp-sync": { type: "boolean", default: false },
    "lcp-auto-subint": { type: "boolean", default: false },
  },
});
if (values.socket === undefined) throw new Error("--socket is missing");

const vpp = simVpp({
  physical: values.nic,
  linuxCp: { sync: values["lcp-sync"], autoSubint: values["lcp-auto-subint"], namespace: values.netns },
  pid: process.pid,
  onDeath: (reason) => {
    process.stderr.write(`died: ${reason}\n`);
    process.exit(134);
  },
});
await vpp.listen(values.socket);
if (values.cli !== undefined) await listenCli(vpp, values.cli);
process.stdout.write("ready\n");
