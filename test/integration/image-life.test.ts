/** What the agent asks of a pool in the life of an image, asked of a real one, whose daemon is killed in the middle of each change. */
import { describe, expect, it } from "vitest";
import type { RunResult } from "../../reconcilers/core.ts";
import { generation } from "../lab/story.ts";
import { imageB, trialBox, type TrialBox } from "../lab/trial-box.ts";
import { must } from "../lab/zfs/boot-pool.ts";
import { makeFusePool, whyNoFusePool, type FusePool } from "../lab/zfs/fuse-pool.ts";
import { standing } from "../lab/zfs/pool-story.ts";
import { simPool } from "../lab/zfs/sim-pool.ts";

const why = whyNoFusePool();
const one = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const wanted = (method: "kexec" | "firmware") =>
  generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"], {
    image: imageB,
    policy: { "max-impact": "reboot", trial: { "boot-method": method } },
  });

/** Tells that a box is given; each ends with the pool at rest. */
const lives: Readonly<Record<string, (box: TrialBox) => Promise<void>>> = {
  "tried by kexec, committed": async (box) => {
    box.s.push("two", wanted("kexec"));
    await box.settle();
  },
  "tried by the loader's record, committed, gone back from by hand, and removed": async (box) => {
    box.s.push("two", wanted("firmware"));
    await box.settle();
    must(box.pool, "zpool set bootfs=tank/ROOT/a tank");
    box.pick("a");
    must(box.pool, "zfs destroy -r tank/ROOT/b");
  },
  "sick, and gone back from": async (box) => {
    const { s } = box;
    box.onBoot = (name) => void (name === "b" ? s.answering.clear() : s.answering.add("192.0.2.1"));
    s.push("two", wanted("firmware"));
    await box.settle();
  },
};

/** By OpenZFS's command line, as the agent asks. */
async function asked(pool: FusePool, argv: readonly string[]): Promise<RunResult> {
  const child = pool.spawn(argv as [string], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (text: Buffer) => void stdout.push(text));
  child.stderr?.on("data", (text: Buffer) => void stderr.push(text));
  const exitCode = await new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** A simulated pool and a real one, of which the same is asked. */
async function both() {
  const real = await makeFusePool();
  const sim = simPool("tank");
  const guids = { sim: new Map<string, string>(), real: new Map<string, string>() };
  const simulated = (argv: readonly string[]): RunResult =>
    sim.run(argv) ?? { exitCode: 127, stdout: "", stderr: "no such program" };
  return {
    real,
    ask: simulated,
    expected: () => standing(simulated, guids.sim),
    stands: () => standing(async (argv) => asked(real, argv), guids.real),
    [Symbol.asyncDispose]: async () => real[Symbol.asyncDispose](),
  };
}

async function changesOf(name: string): Promise<readonly (readonly string[])[]> {
  const box = await trialBox(one);
  await lives[name]?.(box);
  await box.s.close();
  expect(box.pool.changes.length).toBeGreaterThan(8);
  return box.pool.changes;
}

describe.skipIf(why)(`the life of an image on zfs-fuse${why ? ` (${why})` : ""}`, () => {
  it.each(Object.keys(lives))("%s: the pool stands after each change as the agent took it to", async (name) => {
    await using pools = await both();
    for (const argv of await changesOf(name)) {
      const { exitCode } = pools.ask(argv);
      const result = await asked(pools.real, argv);
      expect(`${argv.join(" ")} -> ${result.exitCode} ${exitCode === 0 ? result.stderr : ""}`).toBe(
        `${argv.join(" ")} -> ${exitCode} `,
      );
      expect([argv.join(" "), ...(await pools.stands())]).toEqual([argv.join(" "), ...(await pools.expected())]);
    }
  });

  it("stands as before or as after a change whose daemon is killed in the middle of it", async () => {
    await using pools = await both();
    const found: string[] = [];
    for (const argv of await changesOf(
      "tried by the loader's record, committed, gone back from by hand, and removed",
    )) {
      const before = await pools.expected();
      pools.ask(argv);
      const after = await pools.expected();
      const running = asked(pools.real, argv);
      await pools.real.cut();
      await running;
      const stands = (await pools.stands()).join("\n");
      if (![before.join("\n"), after.join("\n")].includes(stands)) found.push(`${argv.join(" ")}: ${stands}`);
      // Whoever goes on asks again for what is not done; some of it does not show.
      await asked(pools.real, argv);
      expect([argv.join(" "), ...(await pools.stands())]).toEqual([argv.join(" "), ...after]);
    }
    expect(found).toEqual([]);
  });
});
