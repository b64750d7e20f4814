/** An agent on a box that boots from a pool. */
import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { bootFile, generation, story, type Story } from "../lab/story.ts";
import { addEnvironment, bootFrom, bootPool, must, runFrom } from "../lab/zfs/boot-pool.ts";
import type { SimPool } from "../lab/zfs/datasets.ts";

const state = "/persistent/config/imp";
const one = generation(["router bgp 64500"]);
const two = generation(["router bgp 64500", "ip route 198.51.100.0/24"]);

function names(pool: SimPool): readonly string[] {
  return [...pool.datasets.keys()].flatMap((name) => /^tank\/ROOT\/(.*)$/.exec(name)?.[1] ?? []).toSorted();
}

/** `a` runs, and committed. */
async function box(): Promise<{ readonly s: Story; readonly pool: SimPool }> {
  const pool = bootPool(["a"], 2 ** 34);
  const s = story();
  runFrom(s.sim, pool, "tank/ROOT/a");
  s.push("one", one);
  s.start();
  await s.rest();
  expect(s.status()).toMatchObject({ state: "idle", inSync: true });
  return { s, pool };
}

describe("a box that boots from a pool", () => {
  it("shows what runs and what boots next, and commits to what is booted", async () => {
    const { s, pool } = await box();
    const guid = pool.datasets.get("tank/ROOT/a")?.guid;
    expect(s.status().boot).toMatchObject({ pool: "tank", health: "ONLINE", running: "a", next: "a", environments: 1 });
    expect(s.sim.files.get(`${state}/committed.d/${guid}`)).toEqual({ target: `../generations/${one.digest}` });
  });

  it("removes old boot environments after a commit, and at no other time", async () => {
    const { s, pool } = await box();
    for (const name of ["b", "c", "d", "e"]) addEnvironment(pool, name);
    await s.sim.pass(120_000);
    s.sim.kill();
    s.start();
    await s.rest();
    await s.sim.pass(120_000);
    expect(names(pool)).toEqual(["a", "b", "c", "d", "e"]);

    s.push("two", two);
    await s.sim.until(
      () => s.status().committed?.generation === two.digest && s.status().state === "idle",
      "committed",
    );
    await s.sim.pass(60_000);
    // The newest three, and what runs.
    expect(names(pool)).toEqual(["a", "c", "d", "e"]);
    expect(s.status().boot?.environments).toBe(4);
  });

  it("deploys nothing in a boot environment that somebody chose in the boot menu, until an operator says so", async () => {
    const { s, pool } = await box();
    addEnvironment(pool, "b");
    s.sim.kill();
    s.sim.reboot();
    pool.mount("tank/ROOT/b");
    bootFrom(s.sim, "tank/ROOT/b");
    // Nothing was ever committed there, so nothing is laid down for it.
    s.plane.live.clear();
    s.sim.files.delete(bootFile);
    s.push("two", two);
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({
      state: "waiting",
      inSync: false,
      boot: { running: "b", next: "a", chosenByHand: true },
      waiting: { why: "boot-environment", reason: "Boot environment b was chosen by hand: a boots next." },
    });
    await expect(ask(s.agent(), "boot-environment", { verb: "activate", name: "b" })).rejects.toThrow(
      "b never proved itself on this box.",
    );
    expect(pool.bootfs).toBe("tank/ROOT/a");

    await ask(s.agent(), "approve", { generation: two.digest });
    await s.sim.until(
      () => s.status().committed?.generation === two.digest && s.status().state === "idle",
      "committed",
    );
    // It proved itself there: now it may be what boots next.
    await ask(s.agent(), "boot-environment", { verb: "activate", name: "b" });
    await s.sim.pass(60_000);
    expect(pool.bootfs).toBe("tank/ROOT/b");
    expect(s.status()).toMatchObject({ inSync: true, boot: { running: "b", next: "b" } });
    const { entries } = (await ask(s.agent(), "history", { limit: 20 })) as { entries: readonly object[] };
    expect(JSON.stringify(entries)).toContain("activate");
  });

  it("plans the image that is asked for, waits until it is there, and is in sync only where it runs", async () => {
    const { s, pool } = await box();
    const image = { name: "b", manifest: `sha256:${"b".repeat(64)}` };
    const asking = generation(["router bgp 64500", "ip route 198.51.100.0/24"], { image, notManaged: ["image"] });
    s.push("two", asking);
    await s.sim.until(() => s.status().waiting?.why === "image", "it waits");

    expect(s.status()).toMatchObject({
      inSync: false,
      notManaged: [],
      waiting: { reason: "The image b is not in the pool yet." },
      committed: { generation: one.digest },
    });
    expect(await ask(s.agent(), "plan")).toMatchObject({
      plans: {
        bootenv: {
          steps: [
            { kind: "stage", image: "b" },
            { kind: "try", impact: "reboot" },
          ],
          problems: [],
        },
      },
      problems: [],
      notManaged: [],
    });
    const before = [...pool.datasets.keys()];
    await s.sim.pass(300_000);
    expect([...pool.datasets.keys()]).toEqual(before);
    expect(pool.bootfs).toBe("tank/ROOT/a");

    must(pool, `zfs set imp:manifest=${image.manifest} tank/ROOT/a`);
    await s.sim.until(() => s.status().committed?.generation === asking.digest, "committed in place");
    await s.sim.pass(60_000);
    expect(s.status()).toMatchObject({ inSync: true, notManaged: [] });
  });

  it("goes on where the pool cannot be read, and says so", async () => {
    const { s } = await box();
    s.sim.answer(() => undefined);
    bootFrom(s.sim, "tank/elsewhere/a");
    await s.sim.pass(60_000);
    expect(s.status()).toMatchObject({ state: "idle", problems: [{ code: "POOL" }] });
    expect(s.status().boot).toBeUndefined();
  });
});
