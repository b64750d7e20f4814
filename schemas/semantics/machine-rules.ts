/** The catalogue of rules over one appliance. docs/validation.md is generated from it. */
import { error, warning, type Rule } from "./rule.ts";

export const machineRules = {
  // --- hardware and management
  "nic-reused": error(
    "A NIC (PCI address, MAC address, kernel name) is one interface only.",
    "Correct one of the two.",
  ),
  "nic-of-dpdk": error(
    "A NIC that DPDK drives is named by its PCI address: DPDK knows no other name.",
    "`impctl hardware` on the box shows the PCI address of each NIC. Or have it go through the kernel: driver: af-packet, with kernel-name.",
  ),
  "nic-of-management": error(
    "The management interface is never in the dataplane.",
    "Take another NIC: what joins the dataplane is gone for management.",
  ),
  "mac-multicast": error("A MAC address is no multicast address.", "Use one whose first byte is even, as in 02:…"),
  "management-gateway": error(
    "The management gateway is another address of the management network.",
    "Correct the gateway or the prefix length of the address.",
  ),
  "management-none": error(
    "Management has IPv4 or IPv6.",
    "Give ipv4 or ipv6 an address or dhcp: the agent could not be reached, nor reach the repository.",
  ),
  "cpu-reused": error("A CPU runs one thread of VPP only.", "Give each thread a CPU of its own."),
  "cpu-range": error("A range of CPUs goes from the lower to the higher number.", "Swap the two numbers."),
  "cpu-missing": error("VPP's threads run on CPUs that the box has.", "Correct cpu.count, or the number of the CPU."),
  "cpu-zero": warning("CPU 0 is left to Linux.", "Start with CPU 1: interrupts and the agent run on CPU 0."),
  // --- interfaces
  "name-reused": error("A name is that of one interface or bond only.", "Rename one of the two."),
  "number-reused": error(
    "The number of a bond, a bridge or an ABF policy is its own.",
    "Give one of the two another id.",
  ),
  "linux-name-length": error(
    "The name of an interface in Linux has at most 15 characters.",
    "Give it a shorter one with linux-cp, or linux-cp: false where FRR need not see it.",
  ),
  "linux-name-reused": error(
    "The name of an interface in Linux is its own.",
    "Give one of the two another one with linux-cp.",
  ),
  "linux-cp-parent": error(
    "A VLAN that Linux sees is on an interface that Linux sees.",
    "Remove linux-cp: false from the interface, or set it on the VLAN too.",
  ),
  "qinq-outer": error(
    "A QinQ VLAN that Linux sees has its outer VLAN beside it as a sub-interface that Linux sees.",
    "Add a sub-interface for the outer VLAN (it may be empty), or set linux-cp: false.",
  ),
  "vlan-reused": error(
    "A VLAN stands once on an interface.",
    "Change vlan, inner-vlan or encapsulation of one of the two.",
  ),
  "vlan-of-disabled": warning(
    "A VLAN of a disabled interface is disabled.",
    "Enable the interface, or set enabled: false on the VLAN.",
  ),
  "mtu-above-parent": error("A VLAN's MTU is at most its interface's.", "Lower it, or raise the interface's."),
  "mtu-above-member": error("A bond's MTU is at most that of each member.", "Raise the member's MTU."),
  "mtu-below-ipv6": error("An interface with IPv6 has an MTU of at least 1280.", "Raise the MTU (RFC 8200)."),
  "mtu-in-bridge": warning(
    "The members of a bridge, its BVI, and both ends of a cross-connect have one MTU.",
    "Give them the same mtu: larger packets are lost on the way to the smaller one.",
  ),
  unnumbered: error(
    "An unnumbered interface has no addresses of its own, and the one whose addresses it has has some, and is in the same VRF.",
    "Remove its addresses, or name an interface with an address.",
  ),
  "vrf-reused": error("A VRF's table is its own.", "Give one of the two another number."),
  "vrf-linux": error(
    "An interface in a VRF has no name in Linux: the taps of linux-cp are all in Linux's main table, and their networks would come back into VPP's.",
    "Remove linux-cp, or vrf where FRR is to see the interface.",
  ),
  "vrf-peer": error(
    "kind, hygiene, role and maintenance are for peers of the main table, where the internet is.",
    "Write the policy of the peer as route-maps, and leave these words out.",
  ),
  "vrf-import": error(
    "A VRF imports from others that have BGP with the same AS number: FRR would make an instance of one that has none, with its own number.",
    "Give that VRF a bgp section with that number, or take it out of from.",
  ),
  "vrf-translated": error(
    "Only interfaces of the main table are translated: answers come back into that one.",
    "Take it out of inside, or out of the VRF.",
  ),
  "dhcp-relay-source": error(
    "All DHCP relays of a family have one source: VPP has room for one only.",
    "Give them the same source.",
  ),
  // --- switching
  "switched-routed": error(
    "A member of a bridge, or an end of a cross-connect, is not routed: no address, no linux-cp name, no router advertisements, no unicast RPF.",
    "Remove it here: a bridge's own address belongs to its bvi.",
  ),
  "switched-twice": error("An interface is switched in one place only.", "Remove it from one of the two."),
  "switched-kind": error(
    "Only physical interfaces, bonds and VLANs are switched.",
    "A bridge's own interface is its bvi; it is no member.",
  ),
  "switched-vlans": error(
    "An end of a cross-connect has no VLANs: it carries them all.",
    "Move the VLANs, or connect one VLAN instead of the interface.",
  ),
  "cross-connect-ends": error(
    "A cross-connect of a VLAN is between physical interfaces or bonds.",
    "Name the interfaces themselves; vlan and inner-vlan say which VLAN.",
  ),
  "bond-member-twice": error("An interface is member of one bond only, once.", "Remove it from one of the two."),
  "bond-member-role": error(
    "A member of a bond carries nothing itself: no address, VLAN, linux-cp name, ACL, policer, bridge or cross-connect.",
    "Move it to the bond.",
  ),
  // --- addresses
  "address-reused": error(
    "An address stands once in the main table, and once in a VRF.",
    "Give one of the two another address.",
  ),
  "network-overlap": error(
    "Networks of two interfaces of one table do not overlap, nor do two of different lengths on one.",
    "Correct the address or the prefix length of one of the two: the dataplane refuses the second.",
  ),
  "address-unusable": error(
    "An interface's address is a host's: not the network's own, broadcast, multicast or loopback.",
    "Use an address inside the network.",
  ),
  "ra-without-network": warning(
    "Router advertisements have a /64 to advertise.",
    "Give the interface an IPv6 address with /64, or remove router-advertisements.",
  ),
  "ra-prefix": warning(
    "An advertised prefix is a /64 network of the interface.",
    "Advertise the interface's own network, or add an address of it.",
  ),
  "rpf-without-address": warning(
    "Unicast RPF looks at the routes of an interface with addresses.",
    "Add an address, or remove unicast-rpf.",
  ),
  "vrrp-outside": error(
    "VRRP's addresses are in a network of its interface and of its family.",
    "Correct the address or the interface.",
  ),
  "vrrp-reused": error("A virtual router's id is its own on an interface.", "Give one of the two another id."),
  "vrrp-owner": warning(
    "Priority 255 goes with an own address, and an own address with priority 255.",
    "Set priority 255 where the address stands on the interface, else a lower one.",
  ),
  "vrrp-peer": error("A unicast VRRP peer is another router, of the same family.", "Name the other router's address."),
  // --- references
  "reference-missing": error(
    "What is referred to by name exists: lists, route-maps, peer-groups, BFD profiles, ACLs, policers, NAT pools, peers, interfaces.",
    "Correct the name, or define it.",
  ),
  "reference-unseen": error(
    "An interface that FRR uses is one that Linux sees, and one that is routed on is not switched or in a bond.",
    "Name the bond, the BVI or a VLAN, or give it a linux-cp name.",
  ),
  "reference-kind": error(
    "A list is of the family or kind that its user asks for.",
    "Refer to a list of the right family or kind.",
  ),
  // --- lists and route-maps
  "list-empty": error(
    "A list or route-map has entries: FRR takes an empty one for a missing one, which may let everything through.",
    "Add an entry; to deny all, one that says so.",
  ),
  "list-entry-dead": warning(
    "An entry decides something: no earlier entry matches all of it.",
    "Remove the later entry, or change the order.",
  ),
  "route-map-loop": error("Route-maps do not call each other in a circle.", "Remove one of the calls."),
  "route-map-continue": error(
    "A route-map continues at a later entry that exists.",
    "Name the sequence number of one.",
  ),
  "route-map-rpki": error(
    "A route-map matches RPKI results where bgpd has a cache to ask: raw lines in the context rpki.",
    "Add the cache as raw lines with context: [rpki], and bgpd's module (-M rpki), or remove the match.",
  ),
  // --- BGP
  "router-id-missing": warning(
    "BGP, OSPF and OSPFv3 have a router ID: FRR's own choice changes with the addresses.",
    "Set routing.router-id, the address of a loopback for example.",
  ),
  "peer-remote-as": error("A peer has a remote-as, its own or its group's.", "Add remote-as to the peer or its group."),
  "peer-reused": error("An address, or an unnumbered interface, is that of one peer only.", "Remove one of the two."),
  "peer-own-address": error("A peer's address is not an own one.", "Name the address of the other side."),
  "peer-link-local": error("A link-local address comes with its interface.", "Add interface."),
  "peer-unreachable": warning(
    "An eBGP peer without ebgp-multihop is in a connected network.",
    "Correct the address, add one of the same network to an interface, or set ebgp-multihop.",
  ),
  "peer-kind": warning(
    "A peer of kind internal has the own AS number, one of any other kind but collector another.",
    "Correct remote-as or kind.",
  ),
  "peer-ebgp-only": warning("ebgp-multihop is for eBGP.", "Remove it: iBGP sessions may take several hops anyhow."),
  "peer-drain": warning(
    "An eBGP peer that is drained is sent standard communities, by which it hears of it.",
    "Set send-community to standard, both or all, or expect it to go on sending.",
  ),
  "peer-local-as": error(
    "local-as is for eBGP, and neither the own nor the peer's AS number.",
    "Correct or remove local-as: FRR rejects it.",
  ),
  "peer-reflector": error("Only iBGP peers are clients of a route reflector.", "Remove route-reflector-client."),
  "peer-private-as": error(
    "remove-private-as is for eBGP.",
    "Remove it: FRR rejects it for a peer with the own AS number.",
  ),
  "peer-group-switch": error(
    "A peer does not switch off what its group switches on: FRR 8.4 cannot.",
    "Remove it from the group and set it on the other members, or leave the group.",
  ),
  "peer-policy": warning(
    "An eBGP peer has a policy (RFC 8212): without one nothing is sent or taken.",
    "Add a route-map, prefix-list or as-path-list to the peer or its group.",
  ),
  "peer-open": warning(
    "An eBGP peer has a kind or a policy where ebgp-requires-policy is off.",
    "Add kind (upstream, peer or customer), and a route-map each way.",
  ),
  "peer-max-prefix": warning(
    "A peer of a kind has a limit of prefixes in each family (RFC 7454).",
    "Count what it sends, and set max-prefix; or hygiene: { unlimited-prefixes: { off: why } }.",
  ),
  "peer-role": error(
    "role is of an eBGP peer of kind upstream, peer, customer or route-server.",
    "Add kind, or remove role.",
  ),
  "hygiene-idle": warning("hygiene says what is refused from a peer of a kind.", "Add kind, or remove it."),
  "hygiene-own-prefixes": warning(
    "Where own prefixes are refused there are some: announced, summed up, NAT pools, or own-prefixes.",
    "Set own-prefixes, in fleet.yaml for example.",
  ),
  "hygiene-marks": warning(
    "With route-leaks, iBGP peers are sent large communities: all routers of the network know a leak by them.",
    "Set send-community to all or large, or remove it.",
  ),
  "peer-family": warning("A peer carries an address family.", "Remove activate: false from one."),
  "update-source": error(
    "update-source is an own address of the peer's family, or an interface.",
    "Name an address that stands on an interface here.",
  ),
  "announce-blackhole": warning(
    "An announced prefix that has a static route needs no blackhole route.",
    "Set blackhole: false on the announcement.",
  ),
  // --- OSPF and BFD
  "ospf-address": warning("An OSPF interface has an address of its family.", "Add one, or remove the interface."),
  "ospf-area-unused": warning("An area with settings has interfaces.", "Correct the area, or remove it."),
  "ospf-backbone": error("Area 0.0.0.0 is neither a stub nor an NSSA.", "Remove its kind."),
  "ospf-areas": warning(
    "A router with several areas has the backbone 0.0.0.0 among them.",
    "Put an interface in area 0.0.0.0: without it nothing goes from one area to the other.",
  ),
  "ospf-timers": error("dead-seconds is longer than hello-seconds.", "Four times hello-seconds is usual."),
  "bfd-source": error("A multihop BFD session has an own source address of its family.", "Add source."),
  "bfd-peer": error("A BFD peer is another router.", "Name the address of the other side."),
  // --- static routes, steering, relay
  "route-own-address": error(
    "A static route leads to another router.",
    "Name the neighbour's address, not the own one.",
  ),
  "route-unreachable": warning(
    "A next hop is in a connected network, or behind another static route of its table.",
    "Correct the next hop, or add an address of its network to an interface.",
  ),
  "route-link-local": error("A link-local next hop comes with its interface.", "Add interface."),
  "route-connected": warning(
    "A static route is not for a network that is connected.",
    "Remove it: the connected network wins.",
  ),
  "abf-family": error("ABF's next hops and rules are of its family.", "Correct family, via or the ACL."),
  "relay-source": error(
    "A DHCP relay's source is an own address.",
    "Name an address that stands on an interface here.",
  ),
  // --- NAT
  "nat-pool-overlap": error("NAT pools do not overlap each other.", "Correct one of the two."),
  "nat-pool-connected": error(
    "A NAT pool overlaps no network of an interface.",
    "Take addresses that are routed to the appliance, not those of a link.",
  ),
  "nat-pool-private": warning("A NAT pool has public addresses.", "Correct the prefix."),
  "nat-pool-shared": error(
    "A det44 pool belongs to one mapping: answers are matched to a mapping by the pool's address.",
    "Split the pool into one for each mapping.",
  ),
  "nat-pool-size": error(
    "A det44 pool is not larger than the source, and has at least one port for each source address.",
    "Change the size of the pool or of the source.",
  ),
  "nat-source-public": warning("det44 translates private networks (RFC 1918, RFC 6598).", "Correct the source."),
  "nat-source-overlap": error("Sources of det44 mappings do not overlap.", "Correct one of the two."),
  "nat-unmapped": warning(
    "A network that is steered to det44 has a mapping, else its packets are dropped.",
    "Add a mapping, or take the interface out of inside (of containers: nat: false).",
  ),
  "nat-inside-twice": warning("An inside interface is named once.", "Remove one of the two."),
  "nat-bypass-unused": warning("The source of a bypass is translated otherwise.", "Correct the source, or remove it."),
  "nat-link": error("Both ends of a memif link are different addresses of one network.", "Correct one of the two."),
  "nat64-prefix": error("A NAT64 prefix is a /32, /40, /48, /56, /64 or /96 (RFC 6052).", "Use a /96."),
  // --- containers
  "container-address": error(
    "The containers' gateway, bridge address and DHCP range are different host addresses of their network.",
    "Correct the address or the network.",
  ),
  "container-names": error(
    "The containers' bridge and host-interface have different names.",
    "Give one of the two another name.",
  ),
  // --- services
  "instance-name": error(
    "The name of a service in an instance of Incus is a host name.",
    "Take letters, digits and '-', beginning with a letter.",
  ),
  "instance-namespace": error("Only units of systemd have a namespace.", "Remove namespace, or the instance."),
  "instance-containers": error(
    "Instances are in the containers' network.",
    "Add containers: their network, VPP's address in it and the bridge's.",
  ),
  "instance-address": error(
    "An instance's address is its own, in the containers' network, and given by the bridge's DHCP server.",
    "Take another one of containers.network, and say containers.dhcp.",
  ),
  // --- health
  "health-bounds": error(
    "A count or an age that is checked has a bound, and the lower is at most the upper.",
    "Correct min or max.",
  ),
  "health-time": error(
    "A required check's start period and soak are over before the deadline.",
    "Raise policy.deadline-seconds, shorten them, or set required: false.",
  ),
  // --- policy
  "policy-soak": error(
    "soak-seconds is shorter than deadline-seconds.",
    "Raise deadline-seconds: no change could prove itself.",
  ),
  "window-empty": error("A maintenance window has a length.", "Set to to another time than from."),
  "window-useless": warning(
    "A window allows more than policy.max-impact, which holds outside of every window.",
    "Lower policy.max-impact (session-reset unless it is set), or remove the window.",
  ),
  "window-short": warning(
    "A window has room for the deadline of what it allows, and 5 minutes to roll back.",
    "Make the window longer, or set policy.deadline-seconds: nothing of that impact starts in it.",
  ),
  "impact-at-any-time": warning(
    "Restarts and reboots wait for a window or an approval.",
    "Lower policy.max-impact and add a window, or name them in policy.approval.",
  ),
} as const satisfies Readonly<Record<string, Rule>>;
