import { describe, expect, it } from "vitest";
import type { Status } from "../../controller/report/status.ts";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, story, type Story, type StoryOptions } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const hitless = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const other = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 203.0.113.0/24"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const lines = (one: typeof base): string => shown(one.desired.frr.config.trim().split("\n"));
const folder = "/persistent/config/imp";
const link = `${folder}/committed.d/default`;
const outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });

/** A box on which these generations were committed, one after the other. */
async function committed(...generations: readonly (typeof base)[]): Promise<Story> {
  return committedWith({}, ...generations);
}

async function committedWith(options: StoryOptions, ...generations: readonly (typeof base)[]): Promise<Story> {
  const s = story(options);
  s.answering.add("192.0.2.1");
  for (const [index, one] of generations.entries()) {
    s.push(`commit ${index}`, one);
    if (index === 0) s.start();
    await s.sim.until(
      () => s.status().committed?.generation === one.digest && s.status().state === "idle",
      "committed",
    );
  }
  return s;
}

function textOf(s: Story, path: string): string {
  const node = s.sim.files.get(path);
  return node && "text" in node ? node.text : "";
}

describe("a start after the failsafe acted", () => {
  async function acted(candidate: typeof base): Promise<Story> {
    const s = await committed(base);
    s.push("two", candidate);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.kill();
    await s.sim.pass(120_000);
    expect(s.failsafe.history).toContain("act deadline");
    s.outage = outage;
    s.start();
    await s.rest();
    return s;
  }

  it("tells what it did, and holds the generation for which it had to restore something", async () => {
    const s = await acted(worse);

    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.status()).toMatchObject({
      state: "held",
      committed: { generation: base.digest },
      lastDeployment: {
        outcome: "rolled-back",
        trigger: "failsafe",
        reason: "The agent did not end it in time, so the failsafe acted: it restored frr; all is fine again.",
      },
    });
    expect(textOf(s, `${folder}/journal/history.jsonl`)).toContain('"trigger":"failsafe"');
    expect(s.sim.files.has(`${folder}/failsafe/acted`)).toBe(false);
    expect(s.sim.files.has("/run/imp/armed")).toBe(false);
  });

  it("finds a generation inconclusive for which it only held, and ends what it left", async () => {
    const s = await acted(hitless);

    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.status()).toMatchObject({
      state: "idle",
      lastDeployment: { trigger: "failsafe", reason: expect.stringContaining("it touched nothing; it holds") },
    });
  });

  it("keeps why it was being rolled back, and adds what became of that", async () => {
    const s = await committed(base);
    s.push("two", worse);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.start({ killAt: 12 });
    await s.sim.until(() => s.sim.isKilled(), "killed");
    expect(textOf(s, "/run/imp/armed")).toContain("phase rolling-back");
    await s.sim.pass(120_000);
    expect(s.failsafe.history).toContain("act deadline");
    s.outage = outage;
    s.start();
    await s.rest();

    expect(s.status().lastDeployment).toMatchObject({ trigger: "crash" });
    expect(s.status().lastDeployment?.reason).toMatch(/stopped while proving\. The agent did not end it in time/);
    expect(s.status().state).toBe("held");
  });

  it("hears of what it did about something that is over, once", async () => {
    const s = await committed(base);
    const problems = new Set<string>();
    const report = `deployment 17-x\ngeneration ${hitless.digest}\nat 5 boot 7\nwhy agent-failed\ndid frr\nended restored\n`;
    s.sim.files.set(`${folder}/failsafe/acted`, { text: report, mode: 0o600 });
    s.start();
    await s.sim.until(() => {
      for (const { message } of s.status().problems) problems.add(message);
      return problems.size > 0;
    }, "told");
    await s.rest();

    expect([...problems]).toEqual([expect.stringMatching(/The agent's unit failed, so the failsafe acted/)]);
    s.push("two", hitless);
    await s.sim.until(() => s.status().state === "held", "held");
  });
});

describe("a start that finds another generation committed", () => {
  async function putBack(): Promise<Story> {
    const s = await committed(base, hitless);
    await s.close();
    s.sim.files.set(link, { target: `../generations/${base.digest}` });
    return s;
  }

  it("says that it was rolled back externally, and holds what was left", async () => {
    const s = await putBack();
    s.start();
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.status()).toMatchObject({
      committed: { generation: base.digest },
      held: { generation: hitless.digest, reason: expect.stringMatching(/^Rolled back externally: somebody switched/) },
      lastDeployment: { generation: hitless.digest, outcome: "rolled-back", trigger: "external" },
      inSync: false,
    });
    await s.rest();
    expect(s.status().state).toBe("held");
    expect(textOf(s, `${folder}/journal/history.jsonl`)).toMatch(/"must-hold".*Rolled back externally/);
  });

  it("forgets what was ordered before", async () => {
    const s = await committed(base, hitless, other);
    s.sim.kill();
    const ledger = `${folder}/journal/ledger.json`;
    const remembered = JSON.parse(textOf(s, ledger)) as object;
    const order = { to: hitless.digest, reason: "customers complain", at: s.sim.now() };
    s.sim.files.set(ledger, { text: JSON.stringify({ ...remembered, order }), mode: 0o600 });
    s.sim.files.set(link, { target: `../generations/${base.digest}` });
    s.start();
    await s.rest();
    expect(s.status()).toMatchObject({ state: "held", committed: { generation: base.digest } });
  });

  it("goes on to something newer", async () => {
    const s = await putBack();
    const newer = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 203.0.113.0/24"]);
    s.push("three", newer);
    s.start();
    await s.sim.until(() => s.status().lastDeployment?.trigger === "external", "told");
    for (const line of lines(hitless).split("\n")) if (!lines(base).includes(line)) s.plane.live.delete(line);
    await s.sim.until(() => s.status().committed?.generation === newer.digest, "committed");
    expect(s.status()).toMatchObject({ state: "idle", committed: { commit: "three" } });
  });

  it("does nothing at all while what was committed is gone", async () => {
    const s = await committed(base);
    await s.close();
    s.sim.files.delete(link);
    const before = s.plane.changes;
    s.push("two", hitless);
    s.start();
    await s.sim.pass(120_000);
    expect(s.plane.changes).toBe(before);
    expect(s.status()).toMatchObject({ inSync: false, problems: [{ code: "JOURNAL" }] });
    expect(s.status().problems[0]?.remedy).toContain(`ln -s ../generations/${base.digest} committed.d/default`);

    s.sim.files.set(link, { target: `../generations/${base.digest}` });
    await s.sim.until(() => s.status().committed?.generation === hitless.digest, "committed");
  });

  it("takes over what is committed when the ledger was removed", async () => {
    const s = await committed(base);
    await s.close();
    s.sim.files.delete(`${folder}/journal/ledger.json`);
    s.start();
    await s.rest();
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: base.digest } });
  });
});

