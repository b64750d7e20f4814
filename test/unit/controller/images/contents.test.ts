import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkContents, readContents } from "../../../../controller/images/contents.ts";
import { kernelOf } from "../../../../controller/images/kernel.ts";
import { inRoot } from "../../../../controller/images/rooted.ts";
import { kernelFile, makeImageRoot, makeManifest, streamFile } from "../../../lab/image.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "imp-root-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the root of an image", () => {
  it("is read for the versions of its programs, as they say them themselves", async () => {
    makeImageRoot(root);
    const { versions, packages } = await readContents(root, "The root");
    expect(versions).toEqual({
      kernel: "6.1.0-56-amd64",
      vpp: "25.06",
      frr: "8.4.4",
      zfs: "2.3.2",
      agent: "0.2.0+20270110093000",
    });
    expect(packages).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each([
    ["boot/vmlinuz-6.1.0-56-amd64", undefined, "The root has no kernel in /boot."],
    ["boot/initrd.img-6.1.0-56-amd64", undefined, "The root has no initramfs for its kernel 6.1.0-56-amd64 in /boot."],
    ["boot/vmlinuz-6.1.0-56-amd64", "", "The root has /boot/vmlinuz-6.1.0-56-amd64, which is no kernel for"],
    ["boot/initrd.img-6.1.0-56-amd64", "text", "The root has /boot/initrd.img-6.1.0-56-amd64, which is no initramfs."],
    ["etc/os-release", undefined, "The root has no /etc/os-release that says what it is."],
    ["usr/lib/imp/imp-failsafe", undefined, "The root has no /usr/lib/imp/imp-failsafe: the agent is not installed"],
    ["usr/lib/imp/node", "", "The root has no /usr/lib/imp/node: the agent is not installed in it."],
    ["usr/lib/imp/imp-deadline", undefined, "The root has no /usr/lib/imp/imp-deadline: the agent is not installed"],
    ["var/lib/dpkg/status", undefined, "The root has no package vpp in /var/lib/dpkg/status."],
  ])("is refused where %s is %s", async (path, content, told) => {
    makeImageRoot(root, { files: { [path]: content } });
    await expect(readContents(root, "The root")).rejects.toThrow(told);
  });

  it.each(["imp-boot.service", "imp-deadline.service"])("is refused where nothing starts %s", async (unit) => {
    const told = `The root does not start ${unit} at boot: systemctl preset-all in it enables what has to be.`;
    const [link, mask] = [`etc/systemd/system/sysinit.target.wants/${unit}`, `etc/systemd/system/${unit}`];
    makeImageRoot(root);
    rmSync(join(root, link));
    await expect(readContents(root, "The root")).rejects.toThrow(told);
    // An image may bring the link itself.
    mkdirSync(join(root, "usr/lib/systemd/system/sysinit.target.wants"));
    symlinkSync(`../${unit}`, join(root, `usr/lib/systemd/system/sysinit.target.wants/${unit}`));
    await expect(readContents(root, "The root")).resolves.toBeDefined();
    symlinkSync("/dev/null", join(root, mask));
    await expect(readContents(root, "The root")).rejects.toThrow(told);
    rmSync(join(root, mask));
    rmSync(join(root, `usr/lib/systemd/system/${unit}`));
    await expect(readContents(root, "The root")).rejects.toThrow(told);
  });

  it("is refused when its agent does not know what this one writes down", async () => {
    const status = "Package: imp\nStatus: install ok installed\nVersion: 0.0.1\nImp-Journal: 0\n";
    makeImageRoot(root, { files: { "var/lib/dpkg/status": status } });
    await expect(readContents(root, "The root")).rejects.toThrow("has an agent (0.0.1) that cannot go on from");
  });

  it("is refused when it is not what the manifest says", async () => {
    makeImageRoot(root);
    streamFile(join(root, "s"), { snapshot: "1" }, 10);
    const { manifest } = await makeManifest(root, [{ file: "s", snapshot: "1" }]);
    const { packages } = await readContents(root, "The root");
    await expect(checkContents(root, { ...manifest, packages })).resolves.toBeUndefined();
    await expect(checkContents(root, manifest)).rejects.toThrow("has packages with the digest");
    const versions = { ...manifest.versions, vpp: "26.06" };
    await expect(checkContents(root, { ...manifest, packages, versions })).rejects.toThrow(
      "The image imp-v1.4.0 has vpp 25.06, and its manifest says 26.06.",
    );
  });

  it("boots the newest kernel that has an initramfs, counted as numbers", async () => {
    makeImageRoot(root, { kernel: "6.1.0-9-amd64" });
    makeImageRoot(root, { kernel: "6.1.0-10-amd64" });
    writeFileSync(join(root, "boot/vmlinuz-6.2.0-1-amd64"), kernelFile());
    expect(await kernelOf(root)).toEqual({
      version: "6.1.0-10-amd64",
      kernel: "vmlinuz-6.1.0-10-amd64",
      initramfs: "initrd.img-6.1.0-10-amd64",
    });
  });

  it("is never left by a link", async () => {
    mkdirSync(join(root, "a"));
    writeFileSync(join(root, "here"), "");
    symlinkSync("/here", join(root, "a/absolute"));
    symlinkSync("../../../../here", join(root, "a/relative"));
    symlinkSync("loop", join(root, "loop"));
    expect(await inRoot(root, "/a/absolute")).toBe(`${root}/here`);
    expect(await inRoot(root, "/a/relative")).toBe(`${root}/here`);
    expect(await inRoot(root, "/etc/passwd")).toBeUndefined();
    expect(await inRoot(root, "/loop")).toBeUndefined();
  });
});
