import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseBoot, loadKernel, tryKernel, unloadTried } from "../../../../controller/trial/kernel-check.ts";
import { kernelFile, makeImageRoot } from "../../../lab/image.ts";
import { simHost } from "../../../lab/host.ts";

const { signal } = new AbortController();
const dataset = "tank/ROOT/imp-v1.4.0";
const usual = {
  kernel: "vmlinuz-6.1.0-56-amd64",
  initrd: "initrd.img-6.1.0-56-amd64",
  version: "6.1.0-56-amd64",
  root: `root=zfs:${dataset}`,
};

let folder: string;
let cmdline: string;
let programs: string[][];
let refused: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "imp-kernel-"));
  makeImageRoot(folder);
  programs = [];
  [cmdline, refused] = ["quiet", undefined];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Line = readonly [dataset: string, property: string, value: string, source: string];

function start(...properties: readonly Line[]) {
  const box = simHost();
  box.files.set("/proc/cmdline", { text: `${cmdline}\n`, mode: 0o444 });
  box.answer((argv) => {
    programs.push([...argv]);
    const [program] = argv;
    const stdout = program === "zfs" ? properties.map((one) => `${one.join("\t")}\n`).join("") : "";
    const isRefused = program === "systemd-run" && refused !== undefined && argv.includes("sh");
    return { exitCode: isRefused ? 255 : 0, stdout, stderr: isRefused ? `${refused}\n` : "" };
  });
  const host = box.start();
  const looked = { dataset, folder, name: "imp-v1.4.0" };
  return { box, host, looked, choose: () => chooseBoot(host, looked, signal) };
}
const line = "org.zfsbootmenu:commandline";

/** What systemd was asked to run last. */
function unit(): readonly string[] {
  const argv = programs.at(-1) ?? [];
  return argv.slice(argv.indexOf("--") + 1);
}

/** Runs that really; `loading`: what kexec does then. */
function run(loading: string) {
  const [bin, log, mark] = [join(folder, "bin"), join(folder, "calls"), join(folder, "tried")];
  for (const path of [log, mark]) rmSync(path, { force: true });
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "mount"), `#!/bin/sh\necho mount >>${log}\n`, { mode: 0o755 });
  const kexec = `#!/bin/sh\necho "kexec $1" >>${log}\n[ "$1" = -u ] || ${loading}\n`;
  writeFileSync(join(bin, "kexec"), kexec, { mode: 0o755 });
  const [program, ...words] = [...unit().slice(0, -1), mark];
  const env = { PATH: `${bin}:/usr/bin:/bin` };
  const { status } = spawnSync(program ?? "", words, { env, timeout: 20_000 });
  return { code: status, calls: readFileSync(log, "utf8").trim().split("\n"), isMarked: existsSync(mark) };
}

