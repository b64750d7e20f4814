/** A generated sites repository of any size: what loading, polling and validating are measured with. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface FleetOptions {
  readonly appliances: number;
  /** 20 unless told. */
  readonly sites?: number;
}

/** Path → text: valid, without warnings, every appliance different, one customer for every second of them. */
export function fleetFiles({ appliances, sites = 20 }: FleetOptions): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ["fleet.yaml", fleet],
    ["policies/base.yaml", policies],
    ["README.md", "A generated fleet.\n"],
  ]);
  for (let index = 0; index < appliances; index++) {
    const site = `s${String(index % sites).padStart(2, "0")}`;
    files.set(`${site}/site.yaml`, siteFile(index % sites));
    files.set(`${site}/r${index}.yaml`, applianceFile(index));
    if (index % 2 === 0) files.set(`customers/c${index}.yaml`, customerFile(site, index));
  }
  return files;
}

/** Writes it into a folder, which is made. */
export async function writeFleet(folder: string, options: FleetOptions): Promise<void> {
  const files = fleetFiles(options);
  const folders = new Set([...files.keys()].map((path) => dirname(join(folder, path))));
  for (const path of folders) await mkdir(path, { recursive: true });
  for (const [path, text] of files) await writeFile(join(folder, path), text);
}

/** An own address inside 10/8 for each appliance; up to 65,536 of them. */
function octets(index: number): string {
  return `${Math.floor(index / 256)}.${index % 256}`;
}

const fleet = `defaults: 1
management:
  interface: { name: eno1 }
  ntp: [ntp1.example.net, ntp2.example.net]
  dns: { servers: [192.0.2.53], search: [example.net] }
routing:
  bgp:
    asn: 64500
    peer-groups:
      ibgp:
        remote-as: internal
        update-source: loop0
        ipv4: { next-hop-self: true }
policy:
  soak-seconds: 60
  max-impact: flap
  windows:
    night: { from: "02:00", to: "05:00", max-impact: session-reset }
`;

const policies = `prefix-lists:
  bogons:
    entries:
      10: { action: deny, prefix: 10.0.0.0/8, le: 32 }
      20: { action: deny, prefix: 192.168.0.0/16, le: 32 }
      30: { prefix: 0.0.0.0/0, le: 24 }
  own:
    entries:
      10: { prefix: 198.51.100.0/24 }
route-maps:
  transit-in: { entries: { 10: { match: { prefix-list: bogons }, set: { local-preference: 100 } } } }
  transit-out: { entries: { 10: { match: { prefix-list: own } } } }
acls:
  customer-in:
    rules:
      10: { action: deny, protocol: tcp, destination-port: 25 }
      20: {}
`;

function siteFile(index: number): string {
  return `management:
  syslog:
    noc: { address: 192.0.2.${index + 10} }
policy:
  time-zone: Europe/Berlin
`;
}

function applianceFile(index: number): string {
  const own = octets(index);
  return `# Appliance ${index}
identity:
  macs: ["02:00:00:01:${hex(index >> 8)}:${hex(index & 255)}"]
interfaces:
  external:
    description: Upstream
    pci: 0000:03:00.0
    mtu: 9000
    sub-interfaces:
      25:
        description: Transit A
        addresses: [172.16.0.2/30]
        anycast: true
  internal:
    description: Access
    pci: 0000:03:00.1
    mtu: 9000
    sub-interfaces:
      30:
        description: Servers
        addresses: [10.${own}.1/28]
      31:
        description: Offices
        addresses: [10.${own}.17/28]
loopbacks:
  loop0: { addresses: [10.${own}.254/32] }
routing:
  router-id: 10.${own}.254
  static:
    10.${own}.64/27: { via: [10.${own}.2] }
  bgp:
    announce:
      198.51.100.0/24: {}
    peers:
      transit-a:
        description: Transit A
        address: 172.16.0.1
        remote-as: 64496
        ipv4:
          route-map: { in: transit-in, out: transit-out }
          max-prefix: { limit: 1000000 }
  ospf:
    interfaces:
      loop0: { passive: true }
      internal.30: { cost: 10 }
`;
}

function customerFile(site: string, index: number): string {
  const own = octets(index);
  return `description: Customer ${index}
appliance: ${site}/r${index}
interface: internal
vlan: 310
addresses: [10.${own}.33/30]
routes:
  10.${own}.96/28: 10.${own}.34
rate-mbps: 100
filters: { in: [customer-in] }
`;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
