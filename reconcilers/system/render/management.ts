/** The management network as systemd-networkd has it: systemd.network(5). */
import type { Management } from "../../../schemas/management.ts";
import { header } from "../catalogue.ts";

/** /etc/systemd/network/10-imp-management.network */
export function managementNetwork({ interface: nic, mtu, ipv4, ipv6 }: Management): string {
  const fixed = [ipv4, ipv6].flatMap((family) => (typeof family === "string" ? [] : [family]));
  return `${header}[Match]
${matchOf(nic)}

[Link]
MTUBytes=${mtu}

[Network]
DHCP=${dhcpOf(ipv4 === "dhcp", ipv6 === "dhcp")}
IPv6AcceptRA=${ipv6 === "auto" || ipv6 === "dhcp" ? "yes" : "no"}
LinkLocalAddressing=${ipv6 === "none" ? "no" : "ipv6"}
${fixed.map(({ address, gateway }) => `Address=${address}\n${gateway === undefined ? "" : `Gateway=${gateway}\n`}`).join("")}${ipv6 === "dhcp" ? "\n[DHCPv6]\nWithoutRA=solicit\n" : ""}`;
}

/** VLANs and bridges have the MAC address of the NIC below them: `Type=ether` leaves them out. */
function matchOf({ macs, path, name }: Management["interface"]): string {
  if (macs !== undefined) return `MACAddress=${macs.join(" ")}\nType=ether`;
  return path === undefined ? `Name=${name}` : `Path=${path}`;
}

function dhcpOf(four: boolean, six: boolean): string {
  if (four && six) return "yes";
  return four ? "ipv4" : six ? "ipv6" : "no";
}
