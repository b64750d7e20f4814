/**
 * What each VPP instance starts with: sockets, CPUs, NICs, plugins. VPP's "Configuration Reference" has the words; that comments
 * begin with "#" here was tried with VPP 26.06. Its boot commands imp-boot gives it, and nothing here names them: VPP would run
 * them as well. Everything else is configured over the API.
 */
import type { Interface } from "../../../schemas/interfaces.ts";
import type { Machine } from "../../../schemas/machine.ts";
import { parseCidr } from "../../../schemas/primitives.ts";
import { header } from "../catalogue.ts";
import { placeThreads, type Threads } from "./cpu.ts";

/** The network namespace in which linux-cp makes its taps, and FRR runs. */
export const dataplane = "dataplane";

/** Whether a machine has a dataplane at all. */
export function usesVpp(machine: Machine): boolean {
  const { interfaces, bonds, loopbacks, taps, vxlan, bridges, nat, containers } = machine;
  const named = [interfaces, bonds, loopbacks, taps, vxlan, bridges].some((section) => Object.keys(section).length > 0);
  return named || nat !== undefined || containers !== undefined;
}

/** Whether it translates addresses, which the second instance does. */
export function usesNat({ nat }: Machine): boolean {
  return nat?.det44 !== undefined || nat?.nat64 !== undefined;
}

/** /etc/vpp/startup-core.conf */
export function coreStartup(machine: Machine): string {
  const devices = Object.entries(machine.interfaces).flatMap(deviceOf);
  const plugins = [
    ...(devices.length > 0 ? ["plugin dpdk_plugin.so { enable }"] : [noDpdk]),
    "plugin linux_cp_plugin.so { enable }",
    "plugin linux_nl_plugin.so { enable }",
  ];
  return text([
    ...instance("core", placeThreads(machine).core),
    ...(devices.length > 0 ? [stanza("dpdk", devices)] : []),
    stanza("plugins", plugins),
    // Every pair is made explicitly, none for a sub-interface by itself.
    stanza("linux-cp", [`default netns ${dataplane}`, "lcp-sync"]),
  ]);
}

/** /etc/vpp/startup-nat.conf */
export function natStartup(machine: Machine): string {
  return text([
    ...instance("nat", placeThreads(machine).nat),
    stanza("memory", [`main-heap-size ${natHeapMebibytes(machine)}M`]),
    stanza("plugins", [noDpdk]),
  ]);
}

/** A command file, also where there is nothing for VPP to do but start. */
export function bootFile(commands = ""): string {
  return `${header}${commands}`;
}

/** Without it, it would take every NIC that Linux does not use. */
const noDpdk = "plugin dpdk_plugin.so { disable }";

function text(stanzas: readonly string[]): string {
  return `${header}${stanzas.join("\n")}\n`;
}

function instance(name: "core" | "nat", { main, workers }: Threads): readonly string[] {
  const cpu = [
    ...(main === undefined ? [] : [`main-core ${main}`]),
    ...(workers === undefined ? [] : [`corelist-workers ${workers}`]),
  ];
  return [
    stanza("unix", [
      "nodaemon",
      `log /var/log/vpp/${name}.log`,
      `runtime-dir /run/vpp/${name}`,
      `cli-listen /run/vpp/${name}-cli.sock`,
    ]),
    stanza("api-segment", [`prefix ${name}`]),
    stanza("socksvr", [`socket-name /run/vpp/${name}-api.sock`]),
    stanza("statseg", [`socket-name /run/vpp/${name}-stats.sock`]),
    ...(cpu.length > 0 ? [stanza("cpu", cpu)] : []),
  ];
}

function stanza(name: string, lines: readonly string[]): string {
  return [`${name} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");
}

/** A NIC that DPDK takes, named as the operator names it. One that is not known by its PCI address DPDK cannot be told. */
function deviceOf([name, one]: readonly [string, Interface]): readonly string[] {
  if (one.driver !== "dpdk" || one.pci === undefined) return [];
  const queues = [
    ...(one["rx-queues"] === undefined ? [] : [`num-rx-queues ${one["rx-queues"]}`]),
    ...(one["tx-queues"] === undefined ? [] : [`num-tx-queues ${one["tx-queues"]}`]),
  ];
  return [`dev ${one.pci} { ${[`name ${name}`, ...queues].join(" ")} }`];
}

/** A det44 mapping takes this much of the main heap for each inside address, at once; VPP 26.06 aborts when that is not there. */
const bytesPerHost = 23_400;
const mebibyte = 1_048_576;
/** Beside the mappings: VPP's own default. */
const baseHeap = 1024;

function natHeapMebibytes({ nat }: Machine): number {
  const hosts = Object.values(nat?.det44?.mappings ?? {}).map(({ source }) => {
    const parsed = parseCidr(source);
    return "error" in parsed ? 0 : 2 ** (32 - parsed.length);
  });
  const needed = hosts.reduce((sum, count) => sum + count * bytesPerHost, 0) / mebibyte;
  return baseHeap + Math.ceil(needed / 256) * 256;
}
