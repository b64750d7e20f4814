/**
 * The chain from the boot to the dataplane as a real systemd runs it: imp-boot, namespace, NICs, FRR as Debian starts it, and
 * a real networkd with its DHCP server. VPP's place is taken by a program that makes a tap, as linux-cp does, which is gone
 * with it; what hardware there is, is told by a folder in the place of /sys.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoFrr } from "../lab/frr.ts";
import { type OwnSystemd, startSystemd, whyNoSystemd } from "../lab/systemd.ts";

const needs = ["/usr/bin/perl", "/usr/bin/busybox", "/lib/systemd/systemd-networkd", "/dev/net/tun"];
const why = whyNoSystemd() ?? whyNoFrr() ?? needs.flatMap((path) => (existsSync(path) ? [] : [`needs ${path}`]))[0];
const top = join(import.meta.dirname, "../..");
const system = "/lib/systemd/system";
const digest = "a".repeat(64);

/** Core has a tap with an address for as long as it runs; the others only run. */
const vpp = `#!/usr/bin/perl
$SIG{TERM} = sub { exit 0 };
if ($ARGV[1] =~ /startup-core/) {
  open(TAP, "+<", "/dev/net/tun") or die "tun: $!";
  my $request = pack("Z16 S x22", "external", 0x1002);
  ioctl(TAP, 0x400454ca, $request) or die "tap: $!";
  system("ip address add 198.51.100.2/24 dev external && ip link set external up") == 0 or die "address";
}
sleep 1 while 1;
`;

