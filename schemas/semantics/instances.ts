/** Rules about services that run in instances of Incus. */
import type { Path } from "../json.ts";
import { cidrOf, compareAddresses, covers, isNetworkOrBroadcast } from "./networks.ts";
import { missing } from "./references.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkInstances({ machine: { services, containers } }: View, report: Report): void {
  const addresses = new Map<string, string>();
  for (const [name, { instance, namespace }] of Object.entries(services)) {
    if (!instance) continue;
    const at = (...keys: (string | number)[]): Path => ["services", name, ...keys];
    // Incus makes a host name of it.
    if (!/^[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name))
      report("instance-name", at(), `${JSON.stringify(name)} cannot be a host name`);
    if (namespace === "dataplane")
      report("instance-namespace", at("namespace"), "an instance has network namespaces of its own");
    if (!containers) {
      report("instance-containers", at("instance"), "there is no containers section");
      continue;
    }
    for (const [index, profile] of instance.profiles.entries()) {
      if (Object.hasOwn(containers.profiles, profile)) continue;
      missing(
        "profile",
        { name: profile, path: at("instance", "profiles", index) },
        Object.keys(containers.profiles),
        report,
      );
    }
    const { remote } = instance.image;
    if (remote !== undefined && !Object.hasOwn(containers.remotes, remote))
      missing(
        "remote",
        { name: remote, path: at("instance", "image", "remote") },
        Object.keys(containers.remotes),
        report,
      );
    checkAddress(containers, instance.address, at("instance", "address"), addresses, name, report);
  }
}

function checkAddress(
  containers: NonNullable<View["machine"]["containers"]>,
  address: string | undefined,
  path: Path,
  taken: Map<string, string>,
  name: string,
  report: Report,
): void {
  const [cidr, network] = [cidrOf(address ?? ""), cidrOf(containers.network)];
  if (address === undefined || !cidr || !network) return;
  if (!containers.dhcp) report("instance-address", path, "there is no containers.dhcp that could give it");
  if (!covers(network, cidr)) report("instance-address", path, `${address} is not in ${containers.network}`);
  else if (isNetworkOrBroadcast({ ...network, bytes: cidr.bytes }))
    report("instance-address", path, `${address} is the first or last address of ${containers.network}`);
  const others = { gateway: containers.gateway, "bridge-address": containers["bridge-address"] };
  for (const [what, other] of Object.entries(others)) {
    if (compareAddresses(address, other) === 0) report("instance-address", path, `${address} is containers.${what}`);
  }
  const first = taken.get(address);
  if (first !== undefined) report("instance-address", path, `${address} is the address of ${first} too`);
  else taken.set(address, name);
}
