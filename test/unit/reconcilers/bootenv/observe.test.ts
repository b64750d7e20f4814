import { describe, expect, it } from "vitest";
import { observeBootenv } from "../../../../reconcilers/bootenv/observe.ts";
import { propertiesIn } from "../../../../reconcilers/bootenv/properties.ts";
import { simHost } from "../../../lab/host.ts";
import { addIncremental, bootFrom, bootPool, must, runFrom } from "../../../lab/zfs/boot-pool.ts";

const { signal } = new AbortController();

function box() {
  const pool = bootPool(["a", "b"]);
  addIncremental(pool, "c", "a");
  const sim = simHost();
  runFrom(sim, pool, "tank/ROOT/a");
  return { pool, sim, host: sim.start() };
}

describe("observing the pool that the appliance runs from", () => {
  it("finds every boot environment, which runs and which boots next", async () => {
    const { pool, host } = box();
    must(pool, "zpool set bootfs=tank/ROOT/b tank");
    const seen = await observeBootenv(host, signal);
    expect(seen?.environments.map(({ name, origin }) => [name, origin])).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", "tank/ROOT/a@img"],
    ]);
    const guid = (name: string) => seen?.environments.find((one) => one.name === name)?.guid;
    expect([seen?.booted, seen?.next, seen?.bootfs]).toEqual([guid("a"), guid("b"), "tank/ROOT/b"]);
  });

  it("counts what is shared once, and says what is free", async () => {
    const { host } = box();
    const seen = await observeBootenv(host, signal);
    const mega = 2 ** 20;
    expect(seen?.environments.map((one) => [one.name, one.usedBytes / mega, one.referencedBytes / mega])).toEqual([
      ["a", 100, 100],
      ["b", 100, 100],
      ["c", 10, 110],
    ]);
    expect(seen?.pool).toEqual({
      name: "tank",
      root: "tank/ROOT",
      health: "ONLINE",
      usedBytes: 210 * mega,
      availableBytes: (4096 - 210) * mega,
    });
  });

  it("knows the one that runs by its GUID after it was renamed", async () => {
    const { sim, pool, host } = box();
    const before = await observeBootenv(host, signal);
    must(pool, "zfs rename tank/ROOT/a tank/ROOT/old");
    bootFrom(sim, "tank/ROOT/old");
    const after = await observeBootenv(host, signal);
    expect(after?.booted).toBe(before?.booted);
    expect(after?.bootfs).toBe("tank/ROOT/old");
  });

  it("counts only properties that are set on it itself", async () => {
    const { pool, host } = box();
    must(pool, "zfs set imp:pin=everything tank/ROOT");
    must(pool, "zfs set imp:pin=mine tank/ROOT/b");
    const seen = await observeBootenv(host, signal);
    expect(seen?.environments.map(({ properties }) => properties)).toEqual([{}, { "imp:pin": "mine" }, {}]);
    expect(seen?.environments[1]?.snapshots[0]?.properties).toEqual({});
  });

  it("lists what is below one with it, and nothing that cannot be booted", async () => {
    const { pool, host } = box();
    must(pool, "zfs create -o mountpoint=none tank/ROOT/b/var");
    must(pool, "zfs snapshot tank/ROOT/b/var@s");
    must(pool, "zfs create -o mountpoint=none tank/ROOT/scratch");
    must(pool, "zfs create -o mountpoint=/ tank/ROOT/b/nested");
    const seen = await observeBootenv(host, signal);
    expect(seen?.environments.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(seen?.environments[1]?.below.map(({ dataset }) => dataset)).toEqual([
      "tank/ROOT/b/nested",
      "tank/ROOT/b/var",
    ]);
    expect(seen?.environments[1]?.snapshots.map(({ name }) => name)).toEqual(["tank/ROOT/b@img", "tank/ROOT/b/var@s"]);
  });

  it("says nothing of a box whose root is no dataset", async () => {
    const host = simHost().start();
    expect(await observeBootenv(host, signal)).toBeUndefined();
  });

  it("quotes ZFS where it fails", async () => {
    const sim = simHost();
    sim.answer(() => ({ exitCode: 1, stdout: "", stderr: "cannot open 'tank': pool is suspended\n" }));
    bootFrom(sim, "tank/ROOT/a");
    await expect(observeBootenv(sim.start(), signal)).rejects.toThrow(
      "zpool list -H -o health,bootfs tank: cannot open 'tank': pool is suspended",
    );
  });

  it("refuses to take a pool's own dataset for a boot environment", async () => {
    const sim = simHost();
    bootFrom(sim, "tank");
    await expect(observeBootenv(sim.start(), signal)).rejects.toThrow("nothing can stand beside it");
  });

  it("leaves out what a user property with a line end would make of the columns", () => {
    const text = "tank/a\timp:pin\tone\ntwo\tlocal\ntank/a\ttype\tfilesystem\t-\ntank/a\timp:x\ta\tb\tlocal\n";
    const [found] = propertiesIn(text);
    expect(Object.fromEntries(found?.values ?? [])).toEqual({
      type: { value: "filesystem", source: "-" },
      "imp:x": { value: "a\tb", source: "local" },
    });
  });
});
