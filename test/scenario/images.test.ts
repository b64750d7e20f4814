/** An agent whose machine file names an image. How it comes: test/unit/controller/images, test/integration/image-receive.test.ts. */
import { describe, expect, it } from "vitest";
import type { StagingPlace } from "../../controller/images/stage.ts";
import type { Words } from "../../controller/source.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { generation, story, type Story } from "../lab/story.ts";
import { addEnvironment, bootPool, must, runFrom } from "../lab/zfs/boot-pool.ts";
import type { SimPool } from "../lab/zfs/datasets.ts";

const digest = `sha256:${"b".repeat(64)}`;
const image = { name: "b", manifest: "https://images.example.net/b.json", digest };
const one = generation(["router bgp 64500"]);

/** `a` runs, with epoch 5, and committed. */
async function box(): Promise<{ readonly s: Story; readonly pool: SimPool }> {
  const pool = bootPool(["a"], 2 ** 34);
  must(pool, "zfs set imp:epoch=5 tank/ROOT/a");
  const s = story();
  runFrom(s.sim, pool, "tank/ROOT/a");
  s.push("one", one);
  s.start();
  await s.rest();
  return { s, pool };
}

function push(s: Story, commit: string, wanted: object, words?: Partial<Words>): void {
  s.push(commit, { generation: { ...one, commit }, problems: [], ...wanted }, words);
}

/** Puts it into the pool, as receiving it does. */
function receive(pool: SimPool): void {
  addEnvironment(pool, "b");
  must(pool, `zfs set imp:manifest=${digest} tank/ROOT/b`);
}

