/** What random machines ask of Incus: for laws. */
import * as fc from "fast-check";

/** By alias, those that are there. */
export const images = { busybox: "0123456789ab", other: "ba9876543210" };

/** What instances have in common. */
export const profiles = { small: { config: { "limits.processes": 50 } }, lan: {} };

const instances = fc.record(
  {
    image: fc.constantFrom({ alias: "busybox" }, { alias: "other" }),
    profiles: fc.constantFrom<string[]>([], ["small"], ["small", "lan"]),
    limits: fc.constantFrom({}, { cpu: 2 }, { memory: "512MiB", disk: "4GiB" }),
    config: fc.constantFrom({}, { "security.nesting": true }, { "limits.processes": 100 }),
    data: fc.constantFrom(
      {},
      { conf: { path: "/etc/x", size: "1GiB" } },
      { conf: { path: "/etc/y" }, log: { path: "/var/log/x" } },
    ),
    devices: fc.constantFrom({}, { tun: { type: "unix-char", path: "/dev/net/tun" } }),
    "user-data": fc.constantFrom("#cloud-config\n", "#cloud-config\npackages: []\n"),
  },
  { requiredKeys: ["image"] },
);
/** Up to three services that are instances. */
export const services = fc.dictionary(
  fc.constantFrom("unbound", "kea", "suricata"),
  fc.record({ instance: instances, enabled: fc.boolean() }),
  { maxKeys: 3 },
);
/** What may be otherwise about the network of containers. */
export const networks = fc.record(
  {
    gateway: fc.constantFrom("10.234.116.5", "10.234.116.6"),
    bridge: fc.constantFrom("incusbr0", "br1"),
    ipv6: fc.constantFrom(
      { network: "2001:db8:1::/64", gateway: "2001:db8:1::5" },
      { network: "2001:db8:1::/64", gateway: "2001:db8:1::5", "bridge-address": "2001:db8:1::1" },
    ),
  },
  { requiredKeys: [] },
);