describe.skipIf(why !== undefined)(`the chain of units under systemd (${why ?? "systemd and FRR are here"})`, () => {
  let folder: string;
  let systemd: OwnSystemd;

  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
  };
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  const pid = (unit: string) => systemd.show(unit, "MainPID");
  const pids = (...units: readonly string[]) => units.map(pid);
  const zebra = () => systemd.run("cat", "/run/frr/zebra.pid").trim();
  const said = (verb: string) => systemd.run("sh", "-c", `cat /run/imp/boot.${verb} 2>/dev/null || :`);
  const routes = () => systemd.run("ip", "-n", "dataplane", "route");

  async function until(what: string, holds: () => boolean, seconds = 50): Promise<void> {
    for (const end = performance.now() + seconds * 1000; performance.now() < end; await delay(100)) if (holds()) return;
    const units = systemd.run("systemctl", "list-units", "--type=service", "--plain", "--no-legend");
    const frr = systemd.run(
      "sh",
      "-c",
      "vtysh -c 'show running-config' -c 'show ip route' -c 'show interface brief' 2>&1 || :",
    );
    throw new Error(`not within ${seconds} s: ${what}\n${units}\n${routes()}\n${frr}\n${read("log").slice(-4000)}`);
  }

  /** A unit as it is installed, but for where things are. */
  function unit(name: string, from = "deploy/systemd"): void {
    const text = readFileSync(join(top, from, name), "utf8")
      .replaceAll("/usr/lib/imp/", `${folder}/lib/`)
      .replaceAll("/usr/bin/vpp", `${folder}/lib/vpp`)
      .replaceAll("/etc/vpp/", `${folder}/etc/vpp/`)
      .replaceAll("/persistent/", `${folder}/persistent/`)
      .replace(
        "[Service]",
        `[Service]
Environment=IMP_STATE=${folder}/persistent/config/imp IMP_ETC=${folder}/etc IMP_SYS=${folder}/sys IMP_WAIT=2
StandardOutput=append:${folder}/log
StandardError=append:${folder}/log`,
      );
    write(`units/${name}`, text);
  }

  function wanted(target: string, ...names: readonly string[]): void {
    mkdirSync(join(folder, `units/${target}.wants`), { recursive: true });
    for (const name of names) symlinkSync(join(folder, "units", name), join(folder, `units/${target}.wants/${name}`));
  }

  beforeAll(async () => {
    folder = mkdtempSync("/var/lib/imp-chain-");
    for (const name of readdirSync(join(top, "deploy/systemd"))) if (name.endsWith(".service")) unit(name);
    unit("frr.service", "deploy/etc/systemd/system");
    for (const name of ["systemd-networkd.service", "systemd-networkd.socket"])
      write(`units/${name}`, readFileSync(join(system, name), "utf8"));
    for (const name of ["network-pre.target", "sockets.target"])
      write(`units/${name}`, readFileSync(join(system, name), "utf8"));
    write(
      "units/dhcp-server.service",
      `[Service]
ExecStart=/usr/bin/ip netns exec upstream busybox udhcpd -f ${folder}/udhcpd.conf
[Unit]
StartLimitIntervalSec=0
`,
    );
    write(
      "udhcpd.conf",
      `start 192.0.2.10\nend 192.0.2.10\ninterface mgmt9\nlease_file ${folder}/leases\npidfile ${folder}/udhcpd.pid\noption subnet 255.255.255.0\n`,
    );
    write("leases", "");
    wanted("sysinit.target", "imp-boot.service");
    const names = ["imp-netns", "imp-nics", "imp-containers", "imp-management", "imp-failsafe"];
    const all = [...names, "vpp-core", "vpp-nat", "frr", "dhcp-server"].map((name) => `${name}.service`);
    wanted("multi-user.target", ...all);
    write("lib/vpp", vpp, 0o755);
    for (const name of ["boot/imp-boot", "failsafe/imp-failsafe"])
      symlinkSync(join(top, "deploy", name), join(folder, "lib", name.replace(/.*\//, "")));
    write("log", "");
    write("sys/class/net/mgmt0/type", "1\n");
    write("sys/class/net/mgmt0/device/vendor", "");
    for (const name of ["mgmt0/carrier", "mgmt0/ifindex", "nic0", "incusbr0"])
      symlinkSync(`/sys/class/net/${name}`, join(folder, `sys/class/net/${name}`));
    write("etc/ssh/sshd_config", "");
    write("etc/machine-id", `${"1".repeat(32)}\n`);
    write("etc/frr/daemons", "bgpd=no\n");
    write("etc/frr/vtysh.conf", "");
    const state = "persistent/config/imp";
    write(`${state}/identity/machine-id`, `${"2".repeat(32)}\n`);
    const files = {
      nics: ["imp/nics", "external nic0 - -\nabsent - 0000:ff:00.0 -\n"],
      core: ["vpp/startup-core.conf", "unix { nodaemon }\n"],
      nat: ["vpp/startup-nat.conf", "unix { nodaemon }\n"],
      daemons: ["frr/daemons", 'bgpd=no\nvtysh_enable=yes\nwatchfrr_options="--netns=dataplane"\n'],
      frr: ["frr/frr.conf", "ip route 203.0.113.0/24 198.51.100.1\n"],
    } as const;
    const lines = Object.entries(files).map(([name, [target, text]]) => {
      write(`${state}/generations/${digest}/files/${name}`, text);
      return `file 0644 0 0 ${folder}/${state}/generations/${digest}/files/${name} ${folder}/etc/${target}\n`;
    });
    write(`${state}/generations/${digest}/restore`, `plane system\n${lines.join("")}unit vpp-core.service\n`);
    mkdirSync(join(folder, state, "committed.d"));
    symlinkSync(`../generations/${digest}`, join(folder, state, "committed.d/default"));

    systemd = await startSystemd(
      folder,
      `mkdir -p /run/frr /run/systemd && chown -R frr:frr /run/frr ${folder}/etc/frr
mount --bind ${folder}/etc/frr /etc/frr
mount -o remount,ro,bind /sys
ip link add nic0 type veth peer name nic9
ip netns add upstream
ip link add mgmt0 type veth peer name mgmt9 netns upstream
ip -n upstream address add 192.0.2.1/24 dev mgmt9
ip -n upstream link set mgmt9 up
ip link set mgmt0 up`,
    );
    await until(
      "FRR is there",
      () => systemd.show("frr.service", "ActiveState") === "active" && routes().includes("203.0.113.0/24"),
      100,
    );
  }, 120_000);
  afterAll(async () => {
    await systemd?.[Symbol.asyncDispose]();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("lays who the box is and its generation before anything else, and makes SSH host keys", () => {
    expect(said("files")).toBe("Generation aaaaaaaaaaaa, committed by boot environment default: its files are laid.\n");
    expect(said("identity")).toContain("machine-id is laid.\n");
    expect(read("etc/machine-id")).toBe(`${"2".repeat(32)}\n`);
    expect(readdirSync(join(folder, "persistent/config/imp/identity/ssh"))).toEqual(
      expect.arrayContaining(["ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]),
    );
    expect(systemd.show("imp-boot.service", "Result")).toBe("success");
  });

  it("moves the NICs that are there, and starts VPP and FRR beside them in the namespace of the dataplane", () => {
    expect(said("nics")).toBe("NIC external (nic0) is moved.\nNIC absent was not found.\n");
    expect(systemd.run("ip", "-n", "dataplane", "-br", "link")).toMatch(/external[^]*nic0|nic0[^]*external/);
    const namespaces = [pid("vpp-core.service"), pid("vpp-nat.service"), zebra()].map((one) =>
      systemd.run("ip", "netns", "identify", one).trim(),
    );
    expect(namespaces).toEqual(["dataplane", "dataplane", "dataplane"]);
    expect(systemd.run("ip", "-br", "link")).not.toContain("nic0");
    expect(routes()).toContain("203.0.113.0/24");
  });

  it("gives containers their end of the pair, which joins the bridge when Incus has made it", () => {
    expect(said("containers")).toContain("There is no bridge incusbr0 yet");
    expect(systemd.run("ip", "-n", "dataplane", "-br", "link")).toContain("incus-dataplane");
    systemd.run("ip", "link", "add", "incusbr0", "type", "bridge");
    systemd.run("systemctl", "start", "imp-containers.service");
    expect(systemd.run("ip", "-o", "link", "show", "incus-host")).toContain("master incusbr0");
  });

  it("comes up with management by DHCP where nobody declared any", async () => {
    await until("mgmt0 has an address", () => systemd.run("ip", "-br", "address").includes("192.0.2.10/24"));
    expect(said("management")).toContain("Management: DHCP on mgmt0.\n");
    await until("it ends", () => systemd.show("imp-management.service", "ActiveState") === "inactive");
    expect(said("management")).toContain("Management has an address, on mgmt0.\n");
  });

  it("lets people log in without waiting for the dataplane", () => {
    const before = systemd.run("systemctl", "list-dependencies", "--after", "--plain", "network.target");
    expect(before).not.toMatch(/frr|vpp|imp-(?!boot)/);
    expect(systemd.show("frr.service", "After")).toContain("vpp-core.service");
  });

  it("restarts nat alone when it crashes", async () => {
    const before = [...pids("vpp-core.service", "frr.service"), zebra()];
    systemd.run("kill", "-KILL", pid("vpp-nat.service"));
    await until(
      "nat is back",
      () => systemd.show("vpp-nat.service", "NRestarts") === "1" && pid("vpp-nat.service") !== "0",
    );
    expect([...pids("vpp-core.service", "frr.service"), zebra()]).toEqual(before);
  });

  it("restarts core alone when it crashes; FRR, which goes on, takes its interface and its route back by name", async () => {
    const before = [...pids("vpp-nat.service", "frr.service"), zebra()];
    systemd.run("kill", "-KILL", pid("vpp-core.service"));
    await until("the tap is gone", () => !routes().includes("198.51.100.0/24"));
    await until("the route is back", () => routes().includes("203.0.113.0/24 ") && routes().includes("dev external"));
    expect(systemd.show("vpp-core.service", "NRestarts")).toBe("1");
    expect([...pids("vpp-nat.service", "frr.service"), zebra()]).toEqual(before);
  });

  it.each(["KILL", "TERM"])("restarts FRR alone when its watchdog is ended by %s", async (signal) => {
    const before = pids("vpp-core.service", "vpp-nat.service");
    const watchfrr = pid("frr.service");
    systemd.run("kill", `-${signal}`, watchfrr);
    await until(
      "FRR is back",
      () => !["0", watchfrr].includes(pid("frr.service")) && routes().includes("203.0.113.0/24"),
    );
    expect(pids("vpp-core.service", "vpp-nat.service")).toEqual(before);
  });

  it("leaves FRR stopped that somebody stops", async () => {
    systemd.run("systemctl", "stop", "frr.service");
    expect([systemd.show("frr.service", "ActiveState"), pid("frr.service")]).toEqual(["inactive", "0"]);
    systemd.run("systemctl", "start", "frr.service");
    await until("FRR is back", () => routes().includes("203.0.113.0/24"));
  });

  it("leaves the namespace, and all in it, alone when its unit is stopped and started", () => {
    const before = pids("vpp-core.service", "vpp-nat.service", "frr.service");
    systemd.run("systemctl", "restart", "imp-netns.service");
    expect(pids("vpp-core.service", "vpp-nat.service", "frr.service")).toEqual(before);
    expect(systemd.show("imp-netns.service", "ActiveState")).toBe("active");
  });
});
