/** `impctl be drill`: there and back, with what runs. */
import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { generation } from "../lab/story.ts";
import { trialBox } from "../lab/trial-box.ts";

const one = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const reason = "before the first image";

describe("a drill", () => {
  it("boots a clone of what runs, proves it there, and comes back; nothing is committed, and nothing is left", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    const before = [...pool.datasets.keys()];
    await ask(s.agent(), "drill", { reason });
    await s.rest();
    await box.settle();
    expect(box.boots).toEqual(["kexec imp-drill", "boot imp-drill on trial", "reboot", "boot a"]);
    expect(s.status()).toMatchObject({
      state: "idle",
      inSync: true,
      committed: { generation: one.digest },
      lastDeployment: { outcome: "rolled-back", trigger: "drill" },
    });
    expect([...pool.datasets.keys()]).toEqual(before);
    expect(pool.datasets.get("tank/ROOT/a")?.snapshots.map(({ name }) => name)).toEqual(["img"]);
    expect([box.next, box.faults(), pool.bootfs]).toEqual([[], [], "tank/ROOT/a"]);
    const history = JSON.stringify(await ask(s.agent(), "history", { limit: 20 }));
    expect(history).toContain("What runs was booted for a trial, came up, and was proven");
    expect(history).toContain(reason);
    // Ordered once.
    await box.settle();
    expect(box.boots).toHaveLength(4);
  });

  it("that is sick there says so, and holds nothing against what is committed", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.onBoot = (name) => void (name === "imp-drill" ? s.answering.clear() : s.answering.add("192.0.2.1"));
    await ask(s.agent(), "drill", { reason });
    await s.rest();
    await box.settle();
    expect(box.boots).toEqual(["kexec imp-drill", "boot imp-drill on trial", "reboot", "boot a"]);
    expect(s.status()).toMatchObject({
      state: "idle",
      lastDeployment: { outcome: "rolled-back", trigger: "deadline" },
    });
  });

  it("that does not come up is over with the next reset", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    box.onBoot = (name) => void (name === "imp-drill" && box.comeUp());
    await ask(s.agent(), "drill", { reason });
    await s.rest();
    await box.settle();
    expect(box.boots).toEqual(["kexec imp-drill", "boot imp-drill on trial", "boot a"]);
    expect(s.status()).toMatchObject({ state: "idle", lastDeployment: { trigger: "trial" } });
    expect(pool.datasets.has("tank/ROOT/imp-drill")).toBe(false);
  });

  it("whose agent is killed before anything is written down leaves nothing after the next start", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    const before = [...pool.datasets.keys()];
    const run = pool.run.bind(pool);
    pool.run = (argv) => {
      const result = run(argv);
      if (argv[1] === "clone") s.sim.kill();
      return result;
    };
    await ask(s.agent(), "drill", { reason });
    await s.sim.until(() => s.sim.isKilled(), "killed");
    expect(pool.datasets.has("tank/ROOT/imp-drill")).toBe(true);
    s.start();
    await s.rest();
    expect([...pool.datasets.keys()]).toEqual(before);
    expect(pool.datasets.get("tank/ROOT/a")?.snapshots.map(({ name }) => name)).toEqual(["img"]);
    expect([s.status().state, box.boots]).toEqual(["idle", []]);
  });

  it("does not begin where another one boots next, and says so", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.pick("b");
    s.start();
    await s.rest();
    await ask(s.agent(), "drill", { reason });
    await s.sim.pass(120_000);
    expect(box.boots).toEqual(["boot b"]);
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain("The drill did not begin: ");
  });
});
