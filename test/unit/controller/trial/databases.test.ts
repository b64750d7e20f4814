import { describe, expect, it } from "vitest";
import {
  forgetDatabases,
  keepDatabases,
  keptTexts,
  restoreDatabases,
  usersOfDatabases,
} from "../../../../controller/trial/databases.ts";
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
  const said: (readonly string[])[] = [];
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
    if (verb === "set") said.push([words[1] ?? "", ...(words[0] ?? "").split("=")]);
    if (verb === "destroy") snapshots.splice(snapshots.indexOf(words[0] ?? ""), 1);
    const listed = datasets.flatMap(([name, mountpoint, migrates]) => [
      line(name, "type", "filesystem", "-"),
      line(name, "mountpoint", mountpoint),
      // What is below inherits it, which says nothing.
      migrates === undefined
        ? line(name, "imp:migrates", "x.service", "inherited from tank")
        : line(name, "imp:migrates", migrates),
    ]);
    const taken = snapshots.flatMap((name) => [
      line(name, "type", "snapshot", "-"),
      ...said.flatMap(([of, property = "", value = ""]) => (of === name ? [line(name, property, value)] : [])),
    ]);
    return { exitCode: 0, stdout: [...listed, ...taken].join(""), stderr: "" };
  });
  const keeping = { host: sim.start(), pool: "tank", deployment: "17-abc" };
  return { keeping, done, snapshots, sim };
}
const kept = ["tank/persistent/data/incus@imp-trial-17-abc", "tank/persistent/data/registry@imp-trial-17-abc"];

describe("what a newer program migrates", () => {
  it("is kept before the trial, once", async () => {
    const { keeping, done } = box();
    expect(await keepDatabases(keeping, signal)).toEqual({ snapshots: kept, earlier: [], bare: [] });
    await keepDatabases(keeping, signal);
    expect(done).toEqual(kept.map((name) => `zfs snapshot ${name}`));
  });

  it("is used by the units of all of them", async () => {
    expect(await usersOfDatabases(box().keeping, signal)).toEqual([...incus, "registry.service"]);
  });

  it("is told, and what could not be kept: a folder of something that holds other things too", async () => {
    const { keeping, sim } = box();
    const file = (path: string) => void sim.files.set(`${path}/database/local.db`, { text: "", mode: 0o600 });
    // Where it has a dataset of its own, or is in the boot environment, nothing is missing.
    file("/var/lib/incus");
    expect(keptTexts(await keepDatabases(keeping, signal))).toEqual([`Kept for coming back: ${kept.join(", ")}.`]);
    file("/persistent/data/incus");
    expect((await keepDatabases(keeping, signal)).bare).toEqual(["/persistent/data/incus"]);
    sim.files.set("/proc/self/mountinfo", {
      text: "40 27 0:30 /incus /var/lib/incus rw - zfs tank/persistent/data rw\n",
      mode: 0o444,
    });
    expect(keptTexts(await keepDatabases(keeping, signal)).slice(1)).toEqual(
      ["/var/lib/incus", "/persistent/data/incus"].map((folder) => {
        return `Incus' database in ${folder} has no dataset of its own: nothing of it is kept, and what a newer Incus changes in it stays so.`;
      }),
    );
  });

  it("is put back with its units stopped, and what ran runs again", async () => {
    const { keeping, done } = box();
    await keepDatabases(keeping, signal);
    done.length = 0;
    await restoreDatabases(keeping, signal);
    expect(done).toEqual([
      ...kept.map((name) => `zfs set imp:ran=${incus.join(" ")} ${name}`),
      ...incus.map((unit) => `systemctl stop ${unit}`),
      ...kept.flatMap((name) => [`zfs rollback ${name}`, `zfs set imp:put-back=yes ${name}`]),
      ...incus.toReversed().map((unit) => `systemctl start ${unit}`),
    ]);
    done.length = 0;
    await restoreDatabases(keeping, signal);
    expect(done).toEqual(incus.toReversed().map((unit) => `systemctl start ${unit}`));
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
    await restoreDatabases(keeping, signal);
    expect(done).toEqual([]);
  });

  it("is forgotten after the commit, and nothing that was kept of another trial", async () => {
    const { keeping, snapshots } = box();
    await keepDatabases({ ...keeping, deployment: "16-abc" }, signal);
    const { earlier } = await keepDatabases(keeping, signal);
    expect(earlier).toEqual(kept.map((name) => name.replace("17", "16")));
    expect(await forgetDatabases(keeping, "all", signal)).toEqual([]);
    expect(snapshots).toEqual(kept.map((name) => name.replace("17", "16")));
  });

  it("is forgotten after a trial that may have run only once it was put back, and named until then", async () => {
    const { keeping, snapshots } = box();
    await keepDatabases(keeping, signal);
    expect(await forgetDatabases(keeping, "put-back", signal)).toEqual(kept);
    await restoreDatabases(keeping, signal);
    expect(await forgetDatabases(keeping, "put-back", signal)).toEqual([]);
    expect(snapshots).toEqual([]);
  });
});
