/** Interfaces and switching as VPP's CLI makes them. */
import type { Bond, ObjectOf } from "../model.ts";
import type { CommandsOf } from "./filters.ts";

export const interfaceCommands: CommandsOf<
  | "physical"
  | "host-interface"
  | "tap"
  | "loopback"
  | "bvi"
  | "bond"
  | "vlan"
  | "vxlan"
  | "memif-socket"
  | "memif"
  | "settings"
  | "bond-member"
  | "linux-pair"
  | "bridge"
  | "bridge-port"
  | "tag-rewrite"
  | "cross-connect"
> = {
  physical: () => [],
  // The CLI leaves checksums as the API's flags do: with "cksum-gso-disable" no TCP gets through.
  "host-interface": ({ name, device, newMac, mac = newMac }) => [
    `create host-interface name ${device}${hardware(mac)}`,
    ...named(`host-${device}`, name),
  ],
  tap: ({ name, id, device, namespace, bridge, mac }) => [
    [
      `create tap id ${id}${hardware(mac)} host-if-name ${device}`,
      ...(namespace === undefined ? [] : [`host-ns ${namespace}`]),
      ...(bridge === undefined ? [] : [`host-bridge ${bridge}`]),
    ].join(" "),
    ...named(`tap${id}`, name),
  ],
  loopback: ({ name, mac }) => [
    `create loopback interface${mac === undefined ? "" : ` mac ${mac}`} instance ${name.replace("loop", "")}`,
  ],
  bvi: ({ name, mac }) => [`bvi create${mac === undefined ? "" : ` mac ${mac}`} instance ${name.replace("bvi", "")}`],
  bond: (object) => [bondCommand(object), ...named(`BondEthernet${object.id}`, object.name)],
  vlan: ({ parent, number, encapsulation, outer, inner }) => [
    `create sub-interfaces ${parent} ${number} ${encapsulation} ${outer}${inner === undefined ? "" : ` inner-dot1q ${inner}`} exact-match`,
  ],
  vxlan: ({ name, source, destination, vni }) => [
    `create vxlan tunnel src ${source} dst ${destination} vni ${vni} instance ${name.replace("vxlan_tunnel", "")}`,
  ],
  "memif-socket": ({ id, path }) => [`create memif socket id ${id} filename ${path}`],
  memif: ({ socket, id, role, mac }) => [`create interface memif id ${id} socket-id ${socket} hw-addr ${mac} ${role}`],
  settings: ({ on, up, mtu, rxMode }) => [
    ...(rxMode === undefined ? [] : [`set interface rx-mode ${on} ${rxMode}`]),
    ...(mtu === undefined ? [] : [`set interface mtu packet ${mtu} ${on}`]),
    ...(up ? [`set interface state ${on} up`] : []),
  ],
  "bond-member": ({ on, bond }) => [`bond add ${bond} ${on}`],
  "linux-pair": ({ on, name }) => [`lcp create ${on} host-if ${name}`],
  bridge: (object) => [bridgeCommand(object)],
  "bridge-port": ({ on, bridge, isBvi }) => [`set interface l2 bridge ${on} ${bridge}${isBvi ? " bvi" : ""}`],
  "tag-rewrite": ({ on, pop }) => [`set interface l2 tag-rewrite ${on} pop ${pop}`],
  "cross-connect": ({ on, to }) => [`set interface l2 xconnect ${on} ${to}`],
};

function hardware(mac: string | undefined): string {
  return mac === undefined ? "" : ` hw-addr ${mac}`;
}

function named(made: string, name: string): readonly string[] {
  return made === name ? [] : [`set interface name ${made} ${name}`];
}

function bondCommand({ id, mode, balance, mac }: Bond): string {
  return `create bond mode ${mode}${balance === undefined ? "" : ` load-balance ${balance}`}${hardware(mac)} id ${id}`;
}

function bridgeCommand({ id, learn, flood, forward, arpTermination, macAge }: ObjectOf<"bridge">): string {
  const flags = { learn, forward, "uu-flood": flood, flood, "arp-term": arpTermination };
  const words = Object.entries(flags).map(([flag, on]) => `${flag} ${on ? 1 : 0}`);
  return `create bridge-domain ${id} ${words.join(" ")} mac-age ${macAge}`;
}
