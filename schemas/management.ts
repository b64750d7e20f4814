/** The management network: its interface in the default namespace, resolver, time, remote syslog, and who may log in. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import {
  Address,
  HostName,
  Ipv4Address,
  Ipv4Cidr,
  Ipv6Address,
  Ipv6Cidr,
  LinuxName,
  Mac,
  Mtu,
  Name,
  Port,
} from "./primitives.ts";

const Nic = z
  .strictObject({
    macs: z.array(Mac).min(1).optional().meta({ description: "The first of these MAC addresses that the box has." }),
    path: z
      .string()
      .regex(/^[A-Za-z0-9*?:._-]{1,100}$/, "must be a udev path, as in pci-0000:00:1f.6")
      .optional()
      .meta({ description: "udev's ID_PATH.", examples: ["pci-0000:00:1f.6"] }),
    name: LinuxName.optional().meta({ description: "Kernel name." }),
  })
  .refine(
    (nic) => [nic.macs, nic.path, nic.name].filter((way) => way !== undefined).length === 1,
    "needs exactly one of macs, path and name",
  )
  .meta({ description: "Which NIC: by MAC addresses, by path or by name." });

const error = 'must be "dhcp", "none" or {address, gateway}';
const Ipv4 = z
  .union([z.enum(["dhcp", "none"]), z.strictObject({ address: Ipv4Cidr, gateway: Ipv4Address.optional() })], { error })
  .default("dhcp")
  .meta({ description: "dhcp, none, or a fixed address with gateway." });
const Ipv6 = z
  .union([z.enum(["auto", "dhcp", "none"]), z.strictObject({ address: Ipv6Cidr, gateway: Ipv6Address.optional() })], {
    error: 'must be "auto", "dhcp", "none" or {address, gateway}',
  })
  .default("auto")
  .meta({ description: "auto (router advertisements), dhcp, none, or a fixed address with gateway." });

/** The part of an authorized_keys line (sshd(8)) from the key's type on: options would let a key run programs. */
const SshKey = z
  .string()
  .max(2000)
  .regex(
    /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{40,}={0,3}(?: [\x20-\x7e]*)?$/,
    "must be an SSH public key, as in ssh-ed25519 AAAA…",
  )
  .meta({ description: "SSH public key: type and key, as in the .pub file." });

export function managementSchema(d: Defaults) {
  return z
    .strictObject({
      interface: Nic,
      mtu: Mtu.default(d.management.mtu),
      ipv4: Ipv4,
      ipv6: Ipv6,
      dns: z
        .strictObject({
          servers: z.array(Address).default([]).meta({ description: "Addresses of resolvers." }),
          search: z.array(HostName).default([]).meta({ description: "Domains to try." }),
        })
        .prefault({})
        .meta({ description: "Resolver; DHCP adds its own." }),
      ntp: z.array(HostName).default([]).meta({ description: "Time servers." }),
      ssh: z
        .strictObject({
          "authorized-keys": z
            .record(Name, SshKey)
            .default({})
            .meta({ description: "Public keys by name, each of which may log in as root." }),
        })
        .prefault({})
        .meta({ description: "Who may log in, beside the keys that stand on the box." }),
      syslog: z
        .record(
          Name,
          z.strictObject({
            address: HostName,
            port: Port.default(d.management.port),
            protocol: z.enum(["udp", "tcp", "tls"]).default("udp").meta({ description: "How it is sent." }),
            severity: z
              .enum(["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"])
              .default("info")
              .meta({ description: "Sends this and worse." }),
          }),
        )
        .default({})
        .meta({ description: "Remote syslog servers by name." }),
    })
    .meta({ description: "Management network, in the default namespace: never part of the dataplane." });
}
export type Management = z.infer<ReturnType<typeof managementSchema>>;
