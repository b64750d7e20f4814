/** Random valid machines and disks, as far as the system plane is concerned: for its laws. */
import * as fc from "fast-check";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import type { SystemDesired, SystemFile } from "../../reconcilers/system/model.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";

const name = fc.constantFrom("a", "external", "r1", "te-1");
const mac = fc.integer({ min: 0, max: 255 }).map((last) => `02:00:00:00:00:${last.toString(16).padStart(2, "0")}`);

const nic = fc.oneof(
  name.map((kernel) => ({ name: kernel })),
  fc.array(mac, { minLength: 1, maxLength: 2 }).map((macs) => ({ macs })),
  fc.constant({ path: "pci-0000:00:1f.6" }),
);
const management = fc.record(
  {
    interface: nic,
    mtu: fc.constantFrom(1400, 1500, 9000),
    ipv4: fc.constantFrom(
      "dhcp",
      "none",
      { address: "192.0.2.10/24" },
      { address: "192.0.2.10/24", gateway: "192.0.2.1" },
    ),
    ipv6: fc.constantFrom("auto", "dhcp", "none", { address: "2001:db8::a/64", gateway: "fe80::1" }),
    dns: fc.record({ servers: fc.subarray(["192.0.2.53", "2001:db8::53"]), search: fc.subarray(["example.net"]) }),
    ntp: fc.subarray(["ntp1.example.net", "192.0.2.123"]),
    syslog: fc.dictionary(
      name,
      fc.record(
        {
          address: fc.constantFrom("192.0.2.14", "log.example.net", "2001:db8::e"),
          port: fc.constantFrom(514, 6514),
          protocol: fc.constantFrom("udp", "tcp", "tls"),
          severity: fc.constantFrom("emergency", "notice", "debug"),
        },
        { requiredKeys: ["address"] },
      ),
      { maxKeys: 2 },
    ),
    ssh: fc.record({
      "authorized-keys": fc.dictionary(
        name,
        fc.constantFrom(`ssh-ed25519 ${"A".repeat(68)}`, `ssh-rsa ${"B".repeat(372)} x`),
      ),
    }),
  },
  { requiredKeys: ["interface"] },
);
const port = fc.oneof(
  fc.record(
    {
      pci: fc.constantFrom("0000:03:00.0", "0000:05:00.1"),
      "rx-queues": fc.integer({ min: 1, max: 8 }),
      "tx-queues": fc.integer({ min: 1, max: 8 }),
    },
    { requiredKeys: ["pci"] },
  ),
  name.map((kernel) => ({ driver: "af-packet" as const, "kernel-name": kernel })),
  mac.map((one) => ({ mac: one })),
);
const nat = fc.integer({ min: 8, max: 32 }).map((length) => ({
  det44: {
    pools: { p: { prefix: "203.0.113.0/24" } },
    mappings: { m: { source: length < 32 ? `10.0.0.0/${length}` : "10.0.0.1/32", pool: "p" } },
  },
}));

/** Every section that this plane renders, each there or not. */
export const machines: fc.Arbitrary<Machine> = fc
  .record(
    {
      hostname: name,
      management,
      interfaces: fc.dictionary(name, port, { maxKeys: 3 }),
      cpu: fc.record({ count: fc.integer({ min: 1, max: 64 }) }),
      sysctl: fc.dictionary(
        fc.constantFrom("vm.swappiness", "net.core.rmem_max"),
        fc.oneof(fc.nat(), fc.constant("a b")),
      ),
      nat,
      routing: fc.constantFrom({}, { bfd: { peers: {} } }, { static: { "10.0.0.0/8": { discard: "blackhole" } } }),
    },
    { requiredKeys: [] },
  )
  .map((input) => Machine.parse(stripped(input)));

/** A section that is not there, rather than there and undefined. */
function stripped(input: object): MachineInput {
  return JSON.parse(JSON.stringify(input)) as MachineInput;
}

export const desires: fc.Arbitrary<SystemDesired> = machines.map((machine) => renderSystem(machine));

/** What stands on a disk before we came. */
export const disks: fc.Arbitrary<readonly SystemFile[]> = fc.array(
  fc.record({
    path: fc.constantFrom(...catalogue.map(({ path }) => path)),
    text: fc.constantFrom("", "theirs\n", "theirs without an end", "127.0.0.1 localhost\n"),
    mode: fc.constantFrom(0o600, 0o640, 0o644),
    owner: fc.constantFrom({ uid: 0, gid: 0 }, { uid: 100, gid: 101 }),
  }),
  { maxLength: 8 },
);
