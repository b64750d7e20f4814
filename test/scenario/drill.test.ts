/** `impctl be drill`: there and back, with what runs. */
import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { generation } from "../lab/story.ts";
import { trialBox, type TrialBox } from "../lab/trial-box.ts";

const one = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const reason = "before the first image";

/** Orders one that the watchdog is to end, and waits until the box is at rest, or its agent is killed. */
async function drillByWatchdog(box: TrialBox): Promise<void> {
  await ask(box.s.agent(), "drill", { reason, watchdog: true });
  await box.s.rest();
  await box.settle();
}

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

  it("that is to be ended by the watchdog is, and later trials know that it resets the box", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.addWatchdog("reset");
    await drillByWatchdog(box);
    expect(box.boots).toEqual(["kexec imp-drill", "boot imp-drill on trial", "unfed for up to 240 s", "boot a"]);
    expect(s.status()).toMatchObject({ state: "idle", lastDeployment: { outcome: "rolled-back", trigger: "drill" } });
    expect(s.agent().memory().ledger().watchdog).toMatchObject({ identity: "iTCO_wdt", method: "kexec" });
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain(
      "iTCO_wdt reset the box once systemd did not feed it any more",
    );
    expect([...s.sim.files.keys()].filter((path) => path.endsWith("/watchdog-test"))).toEqual([]);
  });

  it.each([
    ["nothing", ["unfed for up to 240 s"], "iTCO_wdt did not reset the box within 240 s."],
    ["cannot be frozen", [], "iTCO_wdt was not tried: systemd cannot be frozen: sh: cannot create: No such file."],
  ] as const)("that waits for a watchdog in vain (%s) comes back by itself, and says so", async (how, waits, said) => {
    const box = await trialBox(one);
    const { s } = box;
    box.addWatchdog("reset");
    await drillByWatchdog(box);
    box.addWatchdog(how);
    box.boots.splice(0);
    await drillByWatchdog(box);
    expect(box.boots).toEqual(["kexec imp-drill", "boot imp-drill on trial", ...waits, "reboot", "boot a"]);
    expect(s.status()).toMatchObject({ state: "idle", lastDeployment: { trigger: "drill" } });
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain(said);
    // Of what was not tried nothing new is known.
    expect(s.agent().memory().ledger().watchdog !== undefined).toBe(how !== "nothing");
  });

  it("whose agent is killed once the watchdog did nothing does not wait for it again", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.addWatchdog("reset");
    await drillByWatchdog(box);
    expect(s.agent().memory().ledger().watchdog).toBeDefined();
    box.addWatchdog("nothing, and the agent is killed");
    box.boots.splice(0);
    // There it is killed; the next one goes on.
    await drillByWatchdog(box);
    await box.settle();
    expect(box.boots.filter((what) => what.startsWith("unfed"))).toHaveLength(1);
    expect(box.boots.slice(-2)).toEqual(["reboot", "boot a"]);
    expect(s.agent().memory().ledger().watchdog).toBeUndefined();
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain(
      "The watchdog was not seen to reset the box.",
    );
    // There and back, twice.
    expect(s.agent().memory().ledger().reboots).toHaveLength(4);
  });

  it("takes nothing for a reset that could not be written down as none", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.addWatchdog("cannot be frozen, and the disk is full");
    await drillByWatchdog(box);
    expect(box.boots.slice(-2)).toEqual(["reboot", "boot a"]);
    expect(s.agent().memory().ledger().watchdog).toBeUndefined();
    const history = JSON.stringify(await ask(s.agent(), "history", { limit: 20 }));
    expect(history).toContain("The watchdog was not seen to reset the box.");
  });

  it("does not count a reset by a panic for the watchdog's", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.addWatchdog("reset");
    const panic = { text: "<0>[ 200.1] Kernel panic - not syncing: out of luck\n", mode: 0o600 };
    box.onBoot = (name) => void (name === "a" && s.sim.files.set("/sys/fs/pstore/dmesg-efi-1", panic));
    await drillByWatchdog(box);
    expect(s.agent().memory().ledger().watchdog).toBeUndefined();
    const history = JSON.stringify(await ask(s.agent(), "history", { limit: 20 }));
    expect(history).toContain("iTCO_wdt did not reset the box: its kernel panicked: out of luck.");
  });

  it("asks no watchdog where what runs is not proven there", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.addWatchdog("reset");
    box.onBoot = (name) => void (name === "imp-drill" ? s.answering.clear() : s.answering.add("192.0.2.1"));
    await drillByWatchdog(box);
    expect(box.boots).toEqual(["kexec imp-drill", "boot imp-drill on trial", "reboot", "boot a"]);
    expect(s.agent().memory().ledger().watchdog).toBeUndefined();
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain("The watchdog was not asked");
  });

  it("does not begin for a watchdog that is not there", async () => {
    const box = await trialBox(one);
    const { s } = box;
    await ask(s.agent(), "drill", { reason, watchdog: true });
    await s.sim.pass(120_000);
    expect(box.boots).toEqual([]);
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain(
      "The drill did not begin: No drill: this box has no hardware watchdog that somebody holds.",
    );
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
