import { describe, expect, it } from "vitest";
import { identityOf, nicsPatch, readNics } from "../../../controller/hardware.ts";
import { parseYaml } from "../../../schemas/yaml.ts";
import { loadMachine } from "../../../schemas/load.ts";
import { simHost } from "../../lab/host.ts";
import { memoryTree } from "../../lab/memory-tree.ts";
import { impctl } from "./cli/terminal.ts";

const never = new AbortController().signal;
const uuid = "4c4c4544-0051-3510-8052-b4c04f4a3132";

/** Management on a VLAN of eno1; a port of the kernel's, one in the namespace, one that VPP holds, and no hardware at all. */
function router() {
  const sim = simHost();
  const text = (path: string, value: string): void => void sim.files.set(path, { text: `${value}\n`, mode: 0o444 });
  const link = (path: string, target: string): void => void sim.files.set(path, { target });
  const nic = (name: string, device: string, mac: string, driver: string, carrier?: string): void => {
    link(`/sys/class/net/${name}`, `../../devices/${device}/net/${name}`);
    text(`/sys/class/net/${name}/type`, "1");
    text(`/sys/class/net/${name}/address`, mac);
    link(`/sys/class/net/${name}/device/driver`, `../../../../bus/drivers/${driver}`);
    if (carrier !== undefined) text(`/sys/class/net/${name}/carrier`, carrier);
  };
  const pci = (address: string, kind: string, driver: string): void => {
    text(`/sys/bus/pci/devices/${address}/class`, kind);
    link(`/sys/bus/pci/devices/${address}/driver`, `../../../bus/pci/drivers/${driver}`);
  };
  nic("eno1", "pci0000:00/0000:00:1f.6", "02:00:00:00:00:01", "igb", "1");
  nic("enp3s0f0", "pci0000:00/0000:00:01.0/0000:03:00.0", "02:00:00:00:00:02", "ixgbe", "0");
  nic("enx02", "pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0", "02:00:00:00:00:05", "r8152");
  nic("eno1.9", "virtual", "02:00:00:00:00:01", "none", "1");
  link("/sys/class/net/eno1.9", "../../devices/virtual/net/eno1.9");
  text("/sys/class/net/eno1.9/lower_eno1/mtu", "1500");
  text("/proc/net/route", "Iface\tDestination\neno1.9\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0");
  pci("0000:00:1f.6", "0x020000", "igb");
  pci("0000:03:00.0", "0x020000", "ixgbe");
  pci("0000:04:00.0", "0x020000", "ixgbe");
  pci("0000:05:00.1", "0x020000", "vfio-pci");
  pci("0000:06:00.0", "0x010802", "nvme");
  const there = [
    { ifname: "lo", link_type: "loopback", flags: ["UP"] },
    { ifname: "external", link_type: "ether", address: "02:00:00:00:00:aa", flags: ["UP"], operstate: "UP" },
    {
      ifname: "enp4s0",
      link_type: "ether",
      address: "02:00:00:00:00:aa",
      permaddr: "02:00:00:00:00:03",
      flags: ["UP"],
      operstate: "UP",
      parentbus: "pci",
      parentdev: "0000:04:00.0",
    },
  ];
  sim.answer((argv) =>
    argv.join(" ") === "ip -n dataplane -json link show"
      ? { exitCode: 0, stdout: JSON.stringify(there), stderr: "" }
      : undefined,
  );
  return sim.start();
}

describe("the NICs of a box", () => {
  it("are found in sysfs, in the dataplane's namespace, and without a netdev", async () => {
    const nics = await readNics(router(), "dataplane", never);

    expect(
      nics.map(({ name, pci, mac, driver, link, namespace, isManagement }) =>
        [name, pci, mac, driver, link, namespace, isManagement].map((fact) => fact ?? "-").join(" "),
      ),
    ).toEqual([
      "eno1 0000:00:1f.6 02:00:00:00:00:01 igb up - true",
      "enp3s0f0 0000:03:00.0 02:00:00:00:00:02 ixgbe no carrier - false",
      "enp4s0 0000:04:00.0 02:00:00:00:00:03 ixgbe up dataplane false",
      "- 0000:05:00.1 - vfio-pci - - false",
      "enx02 - 02:00:00:00:00:05 r8152 down - false",
    ]);
  });

  it("become a patch that a machine file takes as it is", async () => {
    const patch = nicsPatch(await readNics(router(), "dataplane", never), { uuid });

    expect(patch).toContain(
      "  # no netdev: MAC not known, 0000:05:00.1, vfio-pci\n  p5s0f1:\n    pci: '0000:05:00.1'\n",
    );
    expect(patch).toContain("management: the default route goes through it\nmanagement:\n");
    const tree = memoryTree({ "fleet.yaml": "defaults: 1\n", "fra1/site.yaml": "{}\n", "fra1/r1.yaml": patch });
    const { loaded, problems } = await loadMachine(tree, "fra1/r1");
    expect(problems.filter(({ severity }) => severity === "error").map(String)).toEqual([]);
    expect(Object.keys(loaded?.machine.interfaces ?? {})).toEqual(["enp3s0f0", "enp4s0", "p5s0f1", "port3"]);
    expect(loaded?.machine.identity).toEqual({ "dmi-uuid": uuid });
  });

  it("say who the box is by management's address where the firmware has no UUID", async () => {
    const nics = await readNics(router(), "dataplane", never);

    expect(identityOf({ uuid: "03000200-0400-0500-0006-000700080009" }, nics)).toEqual({ macs: ["02:00:00:00:00:01"] });
    expect(identityOf({ uuid: undefined }, [])).toBeUndefined();
  });

  it("are listed by impctl without any settings", async () => {
    const ran = await impctl("/", "hardware", "--settings", "/nonexistent/agent.yaml");

    expect(ran).toMatchObject({ exitCode: 0, err: "" });
    expect(parseYaml("patch.yaml", new TextEncoder().encode(ran.out)).problems).toEqual([]);
  });
});
