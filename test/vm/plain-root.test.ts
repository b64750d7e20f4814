/**
 * The package on a plain Debian 12, which has what it depends on and nothing else, where no systemd runs and there is no network:
 * as where an image is made.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtPackage } from "../lab/package.ts";
import { builtImage, whyNoImage } from "./image.ts";

const why = whyNoImage();
const settings = "persistent/config/imp/agent.yaml";

describe.skipIf(why !== undefined)(`the package on a plain Debian 12 (${why ?? "there is one"})`, () => {
  let root: string;
  let before: ReadonlySet<string>;
  const run = (...argv: string[]) => {
    const { status, stdout, stderr } = spawnSync("chroot", [root, ...argv], { encoding: "utf8", maxBuffer: 2 ** 28 });
    return { status, text: `${stdout}${stderr}` };
  };
  const listing = () => new Set(run("find", "/etc", "/usr", "/persistent", "/var/lib/systemd").text.split("\n"));

  beforeAll(async () => {
    const { base } = await builtImage();
    root = mkdtempSync(join(tmpdir(), "imp-plain-"));
    execFileSync("tar", ["-C", root, "-xf", base]);
    rmSync(join(root, "etc/dpkg/dpkg.cfg.d/99mmdebstrap"), { force: true }); // leaves pages out
    mkdirSync(join(root, "persistent/config/imp"), { recursive: true });
    writeFileSync(join(root, settings), "kept\n");
    copyFileSync(builtPackage(), join(root, "root/imp.deb"));
    before = listing();
  });
  afterAll(() => root && rmSync(root, { recursive: true, force: true }));

  it("is installed with all that it depends on", () => {
    expect(run("dpkg", "-i", "/root/imp.deb")).toMatchObject({ status: 0 });
    expect(run("dpkg", "--audit")).toEqual({ status: 0, text: "" });
    expect(run("dpkg", "--verify", "imp")).toEqual({ status: 0, text: "" });
  });

  it("runs there", () => {
    expect(run("impctl", "version")).toMatchObject({ status: 0, text: expect.stringContaining("node 24.") });
    const valid = { status: 0, text: expect.stringContaining("appliances valid") };
    expect(run("impctl", "validate", "/usr/share/doc/imp/examples/sites")).toMatchObject(valid);
    const units = ["imp-boot", "imp-agent", "imp-failsafe", "vpp-core"];
    expect(run("systemctl", "is-enabled", ...units).text).toBe("enabled\n".repeat(units.length));
  });

  it("is removed and purged with all that it brought, and nothing else", () => {
    expect(run("dpkg", "-r", "imp")).toMatchObject({ status: 0 });
    expect(run("dpkg", "-P", "imp")).toMatchObject({ status: 0 });
    const after = listing();
    expect([...after.difference(before)]).toEqual([]);
    expect([...before.difference(after)]).toEqual([]);
    expect(run("cat", `/${settings}`).text).toBe("kept\n");
  });
});
