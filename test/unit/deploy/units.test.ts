/** The systemd units: nothing in them that systemd does not know, and a sandbox that nobody loosens unnoticed. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const units = join(import.meta.dirname, "../../../deploy/systemd");
const names = readdirSync(units).filter((name) => name.endsWith(".service"));
const why = spawnSync("systemd-analyze", ["--version"]).status === 0 ? undefined : "needs systemd-analyze";

const settings = (name: string) => readFileSync(join(units, name), "utf8").split("\n");

describe("the units", () => {
  it("share one folder for sockets and record, which outlives each of them", () => {
    for (const name of names) {
      expect(settings(name)).toEqual(
        expect.arrayContaining(["RuntimeDirectory=imp issue.d motd.d", "RuntimeDirectoryPreserve=yes"]),
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

describe.skipIf(why !== undefined)(`systemd's judgement of the units (${why ?? "systemd-analyze is here"})`, () => {
  let folder: string;

  /** As installed, but below one folder, so that what they start is there. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "imp-units-"));
    mkdirSync(join(folder, "lib"));
    for (const program of ["node", "imp-failsafe"]) {
      writeFileSync(join(folder, "lib", program), "#!/bin/sh\n", { mode: 0o755 });
    }
    for (const name of names) {
      const text = readFileSync(join(units, name), "utf8").replaceAll("/usr/lib/imp/", `${folder}/lib/`);
      writeFileSync(join(folder, name), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(names)("finds nothing wrong in %s", (name) => {
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", join(folder, name)], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:/lib/systemd/system` },
    });
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("imp-"));
    expect([status, ours]).toEqual([0, []]);
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

  it.each([
    ["imp-agent.service", 4.1],
    ["imp-failsafe.service", 4.6],
    ["imp-failsafe-act.service", 4.6],
  ])("calls the exposure of %s %d, as docs/failsafe.md says, or less", (name, most) => {
    const argv = ["security", "--offline=yes", "--no-pager", join(folder, name)];
    const { stdout } = spawnSync("systemd-analyze", argv, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
    const score = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    expect(score).toBeLessThanOrEqual(most);
    const page = readFileSync(join(units, "../../docs/failsafe.md"), "utf8");
    expect(page).toContain(`| \`${name}\` | ${most} |`);
  });
});
