/** An image that is tried: booted once, proven, committed; or come back from. */
import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, textOf } from "../lab/story.ts";
import { addEnvironment, must } from "../lab/zfs/boot-pool.ts";
import { imageB, trialBox, type TrialBox } from "../lab/trial-box.ts";
import { quickTrials } from "../lab/trial-means.ts";

const one = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const gone = Promise.resolve({ revive: async () => undefined });
const anyTime = { "max-impact": "reboot" };
const two = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"], {
  image: imageB,
  policy: anyTime,
});

describe("an image that is in the pool and does not run", () => {
  it.each(["kexec", "firmware"] as const)("is booted once by %s, proven and committed", async (method) => {
    const box = await trialBox(one);
    const { s, pool } = box;
    const wanted = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"], {
      image: imageB,
      policy: { ...anyTime, trial: { "boot-method": method } },
    });
    s.push("two", wanted);
    await box.settle();
    expect(box.boots).toEqual(method === "kexec" ? ["kexec b", "boot b on trial"] : ["reboot", "boot b on trial"]);
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: wanted.digest } });
    expect([pool.bootfs, box.link("a"), box.link("b")]).toEqual(["tank/ROOT/b", one.digest, wanted.digest]);
    expect(box.next).toEqual(["b"]);
    expect(pool.datasets.get("tank/ROOT")?.properties.has("imp:trial")).toBe(false);
    expect(JSON.stringify(await ask(s.agent(), "history", { limit: 20 }))).toContain("committed");
  });

  it("that is sick is left by a reset, and is bad: bootfs never named it", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    box.onBoot = (name) => void (name === "b" ? s.answering.clear() : s.answering.add("192.0.2.1"));
    s.push("two", two);
    await box.settle();
    expect(box.boots).toEqual(["kexec b", "boot b on trial", "reboot", "boot a"]);
    expect(s.status()).toMatchObject({
      state: "held",
      committed: { generation: one.digest },
      lastDeployment: { outcome: "rolled-back", trigger: "deadline" },
    });
    expect(s.status().held?.reason).toContain("192.0.2.1");
    expect([pool.bootfs, box.link("b"), box.running()]).toEqual(["tank/ROOT/a", undefined, "a"]);
    expect(box.next).toEqual([]);
    // Nothing tries it again, not after a restart of the agent either.
    await box.settle();
    expect([box.boots.length, s.status().state]).toEqual([4, "held"]);
  });

  it("and is older than what was committed since it came is tried only where a commit says so", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    must(pool, "zfs set imp:epoch=7 tank/ROOT/a");
    must(pool, "zfs set imp:epoch=6 tank/ROOT/b");
    s.push("two", two);
    await box.settle();
    expect(box.boots).toEqual([]);
    expect(s.status()).toMatchObject({
      state: "waiting",
      committed: { generation: one.digest },
      reason: "b is a downgrade: its epoch is 6, and 7 is committed here.",
    });
    s.push("three", two, { allowDowngrade: { image: "b", reason: "", commit: "three" } });
    await box.settle();
    expect(box.boots).toEqual(["kexec b", "boot b on trial"]);
    expect(pool.bootfs).toBe("tank/ROOT/b");
  });

  it("that does not come up is tried once more, and then it is bad", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    box.onBoot = (name) => void (name === "b" && box.comeUp());
    s.push("two", two);
    await box.settle();
    expect(box.boots).toEqual(["kexec b", "boot b on trial", "boot a", "kexec b", "boot b on trial", "boot a"]);
    expect(s.status()).toMatchObject({ state: "held", lastDeployment: { trigger: "trial" } });
    expect(s.status().held?.reason).toContain("its agent never went on there; nobody left a word");
    expect([pool.bootfs, box.running()]).toEqual(["tank/ROOT/a", "a"]);
  });

  it("that boots without an agent is reset by its deadline, which the history tells", async () => {
    const box = await trialBox(one);
    const { s } = box;
    s.push("two", two);
    for (const tries of [1, 2]) {
      await s.sim.until(() => s.sim.isKilled(), "it left");
      expect(box.boots.filter((boot) => boot === "boot b on trial")).toHaveLength(tries);
      await s.sim.until(() => box.running() === "a", "the deadline reset it");
      s.start();
    }
    await s.rest();
    const history = JSON.stringify(await ask(s.agent(), "history", { limit: 20 }));
    expect(history).toContain(
      "The trial boot of b came back; its agent never went on there; its deadline reset it 120 s after its boot (limit 120 s).",
    );
    expect(s.status()).toMatchObject({ state: "held", lastDeployment: { trigger: "trial", trial: { name: "b" } } });
    expect(s.sim.files.has("/persistent/config/imp/trial-ended")).toBe(false);
  });

  it("that is cut off while it is proven says how far it was, and the last error of its journal", async () => {
    const box = await trialBox(one);
    const { s } = box;
    s.sim.answer(([program, ...words]) => {
      if (program !== "journalctl") return undefined;
      // The third boot of this box.
      return { exitCode: 0, stdout: words.at(-1) === "boot2" ? "mlx5_core: no firmware\n" : "", stderr: "" };
    });
    s.push("two", two);
    await s.sim.until(() => s.sim.isKilled(), "it left");
    s.start();
    await s.sim.until(() => s.status().state === "proving", "it is proven");
    box.comeUp();
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    await box.settle();
    expect(s.status().lastDeployment?.reason).toBe(
      "The trial boot of b came back; it was being proven; nobody left a word: a watchdog, or the power; last in its journal: mlx5_core: no firmware.",
    );
    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: one.digest } });
  });

  it("that is sick is left although the box does not take the first order to go down", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.onBoot = (name) => void (name === "b" ? s.answering.clear() : s.answering.add("192.0.2.1"));
    box.refuses = 2;
    s.push("two", two);
    await box.settle();
    expect(box.boots).toEqual(["kexec b", "boot b on trial", "reboot", "boot a"]);
    expect(s.states).not.toContain("stranded");
    expect(s.status().state).toBe("held");
  });

  it("that panics is bad at once, with what the kernel said", async () => {
    const box = await trialBox(one);
    const { s } = box;
    const text = "Oops#1 Part1\n<0>[  12.3] Kernel panic - not syncing: Attempted to kill init!\n";
    s.sim.files.set("/sys/fs/pstore/dmesg-efi-1", { text: text.replace("kill init", "be known"), mode: 0o444 });
    box.onBoot = (name) => {
      if (name !== "b") return;
      s.sim.files.set("/sys/fs/pstore/dmesg-efi-2", { text, mode: 0o444 });
      box.comeUp();
    };
    s.push("two", two);
    await box.settle();
    expect(box.boots).toEqual(["kexec b", "boot b on trial", "boot a"]);
    expect(s.status().held?.reason).toContain("its kernel panicked: Attempted to kill init!");
  });
});

