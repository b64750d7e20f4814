/** imp-boot on a box with faults: full and read-only disks, missing programs, programs that hang, a power cut at any moment. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootBox, environment, machineId, makeBootBox } from "../../lab/boot-box.ts";
import { committed, fullDisk, readOnlyDisk, shells, whyNoMounts } from "../../lab/failsafe-box.ts";

const noMounts = whyNoMounts();
const lint = spawnSync("shellcheck", ["--version"]).status === 0 ? undefined : "needs shellcheck";
const deploy = join(import.meta.dirname, "../../../deploy");
const key = (name: string) =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${name.repeat(50)}\n-----END OPENSSH PRIVATE KEY-----\n`;

it.skipIf(lint !== undefined)(`the program is clean (${lint ?? "shellcheck is here"})`, () => {
  const argv = ["-s", "sh", join(deploy, "boot/imp-boot")];
  expect(spawnSync("shellcheck", argv, { encoding: "utf8" }).stdout).toBe("");
});

it("judges words, numbers and paths, and lays files, exactly as imp-failsafe does, from which it shares nothing at run time", () => {
  const judges = (path: string) => {
    const text = readFileSync(join(deploy, path), "utf8");
    return ["is_number", "is_word", "is_path", "put", "is_below", "own", "adopt", "place", "drop", "name_kernel"].map(
      (name) => new RegExp(`^${name}\\(\\) \\{(?:.*\\}$|[^]*?\\n\\}.*$)`, "m").exec(text)?.[0],
    );
  };
  const ours = judges("boot/imp-boot");
  expect(ours).not.toContain(undefined);
  expect(ours).toEqual(judges("failsafe/imp-failsafe"));
});

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-boot under ${shell.title}, with faults`, () => {
    let box: BootBox;
    beforeEach(() => {
      box = makeBootBox(shell);
    });
    afterEach(() => box[Symbol.dispose]());

    const frrConf = () => box.read("etc/frr/frr.conf");

    /** A box that was upgraded: all of its files and names must be laid. */
    function upgraded(): void {
      box.generation(committed, "committed\n".repeat(1000));
      for (const [name, text] of [
        ["machine-id", `${machineId}\n`],
        ["hostid", "\u0001\u0002\u0003\u0004"],
        ["ssh/ssh_host_rsa_key", key("a")],
        ["ssh/ssh_host_rsa_key.pub", "ssh-rsa a\n"],
      ] as const)
        box.write(`persistent/identity/${name}`, text);
      box.write("etc/machine-id", "fedcba9876543210fedcba9876543210\n");
      box.write("etc/ssh/ssh_host_rsa_key", key("b"));
      box.write("etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa b\n");
    }
    const laid = ["frr/frr.conf", "machine-id", "hostid", "ssh/ssh_host_rsa_key", "ssh/ssh_host_rsa_key.pub"];
    const texts = () => laid.map((name) => box.read(`etc/${name}`));
    const wanted = ["committed\n".repeat(1000), `${machineId}\n`, "\u0001\u0002\u0003\u0004", key("a"), "ssh-rsa a\n"];

    describe.skipIf(noMounts !== undefined)(
      `where a disk is full or read-only (${noMounts ?? "mounts are possible"})`,
      () => {
        it.each([
          ["full", fullDisk],
          ["read-only", readOnlyDisk],
        ])("leaves each file of /etc whole, says so and ends well where that is %s", (_, spoil) => {
          upgraded();
          const after = `cat ${box.etc}/frr/frr.conf ${box.etc}/machine-id; ls -A ${box.etc} ${box.etc}/frr`;
          const files = box.bootAmong(spoil(box.etc), after, "files");
          expect([files.exitCode, files.text]).toEqual([0, expect.stringContaining("frr.conf could not be written")]);
          expect(files.text).toContain("\nof the image\nfedcba9876543210fedcba9876543210\n");
          expect(files.text).not.toContain(".imp-boot");
          expect(box.banner()).toContain("could not be written");
        });

        it.each([
          ["full", fullDisk],
          ["read-only", readOnlyDisk],
        ])("says nothing of a file that is right already where /etc is %s", (_, spoil) => {
          box.write("etc/frr/frr.conf", "committed\n");
          expect(box.bootAmong(spoil(box.etc), "", "files").text).toContain("its files are laid.");
        });

        it.each([
          ["full", fullDisk],
          ["read-only", readOnlyDisk],
        ])("keeps no half of who the box is where the persistent dataset is %s", (_, spoil) => {
          box.write("etc/machine-id", `${machineId}\n`);
          box.write("etc/ssh/ssh_host_rsa_key", key("a"));
          const after = `find ${box.state}/identity -type f -size +0 2>/dev/null`;
          const { exitCode, text } = box.bootAmong(spoil(box.state), after, "identity");
          expect([exitCode, text]).toEqual([0, expect.stringContaining("SSH host keys could not be kept")]);
          expect(text).toContain("machine-id could not be kept");
          expect(text).not.toContain("identity/ssh/");
        });

        it.each([
          ["full", fullDisk],
          ["read-only", readOnlyDisk],
        ])("lays what is committed where the persistent dataset is %s", (_, spoil) => {
          upgraded();
          box.bootAmong(spoil(box.state), "", "files");
          box.bootAmong(spoil(box.state), "", "identity");
          expect(texts().slice(0, 2)).toEqual(["committed\n".repeat(1000), `${machineId}\n`]);
        });

        it("lays everything where /run is full", () => {
          upgraded();
          expect(box.bootAmong(fullDisk(box.run), "", "files").exitCode).toBe(0);
          expect(frrConf()).toBe("committed\n".repeat(1000));
        });
      },
    );

    it.each(["timeout", "logger", "sed", "grep", "id", "systemctl", "flock"])("lays everything without %s", (tool) => {
      upgraded();
      box.without(tool);
      expect([box.boot("identity").exitCode, box.boot("files").exitCode]).toEqual([0, 0]);
      expect(texts()).toEqual(wanted);
    });

    it.each(["cp", "ln", "mv", "cmp", "sync", "chmod", "chown", "readlink"])(
      "leaves each file as it is or lays it whole without %s, and ends well",
      (tool) => {
        upgraded();
        box.without(tool);
        const ended = [box.boot("identity"), box.boot("files")];
        expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
        expect(["of the image\n", "committed\n".repeat(1000)]).toContain(frrConf());
        expect(ended.map(({ text }) => text).join("")).toMatch(/could not be written|is damaged/);
      },
    );

    it("gives every program that it calls a time limit", () => {
      upgraded();
      box.fake("timeout", 'shift 3; exec "$@"');
      box.port("eno1");
      for (const name of ["cp", "mv", "cat", "cmp", "readlink", "chown", "chmod", "id"]) {
        const real = spawnSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
        box.fake(name, `exec ${real} "$@"`);
      }
      for (const verb of ["identity", "files", "namespace", "nics", "containers", "management"]) box.boot(verb);
      const calls = box.calls().map((call) => call.trimEnd());
      const limited = calls.filter((call) => call.startsWith("timeout "));
      const others = calls.filter((call) => !call.startsWith("timeout ") && !call.startsWith("cat address"));
      expect(others.length).toBeGreaterThan(50);
      const inside = limited.map((call) => call.replace(/^timeout -k 2 \d+ /, ""));
      expect(others.filter((call) => !inside.includes(call))).toEqual([]);
    });

    it("goes on when a program does not end", () => {
      upgraded();
      // Its time limit is over at once.
      box.fake("timeout", 'shift 3; case "$1" in cmp | logger) exit 124;; esac; exec "$@"');
      const { exitCode, text } = box.boot("files");
      expect([exitCode, text]).toEqual([
        0,
        expect.stringContaining("frr.conf could not be written: it stays as it is."),
      ]);
      expect(frrConf()).toBe("of the image\n");
    });

    /** Runs the verbs, but kills the shell where it is about to call its n-th program; true when there are not as many. */
    function cutAt(moment: number, ...verbs: readonly string[]): boolean {
      box.write("left", `${moment}`);
      const cut = `read -r left <'${box.folder}/left'; [ "$left" != 0 ] || { kill -9 $PPID; exit 1; }`;
      box.fake("timeout", `${cut}\necho $((left - 1)) >'${box.folder}/left'; shift 3; exec "$@"`);
      const ended = verbs.every((verb) => box.boot(verb).exitCode === 0);
      box.fake("timeout", 'shift 3; exec "$@"');
      return ended;
    }

    it("leaves every file old or new after a power cut at any moment, and all of them new after the next boot", () => {
      upgraded();
      const before = texts();
      const first: (readonly (string | undefined)[])[] = [];
      const second: (readonly (string | undefined)[])[] = [];
      // Every third moment, another one under each shell.
      for (let moment = shells.indexOf(shell) % 2; !cutAt(moment, "identity", "files"); moment += 3) {
        first.push(texts());
        box.boot("identity");
        box.boot("files");
        second.push(texts());
        for (const [n, name] of laid.entries()) {
          if (before[n] === undefined) box.remove(`etc/${name}`);
          else box.write(`etc/${name}`, before[n]);
        }
      }
      const after = texts();
      expect(after).toEqual(wanted);
      expect(first.length).toBeGreaterThan(10);
      for (const cut of first) expect(cut.map((text, n) => (text === after[n] ? before[n] : text))).toEqual(before);
      expect(second).toEqual(first.map(() => wanted));
    }, 120_000);

    it("keeps the host keys all or none, whenever the power is cut", () => {
      box.write("etc/ssh/ssh_host_rsa_key", key("a"));
      box.write("etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa a\n");
      const has = (folder: string, name: string) => box.list(folder).includes(name);
      const kept = () =>
        has("persistent", "identity") && has("persistent/identity", "ssh") && box.list("persistent/identity/ssh");
      const seen: unknown[] = [];
      for (let moment = 3; !cutAt(moment, "identity"); moment += 1) {
        seen.push(kept());
        if (kept() !== false) box.remove("persistent/identity/ssh");
      }
      const all = ["ssh_host_rsa_key", "ssh_host_rsa_key.pub"];
      expect(kept()).toEqual(all);
      expect(seen.length).toBeGreaterThan(5);
      expect(seen.filter((one) => one !== false)).toEqual(seen.filter((one) => one !== false).map(() => all));
    }, 120_000);

    it("knows which environment it is from what is booted alone", () => {
      box.cmdline("root=zfs:tank/ROOT/another");
      box.boot("files");
      expect(box.notes("files")).toContain(environment);
    });
  });
