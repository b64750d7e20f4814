/**
 * The Debian package as it is built: twice the same bytes, nothing that lintian finds, and what dpkg makes of it where an
 * image is made. It is installed into a copy of this machine's root, which nobody else sees.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DebianRoot, startDebianRoot, whyNoDebianRoot } from "../lab/debian-root.ts";
import { buildPackage, builtPackage } from "../lab/package.ts";

const builds = spawnSync("dpkg-deb", ["--version"]).status === 0 ? undefined : "needs dpkg-deb";
// Not in /tmp, which may be a file system of its own.
const folder = mkdtempSync("/var/lib/imp-package-");
const install = ["dpkg", "--force-depends", "-i", join(folder, "imp.deb")] as const;

describe.skipIf(builds !== undefined)(`the package (${builds ?? "dpkg-deb is here"})`, () => {
  beforeAll(() => copyFileSync(builtPackage(), join(folder, "imp.deb")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has the same bytes when it is built again, whatever the umask and the time zone", () => {
    const again = buildPackage(join(folder, "again"), "077", "Asia/Tokyo");
    expect(readFileSync(again).equals(readFileSync(join(folder, "imp.deb")))).toBe(true);
  });

  const lint = spawnSync("lintian", ["--version"]).status === 0 ? undefined : "needs lintian";
  it.skipIf(lint !== undefined)(`has nothing that lintian warns of (${lint ?? "lintian is here"})`, () => {
    const argv = ["--allow-root", "--fail-on", "error,warning", join(folder, "imp.deb")];
    expect(spawnSync("lintian", argv, { encoding: "utf8" })).toMatchObject({ stdout: "", status: 0 });
  });

  const noRoot = whyNoDebianRoot(folder);
  describe.skipIf(noRoot !== undefined)(`where an image is made (${noRoot ?? "a root is here"})`, () => {
    let root: DebianRoot;
    let before: ReadonlySet<string>;
    const listing = () =>
      new Set(root.run("find", "/etc", "/usr", "/persistent", "/var/lib/systemd", "-xdev").text.split("\n"));
    const links = () => root.run("find", "/etc/systemd/system", "-name", "imp-*").text;

    beforeAll(async () => {
      root = await startDebianRoot(folder);
      root.run("sh", "-c", "echo kept >/persistent/config/imp/agent.yaml");
      before = listing();
    });
    afterAll(async () => root[Symbol.asyncDispose]());

    it("is installed, and starts nothing", () => {
      expect(root.run(...install)).toMatchObject({ status: 0 });
      expect(root.run("ls", "/run").text).toBe("");
    });

    it("has all programs where a shell and the units look for them", () => {
      expect(root.run("impctl", "version")).toMatchObject({ status: 0, text: expect.stringContaining("node 24.") });
      const sites = "/usr/share/doc/imp/examples/sites";
      expect(root.run("impctl", "validate", sites)).toMatchObject({
        status: 0,
        text: expect.stringContaining("appliances valid"),
      });
      expect(root.run("imp-rescue", "help")).toMatchObject({ status: 0 });
      expect(root.run("imp-rescue", "status").text).toContain("failsafe   does not run");
      expect(root.run("imp-boot", "status")).toMatchObject({ status: 0 });
      expect(root.run("systemctl", "is-enabled", "imp-agent.service", "imp-boot.service").text).toBe(
        "enabled\nenabled\n",
      );
    });

    it("completes what is typed in bash", () => {
      const typed = "COMP_WORDS=(impctl vali); COMP_CWORD=1; _impctl; echo $COMPREPLY";
      const file = "/usr/share/bash-completion/completions/impctl";
      expect(root.run("bash", "-c", `source ${file}; ${typed}`).text).toBe("validate\n");
    });

    it("enables nothing again that an operator disabled, when it is replaced", () => {
      root.run("systemctl", "disable", "imp-management.service");
      const enabled = links();
      expect(root.run(...install)).toMatchObject({ status: 0 });
      expect(links()).toBe(enabled);
      expect(enabled).not.toContain("imp-management");
    });

    it("is removed and purged with all that it brought, and nothing else", () => {
      root.run("systemd-tmpfiles", "--create", "imp.conf");
      expect(root.run("dpkg", "-r", "imp")).toMatchObject({ status: 0 });
      expect(root.run("sh", "-c", "ls -d /usr/lib/imp /usr/bin/impctl").status).not.toBe(0);
      expect(root.run("dpkg", "-P", "imp")).toMatchObject({ status: 0 });
      const after = listing();
      expect([...after.difference(before)]).toEqual([]);
      expect([...before.difference(after)]).toEqual([]);
      expect(root.run("cat", "/persistent/config/imp/agent.yaml").text).toBe("kept\n");
    });
  });
});
