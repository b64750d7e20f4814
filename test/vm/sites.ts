/** What the sites repository of the virtual appliance says: the smallest box that has every kind of file, and something to change. */
import { host, resolver } from "./surroundings.ts";
import { nics } from "./appliance.ts";

export const machine = "lab/r1";

const fleet = `defaults: 1
policy: { soak-seconds: 2, grace-seconds: 10, deadline-seconds: 600 }
`;

/** The files; `routerId` and `soakSeconds` are what a test changes. A new router ID resets all sessions. */
export function sites({ routerId = "198.51.100.2", soakSeconds = 2 } = {}): Readonly<Record<string, string>> {
  return {
    "fleet.yaml": fleet,
    [`${machine}.yaml`]: `hostname: r1
management:
  interface: { macs: ["${nics.management.mac}"] }
  dns: { servers: [${resolver}] }
  ntp: [${host}]
  syslog: { noc: { address: ${host} } }
interfaces:
  external: { pci: "${nics.external.pci}", addresses: [198.51.100.2/24] }
policy: { soak-seconds: ${soakSeconds} }
routing:
  router-id: ${routerId}
  static: { 203.0.113.128/25: { via: [198.51.100.1] } }
  bgp:
    asn: 64500
    announce: { 203.0.113.0/24: {} }
    ebgp-requires-policy: false
    peers: { upstream: { address: 198.51.100.1, remote-as: 64496, expect: any } }
`,
  };
}
