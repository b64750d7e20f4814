import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { placeThreads, type Threads } from "../../../../reconcilers/system/render/cpu.ts";
import { renderSystem } from "../../../../reconcilers/system/render/render.ts";
import { loadMachine } from "../../../../schemas/load.ts";
import { Machine, type MachineInput } from "../../../../schemas/machine.ts";
import { folderTree } from "../../../../controller/folder.ts";

async function example(name: string): Promise<Machine> {
  const { loaded } = await loadMachine(folderTree(join(import.meta.dirname, "../../../../sites")), name);
  if (!loaded) throw new Error(`${name} is not valid`);
  return loaded.machine;
}

function textOf(machine: MachineInput, path: string): string | undefined {
  return renderSystem(Machine.parse(machine)).files.find((file) => file.path === path)?.text;
}

describe("the files of a machine", () => {
  it.each(["fra1/r1", "fra1/r2", "ber1/r1"])("are, for %s of the example, these", async (name) => {
    const { files } = renderSystem(await example(name));
    const text = files.map(({ path, mode, text: content }) => `==> ${path} ${mode.toString(8)}\n${content}`);

    await expect(text.join("\n")).toMatchFileSnapshot(`golden/${name.replace("/", "-")}.txt`);
  });

  it("are, for a machine that says nothing, only what FRR does not start without", () => {
    expect(renderSystem(Machine.parse({})).files.map(({ path }) => path)).toEqual(["/etc/frr/daemons"]);
  });

  it("lie below /etc, where the failsafe lays them", async () => {
    const { files } = renderSystem(await example("fra1/r1"));
    expect(files.filter(({ path }) => !/^\/etc\/[a-z0-9./_-]+$/.test(path))).toEqual([]);
  });

  it("name management in each way that it can be named", () => {
    const path = "/etc/systemd/network/10-imp-management.network";
    const matched = (nic: NonNullable<MachineInput["management"]>["interface"]) =>
      textOf({ management: { interface: nic } }, path)
        ?.split("\n\n")[0]
        ?.split("[Match]\n")[1];
    expect(matched({ name: "eno1" })).toBe("Name=eno1");
    expect(matched({ path: "pci-0000:00:1f.6" })).toBe("Path=pci-0000:00:1f.6");
    expect(matched({ macs: ["02:00:00:00:00:01", "02:00:00:00:00:02"] })).toBe(
      "MACAddress=02:00:00:00:00:01 02:00:00:00:00:02\nType=ether",
    );
  });

  it.each([
    [{}, ["DHCP=ipv4", "IPv6AcceptRA=yes", "LinkLocalAddressing=ipv6"]],
    [{ ipv6: "dhcp" }, ["DHCP=yes", "IPv6AcceptRA=yes", "[DHCPv6]", "WithoutRA=solicit"]],
    [{ ipv6: "none" }, ["DHCP=ipv4", "IPv6AcceptRA=no", "LinkLocalAddressing=no"]],
    [{ ipv4: "none", ipv6: "dhcp" }, ["DHCP=ipv6", "IPv6AcceptRA=yes"]],
    [
      { ipv4: { address: "192.0.2.10/24", gateway: "192.0.2.1" }, ipv6: { address: "2001:db8::a/64" } },
      [
        "DHCP=no",
        "IPv6AcceptRA=no",
        "LinkLocalAddressing=ipv6",
        "Address=192.0.2.10/24",
        "Gateway=192.0.2.1",
        "Address=2001:db8::a/64",
      ],
    ],
  ] as const)("give management %j", (addresses, lines) => {
    const text = textOf(
      { management: { interface: { name: "eno1" }, ...addresses } },
      "/etc/systemd/network/10-imp-management.network",
    );
    expect(text?.split("\n")).toEqual(expect.arrayContaining([...lines]));
  });

  it("send the log where the machine says, of the severities that it says", () => {
    const sent = (server: object) =>
      textOf(
        { management: { interface: { name: "e" }, syslog: { noc: { address: "192.0.2.14", ...server } } } },
        "/etc/rsyslog.d/10-imp.conf",
      )
        ?.split("\n")
        .slice(1)
        .join("\n");
    expect(sent({})).toBe(`if $syslogseverity <= 6 then action(
  name="imp-noc"
  type="omfwd"
  target="192.0.2.14"
  port="514"
  protocol="udp"
  template="RSYSLOG_SyslogProtocol23Format"
  action.resumeRetryCount="-1"
  queue.type="LinkedList"
  queue.size="10000"
  queue.timeoutEnqueue="0"
)
`);
    expect(sent({ protocol: "tcp", severity: "emergency" })).toMatch(
      /^if \$syslogseverity <= 0 .*protocol="tcp".*TCP_Framing="octet-counted"/s,
    );
    expect(sent({ protocol: "tls", severity: "debug" })).toMatch(
      /<= 7 .*StreamDriverAuthMode="x509\/name"\n {2}StreamDriverPermittedPeers="192.0.2.14"/s,
    );
  });

  it("let DPDK take no NIC that the machine does not name", () => {
    const core = (machine: MachineInput) => textOf(machine, "/etc/vpp/startup-core.conf") ?? "";
    expect(core({ interfaces: { a: { driver: "af-packet", "kernel-name": "eth1" } } })).toContain(
      "plugin dpdk_plugin.so { disable }",
    );
    expect(core({ interfaces: { a: { mac: "02:00:00:00:00:01" } } })).toContain("plugin dpdk_plugin.so { disable }");
    expect(core({ interfaces: { a: { pci: "0000:03:00.0", "tx-queues": 3 } } })).toContain(
      "dev 0000:03:00.0 { name a num-tx-queues 3 }",
    );
  });

  it("give the NAT instance the heap that its mappings take, which VPP aborts without", () => {
    const heap = (source: string) =>
      textOf(
        { nat: { det44: { pools: { p: { prefix: "203.0.113.0/24" } }, mappings: { m: { source, pool: "p" } } } } },
        "/etc/vpp/startup-nat.conf",
      )?.match(/main-heap-size (\d+)M/)?.[1];
    expect(heap("10.0.0.0/24")).toBe("1280");
    expect(heap("10.0.0.0/16")).toBe("2560");
  });

  it("have SSH keys without what could stand behind them", () => {
    const key = `ssh-ed25519 ${"A".repeat(68)}`;
    const machine = {
      management: { interface: { name: "e" }, ssh: { "authorized-keys": { alice: `${key} old name` } } },
    };
    expect(textOf(machine, "/etc/ssh/authorized_keys.d/root")).toContain(`${key} alice\n`);
    expect(() =>
      Machine.parse({
        management: { interface: { name: "e" }, ssh: { "authorized-keys": { a: `command="x" ${key}` } } },
      }),
    ).toThrow("must be an SSH public key");
  });
});

