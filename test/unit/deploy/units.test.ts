/** The systemd units: nothing in them that systemd does not know, and a sandbox that nobody loosens unnoticed. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootSeconds } from "../../../reconcilers/vpp/instances.ts";

const units = join(import.meta.dirname, "../../../deploy/systemd");
const names = readdirSync(units).filter((name) => name.endsWith(".service"));
/** In /etc, in the place of the one of FRR's package. */
const frr = "../etc/systemd/system/frr.service";
const why = spawnSync("systemd-analyze", ["--version"]).status === 0 ? undefined : "needs systemd-analyze";

const settings = (name: string) => readFileSync(join(units, name), "utf8").split("\n");

describe("the units", () => {
  it("share one folder for sockets and record, which outlives each of them", () => {
    for (const name of names.filter((one) => one.startsWith("imp-"))) {
      expect(settings(name)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^RuntimeDirectory=imp issue\.d motd\.d( systemd\/network)?$/),
          "RuntimeDirectoryPreserve=yes",
        ]),
      );
    }
  });

  it("hand a failed agent to the failsafe, which depends on nothing and never gives up", () => {
    expect(settings("imp-agent.service")).toEqual(
      expect.arrayContaining(["OnFailure=imp-failsafe-act.service", "StartLimitBurst=3", "Restart=always"]),
    );
    for (const name of ["imp-failsafe.service", "imp-failsafe-act.service"]) {
      const lines = settings(name);
      expect(lines).toContain("StartLimitIntervalSec=0");
      expect(lines.filter((line) => /^(Requires|BindsTo|PartOf|RequiresMountsFor|Wants)=/.test(line))).toEqual([]);
    }
  });

  it("are sandboxed alike where they do the same", () => {
    const sandbox = (name: string) => {
      const lines = settings(name).filter((line) => /^[A-Z]/.test(line));
      return lines.slice(lines.indexOf("UMask=0077")).filter((line) => !line.startsWith("WantedBy="));
    };
    expect(sandbox("imp-failsafe-act.service")).toEqual(sandbox("imp-failsafe.service"));
  });
});

