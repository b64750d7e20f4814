import { describe, expect, it } from "vitest";
import { Problem } from "../../schemas/problem.ts";
import { generation, restartPlane, shown, story, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const lines = (one: typeof base): string => shown(one.desired.frr.config.trim().split("\n"));
const away = new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });

interface Box extends Story {
  /** How often the box was told to reboot. */
  reboots: number;
}

/** A box with `base` committed that is about to roll `candidate` back, and on which every change fails. */
async function failing(candidate = worse): Promise<Box> {
  const s: Box = Object.assign(story(), { reboots: 0 });
  s.sim.answer(([program, verb]) => {
    if (program !== "systemctl" || verb !== "reboot") return undefined;
    s.reboots += 1;
    s.sim.reboot();
    restartPlane(s.sim, s.plane, undefined);
    return { exitCode: 0, stdout: "", stderr: "" };
  });
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start();
  await s.rest();
  s.push("two", candidate);
  await s.sim.until(() => s.status().state === "proving", "proving");
  s.plane.refuse = () => away;
  s.failsafe.history.length = 0;
  return s;
}

function journal(s: Story): string {
  const node = s.sim.files.get("/persistent/config/imp/journal/history.jsonl");
  return node && "text" in node ? node.text : "";
}

/** Which rungs the history says were begun, in order. */
function begun(s: Story): readonly string[] {
  return [...journal(s).matchAll(/"event":\{"type":"rung-started","rung":"([a-z]+)"/g)].map(([, rung = ""]) => rung);
}

describe("when going back by plan fails twice", () => {
  it("the plane is restored from its committed file, after that was journalled", async () => {
    const s = await failing();
    const journalled: (readonly string[])[] = [];
    const { push } = s.failsafe.history;
    s.failsafe.history.push = (...said) => {
      if (said.includes("restore frr")) journalled.push(begun(s));
      return push.apply(s.failsafe.history, said);
    };

    await s.sim.until(() => s.status().state === "held", "held");

    expect(journalled).toEqual([["frr"]]);
    expect(s.failsafe.history.slice(0, 2)).toEqual(["fine", "restore frr"]);
    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.reboots).toBe(0);
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back", trigger: "health" });
  });

  it("nothing else begins meanwhile, and a newer commit is applied afterwards", async () => {
    const s = await failing();
    await s.sim.until(() => s.status().problems.some(({ code }) => code === "FRR_UNREACHABLE"), "a failed attempt");
    s.push("three", better);
    await s.sim.until(() => s.plane.restarts > 0, "restarted");
    s.plane.refuse = () => undefined;
    await s.rest();

    const since = s.states.slice(s.states.indexOf("rolling-back"));
    expect(since.slice(0, 3)).toEqual(["rolling-back", "held", "planning"]);
    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: better.digest }, problems: [] });
  });

  it("a removal that has no effect is done by the restart", async () => {
    const s = await failing(generation([...lines(worse).split("\n"), "ip route 198.51.100.0/24"]));
    s.plane.refuse = () => undefined;
    s.plane.ignored.add("ip route 198.51.100.0/24");

    await s.sim.until(() => s.status().problems.some((p) => p.code === "READ_BACK"), "seen");
    expect(s.status().problems[0]?.message).toContain("remove ip route 198.51.100.0/24");
    await s.sim.until(() => s.status().state === "held", "held");

    expect(shown(s.plane.live)).toBe(lines(base));
  });

  it("a plane that hangs is not waited for: each attempt has its limit", async () => {
    const s = await failing();
    s.plane.refuse = () => undefined;
    s.plane.hangs = true;
    const since = s.sim.uptime();

    await s.sim.until(() => s.status().state === "held", "held");

    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.sim.uptime() - since).toBeLessThan(240_000);
    expect(s.failsafe.history).not.toContain("act deadline");
  });

  it("the box is rebooted when that does not help, once, and the start goes on", async () => {
    const s = await failing();
    s.failsafe.failing.add("frr");
    await s.sim.until(() => s.reboots === 1, "rebooted");
    expect(begun(s)).toEqual(["frr", "reboot"]);
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", committed: { generation: base.digest } });
    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.reboots).toBe(1);
  });
});

/** A box that nothing helps. */
async function stranded(): Promise<Box> {
  const s = await failing();
  s.failsafe.failing.add("frr");
  await s.sim.until(() => s.reboots === 1, "rebooted");
  s.plane.live.add("shutdown 192.0.2.1");
  for (const line of lines(worse).split("\n")) s.plane.live.add(line);
  s.start();
  await s.sim.until(() => s.status().state === "stranded", "stranded");
  return s;
}

