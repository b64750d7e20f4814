/** The simulated pool beside a real one. */
import { describe, expect, it } from "vitest";
import { changeEnvironment } from "../../controller/boot-environments.ts";
import { fuseHost, makeFusePool, whyNoFusePool } from "../lab/zfs/fuse-pool.ts";
import { poolStory } from "../lab/zfs/pool-story.ts";
import { simPool } from "../lab/zfs/sim-pool.ts";

const why = whyNoFusePool();

describe.skipIf(why)(`a simulated pool beside zfs-fuse${why ? ` (${why})` : ""}`, () => {
  it("does, refuses and leaves behind the same", async () => {
    const sim = simPool();
    await using real = await makeFusePool();
    const expected = await poolStory((argv) => sim.run(argv) ?? { exitCode: 127, stdout: "", stderr: "" });
    expect(await poolStory(async (argv) => real.run(argv))).toEqual(expected);
  });

  it("removes what others were cloned from, and leaves them whole", async () => {
    await using real = await makeFusePool();
    const host = fuseHost(real, "tank/ROOT/run");
    const must = async (line: string): Promise<void> => {
      const { exitCode, stderr } = await real.run(line.split(" ") as [string]);
      expect(`${line}: ${exitCode} ${stderr}`).toBe(`${line}: 0 `);
    };
    const add = "zfs create -o canmount=noauto -o mountpoint=/";
    const clone = "zfs clone -o canmount=noauto -o mountpoint=/";
    await must("zfs create -o mountpoint=none tank/ROOT");
    for (const name of ["run", "one"]) {
      await must(`${add} tank/ROOT/${name}`);
      await must(`zfs snapshot tank/ROOT/${name}@img`);
    }
    await must("zfs hold imp-image tank/ROOT/one@img");
    for (const [name, base] of [
      ["two", "one"],
      ["three", "one"],
      ["four", "two"],
    ]) {
      await must(`${clone} tank/ROOT/${base}@img tank/ROOT/${name}`);
      await must(`zfs snapshot tank/ROOT/${name}@img`);
    }
    await must("zpool set bootfs=tank/ROOT/run tank");
    const box = { host, state: "/nowhere" };
    const { signal } = new AbortController();
    const rm = async (name: string): Promise<string> =>
      changeEnvironment(box, { verb: "rm", name, reason: "" }, signal);

    expect(await rm("one")).toBe("one is removed.");
    expect(await rm("two")).toBe("two is removed.");
    await expect(rm("run")).rejects.toThrow("run stays: it is booted.");
    const left = (await real.run(["zfs", "get", "-Hp", "-r", "-o", "name,value", "origin", "tank/ROOT"])).stdout;
    expect(
      left
        .replaceAll(/\d{6,}/g, "#")
        .trim()
        .split("\n"),
    ).toEqual([
      "tank/ROOT\t-",
      // What both were made from stays as long as both do.
      "tank/ROOT/four\ttank/ROOT/three@img-#",
      "tank/ROOT/four@img\t-",
      "tank/ROOT/run\t-",
      "tank/ROOT/run@img\t-",
      "tank/ROOT/three\t-",
      "tank/ROOT/three@img-#\t-",
      "tank/ROOT/three@img\t-",
    ]);
  });

  it("has after a power cut what was done before it", async () => {
    await using real = await makeFusePool();
    for (const line of [
      "zfs create -o mountpoint=none tank/ROOT",
      "zfs create -o canmount=noauto -o mountpoint=/ tank/ROOT/a",
      "zfs set imp:pin=kept tank/ROOT/a",
      "zpool set bootfs=tank/ROOT/a tank",
    ]) {
      expect((await real.run(line.split(" ") as [string])).exitCode).toBe(0);
    }
    await real.cut();
    expect((await real.run(["zpool", "list", "-H", "-o", "health,bootfs", "tank"])).stdout).toBe(
      "ONLINE\ttank/ROOT/a\n",
    );
    expect((await real.run(["zfs", "get", "-Hp", "-o", "value", "imp:pin", "tank/ROOT/a"])).stdout).toBe("kept\n");
  });
});
