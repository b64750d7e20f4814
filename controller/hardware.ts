/**
 * The NICs of this box, wherever they are: the kernel's here and in the dataplane's namespace, and those that a driver for
 * user space holds, which have no netdev. Read from sysfs, so that it works before there are any settings.
 */
import type { Host } from "../reconcilers/core.ts";
import type { JsonObject } from "../schemas/json.ts";
import { yamlText } from "../schemas/yaml-text.ts";
import type { Box } from "./identity.ts";

/** An Ethernet port with hardware behind it. */
export interface Nic {
  /** The kernel's name; undefined: no netdev. */
  readonly name: string | undefined;
  /** The network namespace, where that is not the one of management. */
  readonly namespace: string | undefined;
  /** "0000:03:00.0"; undefined where it is not on the PCI bus. */
  readonly pci: string | undefined;
  /** Lower case; of a port of a bond its own. Only the kernel knows it. */
  readonly mac: string | undefined;
  readonly driver: string | undefined;
  readonly link: "up" | "no carrier" | "down" | undefined;
  /** The default route of management goes through it. */
  readonly isManagement: boolean;
}

type Reading = Pick<Host, "readFile" | "readFolder" | "readLink" | "run">;

const nets = "/sys/class/net";
const pciDevices = "/sys/bus/pci/devices";
const limitMs = 10_000;

/** By PCI address, then by name. What cannot be read is left out. */
export async function readNics(host: Reading, namespace: string, signal: AbortSignal): Promise<readonly Nic[]> {
  const sys = quiet(host);
  const here = await kernelNics(sys, await managementPorts(sys));
  const there = await namespaceNics(host, sys, namespace, signal);
  const known = [...here, ...there];
  const others = await withoutNetdev(sys, new Set(known.map((nic) => nic.pci)));
  const key = ({ pci, name }: Nic): string => `${pci ?? "~"} ${name ?? ""}`;
  return [...known, ...others].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** sysfs answers some questions with an error: the carrier of a port that is down. */
interface Sys {
  text(path: string): Promise<string | undefined>;
  link(path: string): Promise<string | undefined>;
  names(path: string): Promise<readonly string[]>;
}

function quiet(host: Reading): Sys {
  return {
    text: async (path) => (await host.readFile(path).catch(() => undefined))?.trim(),
    link: (path) => host.readLink(path).catch(() => undefined),
    names: (path) => host.readFolder(path).catch(() => []),
  };
}

async function kernelNics(sys: Sys, management: ReadonlySet<string>): Promise<readonly Nic[]> {
  const nics: Nic[] = [];
  for (const name of await sys.names(nets)) {
    const at = `${nets}/${name}`;
    const device = await sys.link(at);
    // 1 is Ethernet (linux/if_arp.h).
    if (device === undefined || device.includes("/virtual/") || (await sys.text(`${at}/type`)) !== "1") continue;
    const own = (await sys.text(`${at}/bonding_slave/perm_hwaddr`)) ?? (await sys.text(`${at}/address`));
    const carrier = await sys.text(`${at}/carrier`);
    nics.push({
      name,
      namespace: undefined,
      pci: pciOf(device),
      mac: own?.toLowerCase(),
      driver: baseName(await sys.link(`${at}/device/driver`)),
      link: carrier === undefined ? "down" : carrier === "1" ? "up" : "no carrier",
      isManagement: management.has(name),
    });
  }
  return nics;
}

/** "…/0000:03:00.0/net/eth0" and "…/0000:03:00.0/virtio2/net/eth0"; a USB adapter's path has its controller's address. */
function pciOf(device: string): string | undefined {
  return /\/([0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7])(?:\/virtio\d+)?(?:\/net\/[^/]+)?$/.exec(device)?.[1];
}

/** Ports below whatever the default route names: a bond, a bridge, a VLAN. */
async function managementPorts(sys: Sys): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const queue = [...(await defaultRoutes(sys))];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const entries = await sys.names(`${nets}/${name}`);
    queue.push(...entries.flatMap((entry) => (entry.startsWith("lower_") ? [entry.slice("lower_".length)] : [])));
  }
  return found;
}

/** Columns of /proc/net/route: interface, destination, gateway, flags, references, use, metric, mask; all in hex but the metric. */
async function defaultRoutes(sys: Sys): Promise<readonly string[]> {
  const rows = ((await sys.text("/proc/net/route")) ?? "").split("\n").map((line) => line.trim().split(/\s+/));
  const routes = rows.filter((row) => row[1] === "00000000" && row[7] === "00000000");
  const best = Math.min(...routes.map((row) => Number(row[6])));
  const four = routes.flatMap(([name, , , , , , metric]) => (name && Number(metric) === best ? [name] : []));
  if (four.length > 0) return four;
  const six = ((await sys.text("/proc/net/ipv6_route")) ?? "").split("\n").map((line) => line.trim().split(/\s+/));
  const all = six.filter(([destination, length]) => destination === "0".repeat(32) && length === "00");
  return all.flatMap((row) => row[9] ?? []).filter((name) => name !== "lo");
}

interface IpLink {
  readonly ifname?: string;
  readonly link_type?: string;
  readonly address?: string;
  readonly permaddr?: string;
  readonly operstate?: string;
  readonly flags?: readonly string[];
  readonly parentbus?: string;
  readonly parentdev?: string;
}