describe("a boot environment that an operator activates", () => {
  it("is tried with what is committed where it never proved itself, and kept then although git asks for another", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    const answer = await ask(s.agent(), "boot-environment", { verb: "activate", name: "b", reason: "new driver" });
    expect(JSON.stringify(answer)).toContain("it is tried with what is committed");
    await s.sim.until(() => s.sim.isKilled(), "it left");
    await box.settle();
    expect([pool.bootfs, box.running(), box.boots]).toEqual(["tank/ROOT/b", "b", ["kexec b", "boot b on trial"]]);
    expect(s.plane.live).toEqual(new Set(["router bgp 64500", "neighbor 192.0.2.1"]));
    expect(s.status()).toMatchObject({ state: "held", boot: { running: "b", next: "b" } });
    expect(s.status().held?.reason).toContain("new driver");
  });

  it("is tried with the commit that waits for a window where that asks for it", async () => {
    const box = await trialBox(one);
    const { s } = box;
    const wanted = generation(["router bgp 64500", "neighbor 192.0.2.1"], { image: imageB });
    s.push("two", wanted);
    await s.sim.until(() => s.status().waiting?.why === "impact", "it waits");
    await ask(s.agent(), "boot-environment", { verb: "activate", name: "b" });
    await s.sim.until(() => s.sim.isKilled(), "it left");
    await box.settle();
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: wanted.digest } });
  });

  it("is tried where it was proven, its commit was cut off before it counted, and it failed then", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    const run = pool.run.bind(pool);
    pool.run = (argv) => {
      if (argv[1] !== "set" || argv[2] !== "bootfs=tank/ROOT/b") return run(argv);
      pool.run = run;
      s.sim.kill();
      return undefined;
    };
    s.push("two", two);
    await s.sim.until(() => s.sim.isKilled(), "it left");
    s.start();
    await s.sim.until(() => s.sim.isKilled(), "its commit is cut off");
    expect([pool.bootfs, box.link("b")]).toEqual(["tank/ROOT/a", two.digest]);
    box.onBoot = (name) => void (name === "b" ? s.answering.clear() : s.answering.add("192.0.2.1"));
    box.comeUp();
    await box.settle();
    expect([s.status().state, box.link("b"), box.running()]).toEqual(["held", two.digest, "a"]);
    const trying = ask(s.agent(), "boot-environment", { verb: "activate", name: "b" });
    await expect(trying).rejects.toThrow("b failed here with commit");
    expect(pool.bootfs).toBe("tank/ROOT/a");
    // Of what nobody asks for any more it is tried what is committed.
    s.push("three", generation(["router bgp 64500", "neighbor 192.0.2.1"]));
    await s.rest();
    box.onBoot = () => void s.answering.add("192.0.2.1");
    const answer = await ask(s.agent(), "boot-environment", { verb: "activate", name: "b" });
    expect(JSON.stringify(answer)).toContain("it is tried with what is committed");
    expect(pool.bootfs).toBe("tank/ROOT/a");
  });

  it("is not tried from one that was chosen by hand", async () => {
    const box = await trialBox(one);
    box.pick("b");
    await box.settle();
    addEnvironment(box.pool, "c");
    const trying = ask(box.s.agent(), "boot-environment", { verb: "activate", name: "c" });
    await expect(trying).rejects.toThrow("c cannot be tried: b was chosen by hand");
  });
});

