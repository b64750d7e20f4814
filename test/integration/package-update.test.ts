/**
 * The package replaced on a box that runs, by a real dpkg under a real systemd: what is in flight ends first. What dpkg writes
 * goes to memory, in the namespaces of that systemd. The agent's place is taken by a program that only runs.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, whyNoCopies } from "../lab/copied.ts";
import { builtPackage } from "../lab/package.ts";
import { type OwnSystemd, startSystemd, whyNoSystemd } from "../lab/systemd.ts";

const top = join(import.meta.dirname, "../..");
const units = readdirSync(join(top, "deploy/systemd")).filter((name) => name.endsWith(".service"));

const why = whyNoSystemd() ?? whyNoCopies();

describe.skipIf(why !== undefined)(`the package on a box that runs (${why ?? "systemd is here"})`, () => {
  let folder: string;
  let box: OwnSystemd;
  let install: readonly string[];
  const pids = () => ["imp-failsafe.service", "imp-agent.service"].map((unit) => box.show(unit, "MainPID"));

  beforeAll(async () => {
    folder = mkdtempSync("/var/lib/imp-update-");
    install = ["dpkg", "--force-depends", "-i", builtPackage()];
    mkdirSync(join(folder, "units/imp-agent.service.d"), { recursive: true });
    for (const name of units) symlinkSync(`/usr/lib/systemd/system/${name}`, join(folder, "units", name));
    const agent = "Type=simple\nWatchdogSec=0\nReadWritePaths=\nExecStart=\nExecStart=/bin/sleep infinity\n";
    writeFileSync(
      join(folder, "units/imp-agent.service.d/test.conf"),
      `[Unit]\nRequiresMountsFor=\nConditionPathExists=\n[Service]\n${agent}`,
    );
    box = await startSystemd(folder, copied);
  }, 60_000);
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it("starts nothing when it is installed", () => {
    box.run(...(install as [string]));
    expect(pids()).toEqual(["0", "0"]);
  });

  it("lets failsafe and agent alone while a deployment is in flight, then restarts both", async () => {
    box.run("systemctl", "start", "imp-failsafe.service", "imp-agent.service");
    const started = pids();
    expect(started).not.toContain("0");
    const record = ["format 1", "deployment 1-a", "generation b", "committed -", "armed 0", "deadline 999999999"];
    box.run(
      "sh",
      "-c",
      `printf '%s\\n' '${[...record, "phase forward", "impact hitless"].join("' '")}' >/run/imp/armed`,
    );
    box.run(...(install as [string]));
    await delay(3000);
    expect([pids(), box.show("imp-restart.service", "ActiveState")]).toEqual([started, "active"]);
    expect(() => box.run("dpkg", "-r", "imp")).toThrow(/deployment is going on/);
    expect(pids()).toEqual(started);

    box.run("rm", "/run/imp/armed");
    for (let tries = 0; tries < 100 && box.show("imp-restart.service", "ActiveState") !== "inactive"; tries += 1)
      await delay(100);
    expect(pids().filter((pid) => pid === "0" || started.includes(pid))).toEqual([]);
  });

  it("stops both when it is removed", () => {
    box.run("dpkg", "-r", "imp");
    expect(pids()).toEqual(["0", "0"]);
  });
});
