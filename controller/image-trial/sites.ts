/** What a box on which an image is tried is to be: the smallest machine file with a dataplane and a neighbour. */
import { nics } from "./box.ts";

export const sitesFolder = "/persistent/config/imp/trial-sites";

export const settingsFile = `machine: lab/trial
repository: { folder: ${sitesFolder} }
trust: { signatures: "off" }
`;

const address = { own: "192.0.2.1", neighbor: "192.0.2.2" };

/** Path below the sites repository → text. `translates`: with a second instance of VPP. */
export function machineFile({ translates }: { readonly translates: boolean }): Readonly<Record<string, string>> {
  return {
    "fleet.yaml": "defaults: 1\npolicy: { soak-seconds: 2, grace-seconds: 10, deadline-seconds: 900 }\n",
    "lab/trial.yaml": `hostname: trial
management:
  interface: { macs: ["${nics.management.mac}"] }
interfaces:
  external: { pci: "${nics.external.pci}", addresses: [198.51.100.2/24] }
routing:
  router-id: 198.51.100.2
  bgp:
    asn: 64500
    ebgp-requires-policy: false
    peers: { neighbor: { address: ${address.neighbor}, remote-as: 64496, expect: any } }
${translates ? translation : ""}`,
  };
}

const translation = `nat:
  det44:
    inside: [external]
    pools: { pool: { prefix: 203.0.113.0/28 } }
    mappings: { inside: { source: 10.0.0.0/24, pool: pool } }
`;

/** Shell, in the box: a BGP speaker of FRR's own in a namespace, on a link to the dataplane. */
export const neighbor = `set -e
ip netns add neighbor
ip link add to-trial netns neighbor type veth peer name to-neighbor netns dataplane
ip -n dataplane address add ${address.own}/30 dev to-neighbor
ip -n neighbor address add ${address.neighbor}/30 dev to-trial
ip -n dataplane link set to-neighbor up
ip -n neighbor link set to-trial up
mkdir -p /run/frr/neighbor && chown frr:frr /run/frr/neighbor
printf 'router bgp 64496\\n no bgp ebgp-requires-policy\\n bgp router-id ${address.neighbor}\\n neighbor ${address.own} remote-as 64500\\n' >/run/frr/neighbor/bgpd.conf
chown frr:frr /run/frr/neighbor/bgpd.conf
ip netns exec neighbor /usr/lib/frr/bgpd -d -n -f /run/frr/neighbor/bgpd.conf -i /run/frr/neighbor/bgpd.pid \\
  --vty_socket /run/frr/neighbor -z /run/frr/neighbor/zserv.api -P 0
`;
