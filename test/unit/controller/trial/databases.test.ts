import { describe, expect, it } from "vitest";
import { forgetDatabases, keepDatabases, restoreDatabases } from "../../../../controller/trial/databases.ts";
import { simHost } from "../../../lab/host.ts";

const { signal } = new AbortController();

const incus = ["incus-startup.service", "incus.socket", "incus.service"];

/** Incus' database, one that somebody marked, and what is none; `states`: of units. `sick`: those that do not start. */
function box(
  states: Readonly<Record<string, string>> = Object.fromEntries(incus.map((unit) => [unit, "active"])),
  sick: readonly string[] = [],
) {
  const sim = simHost();
  const snapshots: string[] = [];
  const done: string[] = [];
  const line = (name: string, property: string, value: string, source = "local") =>
    `${name}\t${property}\t${value}\t${source}\n`;
  const datasets: readonly (readonly [string, string, string | undefined])[] = [
    ["tank/persistent/data", "/persistent/data", undefined],
    ["tank/persistent/data/incus", "/var/lib/incus", undefined],
    ["tank/persistent/data/registry", "legacy", "registry.service"],
    ["tank/persistent/data/not", "/var/lib/incus/database", "no"],
  ];
  sim.answer(([program, verb, ...words]) => {
    if (verb === "is-active") {
      return { exitCode: 3, stdout: words.map((unit) => `${states[unit] ?? "inactive"}\n`).join(""), stderr: "" };
    }
    if (verb === "start" && sick.includes(words[0] ?? "")) return { exitCode: 1, stdout: "", stderr: "failed" };
    if (verb !== "get" && verb !== "reset-failed") done.push([program, verb, ...words].join(" "));
    if (verb === "snapshot") snapshots.push(words[0] ?? "");
    if (verb === "destroy") snapshots.splice(snapshots.indexOf(words[0] ?? ""), 1);
    const listed = datasets.flatMap(([name, mountpoint, migrates]) => [
      line(name, "type", "filesystem", "-"),
      line(name, "mountpoint", mountpoint),
      // What is below inherits it, which says nothing.
      migrates === undefined
        ? line(name, "imp:migrates", "x.service", "inherited from tank")
        : line(name, "imp:migrates", migrates),
    ]);
    const taken = snapshots.map((name) => line(name, "type", "snapshot", "-"));
    return { exitCode: 0, stdout: [...listed, ...taken].join(""), stderr: "" };
  });
  const keeping = { host: sim.start(), pool: "tank", deployment: "17-abc" };
  return { keeping, done, snapshots };
}
const kept = ["tank/persistent/data/incus@imp-trial-17-abc", "tank/persistent/data/registry@imp-trial-17-abc"];

describe("what a newer program migrates", () => {
  it("is kept before the trial, once", async () => {
    const { keeping, done } = box();
    expect(await keepDatabases(keeping, signal)).toEqual(kept);
    await keepDatabases(keeping, signal);
    expect(done).toEqual(kept.map((name) => `zfs snapshot ${name}`));
  });

  it("is put back with its units stopped, and what ran runs again", async () => {
    const { keeping, done } = box();
    await keepDatabases(keeping, signal);
    done.length = 0;
    await restoreDatabases(keeping, signal);
    expect(done).toEqual([
      ...incus.map((unit) => `systemctl stop ${unit}`),
      `zfs rollback ${kept[0]}`,
      ...incus.toReversed().map((unit) => `systemctl start ${unit}`),
      `zfs rollback ${kept[1]}`,
    ]);
  });

  it("is started with what was put back where systemd had given it up, or starts it for the umpteenth time", async () => {
    const { keeping, done } = box({ "incus.socket": "failed", "incus.service": "activating" });
    await keepDatabases(keeping, signal);
    done.length = 0;
    await restoreDatabases(keeping, signal);
    expect(done).toContain("systemctl start incus.socket");
    expect(done).toContain("systemctl start incus.service");
    expect(done).not.toContain("systemctl start incus-startup.service");
  });

  it("is said where a unit does not start with what was put back", async () => {
    const { keeping } = box(undefined, ["incus.service"]);
    await keepDatabases(keeping, signal);
    await expect(restoreDatabases(keeping, signal)).rejects.toMatchObject({
      code: "SYSTEM_UNIT",
      message: "incus.service does not start with what was put back for it.",
    });
  });

  it("stays as it is where nothing was kept of this trial", async () => {
    const { keeping, done } = box();
    expect(await restoreDatabases(keeping, signal)).toEqual([]);
    expect(done).toEqual([]);
  });

  it("is forgotten after the commit", async () => {
    const { keeping, snapshots } = box();
    await keepDatabases(keeping, signal);
    await forgetDatabases(keeping, signal);
    expect(snapshots).toEqual([]);
  });
});