describe("the units of the dataplane", () => {
  const lists = (name: string, key: string) =>
    settings(name).flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1).split(" ") : []));

  it("start one after the other", () => {
    const chain = [
      ["imp-boot.service", "sysinit.target"],
      ["imp-netns.service", "imp-nics.service"],
      ["imp-netns.service", "imp-containers.service"],
      ["imp-nics.service", "vpp-core.service"],
      ["imp-containers.service", "vpp-core.service"],
      ["vpp-core.service", "vpp-nat.service"],
      ["vpp-core.service", "vpp@.service"],
      ["vpp-core.service", frr],
      ["vpp-core.service", "imp-agent.service"],
      ["frr.service", "imp-agent.service"],
      ["imp-failsafe.service", "imp-agent.service"],
    ] as const;
    const out = chain.filter(([first, next]) => {
      const said = existsSync(join(units, next)) ? lists(next, "After").includes(first) : false;
      const before = existsSync(join(units, first)) && lists(first, "Before").includes(next);
      return !said && !before;
    });
    expect(out).toEqual([]);
  });

  it("take down nothing but themselves, and never give up", () => {
    for (const name of [...names.filter((one) => one.startsWith("vpp")), frr]) {
      expect(
        settings(name).filter((line) => /^(Requires|BindsTo|PartOf|Upholds|PropagatesStopTo)=/.test(line)),
      ).toEqual([]);
      expect(settings(name)).toContain("StartLimitIntervalSec=0");
    }
  });

  it("let VPP have its boot commands for longer than anybody gives it any", () => {
    const program = readFileSync(join(units, "../boot/imp-boot"), "utf8");
    const enough = Number(/^enough=(\d+) /m.exec(program)?.[1]);
    // What was begun before, and asking what failed, takes its time as well.
    expect(enough + 150).toBeLessThan(bootSeconds);
    for (const name of names.filter((one) => one.startsWith("vpp"))) {
      expect(Number(lists(name, "TimeoutStartSec")[0])).toBeGreaterThan(bootSeconds);
    }
  });

  it("hold up no login: nothing but the dataplane and the agent comes after any of them", () => {
    const own = [...names.filter((name) => /^(?:vpp|imp-(?!boot))/.test(name)), frr];
    const held = own.flatMap((name) => lists(name, "Before").filter((one) => !names.includes(one)));
    expect(held).toEqual([]);
  });

  it("have one template: nat is it under a name of its own", () => {
    const lines = (name: string) =>
      settings(name).filter((line) => /^[A-Z[]/.test(line) && !line.startsWith("Description="));
    expect(lines("vpp-nat.service")).toEqual(lines("vpp@.service").map((line) => line.replaceAll("%i", "nat")));
  });

  it("each have their row in docs/boot.md", () => {
    const page = readFileSync(join(units, "../../docs/boot.md"), "utf8");
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe.skipIf(why !== undefined)(`systemd's judgement of the units (${why ?? "systemd-analyze is here"})`, () => {
  let folder: string;

  /** As installed, but below one folder, so that what they start is there. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "imp-units-"));
    mkdirSync(join(folder, "lib"));
    for (const program of ["node", "imp-failsafe", "imp-boot", "imp-deadline", "imp-update", "vpp", "frrinit.sh"]) {
      writeFileSync(join(folder, "lib", program), "#!/bin/sh\n", { mode: 0o755 });
    }
    for (const name of [...names, frr]) {
      const text = readFileSync(join(units, name), "utf8")
        .replaceAll(/\/usr\/lib\/(?:imp|frr)\//g, `${folder}/lib/`)
        .replaceAll("/usr/bin/vpp", `${folder}/lib/vpp`);
      writeFileSync(join(folder, basename(name).replace("@", "@nat64")), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function verify(path: string): readonly unknown[] {
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", path], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:/lib/systemd/system` },
    });
    return [status, `${stdout}${stderr}`.split("\n").filter((line) => /imp-|vpp|frr/.test(line))];
  }

  it.each([...names, "frr.service"])("finds nothing wrong in %s", (name) => {
    expect(verify(join(folder, name.replace("@", "@nat64")))).toEqual([0, []]);
  });

  it("finds no cycle in the order of a whole boot, with a root on ZFS", () => {
    const boot = join(folder, "boot");
    const zfs =
      "[Unit]\nDefaultDependencies=no\nBefore=local-fs.target\nAfter=systemd-udev-settle.service systemd-remount-fs.service\n";
    const wants = {
      "local-fs": ["zfs-mount"],
      sysinit: ["imp-boot"],
      "multi-user": [...names.filter((one) => /^(imp-(?!boot)|vpp-)/.test(one)), "frr", "ssh"],
    };
    mkdirSync(boot);
    writeFileSync(join(boot, "zfs-mount.service"), `${zfs}[Service]\nType=oneshot\nExecStart=/bin/true\n`);
    for (const [target, all] of Object.entries(wants)) {
      mkdirSync(join(boot, `${target}.target.wants`));
      for (const name of all) {
        const unit = name.replace(/(?:\.service)?$/, ".service");
        symlinkSync(`../${unit}`, join(boot, `${target}.target.wants/${unit}`));
      }
    }
    const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", "multi-user.target"], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${boot}:${folder}:/lib/systemd/system` },
    });
    expect(`${stdout}${stderr}`.split("\n").filter((line) => /cycle|imp-|vpp|frr/.test(line))).toEqual([]);
  });

  it("enables the whole chain and the serial console by its presets, but not the unit of VPP's package", () => {
    const root = join(folder, "root");
    const at = (path: string) => join(root, "usr/lib/systemd", path);
    mkdirSync(at("system"), { recursive: true });
    mkdirSync(at("system-preset"));
    for (const name of names) copyFileSync(join(units, name), at(`system/${name}`));
    mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
    copyFileSync(join(units, frr), join(root, "etc/systemd/system/frr.service"));
    copyFileSync(join(units, "90-imp.preset"), at("system-preset/90-imp.preset"));
    writeFileSync(at("system-preset/99-default.preset"), "disable *\n");
    const other = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
    for (const name of ["vpp", "serial-getty@", "foreign"]) writeFileSync(at(`system/${name}.service`), other);
    const { status, stderr } = spawnSync("systemctl", [`--root=${root}`, "preset-all"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("rror")]);
    const wants = (target: string) => readdirSync(join(root, `etc/systemd/system/${target}.wants`)).sort();
    expect(wants("sysinit.target")).toEqual(["imp-boot.service", "imp-deadline.service"]);
    expect(wants("multi-user.target")).toEqual([
      "frr.service",
      "imp-agent.service",
      "imp-containers.service",
      "imp-failsafe.service",
      "imp-management.service",
      "imp-netns.service",
      "imp-nics.service",
      "imp-update.service",
      "serial-getty@ttyS0.service",
      "vpp-core.service",
      "vpp-nat.service",
    ]);
    expect(wants("sys-subsystem-net-devices-incusbr0.device")).toEqual(["imp-containers.service"]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "makes the banner's folders, and the link through which agetty finds it (needs root)",
    () => {
      const argv = ["--create", `--root=${folder}`, join(units, "imp.tmpfiles.conf")];
      mkdirSync(join(folder, "etc"));
      expect(spawnSync("systemd-tmpfiles", argv, { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
      expect(readdirSync(join(folder, "run")).sort()).toEqual(["issue.d", "motd.d"]);
      expect(readlinkSync(join(folder, "etc/issue.d/imp.issue"))).toBe("/run/issue.d/imp.issue");
    },
  );

  const scorer = spawnSync("systemctl", ["--version"], { encoding: "utf8" }).stdout.startsWith("systemd 252 ")
    ? undefined
    : "needs the systemd of Debian 12";
  it.skipIf(scorer !== undefined)(
    `calls the exposure of each what docs/boot.md says (${scorer ?? "it is Debian 12's"})`,
    () => {
      const page = readFileSync(join(units, "../../docs/boot.md"), "utf8");
      const said = Object.fromEntries(
        [...page.matchAll(/^\| `(\S+\.service)` \| (\d+\.\d) \|/gm)].map(([, name, figure]) => [name, figure]),
      );
      const found = Object.fromEntries([...names, "frr.service"].map((name) => [name, exposure(name)]));
      expect(said).toEqual(found);
    },
  );

  function exposure(name: string): string | undefined {
    const argv = ["security", "--offline=yes", "--no-pager", join(folder, name.replace("@", "@nat64"))];
    const { stdout } = spawnSync("systemd-analyze", argv, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
    return /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
  }
});
