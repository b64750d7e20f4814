/** What the sites repository of the virtual appliance says: the smallest box that has every kind of file, and something to change. */
import { host, resolver } from "./surroundings.ts";
import { nics } from "./hardware.ts";

export const machine = "lab/r1";

const fleet = `defaults: 1
policy: { soak-seconds: 2, grace-seconds: 10, deadline-seconds: 600 }
`;

/** What a test changes. */
export interface Change {
  /** A new one resets all sessions. */
  readonly routerId?: string;
  readonly soakSeconds?: number;
  /** A public SSH key that may log in. */
  readonly login?: string;
  /** Further lines of the machine file. */
  readonly more?: string;
  /** Further words of its policy. */
  readonly policy?: string;
  /** Name of an image → where its manifest is, and the manifest's digest. */
  readonly images?: Readonly<Record<string, { readonly manifest: string; readonly digest: string }>>;
}

/** The files. */
export function sites(change: Change = {}): Readonly<Record<string, string>> {
  const { routerId = "198.51.100.2", soakSeconds = 2, more = "", policy = "", login, images } = change;
  return {
    "fleet.yaml": fleet,
    ...(images && { "images.yaml": `${JSON.stringify(images, undefined, 2)}\n` }),
    [`${machine}.yaml`]: `hostname: r1
management:
  interface: { macs: ["${nics.management.mac}"] }
  dns: { servers: [${resolver}] }
  ntp: [${host}]
  syslog: { noc: { address: ${host} } }
${login === undefined ? "" : `  ssh: { authorized-keys: { vm: ${JSON.stringify(login)} } }\n`}interfaces:
  external: { pci: "${nics.external.pci}", addresses: [198.51.100.2/24] }
policy: { soak-seconds: ${soakSeconds}, ${policy} }
routing:
  router-id: ${routerId}
  static: { 203.0.113.128/25: { via: [198.51.100.1] } }
  bgp:
    asn: 64500
    announce: { 203.0.113.0/24: {} }
    ebgp-requires-policy: false
    peers: { upstream: { address: 198.51.100.1, remote-as: 64496, expect: any } }
${more}`,
  };
}