describe("the CPUs of VPP's threads", () => {
  const nat = { det44: { pools: {}, mappings: {} } };
  const placed = (cpu: MachineInput["cpu"], withNat = true) => {
    const { core, nat: second } = placeThreads(Machine.parse({ cpu, ...(withNat && { nat }) }));
    const text = ({ main, workers }: Threads) => `${main ?? "-"} ${workers ?? "-"}`;
    return `${text(core)} | ${text(second)}`;
  };

  it.each([
    [1, "- - | - -"],
    [2, "1 - | - -"],
    [4, "1 2-3 | - -"],
    [7, "1 2-6 | - -"],
    [8, "1 2-4 | 5 6-7"],
    [16, "1 2-9 | 10 11-15"],
  ])("are, of %i", (count, expected) => {
    expect(placed({ count })).toBe(expected);
  });

  it("are all the core instance's where nothing is translated", () => {
    expect(placed({ count: 8 }, false)).toBe("1 2-7 | - -");
  });

  it("are none where nobody wrote how many there are", () => {
    expect(placed(undefined)).toBe("- - | - -");
  });

  it("are as written, and what is left is placed around that", () => {
    expect(placed({ core: { main: 1, workers: "2-5" }, nat: { main: 6, workers: "7" } })).toBe("1 2-5 | 6 7");
    expect(placed({ count: 8, nat: { main: 3 } })).toBe("1 2,4-7 | 3 -");
    expect(placed({ count: 8, core: { main: 2, workers: "3,5" } })).toBe("2 3,5 | 1 4,6-7");
  });
});
