/** Whether a real systemd-networkd takes what is rendered for management: in namespaces of its own, on one end of a veth pair. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { managementNetwork } from "../../reconcilers/system/render/management.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { whyNoNamespaces } from "../lab/netns.ts";

const program = "/lib/systemd/systemd-networkd";
const why = existsSync(program) ? whyNoNamespaces() : "needs systemd-networkd";

/** Prints what networkd says, and how the interface is once it has an address, or after 15 s. /sys is read-only: no udev. */
const script = `
mount -t tmpfs tmpfs /run && mkdir -p /run/etc /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
cp -a /etc/passwd /etc/group /etc/nsswitch.conf /run/etc && mkdir -p /run/etc/systemd/network && mount --bind /run/etc /etc
chown -R systemd-network:systemd-network /run/systemd/netif
mount -t sysfs -o ro sysfs /sys
cp "$1"/*.network /etc/systemd/network/
ip link add mgmt0 type veth peer name far && ip link set far up
timeout 20 ${program} 2>&1 &
for try in $(seq 150); do
  ip -4 addr show mgmt0 | grep -q inet && break
  sleep 0.1
done
ip addr show mgmt0; ip route; ip -6 route
kill %1; wait
`;

function rendered(management: Omit<NonNullable<MachineInput["management"]>, "interface">, nic: object): string {
  const input = { management: { interface: nic, ...management } } as MachineInput;
  const parsed = Machine.parse(input).management;
  return parsed ? managementNetwork(parsed) : "";
}

describe.skipIf(why)(`systemd-networkd${why ? ` (${why})` : ""}`, () => {
  it("takes every line, and gives management its addresses, gateways and MTU", async () => {
    const folder = await mkdtemp(join(tmpdir(), "imp-networkd-"));
    try {
      const ipv4 = { address: "192.0.2.10/24", gateway: "192.0.2.1" };
      const ipv6 = { address: "2001:db8::a/64", gateway: "fe80::1" };
      await writeFile(join(folder, "10-fixed.network"), rendered({ mtu: 1400, ipv4, ipv6 }, { name: "mgmt0" }));
      const macs = ["02:00:00:00:00:01", "02:00:00:00:00:02"];
      await writeFile(join(folder, "20-dhcp.network"), rendered({ ipv4: "none", ipv6: "dhcp" }, { macs }));
      await writeFile(join(folder, "30-auto.network"), rendered({}, { path: "pci-0000:00:1f.6" }));
      const argv = ["--mount", "--net", "sh", "-c", script, "sh", folder];

      const said = execFileSync("unshare", argv, {
        encoding: "utf8",
        timeout: 60_000,
        stdio: ["ignore", "pipe", "ignore"],
      });

      expect(said).toMatch(/mgmt0: Configuring with .*10-fixed\.network/);
      expect(said).not.toMatch(/unknown|invalid|failed to parse|ignor/i);
      expect(said).toMatch(/ mtu 1400 /);
      expect(said).toContain("inet 192.0.2.10/24 ");
      expect(said).toContain("inet6 2001:db8::a/64 ");
      expect(said).toContain("default via 192.0.2.1 dev mgmt0 ");
      expect(said).toContain("default via fe80::1 dev mgmt0 ");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
