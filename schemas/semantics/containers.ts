/** Rules about the containers' network. */
import type { Path } from "../json.ts";
import { cidrOf, compareAddresses, covers, isNetworkOrBroadcast } from "./networks.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkContainers({ machine: { containers } }: View, report: Report): void {
  if (!containers) return;
  const { network, gateway, "bridge-address": bridge, dhcp, ipv6 } = containers;
  const inside = (text: string | undefined, of: string, path: Path): void => {
    const cidr = cidrOf(text ?? "");
    const outer = cidrOf(of);
    if (!cidr || !outer) return;
    if (!covers(outer, cidr)) report("container-address", path, `${text} is not in ${of}`);
    else if (isNetworkOrBroadcast({ ...outer, bytes: cidr.bytes }))
      report("container-address", path, `${text} is the first or last address of ${of}`);
  };
  const at = (...keys: string[]): Path => ["containers", ...keys];
  inside(gateway, network, at("gateway"));
  inside(bridge, network, at("bridge-address"));
  inside(dhcp?.from, network, at("dhcp", "from"));
  inside(dhcp?.to, network, at("dhcp", "to"));
  inside(ipv6?.gateway, ipv6?.network ?? "", at("ipv6", "gateway"));
  inside(ipv6?.["bridge-address"], ipv6?.network ?? "", at("ipv6", "bridge-address"));
  if (gateway === bridge) report("container-address", at("bridge-address"), `${bridge} is the gateway too`);
  if (ipv6 && ipv6.gateway === ipv6["bridge-address"])
    report("container-address", at("ipv6", "bridge-address"), `${ipv6.gateway} is the gateway too`);
  if (dhcp && compareAddresses(dhcp.from, dhcp.to) > 0)
    report("container-address", at("dhcp", "to"), `${dhcp.to} is before ${dhcp.from}`);
  for (const [what, address] of Object.entries({ gateway, bridge })) {
    if (dhcp && compareAddresses(dhcp.from, address) <= 0 && compareAddresses(address, dhcp.to) <= 0)
      report("container-address", at("dhcp"), `the range holds ${address}, the ${what}'s address`);
  }
  if (containers.bridge === containers["host-interface"])
    report("container-names", at("host-interface"), `${containers.bridge} is the bridge's name`);
}