describe("what is booted of a boot environment", () => {
  it("is its kernel with the loader's own command line where nobody set one", async () => {
    expect(await start().choose()).toEqual({ ...usual, usual: "quiet loglevel=4" });
    expect(programs.map(([program]) => program)).toEqual(["zfs", "sh", "sh"]);
  });

  it.each<[string, Line[], string]>([
    ["its own line", [[dataset, line, "ro panic=30", "local"]], "ro panic=30"],
    ["an inherited line", [[dataset, line, "ro  quiet", "inherited from tank/ROOT"]], "ro quiet"],
    [
      "its own line, and in it what the dataset above has",
      [
        [dataset, line, "%{parent} isolcpus=2", "local"],
        ["tank/ROOT", line, "ro %{parent}", "local"],
        ["tank", line, "console=ttyS0", "local"],
      ],
      "ro console=ttyS0 isolcpus=2",
    ],
    [
      "an inherited line once, at the level where it was set",
      [
        [dataset, line, "ro %{parent}", "inherited from tank/ROOT"],
        ["tank/ROOT", line, "ro %{parent}", "local"],
        ["tank", line, "console=ttyS0", "local"],
      ],
      "ro console=ttyS0",
    ],
    ["no root= of anybody else", [[dataset, line, "root=/dev/sda1 ro", "local"]], "ro"],
  ])("has %s", async (_what, properties, said) => {
    expect((await start(...properties).choose()).usual).toBe(said);
  });

  it("has the host id with which the box was booted, and not the one of its line", async () => {
    cmdline = "root=zfs:tank/ROOT/a spl.spl_hostid=0x00bab10c quiet";
    const { usual: said } = await start([dataset, line, "ro spl_hostid=1", "local"]).choose();
    expect(said).toBe("ro spl.spl_hostid=0x00bab10c");
  });

  it("is the newest kernel that has an initramfs, unless a property names another", async () => {
    for (const version of ["6.1.0-9-amd64", "6.1.0-100-amd64", "6.1.0-200-amd64"]) {
      writeFileSync(join(folder, `boot/vmlinuz-${version}`), kernelFile());
      if (version !== "6.1.0-200-amd64") writeFileSync(join(folder, `boot/initrd.img-${version}`), "070701");
    }
    expect((await start().choose()).kernel).toBe("vmlinuz-6.1.0-100-amd64");
    const named = (pattern: string) => start([dataset, "org.zfsbootmenu:kernel", pattern, "local"]).choose();
    expect((await named("6.1.0-9-amd64$")).kernel).toBe("vmlinuz-6.1.0-9-amd64");
    // What matches nothing, and what is no pattern at all, count for nothing.
    expect((await named("5.10")).kernel).toBe("vmlinuz-6.1.0-100-amd64");
    expect((await named("(")).kernel).toBe("vmlinuz-6.1.0-100-amd64");
  });

  it("is refused where there is none, and nothing stays mounted", async () => {
    rmSync(join(folder, "boot"), { recursive: true });
    await expect(start().choose()).rejects.toThrow("imp-v1.4.0 has no kernel in /boot: it cannot be booted.");
    expect(programs.at(-1)?.slice(2)).toEqual(['umount "$1"; rmdir "$1"', "sh", folder]);
  });
});

describe("a kernel", () => {
  it("is tried outside of the agent's sandbox, in one unit that takes it back too", async () => {
    const { box, host, looked } = start();
    await tryKernel(host, looked, { ...usual, usual: "ro quiet" }, signal);
    expect(programs.map(([program]) => program)).toEqual(["systemd-run"]);
    expect(unit().slice(4, -1)).toEqual([dataset, folder, usual.kernel, usual.initrd, `${usual.root} ro quiet`]);
    expect(box.files.has(`${folder}.tried`)).toBe(false);
  });

  it("that kexec refuses is named, with what it says", async () => {
    refused = "kexec_file_load failed: Invalid argument";
    const { host, looked } = start();
    await expect(tryKernel(host, looked, { ...usual, usual: "" }, signal)).rejects.toThrow(
      "kexec cannot load the kernel of imp-v1.4.0: kexec_file_load failed: Invalid argument.",
    );
    expect(programs).toHaveLength(1);
  });

  it("that is tried is taken back whatever ends that: the kernel refuses it, or the unit is stopped", async () => {
    const { host, looked } = start();
    await tryKernel(host, looked, { ...usual, usual: "quiet" }, signal);
    expect(run("exit 0")).toEqual({ code: 0, calls: ["mount", "kexec -a", "kexec -u"], isMarked: false });
    expect(run("exit 255")).toEqual({ code: 255, calls: ["mount", "kexec -a", "kexec -u"], isMarked: false });
    expect(run("kill -TERM $PPID")).toEqual({ code: 143, calls: ["mount", "kexec -a", "kexec -u"], isMarked: false });
    expect(run("kill -KILL $PPID")).toMatchObject({ calls: ["mount", "kexec -a"], isMarked: true });
  });

  it("of a try that was killed is taken back by the next start", async () => {
    const { box, host } = start();
    await unloadTried(host, folder, signal);
    expect(programs).toEqual([]);
    box.files.set(`${folder}.tried`, { text: "", mode: 0o600 });
    await unloadTried(host, folder, signal);
    expect([unit(), box.files.has(`${folder}.tried`)]).toEqual([["kexec", "-u"], false]);
  });

  it("is not loaded where this kernel loads no other", async () => {
    const { box, host, looked } = start();
    box.files.set("/proc/sys/kernel/kexec_load_disabled", { text: "1\n", mode: 0o644 });
    await expect(loadKernel(host, looked, { ...usual, usual: "" }, "", signal)).rejects.toThrow("kexec_load_disabled");
    expect(programs).toEqual([]);
  });
});
