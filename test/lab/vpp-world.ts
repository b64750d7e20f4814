/**
 * What stands around the reference appliance on a bench of real VPPs: a host among its containers, one in the office's VLAN, and
 * a carrier in VLAN 25 with a server behind it. Linux need not know VLANs: another VPP is the switch that takes the tags off.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openVpp } from "../../reconcilers/vpp/api/open.ts";
import type { Host } from "../../reconcilers/core.ts";
import { makeNamespace, makeWire, type Namespace } from "./netns.ts";
import { startVpp } from "./real-vpp.ts";
import { portOf, type VppBench } from "./vpp-bench.ts";

const hosts = {
  container: { address: "10.234.116.10/24", gateway: "10.234.116.5" },
  office: { address: "10.30.0.10/24", gateway: "10.30.0.1" },
  carrier: { address: "192.0.2.1/30", gateway: undefined },
} as const;
export type HostName = keyof typeof hosts;

/** Behind the carrier. */
export const server = "192.0.2.53";

export interface VppWorld extends AsyncDisposable {
  /** How many of 15 are answered within half a minute: the first ones wait for ARP on every hop. */
  pings(from: HostName, to: string): Promise<number>;
  /** The address that a host's page is asked from, as that host sees it; undefined where no answer comes. */
  seenFrom(from: HostName, to: string): Promise<string | undefined>;
}

const page = `require("node:http").createServer((asked, to) => to.end(asked.socket.remoteAddress + " " + "x".repeat(300000)))
  .listen(8080, "0.0.0.0", () => console.log("up"))`;

/** Joins it to the ports of `external` and `internal`, and to the containers' one. */
export async function vppWorld(host: Host, bench: VppBench, folder: string): Promise<VppWorld> {
  const { spaces } = bench;
  if (!spaces) throw new Error("A simulated VPP forwards nothing.");
  await using stack = new AsyncDisposableStack();
  const space = (name: HostName): Namespace => {
    const namespace = stack.use(makeNamespace(`vg${name}`));
    const { address, gateway } = hosts[name];
    const near =
      name === "container"
        ? { namespace: spaces.dataplane, name: "incus-dataplane", addresses: [] }
        : { namespace: spaces.beyond, name: portOf(name), addresses: [] };
    makeWire(near, { namespace, name: "eth0", addresses: [address] });
    // As imp-boot has it: VPP cannot take several packets in one.
    namespace.ip("link", "set", "dev", "eth0", "gso_max_segs", "1");
    if (gateway !== undefined) namespace.ip("route", "add", "default", "via", gateway);
    return namespace;
  };
  const made = { container: space("container"), office: space("office"), carrier: space("carrier") };
  made.carrier.ip("address", "add", `${server}/32`, "dev", "lo");
  // Only what was translated finds its way back.
  made.carrier.ip("route", "add", "203.0.113.0/24", "via", "192.0.2.2");

  const vpp = stack.use(await startVpp({ folder, name: "switch", namespace: spaces.beyond, heap: "256M" }));
  const api = await openVpp(host, { socket: vpp.socket }, AbortSignal.timeout(30_000));
  for (const line of [...access("external", 25, "carrier"), ...access("internal", 30, "office")]) await api.cli(line);
  api.close();

  for (const name of ["office", "carrier"] as const) stack.use(await serving(made[name]));

  async function inside(name: HostName, ...argv: string[]): Promise<string> {
    const options = { timeoutMs: 60_000, signal: AbortSignal.timeout(60_000) };
    return (await host.run(made[name].inside(...argv), options)).stdout.trim();
  }
  const whole = stack.move();
  return {
    async pings(from, to) {
      const said = await inside(from, "ping", "-c", "15", "-i", "0.2", "-w", "30", "-q", to);
      return Number(/(\d+) received/.exec(said)?.[1] ?? 0);
    },
    async seenFrom(from, to) {
      const ask = `fetch("http://${to}:8080", { signal: AbortSignal.timeout(20000) }).then((it) => it.text())
        .then((text) => console.log(text.length > 300000 ? text.split(" ")[0] : "cut"), () => undefined)`;
      return (await inside(from, process.execPath, "-e", ask)) || undefined;
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** A VLAN of the trunk to a NIC, and the port of a host that has it without its tag. */
function access(nic: string, vlan: number, host: HostName): readonly string[] {
  const [trunk, port] = [`host-${portOf(nic)}`, `host-${portOf(host)}`];
  return [
    `create host-interface name ${portOf(nic)}`,
    `create host-interface name ${portOf(host)}`,
    `create sub-interfaces ${trunk} ${vlan} dot1q ${vlan} exact-match`,
    `set interface l2 xconnect ${trunk}.${vlan} ${port}`,
    `set interface l2 xconnect ${port} ${trunk}.${vlan}`,
    `set interface l2 tag-rewrite ${trunk}.${vlan} pop 1`,
    ...[trunk, port, `${trunk}.${vlan}`].map((name) => `set interface state ${name} up`),
  ];
}

async function serving(namespace: Namespace): Promise<AsyncDisposable> {
  const [command, ...argv] = namespace.inside(process.execPath, "-e", page);
  const child: ChildProcess = spawn(command, argv, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  if (child.stdout) await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) });
  return stack.move();
}