/** sysfs shows only the namespace of whoever looks, so iproute2 is asked; a parent device is what hardware has. */
async function namespaceNics(host: Reading, sys: Sys, namespace: string, signal: AbortSignal): Promise<readonly Nic[]> {
  const argv = ["ip", "-n", namespace, "-json", "link", "show"] as const;
  const answer = await host.run(argv, { timeoutMs: limitMs, signal }).catch(() => undefined);
  if (answer?.exitCode !== 0) return [];
  const nics: Nic[] = [];
  for (const link of parsed(answer.stdout)) {
    const { ifname, parentbus, parentdev } = link;
    if (ifname === undefined || parentdev === undefined || link.link_type !== "ether") continue;
    const bus = `/sys/bus/${parentbus}/devices/${parentdev}`;
    const device = parentbus === "pci" ? `/${parentdev}` : ((await sys.link(bus)) ?? "");
    nics.push({
      name: ifname,
      namespace,
      pci: pciOf(device),
      mac: (link.permaddr ?? link.address)?.toLowerCase(),
      driver: baseName(await sys.link(`${bus}/driver`)),
      link: !link.flags?.includes("UP") ? "down" : link.operstate === "UP" ? "up" : "no carrier",
      isManagement: false,
    });
  }
  return nics;
}

function parsed(text: string): readonly IpLink[] {
  try {
    const links: unknown = JSON.parse(text === "" ? "[]" : text);
    return Array.isArray(links) ? links : [];
  } catch {
    return [];
  }
}

/** Ethernet controllers (PCI class 02, subclass 00) for which the kernel has no netdev: VPP's, by vfio or uio. */
async function withoutNetdev(sys: Sys, known: ReadonlySet<string | undefined>): Promise<readonly Nic[]> {
  const nics: Nic[] = [];
  for (const pci of await sys.names(pciDevices)) {
    if (known.has(pci) || !(await sys.text(`${pciDevices}/${pci}/class`))?.startsWith("0x0200")) continue;
    const driver = baseName(await sys.link(`${pciDevices}/${pci}/driver`));
    const nothing = { name: undefined, namespace: undefined, mac: undefined, link: undefined };
    nics.push({ ...nothing, pci, driver, isManagement: false });
  }
  return nics;
}

function baseName(path: string | undefined): string | undefined {
  return path?.split("/").at(-1);
}

/** What some firmware has instead of a UUID. */
const noUuid = /^(?:0{8}-|f{8}-|03000200-0400-0500-0006-000700080009)/;

/**
 * What a machine file says of this box. NICs of the dataplane are no part of it: once VPP has them the kernel does not
 * show their addresses any more. undefined: nothing of this box can be told from another one's.
 */
export function identityOf(box: Pick<Box, "uuid">, nics: readonly Nic[]): JsonObject | undefined {
  if (box.uuid !== undefined && !noUuid.test(box.uuid)) return { "dmi-uuid": box.uuid };
  const macs = nics.flatMap(({ isManagement, mac }) => (isManagement && mac !== undefined ? [mac] : []));
  return macs.length === 0 ? undefined : { macs };
}

/** The NICs as YAML to be put over what stands in a machine file, each with a comment by which people know it. */
export function nicsPatch(nics: readonly Nic[], box: Pick<Box, "uuid">): string {
  const identity = identityOf(box, nics);
  const management = nics.filter(({ isManagement }) => isManagement);
  const macs = management.flatMap(({ mac }) => mac ?? []);
  const others = nics.filter((nic) => !nic.isManagement);
  return [
    "# Put this over what stands in the machine file. The names of interfaces become VPP's: choose them. Leave out what is not used.\n",
    identity ? yamlText({ identity }) : "",
    management.length === 0 ? "# No default route: which NIC is management's is not known.\n" : "",
    ...management.map((nic) => `# ${aboutNic(nic)}\n`),
    macs.length > 0 ? yamlText({ management: { interface: { macs } } }) : "",
    others.length > 0 ? "interfaces:\n" : "# No other NIC was found.\n",
    ...others.map((nic, index) => `${indented(commented(nic, index))}\n`),
  ].join("");
}

function commented(nic: Nic, index: number): string {
  return `# ${aboutNic(nic)}\n${yamlText({ [interfaceName(nic, index)]: interfaceOf(nic) })}`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

/** "eno1: 02:00:00:00:00:01, 0000:00:1f.6, igb, link up; management". */
export function aboutNic({ name, namespace, pci, mac, driver, link, isManagement }: Nic): string {
  const cable = link === undefined || link === "no carrier" ? link : `link ${link}`;
  const facts = [mac ?? "MAC not known", pci, driver ?? "no driver", cable];
  const where = namespace === undefined ? "" : `; in the namespace ${namespace}`;
  const what = isManagement ? "; management: the default route goes through it" : "";
  return `${name ?? "no netdev"}: ${facts.filter((fact) => fact !== undefined).join(", ")}${where}${what}`;
}

/** As the kernel calls it where a name of VPP's may be so, else after its place: p3s0f1. */
function interfaceName({ name, pci }: Nic, index: number): string {
  // A netdev that stays the kernel's keeps its name, which the tap of linux-cp would take.
  if (pci === undefined) return `port${index}`;
  if (name !== undefined && /^(?!(?:loop|bvi)\d|memif|host-|local0)[A-Za-z][\w-]*$/.test(name)) return name;
  const [, bus = "", slot = "", port = ""] = /:(..):(..)\.(.)$/.exec(pci) ?? [];
  return `p${Number.parseInt(bus, 16)}s${Number.parseInt(slot, 16)}f${port}`;
}

/** What is on no PCI bus VPP can have only through the kernel. */
function interfaceOf({ name, pci }: Nic): JsonObject {
  if (pci !== undefined) return { pci };
  return { driver: "af-packet", ...(name !== undefined && { "kernel-name": name }) };
}