describe("a box that cannot be brought back", () => {
  it("is left as it forwards: nothing is armed, deployed or corrected, also after a restart", async () => {
    const s = await stranded();
    expect(s.sim.files.has("/run/imp/armed")).toBe(false);
    expect(s.reboots).toBe(1);
    const live = shown(s.plane.live);
    const before = s.plane.changes;
    s.plane.refuse = () => undefined;
    s.push("three", better);
    await s.sim.pass(600_000);
    s.start();
    await s.sim.pass(600_000);

    expect(s.plane.changes).toBe(before);
    expect(shown(s.plane.live)).toBe(live);
    expect(s.status()).toMatchObject({
      state: "stranded",
      inSync: false,
      desired: { commit: "three" },
      committed: { generation: base.digest },
      problems: [{ code: "STRANDED", remedy: expect.stringContaining("`impctl rollback`") }],
    });
    expect(s.status().reason).toBe("bgpd is away. Neither did it help to restore frr, reboot.");
  });

  it("is not rebooted a fifth time within a day", async () => {
    const s = await failing();
    s.failsafe.failing.add("frr");
    await s.close();
    const path = "/persistent/config/imp/journal/ledger.json";
    const node = s.sim.files.get(path);
    const ledger = JSON.parse(node && "text" in node ? node.text : "") as object;
    const hourAgo = { from: s.sim.now() - 3_600_000, ms: 86_400_000, boot: "boot-0", uptime: 5 };
    const reboots = [hourAgo, hourAgo, hourAgo, hourAgo];
    s.sim.files.set(path, { text: JSON.stringify({ ...ledger, reboots }), mode: 0o600 });
    s.start();
    await s.sim.until(() => s.status().state === "stranded", "stranded");

    expect(s.reboots).toBe(0);
    expect(s.status().reason).toMatch(/rebooted too often within a day/);
  });

  it("is not restarted at all while all steps were hitless and all that was well is well", async () => {
    const hitless = generation([...lines(base).split("\n"), "ip route 198.51.100.0/24"]);
    const s = await failing(hitless);
    s.plane.refuse = (line) => (line.startsWith("ip route") ? away : undefined);
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    await s.sim.until(() => s.status().state === "stranded", "stranded");

    expect(s.failsafe.history).toEqual(["fine"]);
    expect(s.status().reason).toMatch(/All that was well before is well/);
    expect(s.plane.restarts).toBe(0);
  });
});

/** The agent is started while it rolls back and nothing but a reboot helps; it dies before its effect number `killAt`. */
async function climbing(killAt?: number): Promise<Box> {
  const s = await failing();
  s.failsafe.failing.add("frr");
  s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
  s.start(killAt === undefined ? {} : { killAt });
  await s.sim.until(() => s.sim.isKilled(), "killed, or rebooted");
  return s;
}

describe("killed just before any effect while it tries everything", () => {
  it("climbs no rung twice, reboots once, and ends in the committed generation, or stranded as it was", async () => {
    const effects = (await climbing()).sim.effects();
    expect(effects.length).toBeGreaterThan(60);

    for (let k = 1; k <= effects.length; k += 1) {
      const when = `killed before effect ${k}: ${effects[k - 1]}`;
      const s = await climbing(k);
      const ended = () => ["held", "idle", "stranded"].includes(s.status().state) && s.status().committed !== undefined;
      s.start();
      await s.sim.until(() => s.sim.isKilled() || ended(), "ended, or rebooted");
      if (s.sim.isKilled()) s.start();
      await s.sim.until(ended, "ended");

      const rungs = begun(s);
      const restored = s.failsafe.history.filter((one) => one === "restore frr").length;
      const { state, committed } = s.status();
      expect({
        when,
        restoredTwice: restored > 1,
        rebootedTwice: s.reboots > 1,
        // Where the agent died just before it, the reboot is begun once more.
        begunTwice: rungs.indexOf("frr") !== rungs.lastIndexOf("frr"),
        state: state === "idle",
        live: shown(s.plane.live) === lines(state === "stranded" ? worse : base),
        committed: committed?.generation,
      }).toEqual({
        when,
        restoredTwice: false,
        rebootedTwice: false,
        begunTwice: false,
        state: state !== "stranded",
        live: true,
        committed: base.digest,
      });
    }
  });
});
