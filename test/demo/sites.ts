/** The sites files of the demo's story: one site, one appliance, as an operator would write them. */

/** What the agent follows, relative to the top of the repository. */
export type Files = Readonly<Record<string, string>>;

const fleet = `# What all appliances have in common.
defaults: 1
policy:
  poll-seconds: 1
  soak-seconds: 3       # short, for the demo: 30 by default
  grace-seconds: 6
  deadline-seconds: 60
`;

const policies = `# Shared lists: an appliance has only those that it refers to.
prefix-lists:
  own:
    entries:
      10: { prefix: 203.0.113.0/24 }
  bogons:
    entries:
      10: { prefix: 10.0.0.0/8, le: 32 }
      20: { prefix: 172.16.0.0/12, le: 32 }
      30: { prefix: 192.168.0.0/16, le: 32 }
route-maps:
  transit-in:
    entries:
      10: { action: deny, match: { prefix-list: bogons } }
      20: {}
  transit-out:
    entries:
      10: { match: { prefix-list: own } }
`;

const vlan26 = `
      26: { description: transit-b, addresses: [192.0.2.6/30] }`;
const transitB = (remoteAs: string) => `
      transit-b: { address: 192.0.2.5, remote-as: ${remoteAs}, group: transit }`;

function appliance(vlans: string, peers: string, transitA = "64496"): string {
  return `interfaces:
  external:
    pci: 0000:03:00.0
    sub-interfaces:
      25: { description: transit-a, addresses: [192.0.2.2/30] }${vlans}
routing:
  router-id: 198.51.100.1
  bgp:
    asn: 64500
    announce:
      203.0.113.0/24: {}
    peer-groups:
      transit:
        kind: upstream
        timers: { keepalive-seconds: 3, hold-seconds: 9, connect-seconds: 2 }
        hygiene:
          bogon-prefixes: { off: this story takes place in prefixes for documentation }
          long-prefixes: { off: this story has few of them }
        ipv4: { route-map: { in: transit-in, out: transit-out }, max-prefix: { limit: 100 } }
    peers:
      transit-a: { address: 192.0.2.1, remote-as: ${transitA}, group: transit }${peers}
`;
}

/** Act 1: one upstream. */
export const first: Files = {
  "fleet.yaml": fleet,
  "policies/transit.yaml": policies,
  "fra1/site.yaml": "# What the appliances in Frankfurt have in common: nothing yet.\n",
  "fra1/r1.yaml": appliance("", ""),
};
/** Act 2: a VLAN and a second upstream on it. */
export const second: Files = { "fra1/r1.yaml": appliance(vlan26, transitB("64497")) };
/** Act 3: a mistake: VLAN 5000, an AS number with a letter, and a route-map that nobody wrote. */
export const mistaken: Files = {
  "fra1/r1.yaml": appliance(
    `${vlan26}\n      27: { description: peering, vlan: 5000, addresses: [192.0.2.9/30] }`,
    `${transitB("64497")}
      peering: { address: 192.0.2.10, remote-as: 6449B, ipv4: { route-map: { out: peering-out } } }`,
  ),
};
/** Act 4: valid, and wrong: the first upstream's AS number has two digits swapped. Its session will not come back. */
export const harmful: Files = { "fra1/r1.yaml": appliance(vlan26, transitB("64497"), "64469") };
/** Act 5: reverted. */
export const reverted: Files = second;
/** Act 6: harmless, and interrupted. */
export const interrupted: Files = {
  "fra1/r1.yaml": appliance(vlan26, transitB("64497")).replace("hold-seconds: 9,", "hold-seconds: 12,"),
};