describe("an image that the machine file names", () => {
  it("is brought beside what runs, with how far it is in the status, and then waits there", async () => {
    const { s, pool } = await box();
    let arrived = (): void => undefined;
    s.stageImage = async (_wanted, _place, told) => {
      told({ file: "b.zst", size: 1000, bytes: 430, fetched: 430 });
      await new Promise<void>((resolve) => (arrived = resolve));
      receive(pool);
    };
    push(s, "two", { image });
    await s.sim.until(() => s.status().image?.bytes !== undefined, "it is fetched");
    expect(s.status().image).toEqual({ name: "b", digest, state: "fetching", bytes: 430, size: 1000 });
    expect(s.status().state).toBe("idle");
    arrived();
    await s.sim.until(() => s.status().image?.state === "staged", "it is there");
    await s.sim.pass(120_000);
    expect(s.status().image).toEqual({ name: "b", digest, state: "staged" });
    expect(pool.bootfs).toBe("tank/ROOT/a");
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain(
      "The image b is in the pool, and may be tried.",
    );
  });

  it("is tried again after a while where it could not be had, then whole before it is received", async () => {
    const { s, pool } = await box();
    const slow: boolean[] = [];
    s.stageImage = async (_wanted, { isSlow }) => {
      slow.push(isSlow);
      if (slow.length < 3)
        throw new Problem("IMAGE_UNREACHABLE", "Nobody answers.", { transient: true, remedy: "Wait." });
      receive(pool);
    };
    push(s, "two", { image });
    await s.sim.until(() => s.status().image?.state === "waiting", "it waits");
    expect(s.status().image).toMatchObject({ reason: "Nobody answers.", unblock: "Wait." });
    await s.sim.until(() => s.status().problems.some(({ code }) => code === "IMAGE_UNREACHABLE"), "it is told");
    await s.sim.until(() => s.status().image?.state === "staged", "it is there");
    expect(slow).toEqual([false, true, true]);
    await s.sim.pass(120_000);
    expect(s.status().problems).toEqual([]);
  });

  it("is given up for now where it is refused, and keeps nothing else from being deployed", async () => {
    const { s } = await box();
    let tries = 0;
    s.stageImage = async () => {
      tries += 1;
      throw new Problem("IMAGE_REFUSED", "b is a downgrade.");
    };
    push(s, "two", { image });
    await s.sim.until(() => s.status().image?.state === "failed", "it is refused");
    const two = generation(["router bgp 64500", "ip route 198.51.100.0/24"]);
    push(s, "three", { image, generation: two });
    await s.sim.until(() => s.status().committed?.generation === two.digest, "committed");
    expect(tries).toBe(1);
  });

  it("for which the pool has no room waits until there is more, or less has to stay free", async () => {
    const { s, pool } = await box();
    const places: StagingPlace[] = [];
    s.stageImage = async (_wanted, place) => {
      places.push(place);
      throw new Problem("IMAGE_ROOM", "The pool has no room for b.");
    };
    push(s, "two", { image });
    await s.sim.until(() => s.status().image?.state === "failed", "it is refused");
    await s.sim.pass(1_300_000);
    expect(places.map(({ floorBytes }) => floorBytes / 2 ** 20)).toEqual([2048]);
    pool.sizeBytes += 2 ** 29;
    await s.sim.pass(700_000);
    expect(places).toHaveLength(2);
    const lower = { ...one, policy: { ...one.policy, "min-free-pool-mebibytes": 100 } };
    push(s, "three", { image, generation: lower });
    await s.sim.until(() => places.length > 2, "it is tried again");
    expect(places.at(-1)?.floorBytes).toBe(100 * 2 ** 20);
  });

  it("is let go where another commit does not want it any more", async () => {
    const { s } = await box();
    let reason: unknown;
    s.stageImage = async (_wanted, _place, _told, signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reason = signal.reason;
      throw signal.reason;
    };
    push(s, "two", { image });
    await s.sim.until(() => s.status().image?.state === "fetching", "it is fetched");
    push(s, "three", {});
    await s.sim.until(() => s.status().image === undefined, "it is let go");
    expect(String(reason)).toContain("another image is wanted");
  });

  it("leaves nothing in pool and cache once no image is to come, be it that an agent was killed at it", async () => {
    const { s } = await box();
    const done: string[] = [];
    s.clearStaging = async (root) => void done.push(`clear ${root}`);
    s.stageImage = async (_wanted, _place, _told, signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      done.push("let go");
      throw signal.reason;
    };
    push(s, "two", { image });
    await s.sim.until(() => s.status().image?.state === "fetching", "it is fetched");
    await s.sim.pass(120_000);
    expect(done).toEqual([]);
    push(s, "three", {});
    await s.sim.pass(120_000);
    expect(done).toEqual(["let go", "clear tank/ROOT"]);
    s.sim.kill();
    s.start();
    await s.sim.pass(120_000);
    expect(done).toEqual(["let go", "clear tank/ROOT", "clear tank/ROOT"]);
  });

  it("of which something cannot be removed is told, and that is tried again after a while", async () => {
    const { s } = await box();
    const at: number[] = [];
    s.clearStaging = async () => {
      at.push(s.sim.now());
      if (at.length < 2) throw new Problem("POOL", "dataset is busy");
    };
    s.sim.kill();
    s.start();
    await s.sim.until(() => s.status().problems.some(({ message }) => message === "dataset is busy"), "it is told");
    await s.sim.pass(300_000);
    expect(at).toHaveLength(1);
    await s.sim.pass(900_000);
    expect(at).toHaveLength(2);
    expect(s.status().problems).toEqual([]);
  });

  it("may be older where a commit says so by its name, also after something else was committed", async () => {
    const { s } = await box();
    const places: StagingPlace[] = [];
    s.stageImage = async (_wanted, place) => {
      places.push(place);
      throw new Problem("IMAGE_UNREACHABLE", "Nobody answers.", { transient: true });
    };
    const two = generation(["router bgp 64500", "ip route 198.51.100.0/24"]);
    push(s, "two", { image, generation: two }, { allowDowngrade: { image: "b", reason: "", commit: "two" } });
    await s.sim.until(() => s.status().committed?.generation === two.digest, "committed");
    await s.sim.pass(300_000);
    expect(places.at(-1)).toMatchObject({ root: "tank/ROOT", epoch: 5, allowed: ["b"] });
    expect(places.at(-1)?.snapshots.size).toBe(1);
    expect(places.at(-1)?.committed).toHaveLength(1);
  });

  it("is not touched by an agent that only observes", async () => {
    const pool = bootPool(["a"], 2 ** 34);
    const s = story({ settings: { mode: "observe" } });
    runFrom(s.sim, pool, "tank/ROOT/a");
    let tries = 0;
    s.stageImage = async () => void (tries += 1);
    push(s, "two", { image });
    s.start();
    await s.rest();
    await s.sim.pass(120_000);
    expect([tries, s.status().image]).toEqual([0, undefined]);
  });
});
