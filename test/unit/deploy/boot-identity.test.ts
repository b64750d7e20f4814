/** Who a box is survives an upgrade: imp-boot keeps it at the first boot, and lays it into every other boot environment. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootBox, machineId, makeBootBox } from "../../lab/boot-box.ts";
import { shells } from "../../lab/failsafe-box.ts";

const key = (name: string) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${name}\n-----END OPENSSH PRIVATE KEY-----\n`;
const kept = "persistent/identity";

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-boot identity under ${shell.title}`, () => {
    let box: BootBox;
    beforeEach(() => {
      box = makeBootBox(shell);
      box.write("etc/machine-id", `${machineId}\n`);
      box.write("etc/hostid", "\u0001\u0002\u0003\u0004");
      box.write("etc/ssh/ssh_host_ed25519_key", key("first"));
      box.write("etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 first\n");
    });
    afterEach(() => box[Symbol.dispose]());

    /** Another boot environment: its /etc is the image's. */
    function upgrade(): void {
      box.remove("etc");
      box.write("etc/machine-id", "fedcba9876543210fedcba9876543210\n");
      box.write("etc/hostid", "imag");
      box.write("etc/ssh/sshd_config", "");
    }

    it("keeps what the box has at the first boot", () => {
      expect(box.boot("identity")).toEqual({
        exitCode: 0,
        text: "machine-id is kept.\nhostid is kept.\nSSH host keys are kept.\n",
      });
      expect(box.list(kept)).toEqual(["hostid", "machine-id", "ssh"]);
      expect(box.list(`${kept}/ssh`)).toEqual(["ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]);
      expect([box.mode(kept), box.mode(`${kept}/ssh/ssh_host_ed25519_key`)]).toEqual([0o700, 0o600]);
      expect(box.boot("identity")).toEqual({ exitCode: 0, text: "" });
    });

    it("lays it into a boot environment that says otherwise", () => {
      box.write("etc/systemd/networkd.conf.d/duid.conf", "[DHCPv6]\nDUIDType=uuid\n");
      box.boot("identity");
      upgrade();

      const { text } = box.boot("identity");

      expect(text).toContain("machine-id is laid.\nhostid is laid.\nsystemd/networkd.conf.d/duid.conf is laid.\n");
      expect(text).toContain("until the next boot");
      expect(box.read("etc/machine-id")).toBe(`${machineId}\n`);
      expect(box.read("etc/hostid")).toBe("\u0001\u0002\u0003\u0004");
      expect(box.read("etc/systemd/networkd.conf.d/duid.conf")).toContain("DUIDType=uuid");
      expect(box.read("etc/ssh/ssh_host_ed25519_key")).toBe(key("first"));
      expect(box.read("etc/ssh/ssh_host_ed25519_key.pub")).toBe("ssh-ed25519 first\n");
      const modes = ["machine-id", "ssh/ssh_host_ed25519_key", "ssh/ssh_host_ed25519_key.pub"];
      expect(modes.map((name) => box.mode(`etc/${name}`))).toEqual([0o444, 0o600, 0o644]);
      expect(box.calls()).not.toContainEqual(expect.stringContaining("ssh-keygen"));
    });

    it("makes host keys where there is none, and keeps them", () => {
      box.remove("etc/ssh");
      box.write("etc/ssh/sshd_config", "");
      expect(box.boot("identity").text).toContain("New SSH host keys are made.\nSSH host keys are kept.\n");
      const made = ["ed25519", "ecdsa"].map((type) => [type, `${box.etc}/ssh/ssh_host_${type}_key`]);
      expect(box.calls()).toEqual(
        expect.arrayContaining(made.map(([type, path]) => `ssh-keygen -q -t ${type} -N  -f ${path}`)),
      );
      upgrade();
      box.boot("identity");
      expect(box.read("etc/ssh/ssh_host_ecdsa_key")).toBe(key("made"));
    });

    it("takes the host id from the kernel where there is no file, as the boot loader said", () => {
      box.remove("etc/hostid");
      box.write("sys/module/spl/parameters/spl_hostid", "12235020\n");
      box.boot("identity");
      expect([...readFileSync(join(box.etc, "hostid"))]).toEqual([0x0c, 0xb1, 0xba, 0x00]);
      expect(readFileSync(join(box.folder, kept, "hostid"))).toEqual(readFileSync(join(box.etc, "hostid")));
    });

    it.each([["0\n"], ["garbage\n"], [undefined]])("does without a host id where nobody knows one: %j", (text) => {
      box.remove("etc/hostid");
      if (text !== undefined) box.write("sys/module/spl/parameters/spl_hostid", text);
      expect(box.boot("identity").exitCode).toBe(0);
      expect(box.read("etc/hostid")).toBeUndefined();
    });

    it("takes off what systemd mounted over a machine-id that it could not write", () => {
      box.boot("identity");
      upgrade();
      const mounts = box.read("proc/self/mountinfo") ?? "";
      box.write("proc/self/mountinfo", `${mounts}50 22 0:50 / ${box.etc}/machine-id ro - tmpfs tmpfs rw\n`);
      box.calls();
      box.boot("identity");
      expect(box.calls()).toContain(`umount ${box.etc}/machine-id`);
      expect(box.read("etc/machine-id")).toBe(`${machineId}\n`);
      box.boot("identity");
      expect(box.calls()).toEqual([]);
    });

    it("keeps no machine-id that is none yet", () => {
      box.write("etc/machine-id", "uninitialized\n");
      expect(box.boot("identity").text).not.toContain("machine-id");
      expect(box.list(kept)).not.toContain("machine-id");
    });

    it("neither keeps nor lays anything while the persistent dataset is not mounted, and makes host keys all the same", () => {
      box.remove("etc/ssh");
      box.write("etc/ssh/sshd_config", "");
      box.mounted("zfs tank/ROOT/v2", false);
      const { exitCode, text } = box.boot("identity");
      expect([exitCode, text]).toEqual([0, expect.stringContaining("is not mounted")]);
      expect(box.list("persistent")).not.toContain("identity");
      expect(box.read("etc/ssh/ssh_host_ecdsa_key")).toBe(key("made"));
    });

    it.each<[string, string, string]>([
      ["a machine-id", "machine-id", "not hexadecimal\n"],
      ["a machine-id", "machine-id", ""],
      ["a host id", "hostid", "12345"],
    ])("says that %s was damaged (%s: %j), leaves what is there, and does the rest", (_, name, text) => {
      box.boot("identity");
      upgrade();
      const before = box.read(`etc/${name}`);
      box.write(`${kept}/${name}`, text);
      const ended = box.boot("identity");
      expect([ended.exitCode, ended.text]).toEqual([0, expect.stringContaining(`identity/${name} is damaged`)]);
      expect([box.read(`etc/${name}`), box.read(`${kept}/${name}`)]).toEqual([before, text]);
      expect(box.read("etc/ssh/ssh_host_ed25519_key")).toBe(key("first"));
      expect(box.banner()).toContain("is damaged");
    });

    it.each([
      ["cut off", key("first").slice(0, 60)],
      ["empty", ""],
      ["something else", "#!/bin/sh\n"],
    ])("makes new host keys where the only one that was kept is %s, and does not keep them instead", (_, text) => {
      box.boot("identity");
      upgrade();
      box.write(`${kept}/ssh/ssh_host_ed25519_key`, text);
      const said = box.boot("identity").text;
      expect(said).toContain("ssh/ssh_host_ed25519_key is damaged");
      expect(said).toContain("New SSH host keys are made.");
      expect(box.list(`${kept}/ssh`)).toEqual(["ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]);
      expect(box.read("etc/ssh/ssh_host_ecdsa_key")).toBe(key("made"));
    });

    it("follows no link, neither to keep nor to lay", () => {
      box.boot("identity");
      upgrade();
      for (const name of ["machine-id", "ssh/ssh_host_ed25519_key"]) {
        box.remove(`${kept}/${name}`);
        box.link(`${kept}/${name}`, "/etc/hostname");
      }
      box.boot("identity");
      expect(box.read("etc/machine-id")).toBe("fedcba9876543210fedcba9876543210\n");
      expect(box.read("etc/ssh/ssh_host_ed25519_key")).toContain("made");
    });

    it("says that there is no SSH where no key can be made", () => {
      box.remove("etc/ssh");
      box.write("etc/ssh/sshd_config", "");
      box.fake("ssh-keygen", "exit 1");
      expect(box.boot("identity").text).toContain("SSH host keys could not be made: there is no SSH.");
    });

    it("makes new host keys where what is there is none", () => {
      box.remove("etc/ssh");
      box.write("etc/ssh/ssh_host_ed25519_key", "");
      expect(box.boot("identity").text).toContain("New SSH host keys are made.");
      expect(box.read("etc/ssh/ssh_host_ed25519_key")).toBe(key("made"));
    });

    it("leaves a box without an SSH server alone", () => {
      box.remove("etc/ssh");
      expect(box.boot("identity").text).not.toContain("SSH");
    });
  });
