import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allChecks } from "../../../controller/doctor/all.ts";
import { diagnose, type Patient } from "../../../controller/doctor/check.ts";
import { sshProblem } from "../../../controller/git/system-git.ts";
import { agentVersion } from "../../../controller/version.ts";
import { Problem } from "../../../schemas/problem.ts";
import { Settings } from "../../../schemas/settings.ts";
import { simFrr } from "../../lab/frr-sim.ts";
import { simHost } from "../../lab/host.ts";
import { simVpp } from "../../lab/vpp/sim-vpp.ts";

const { signal } = new AbortController();
const state = "/persistent/config/imp";
const digest = "a".repeat(64);
const settings = Settings.parse({
  machine: "fra1/r1",
  repository: { remotes: [{ url: "git@git.example.net:noc/sites.git" }] },
  trust: { signatures: "required" },
});
const mountinfo = `27 1 0:24 / / rw shared:1 - zfs tank/ROOT/one rw
28 27 0:25 / ${state} rw - zfs tank/persistent/config rw
29 27 0:26 / /persistent/data rw - zfs tank/persistent/data rw
`;
const disks = [
  { name: "/dev/sda", pkname: null, parttype: null },
  { name: "/dev/sda1", pkname: "/dev/sda", parttype: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" },
  { name: "/dev/sda2", pkname: "/dev/sda", parttype: "6a898cc3-1dd2-11b2-99a6-080020736631" },
  { name: "/dev/sdb", pkname: null, parttype: null },
  { name: "/dev/sdb1", pkname: "/dev/sdb", parttype: "21686148-6449-6e6f-744e-656564454649" },
  { name: "/dev/sdb2", pkname: "/dev/sdb", parttype: "6a898cc3-1dd2-11b2-99a6-080020736631" },
];

/** What the program says: text alone is exit code 0. */
type Said = string | { readonly exitCode: number; readonly stdout?: string; readonly stderr?: string };

/** A router on which everything is well; its parts can be spoilt before it is looked at. */
function wellRouter() {
  const sim = simHost();
  const frr = simFrr();
  for (const daemon of ["zebra", "bgpd", "staticd"] as const) {
    sim.listen(`/var/run/frr/${daemon}.vty`, () => frr.connect(daemon));
  }
  const put = (path: string, text: string): void => void sim.files.set(path, { text, mode: 0o600 });
  put("/proc/self/mountinfo", mountinfo);
  put("/etc/machine-id", `${"0123456789abcdef".repeat(2)}\n`);
  put("/boot/vmlinuz-6.1.0", "");
  put("/boot/initrd.img-6.1.0", "");
  put(`${state}/age.key`, `# made\nAGE-SECRET-KEY-1${"Q".repeat(58)}\n`);
  put(`${state}/allowed_signers`, "nora@example.net ssh-ed25519 AAAA\n");
  put(`${state}/generations/${digest}/generation.json`, JSON.stringify({ digest }));
  sim.files.set(`${state}/committed.d/4711`, { target: `../generations/${digest}` });
  const modes = new Map([
    ["/persistent/config/imp/agent.yaml", "600 0"],
    [`${state}/age.key`, "600 0"],
    [state, "700 0"],
    ["/persistent/data/imp", "755 0"],
  ]);
  const units = new Map<string, string>();
  const shown = (id: string): string =>
    `Id=${id}\n${units.get(id) ?? "LoadState=loaded\nActiveState=active\nUnitFileState=enabled"}`;
  const programs = new Map<string, Said>([
    ["zfs get", "4711\n"],
    ["zfs list", "tank/ROOT\tnone\toff\ntank/ROOT/one\t/\tnoauto\ntank/ROOT/two\t/\tnoauto\n"],
    ["zpool list -H -o health,capacity tank", "ONLINE\t41%\n"],
    ["zpool list -H -o bootfs tank", "tank/ROOT/one\n"],
    [
      "zpool status",
      "config:\n\n\ttank  ONLINE\n\t  mirror-0  ONLINE\n\t    /dev/sda2  ONLINE 0 0 0\n\t    /dev/sdb2  ONLINE 0 0 0\n",
    ],
    ["lsblk", JSON.stringify({ blockdevices: disks })],
    ["timedatectl", "yes\n"],
    ["getent ahosts git.example.net", "192.0.2.80 STREAM git.example.net\n"],
    ["/usr/lib/imp/imp-failsafe self-test", ""],
  ]);
  sim.answer((argv) => {
    const line = argv.join(" ");
    if (argv[0] === "stat") {
      const found = argv.flatMap((path) => (modes.has(path) ? [`${modes.get(path)} ${path}`] : []));
      return { exitCode: 1, stdout: found.join("\n"), stderr: "" };
    }
    if (argv[0] === "systemctl" && !programs.has("systemctl"))
      return {
        exitCode: 0,
        stdout: argv
          .filter((word) => word.endsWith(".service"))
          .map(shown)
          .join("\n\n"),
        stderr: "",
      };
    const said = [...programs].find(([start]) => line.startsWith(start))?.[1];
    if (said === undefined) return undefined;
    return typeof said === "string" ? { exitCode: 0, stdout: said, stderr: "" } : { stdout: "", stderr: "", ...said };
  });
  const patient: { -readonly [key in keyof Patient]: Patient[key] } = {
    host: sim.start(),
    file: "/persistent/config/imp/agent.yaml",
    settings,
    unusable: [],
    head: async () => ({ commit: "c".repeat(40), remote: "git@git.example.net:noc/sites.git", failed: [] }),
    agentVersion: async () => agentVersion,
    isUpdateWanted: async () => false,
    vppApi: "/usr/share/vpp/api",
    vppRun: "/run/vpp",
  };
  /** What is not well, and what was not looked at for which reason. */
  const look = async (): Promise<readonly string[]> =>
    (await diagnose(allChecks, patient, signal))
      .filter(({ severity }) => severity !== "ok")
      .map(
        ({ code, severity, text, remedy }) =>
          `${severity} ${code}: ${text}${remedy === undefined ? "" : ` -> ${remedy}`}`,
      );
  return { sim, put, modes, units, programs, patient, look };
}

const noSyslog = "skipped syslog: No server is named for the log (no /etc/rsyslog.d/10-imp.conf).";
const noVpp = ["core", "nat"].map((one) => `skipped vpp-api-${one}: VPP is not installed (no /usr/share/vpp/api).`);

/** The box with one thing spoilt, and what the doctor says of it beside the missing VPP. */
async function spoilt(spoil: (box: ReturnType<typeof wellRouter>) => void): Promise<readonly string[]> {
  const box = wellRouter();
  spoil(box);
  return (await box.look()).filter((line) => ![noSyslog, ...noVpp].includes(line));
}

describe("the doctor", () => {
  it("finds nothing on a box that is well, and says what it did not look at", async () => {
    expect(await wellRouter().look()).toEqual([noSyslog, ...noVpp]);
  });

  it("names what keeps the log from being sent", async () => {
    const look = (spoil: (box: ReturnType<typeof wellRouter>) => void, text = 'protocol="udp"') =>
      spoilt((box) => {
        box.put("/etc/rsyslog.d/10-imp.conf", text);
        box.put("/usr/sbin/rsyslogd", "");
        box.programs.set("rsyslogd -N1", "");
        spoil(box);
      });

    expect(await look(() => undefined)).toEqual([]);
    expect(await look(({ sim }) => void sim.files.delete("/usr/sbin/rsyslogd"))).toEqual([
      "fault syslog: rsyslog is not installed: the log is sent nowhere. -> apt install rsyslog.",
    ]);
    expect(await look(() => undefined, 'StreamDriver="gtls"')).toEqual([
      "fault syslog: rsyslog has no TLS: nothing is sent to servers that want it. -> apt install rsyslog-gnutls.",
    ]);
    const driver = "/usr/lib/aarch64-linux-gnu/rsyslog/lmnsd_gtls.so";
    expect(await look((box) => box.put(driver, ""), 'StreamDriver="gtls"')).toEqual([]);
    const stderr = "rsyslogd: version 8\nrsyslogd: error during parsing file /etc/rsyslog.d/10-imp.conf, line 2\n";
    expect(await look(({ programs }) => programs.set("rsyslogd -N1", { exitCode: 1, stderr }))).toEqual([
      expect.stringMatching(/^fault syslog: rsyslog does not take what it is told: rsyslogd: error during parsing/),
    ]);
  });

  it("names settings that others can read", async () => {
    expect(await spoilt(({ modes, patient }) => modes.set(patient.file, "644 1000"))).toEqual([
      "fault permissions: /persistent/config/imp/agent.yaml is open to other users (mode 0644). /persistent/config/imp/agent.yaml belongs to user 1000. -> chmod 0600 /persistent/config/imp/agent.yaml. chown root: /persistent/config/imp/agent.yaml.",
    ]);
  });

  it("names a missing age key", async () => {
    const [line, ...more] = await spoilt(({ sim }) => sim.files.delete(`${state}/age.key`));

    expect(line).toMatch(/^fault age-key: This box has no age key .* -> Restore it, or run `impctl bootstrap`/);
    expect(more).toEqual([]);
  });

  it("names a state folder that is read-only, and one that is full", async () => {
    const readOnly = new Problem("HOST_FILE", "EROFS: read-only file system");
    const noSpace = new Problem("HOST_FILE", "ENOSPC: no space left on device");

    expect(await spoilt(({ sim }) => sim.fail("write", `${state}/`, readOnly))).toEqual([
      expect.stringMatching(
        /^fault state-folder: \/persistent\/config\/imp cannot be written: EROFS.* -> See `findmnt/,
      ),
    ]);
    expect(await spoilt(({ sim }) => sim.fail("write", `${state}/`, noSpace))).toEqual([
      expect.stringMatching(/^fault state-folder: .* is full: .* -> Make room/),
    ]);
    expect(await spoilt(({ sim }) => void (sim.freeBytes = 100 * 2 ** 20))).toEqual([
      expect.stringMatching(/^advice state-folder: .* has 100 MiB left/),
      expect.stringMatching(/^advice cache-folder: /),
    ]);
    expect(await spoilt(({ modes }) => modes.delete(state))).toEqual([
      expect.stringMatching(/^fault state-folder: .* is missing\. -> Mount it/),
    ]);
  });

  it("leaves nothing behind where it tried to write", async () => {
    const { sim, look } = wellRouter();
    const before = [...sim.files.keys()];
    await look();

    expect([...sim.files.keys()]).toEqual(before);
  });

  it("names a git server that cannot be reached, and a host key that changed", async () => {
    const unreachable = new Problem("GIT_UNREACHABLE", "git.example.net cannot be reached: ECONNREFUSED", {
      transient: true,
      remedy: "The agent keeps trying; it goes on with the last accepted commit.",
    });
    const changed = sshProblem(
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n",
      "git@git.example.net:noc/sites.git",
      "main",
    );

    expect(await spoilt(({ patient }) => void (patient.head = () => Promise.reject(unreachable)))).toEqual([
      expect.stringMatching(/^fault repository: GIT_UNREACHABLE: .*ECONNREFUSED\. -> See "When it does not work"/),
    ]);
    expect(await spoilt(({ patient }) => void (patient.head = () => Promise.reject(changed)))).toEqual([
      expect.stringMatching(/^fault repository: GIT_AUTH: .* shows another host key .* -> Ask whoever runs the server/),
    ]);
  });

  it("names a clock that is not synchronised", async () => {
    expect(await spoilt(({ programs }) => programs.set("timedatectl", "no\n"))).toEqual([
      expect.stringMatching(/^advice clock: The clock is not synchronised: it is 2026-01-05T12:00Z here/),
    ]);
  });

  it("names a resolver that does not answer", async () => {
    expect(await spoilt(({ programs }) => programs.set("getent ahosts git.example.net", { exitCode: 2 }))).toEqual([
      expect.stringMatching(/^fault dns: git\.example\.net cannot be resolved\. -> See `resolvectl status`/),
    ]);
  });

  it("names a failsafe that does not watch", async () => {
    const says = { exitCode: 1, stdout: "nobody watches\n" };

    expect(await spoilt(({ programs }) => programs.set("/usr/lib/imp/imp-failsafe self-test", says))).toEqual([
      "fault failsafe: The failsafe says: nobody watches. Nothing is armed meanwhile. -> See `systemctl status imp-failsafe`.",
    ]);
  });

  it("names an FRR that does not run, and sockets that are not open", async () => {
    const closed = new Problem("HOST_COMMAND", "/var/run/frr/zebra.vty does not answer: connect EACCES");

    expect(
      await spoilt(({ sim }) => {
        for (const daemon of ["zebra", "bgpd", "staticd"]) sim.listen(`/var/run/frr/${daemon}.vty`, undefined);
      }),
    ).toEqual([expect.stringMatching(/^fault frr: FRR does not run: .* -> systemctl status frr/)]);
    expect(await spoilt(({ sim }) => sim.fail("connect", "zebra.vty", closed))).toEqual([
      expect.stringMatching(/^fault frr: FRR's vty sockets are not open to this user: .*EACCES/),
    ]);
  });

  it("names a committed link that leads nowhere, of this boot environment and of another one", async () => {
    expect(await spoilt(({ sim }) => void sim.files.delete(`${state}/generations/${digest}/generation.json`))).toEqual([
      expect.stringMatching(
        /^fault committed: .*committed\.d\/4711 leads to no generation \(aaaaaaaaaaaa\)\. -> Restore/,
      ),
    ]);
    expect(
      await spoilt(({ sim }) => void sim.files.set(`${state}/committed.d/99`, { target: "../generations/gone" })),
    ).toEqual([expect.stringMatching(/^advice committed: .*committed\.d\/99 leads to no generation/)]);
  });

  it("names a missing machine-id", async () => {
    expect(await spoilt(({ sim }) => void sim.files.delete("/etc/machine-id"))).toEqual([
      expect.stringMatching(/^fault machine-id: \/etc\/machine-id is missing\. -> Run `imp-boot identity`/),
    ]);
    expect(await spoilt(({ put }) => put("/etc/machine-id", "uninitialized\n"))).toHaveLength(1);
  });

  it("names a unit that ends as soon as it is started, and none that is steady again", async () => {
    const started = (seconds: number) =>
      `LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=66\nActiveEnterTimestampMonotonic=${seconds}000000`;
    const found = await spoilt(({ units, put }) => {
      put("/proc/uptime", "1000.50 3000.00\n");
      units.set("vpp-core.service", "LoadState=loaded\nActiveState=activating\nSubState=auto-restart");
      units.set("vpp-nat.service", started(999));
      units.set("imp-nics.service", started(100).replace("=active", "=activating").replace("running", "start-post"));
      units.set("imp-netns.service", started(100).replace("=active", "=deactivating").replace("running", "stop-post"));
      units.set("imp-containers.service", `${started(100).replace("=active", "=inactive")}\nJob=595`);
      units.set("frr.service", started(100));
    });
    expect(found).toEqual([
      "fault units: imp-netns.service ends as soon as it is started. imp-nics.service ends as soon as it is started. imp-containers.service ends as soon as it is started. vpp-core.service ends as soon as it is started. vpp-nat.service ends as soon as it is started. -> journalctl -b -u imp-netns.service says why. journalctl -b -u imp-nics.service says why. journalctl -b -u imp-containers.service says why. journalctl -b -u vpp-core.service says why. journalctl -b -u vpp-nat.service says why.",
    ]);
  });

  it("names a unit that is masked, has failed, is missing, or does not start by itself", async () => {
    const found = await spoilt(({ units }) => {
      units.set("imp-agent.service", "LoadState=masked\nActiveState=inactive\nUnitFileState=masked");
      units.set("imp-boot.service", "LoadState=loaded\nActiveState=active\nUnitFileState=disabled");
      units.set("imp-failsafe.service", "LoadState=not-found\nActiveState=inactive\nUnitFileState=");
      units.set("vpp-core.service", "LoadState=not-found\nActiveState=inactive\nUnitFileState=");
      units.set("frr.service", "LoadState=loaded\nActiveState=failed\nUnitFileState=enabled");
    });

    expect(found).toHaveLength(1);
    for (const part of [
      "imp-agent.service is masked.",
      "systemctl unmask imp-agent.service && systemctl enable --now imp-agent.service.",
      "imp-boot.service does not start by itself.",
      "imp-failsafe.service is not installed.",
      "frr.service has failed.",
    ]) {
      expect(found[0]).toContain(part);
    }
    expect(found[0]).not.toContain("vpp-core");
  });

  it("names each unit of the preset that does not start by itself, and those that have to run", async () => {
    const lines = readFileSync(join(import.meta.dirname, "../../../deploy/systemd/90-imp.preset"), "utf8").split("\n");
    const names = lines.flatMap((line) => /^enable (\S+)\.service$/.exec(line)?.[1] ?? []);
    const found = await spoilt(({ units }) => {
      for (const name of names)
        units.set(`${name}.service`, "LoadState=loaded\nActiveState=active\nUnitFileState=disabled");
    });
    expect(found[0]?.match(/\S+\.service does not start by itself\./g)?.toSorted()).toEqual(
      names.map((name) => `${name}.service does not start by itself.`).toSorted(),
    );
    const stopped = await spoilt(({ units }) => {
      for (const name of names)
        units.set(`${name}.service`, "LoadState=loaded\nActiveState=inactive\nUnitFileState=enabled");
    });
    const lasting = ["imp-boot", "imp-failsafe", "imp-agent", "imp-netns", "imp-nics", "systemd-networkd", "ssh"];
    expect(stopped[0]?.match(/\S+(?=\.service does not run)/g)).toEqual(lasting);
  });

  it("names a list of signers, or of what else is believed, that others can write", async () => {
    const found = await spoilt(({ modes, patient }) => {
      const remotes = [{ url: "https://git.example.net/sites.git", "ca-file": "/etc/imp/ca.pem" }];
      patient.settings = Settings.parse({
        machine: "fra1/r1",
        repository: {
          remotes: [...remotes, { url: "git@git.example.net:s.git", "known-hosts-file": `${state}/hosts` }],
        },
        trust: { "revoked-keys": `${state}/revoked` },
      });
      modes.set(`${state}/allowed_signers`, "666 0");
      modes.set("/etc/imp/ca.pem", "664 0");
      modes.set(`${state}/hosts`, "644 1000");
      modes.set(`${state}/revoked`, "644 0");
    });
    expect(found.filter((line) => line.includes("permissions"))).toEqual([
      expect.stringContaining(
        `fault permissions: ${state}/allowed_signers is open to other users (mode 0666). /etc/imp/ca.pem is open to other users (mode 0664). ${state}/hosts belongs to user 1000. -> chmod go-w`,
      ),
    ]);
  });

  it("says that a package could not be checked, where commits need no signature", async () => {
    const look = (isWanted: boolean) =>
      spoilt(({ sim, patient }) => {
        patient.settings = Settings.parse({
          machine: "fra1/r1",
          repository: { remotes: [{ url: "git@git.example.net:noc/sites.git" }] },
          trust: { signatures: "off" },
        });
        patient.isUpdateWanted = async () => isWanted;
        sim.files.delete(`${state}/allowed_signers`);
      });
    expect(await look(true)).toEqual([
      expect.stringMatching(/^advice allowed-signers: Another version of the agent is wanted, and .* names nobody/),
    ]);
    expect(await look(false)).toEqual([expect.stringMatching(/^skipped allowed-signers: /)]);
  });

  it("says that a degraded pool blocks images and not configuration", async () => {
    const set = (health: string) =>
      spoilt(({ programs }) => programs.set("zpool list -H -o health,capacity tank", `${health}\n`));

    expect(await set("DEGRADED\t41%")).toEqual([
      expect.stringMatching(/^advice pool: Pool tank is DEGRADED: no image is tried .*; configuration goes on\./),
    ]);
    expect(await set("SUSPENDED\t41%")).toEqual([expect.stringMatching(/^fault pool: Pool tank is SUSPENDED\./)]);
    expect(await set("ONLINE\t93%")).toEqual([expect.stringMatching(/^advice pool: Pool tank is 93% full/)]);
  });

  it("names a disk of the pool that cannot boot alone", async () => {
    const without = (...names: string[]) =>
      spoilt(({ programs }) => {
        const left = disks.filter(({ name }) => !names.includes(name));
        programs.set("lsblk", JSON.stringify({ blockdevices: left }));
      });

    expect(await without("/dev/sdb1")).toEqual([
      expect.stringMatching(/^advice loader: \/dev\/sdb of tank has no boot partition: without the other disk/),
    ]);
    expect(await without("/dev/sda1", "/dev/sdb1")).toEqual([
      expect.stringMatching(/^fault loader: \/dev\/sda, \/dev\/sdb of tank .*this box does not boot/),
    ]);
  });

  it("asks no boot partition of disks for cache, log and spares", async () => {
    const others = ["logs\t", "cache", "spares"].map(
      (kind, at) => `\t${kind}\n\t  /dev/sd${"cde"[at]}1  ONLINE 0 0 0\n`,
    );
    const found = await spoilt(({ programs }) => {
      const mirror = programs.get("zpool status");
      if (typeof mirror === "string") programs.set("zpool status", `${mirror}${others.join("")}\nerrors: none\n`);
    });
    expect(found).toEqual([]);
  });

  it("names a boot environment that does not boot next, and one that would be mounted over the root", async () => {
    expect(await spoilt(({ programs }) => programs.set("zpool list -H -o bootfs tank", "-\n"))).toEqual([
      expect.stringMatching(/^fault boot-environment: Pool tank names no boot environment.* -> zpool set bootfs=/),
    ]);
    expect(await spoilt(({ programs }) => programs.set("zpool list -H -o bootfs tank", "tank/ROOT/two\n"))).toEqual([
      expect.stringMatching(/^advice boot-environment: tank\/ROOT\/one runs, and tank\/ROOT\/two boots next/),
    ]);
    expect(
      await spoilt(({ programs }) => programs.set("zfs list", "tank/ROOT/one\t/\tnoauto\ntank/ROOT/two\t/\ton\n")),
    ).toEqual([expect.stringMatching(/^fault boot-environment: tank\/ROOT\/two would be mounted over \//)]);
  });

  it("names a state folder that an image would leave behind, and a root without a kernel", async () => {
    const mounts = mountinfo.split("\n").filter((line) => !line.includes(state));

    expect(await spoilt(({ put }) => put("/proc/self/mountinfo", mounts.join("\n")))).toEqual([
      expect.stringMatching(/^fault datasets: \/persistent\/config\/imp is part of the boot environment/),
    ]);
    expect(await spoilt(({ sim }) => void sim.files.delete("/boot/initrd.img-6.1.0"))).toEqual([
      expect.stringMatching(/^fault kernel: /),
    ]);
  });

  it("skips by name what a box without ZFS and systemd cannot have", async () => {
    const found = await spoilt(({ put, programs, sim }) => {
      put("/proc/self/mountinfo", "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
      sim.files.delete(`${state}/committed.d/4711`);
      for (const program of ["systemctl", "timedatectl"])
        programs.set(program, { exitCode: 1, stderr: "System has not been booted with systemd" });
    });

    expect(found.filter((line) => !line.startsWith("skipped"))).toEqual([]);
    expect(found.map((line) => line.split(":")[0])).toEqual([
      "skipped committed",
      ...["pool", "datasets", "boot-environment", "loader", "kernel"].map((code) => `skipped ${code}`),
      "skipped clock",
      "skipped units",
    ]);
  });

  it("names an agent that does not answer, or is another than what is installed", async () => {
    const dead = new Problem("AGENT_UNREACHABLE", "No agent runs here (/run/imp/agent.sock).");

    expect(await spoilt(({ patient }) => void (patient.agentVersion = () => Promise.reject(dead)))).toEqual([
      expect.stringMatching(/^fault agent: No agent runs here/),
    ]);
    expect(await spoilt(({ patient }) => void (patient.agentVersion = async () => "0.0.9"))).toEqual([
      expect.stringMatching(/^advice agent: The agent that runs is 0\.0\.9; .* -> systemctl restart imp-agent/),
    ]);
  });

  it("does not look by settings that cannot be used", async () => {
    const found = await spoilt(
      ({ patient }) => void (patient.unusable = [new Problem("SETTINGS", "machine: is missing")]),
    );

    expect(found[0]).toMatch(/^fault settings: machine: is missing -> Correct it, or run `impctl bootstrap`/);
    expect(found.slice(1).map((line) => line.split(":")[0])).toEqual([
      "skipped age-key",
      "skipped dns",
      "skipped repository",
      "skipped allowed-signers",
    ]);
  });

  it("names a list of signers that is missing or empty", async () => {
    expect(await spoilt(({ sim }) => void sim.files.delete(`${state}/allowed_signers`))).toEqual([
      expect.stringMatching(/^fault allowed-signers: .* is missing: no commit is accepted/),
    ]);
    expect(await spoilt(({ put }) => put(`${state}/allowed_signers`, "# nobody\n"))).toHaveLength(1);
  });
});

describe("VPP's API definitions", () => {
  const definition = (crc: string) =>
    JSON.stringify({
      messages: [
        ["show_version", ["u16", "_vl_msg_id"], { crc }],
        ["of_no_plugin", { crc: "0x1" }],
      ],
    });

  const look = (crc: string | undefined, vpp = simVpp()) =>
    spoilt(({ sim, put }) => {
      if (crc !== undefined) put("/usr/share/vpp/api/core/vpe.api.json", definition(crc));
      sim.listen("/run/vpp/core-api.sock", () => vpp.connect());
    });
  it("are not asked of a VPP that does not answer, which is a fault where it is to run", async () => {
    const dead = ({ put }: ReturnType<typeof wellRouter>) => put("/etc/vpp/startup-core.conf", "unix { nodaemon }\n");
    expect(await spoilt(dead)).toEqual([
      expect.stringMatching(
        /^fault vpp-api-core: Nobody answers on \/run\/vpp\/core-api\.sock, although \/etc\/vpp\/startup-core\.conf is there\. -> systemctl status vpp-core/,
      ),
    ]);
  });

  const natIsDown = expect.stringMatching(/^skipped vpp-api-nat: /);

  it("are well where they are those of the VPP that runs", async () => {
    expect(await look("0x51077d14")).toEqual([natIsDown]);
  });

  it("are asked for as often as one likes: VPP keeps a client that just goes", async () => {
    const vpp = simVpp();
    for (let times = 0; times < 20; times += 1) await look("0x51077d14", vpp);

    expect(vpp.deaths).toEqual([]);
  });

  it("are a fault where they are another version's, or missing", async () => {
    expect(await look("0xdeadbeef")).toEqual([
      expect.stringMatching(
        /^fault vpp-api-core: 1 API definitions are not those of the VPP that runs: show_version\./,
      ),
      natIsDown,
    ]);
    expect(await look(undefined)).toEqual([
      expect.stringMatching(/^fault vpp-api-core: \/usr\/share\/vpp\/api has no API definitions/),
    ]);
    const foreign = ({ sim, put }: ReturnType<typeof wellRouter>) => {
      put("/usr/share/vpp/api/other.api.json", JSON.stringify({ messages: [["other_of_nobody", { crc: "0x1" }]] }));
      sim.listen("/run/vpp/core-api.sock", () => simVpp().connect());
    };
    expect(await spoilt(foreign)).toEqual([
      expect.stringMatching(
        /^fault vpp-api-core: The VPP that runs has no message that \/usr\/share\/vpp\/api describes/,
      ),
      natIsDown,
    ]);
  });

  it("are not called those of a VPP that does not run where it says what nobody understands", async () => {
    expect(await look("0x51077d14", simVpp({ lacks: /^control_ping$/ }))).toEqual([
      expect.stringMatching(/^fault vpp-api-core: VPP does not know control_ping/),
      natIsDown,
    ]);
  });
});