describe("boot environments", () => {
  const booted = (s: Story, guid: () => string): void => {
    const text = "27 1 0:24 / / rw,relatime shared:1 - zfs tank/ROOT/imp rw\n";
    s.sim.files.set("/proc/self/mountinfo", { text, mode: 0o444 });
    s.sim.answer(([program]) => (program === "zfs" ? { exitCode: 0, stdout: `${guid()}\n`, stderr: "" } : undefined));
  };

  it("have a committed generation each, and one that somebody boots by hand is told as such", async () => {
    const s = story();
    let guid = "1111";
    booted(s, () => guid);
    s.answering.add("192.0.2.1");
    s.push("one", base);
    s.start();
    await s.rest();
    expect(s.sim.files.get(`${folder}/committed.d/1111`)).toEqual({ target: `../generations/${base.digest}` });
    expect(JSON.parse(textOf(s, `${folder}/journal/ledger.json`))).toMatchObject({
      committed: { environment: "1111", generation: base.digest, secrets: base.secrets, commit: "one" },
    });
    s.push("two", hitless);
    await s.sim.until(() => s.status().committed?.generation === hitless.digest, "committed");
    s.sim.files.set(`${folder}/committed.d/2222`, { target: `../generations/${base.digest}` });

    guid = "2222";
    s.sim.reboot();
    s.start();
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.status().held?.reason).toBe(
      `Rolled back externally: boot environment 2222 was booted instead of 1111. Generation ${base.digest.slice(0, 12)} is committed here.`,
    );
  });

  it("that cannot be told apart let nothing begin", async () => {
    const s = await committed(base);
    await s.close();
    booted(s, () => "no answer");
    const before = s.plane.changes;
    s.push("two", hitless);
    s.start();
    await s.sim.pass(60_000);
    expect(s.status().frozen).toMatch(/GUID of tank\/ROOT\/imp cannot be read/);
    expect(s.plane.changes).toBe(before);
  });
});

describe("a start that finds a commit that was not finished", () => {
  /** Killed between the rename and the end of it. */
  async function killed(candidate: typeof base, before: (s: Story) => void): Promise<Story> {
    const isOurs = (status: Status) =>
      status.state === "committing" && status.committed?.generation === candidate.digest;
    let isBegun = false;
    const observer = (status: Status): void => {
      if (!isBegun || !isOurs(status)) return;
      isBegun = false;
      s.sim.kill();
    };
    const s = await committedWith({ observer }, base);
    isBegun = true;
    before(s);
    await s.sim.until(() => s.sim.isKilled(), "killed");
    return s;
  }

  it("ends it although the plane does not take what it lost, and goes on", async () => {
    const s = await killed(hitless, (box) => box.push("two", hitless));
    const route = "ip route 198.51.100.0/24";
    s.plane.live.delete(route);
    s.plane.refuse = (line) => (line === route ? new Problem("FRR_REJECTED", "no such command") : undefined);
    s.start();
    await s.sim.until(() => s.status().committed !== undefined && s.status().state === "idle", "over");
    expect(s.status()).toMatchObject({
      committed: { generation: hitless.digest },
      lastDeployment: { outcome: "committed" },
      inSync: false,
    });

    s.push("three", base);
    await s.sim.until(() => s.status().committed?.generation === base.digest, "committed");
  });

  it("goes back with all that it has where it was a correction", async () => {
    const s = await killed(base, (box) => {
      box.plane.restarts += 1;
      box.plane.live.delete("router bgp 64500");
    });
    s.plane.live.delete("router bgp 64500");
    const { restarts } = s.plane;
    const away = new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
    s.plane.refuse = () => (s.plane.restarts > restarts ? undefined : away);
    s.start();
    await s.sim.until(() => s.status().state === "idle" && s.status().inSync, "in sync", 600_000);
    expect(s.failsafe.history).toContain("restore frr");
  });
});
