/** The simulated pool beside a real one. */
import { describe, expect, it } from "vitest";
import { makeFusePool, whyNoFusePool } from "../lab/zfs/fuse-pool.ts";
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