describe("a trial that somebody or something comes in between", () => {
  const state = (box: TrialBox) => box.s.status().state;

  it("leaves after a restart of the agent on its way out, while there is time for that", async () => {
    const box = await trialBox(one);
    const { s } = box;
    let isHeld = true;
    s.means = { ...quickTrials, leave: () => (isHeld ? new Promise(() => undefined) : gone) };
    s.start();
    s.push("two", two);
    await s.sim.until(() => state(box) === "trial-booting", "it leaves");
    isHeld = false;
    await box.settle();
    expect([box.boots, box.pool.bootfs]).toEqual([["kexec b", "boot b on trial"], "tank/ROOT/b"]);
  });

  it("is given up where the box does not get away in time, and forwards again", async () => {
    const box = await trialBox(one);
    const { s } = box;
    s.means = { ...quickTrials, leave: () => new Promise(() => undefined) };
    s.start();
    s.push("two", two);
    await s.sim.until(() => state(box) === "trial-booting", "it leaves");
    await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "it is given up");
    expect(s.status()).toMatchObject({
      committed: { generation: one.digest },
      lastDeployment: { outcome: "rolled-back", trigger: "apply", reason: "Leaving took longer than 50 s." },
    });
    expect([box.boots, box.pool.bootfs]).toEqual([[], "tank/ROOT/a"]);
    expect(s.states.includes("stranded")).toBe(false);
  });

  it.each(["kexec", "firmware"] as const)(
    "is none where the box is reset before %s enters it: nothing counts, and no panic is held against it",
    async (method) => {
      const box = await trialBox(one);
      const { s, pool } = box;
      s.means = { ...quickTrials, leave: () => new Promise(() => undefined) };
      s.start();
      const policy = { ...anyTime, trial: { "boot-method": method } };
      s.push("two", generation(["router bgp 64500", "neighbor 192.0.2.1"], { image: imageB, policy }));
      await s.sim.until(() => state(box) === "trial-booting", "it leaves");
      const text = "<0>[  12.3] Kernel panic - not syncing: hung_task: blocked tasks\n";
      s.sim.files.set("/sys/fs/pstore/dmesg-efi-1", { text, mode: 0o444 });
      box.comeUp();
      expect(box.running()).toBe("a");
      s.means = quickTrials;
      await box.settle();
      const history = JSON.stringify(await ask(s.agent(), "history", { limit: 20 }));
      expect(history).toContain(
        "The box was reset before it entered b: its kernel panicked: hung_task: blocked tasks.",
      );
      expect([pool.bootfs, s.status().state, box.boots.filter((boot) => boot === "boot b on trial")]).toEqual([
        "tank/ROOT/b",
        "idle",
        ["boot b on trial"],
      ]);
      const ledger = textOf(s, "/persistent/config/imp/journal/ledger.json") ?? "";
      const { trials, reboots } = JSON.parse(ledger) as { trials: Record<string, string[]>; reboots: unknown[] };
      expect([Object.values(trials).flat(), reboots]).toEqual([[expect.anything()], [expect.anything()]]);
    },
  );

  it.each(["kexec", "firmware"] as const)(
    "is not entered by %s where the box stays and a reboot is what brings it back",
    async (method) => {
      const box = await trialBox(one);
      const { s } = box;
      s.means = {
        ...quickTrials,
        async leave() {
          s.plane.refuse = () => new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
          s.plane.live.clear();
          s.failsafe.isFine = () => false;
          s.failsafe.failing.add("frr");
          if (method === "kexec") throw new Problem("SYSTEM_UNIT", "vpp-core.service does not stop.");
          box.refuses = 1;
          return gone;
        },
      };
      box.onBoot = () => void (s.plane.refuse = () => undefined);
      s.start();
      const policy = { ...anyTime, trial: { "boot-method": method } };
      s.push("two", generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown"], { image: imageB, policy }));
      await s.sim.until(() => s.sim.isKilled(), "it reboots");
      expect([box.boots, box.running()]).toEqual([["reboot", "boot a"], "a"]);
    },
  );

  it("is over without a verdict where somebody picks the candidate in the boot menu instead", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    box.onBoot = (name) => void (name === "b" && s.sim.kill());
    s.push("two", two);
    await s.sim.until(() => s.sim.isKilled(), "it left");
    box.onBoot = () => undefined;
    box.pick("b");
    await box.settle();
    expect(s.status()).toMatchObject({
      state: "waiting",
      waiting: { why: "boot-environment" },
      lastDeployment: { outcome: "rolled-back", trigger: "external" },
    });
    expect([pool.bootfs, box.boots.at(-1), box.next]).toEqual(["tank/ROOT/a", "boot b", []]);
    // Nothing of what is committed elsewhere was brought here.
    expect(s.plane.live.size).toBe(0);
  });

  it("stays committed where the old one is picked after it, which is told and left alone", async () => {
    const box = await trialBox(one);
    const { s, pool } = box;
    s.push("two", two);
    await box.settle();
    box.pick("a");
    await box.settle();
    expect([pool.bootfs, box.running()]).toEqual(["tank/ROOT/b", "a"]);
    expect(s.status()).toMatchObject({ state: "held", boot: { chosenByHand: true }, inSync: false });
    expect([box.link("a"), box.link("b")]).toEqual([one.digest, two.digest]);
    expect(shown(s.plane.live)).toBe(shown(["router bgp 64500", "neighbor 192.0.2.1"]));
  });

  it("is not begun by a box that was rebooted too often, nor a third time, until an operator lets it", async () => {
    const box = await trialBox(one);
    const { s } = box;
    box.onBoot = (name) => void (name === "b" && box.comeUp());
    s.push("two", two);
    await box.settle();
    expect(box.boots.filter((boot) => boot === "boot b on trial")).toHaveLength(2);
    await ask(s.agent(), "retry", { reason: "another cable" });
    await box.settle();
    expect(box.boots.filter((boot) => boot === "boot b on trial")).toHaveLength(4);
    await ask(s.agent(), "retry", { reason: "yet another cable" });
    await box.settle();
    expect(s.status().waiting).toMatchObject({
      why: "limit",
      reason: "The agent rebooted this box 4 times within 24 h.",
    });
    expect(box.boots.filter((boot) => boot === "boot b on trial")).toHaveLength(4);
  });

  it("is not begun where the box may not be sent there, which is said with what to do", async () => {
    const box = await trialBox(one);
    const { s } = box;
    const why = new Problem("BOOT_ENVIRONMENT", "This box has no hardware watchdog.", { remedy: "Get one." });
    s.means = { ...quickTrials, check: () => Promise.reject(why) };
    s.push("two", two);
    await box.settle();
    expect(s.status().waiting).toMatchObject({ why: "blocked", reason: why.message, unblock: "Get one." });
    expect([box.boots, s.sim.files.has("/run/imp/armed")]).toEqual([[], false]);
  });

  it("leads back to the image before by impctl rollback, by a trial as well", async () => {
    const box = await trialBox(
      generation(one.desired.frr.config.trim().split("\n"), { image: { name: "a", manifest: "" } }),
    );
    const { s, pool } = box;
    s.push("two", two);
    await box.settle();
    expect(pool.bootfs).toBe("tank/ROOT/b");
    await ask(s.agent(), "rollback", { reason: "customers call" });
    await s.sim.until(() => s.sim.isKilled(), "it left");
    await box.settle();
    expect([pool.bootfs, box.boots.slice(-2)]).toEqual(["tank/ROOT/a", ["kexec a", "boot a on trial"]]);
    expect(s.status()).toMatchObject({ state: "held", boot: { running: "a", next: "a" } });
  });
});
