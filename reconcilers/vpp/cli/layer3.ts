/** Addresses, routes and what routers say to each other, as VPP's CLI makes them. */
import type { Hop, ObjectOf, Vrrp } from "../model.ts";
import type { CommandsOf } from "./filters.ts";

export const layer3Commands: CommandsOf<
  | "vrf"
  | "vrf-member"
  | "address"
  | "unnumbered"
  | "router-advertisements"
  | "advertised-prefix"
  | "unicast-rpf"
  | "neighbor"
  | "route"
  | "vrrp"
  | "dhcp-relay"
  | "lldp"
  | "lldp-port"
> = {
  vrf: ({ table, family }) => [`${ip[family]} table add ${table}`],
  "vrf-member": ({ on, family, table }) => [`set interface ${ip[family]} table ${on} ${table}`],
  address: ({ on, address }) => [`set interface ip address ${on} ${address}`],
  unnumbered: ({ on, as }) => [`set interface unnumbered ${on} use ${as}`],
  "router-advertisements": (object) => [advertisementsCommand(object)],
  "advertised-prefix": ({ on, prefix, valid, preferred, onLink, autonomous }) => [
    `ip6 nd ${on} prefix ${prefix} ${valid} ${preferred}${autonomous ? "" : " no-autoconfig"}${onLink ? "" : " no-onlink"}`,
  ],
  "unicast-rpf": ({ on, family, mode }) => [`set urpf ${short[family]} rx ${mode} ${on}`],
  neighbor: ({ on, address, mac }) => [`set ip neighbor ${on} ${address} ${mac} static`],
  route: ({ prefix, paths, table }) => [
    `ip route add ${prefix}${table === undefined ? "" : ` table ${table}`} ${hopWords(paths, table)}`,
  ],
  vrrp: vrrpCommands,
  "dhcp-relay": ({ server, source }) => [
    `set ${server.includes(":") ? "dhcpv6" : "dhcp"} proxy server ${server} src-address ${source}`,
  ],
  lldp: ({ systemName, interval, hold }) =>
    withoutMacros(`set lldp system-name ${quoted(systemName)} tx-hold ${hold} tx-interval ${interval}`),
  "lldp-port": ({ on, description }) => withoutMacros(`set interface lldp ${on} port-desc ${quoted(description)}`),
};

const ip = { ipv4: "ip", ipv6: "ip6" } as const;

export const short = { ipv4: "ip4", ipv6: "ip6" } as const;

/** "via 192.0.2.1 external via 192.0.2.5"; a next hop without an interface is looked for in the table that is named with it. */
export function hopWords(hops: readonly Hop[], table?: number): string {
  if (hops.length === 0) return "via drop";
  const place = table === undefined ? undefined : `next-hop-table ${table}`;
  return hops
    .map((hop) => ["via", hop.via, hop.interface ?? place].filter((word) => word !== undefined).join(" "))
    .join(" ");
}

function advertisementsCommand(object: ObjectOf<"router-advertisements">): string {
  const { on, sends, maxInterval, minInterval, lifetime, managed, other } = object;
  return [
    `ip6 nd ${on} ra-interval ${maxInterval} ${minInterval} ra-lifetime ${lifetime}`,
    ...(managed ? ["ra-managed-config-flag"] : []),
    ...(other ? ["ra-other-config-flag"] : []),
    ...(sends ? [] : ["ra-suppress"]),
  ].join(" ");
}

/** Tracked interfaces are left to the agent: the CLI knows them by numbers only, which depend on what else is there. */
function vrrpCommands({ on, id, family, addresses, priority, interval, preempt, accept, peers }: Vrrp) {
  const router = `${on} vr_id ${id}${family === "ipv6" ? " ipv6" : ""}`;
  const flags = [
    ...(preempt ? [] : ["no_preempt"]),
    ...(accept ? ["accept_mode"] : []),
    ...(peers.length > 0 ? ["unicast"] : []),
  ];
  return [
    ["vrrp vr add", router, `priority ${priority} interval ${interval}`, ...flags, ...addresses].join(" "),
    ...(peers.length > 0 ? [`vrrp peers ${router} ${peers.join(" ")}`] : []),
    `vrrp proto start ${router}`,
  ];
}

/** VPP's CLI puts something else in the place of "$(name)", and has no word against it: such a line waits for the agent. */
function withoutMacros(line: string): readonly string[] {
  return line.includes("$(") ? [] : [line];
}

/** Braces hold words together; a text that has some of its own cannot be told so. */
function quoted(text: string): string {
  return /\s/.test(text) ? `{${text.replaceAll(/[{}]/g, "")}}` : text;
}
