/** What makes a whole agent wait before it arms, what ends that, and what `impctl why` says meanwhile. */
import { describe, expect, it } from "vitest";
import type { Cause } from "../../controller/report/causes.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { generation, sealedHere, shown, story, textOf, type Story, type StoryOptions } from "../lab/story.ts";

const peers = Array.from({ length: 6 }, (_, index) => `neighbor 192.0.2.${index + 1}`);
const lists = ["prefix-list IN", "prefix-list OUT", "prefix-list OWN"];
const full = ["router bgp 64500", ...peers, ...lists];
const base = generation(full);
const hour = 3_600_000;
const folder = "/persistent/config/imp";

/** A box that has all of `base`, at noon of a Monday in January, UTC. */
async function committed(options: StoryOptions = {}): Promise<Story> {
  const s = story(options);
  for (const peer of peers) s.answering.add(peer.slice("neighbor ".length));
  s.push("one", base);
  s.start();
  await s.sim.until(() => s.status().inSync, "in sync");
  return s;
}

/** Everything, and one line more. */
function plus(line: string, policy: object = {}): Generation {
  return generation([...full, line], { policy });
}

async function why(s: Story): Promise<Cause> {
  const { causes } = (await ask(s.agent(), "why")) as { readonly causes: readonly [Cause, ...Cause[]] };
  return causes[0];
}

async function untilWaitingFor(s: Story, reason: string): Promise<void> {
  await s.sim.until(() => s.status().waiting?.why === reason, `waiting for ${reason}`);
}

async function untilCommitted(s: Story, { digest }: Generation, limitMs?: number): Promise<void> {
  await s.sim.until(() => s.status().committed?.generation === digest, "committed", limitMs);
}

function time(s: Story): string {
  return new Date(s.sim.now()).toISOString().slice(0, 16);
}

describe("a commit that empties a file by accident", () => {
  const empty = generation(["router bgp 64500"]);

  async function emptied(): Promise<Story> {
    const s = await committed();
    s.push("two", empty);
    await untilWaitingFor(s, "removal");
    return s;
  }

  it("waits, changes nothing, and says how much it would remove and what to do if that is meant", async () => {
    const s = await emptied();
    await s.sim.pass(hour);

    expect(shown(s.plane.live)).toBe(shown(full));
    expect(await why(s)).toMatchObject({
      why: "removal",
      reason:
        "It removes 6 of 6 sessions (192.0.2.1, 192.0.2.2, 192.0.2.3 and 3 more), and 3 of 3 lists (IN, OUT, OWN).",
      unblock: `If that is meant, say "Imp-Allow-Removal: <reason>" in a commit's message, or \`impctl approve ${empty.digest.slice(0, 12)}\`.`,
      since: expect.any(Number),
      next: expect.any(Number),
    });
  });

  it("is forgotten when the next commit has everything again", async () => {
    const s = await emptied();

    s.push("three", base);
    await s.sim.until(() => s.status().inSync, "in sync");

    expect(await why(s)).toMatchObject({
      why: "in-sync",
      reason: `Nothing is wanted: generation ${base.digest.slice(0, 12)}, committed with one, is what the repository asks for, and nothing drifted from it.`,
    });
    expect(s.plane.changes).toBe(full.length);
  });

  it("goes ahead after an approval, once", async () => {
    const s = await emptied();
    await ask(s.agent(), "approve", { generation: empty.digest, reason: "the POP is closed" });
    await untilCommitted(s, empty);
    expect(shown(s.plane.live)).toBe("router bgp 64500");

    s.push("three", base);
    await untilCommitted(s, base);
    s.push("four", empty);
    await untilWaitingFor(s, "removal");
  });

  it("goes ahead when the author says so in the commit", async () => {
    const s = await emptied();

    s.push("three", empty, { allowRemoval: { reason: "the POP is closed", commit: "three" } });
    await untilCommitted(s, empty);

    expect(shown(s.plane.live)).toBe("router bgp 64500");
  });
});

describe("the first deployment", () => {
  it("is no removal, whatever was there before", async () => {
    const s = story({ lines: full });
    s.push("one", generation(["router bgp 64500"]));
    s.start();
    await untilWaitingFor(s, "not-adopted");
    await ask(s.agent(), "adopt");

    await s.sim.until(() => s.status().committed?.commit === "one", "committed");

    expect(shown(s.plane.live)).toBe(shown(full));
  });
});

describe("a maintenance window", () => {
  const night = { from: "02:00", to: "04:00", "max-impact": "reboot" };
  const policy = { windows: { night }, "time-zone": "Europe/Berlin" };
  const restart = plus("restart vpp", policy);
  const seldom = {
    settings: { repository: { remotes: [{ url: "https://git.example.net/s.git" }], "poll-seconds": 3600 } },
  };

  it("is waited for, and used as soon as it opens although polls are seldom", async () => {
    const s = await committed(seldom);
    s.push("two", restart);
    s.agent().polls.hasten();
    await untilWaitingFor(s, "window");
    expect(await why(s)).toMatchObject({
      why: "window",
      reason: "Its impact is restart: policy allows that only in a window: night (02:00-04:00 Europe/Berlin).",
      next: Date.parse("2026-01-06T01:00Z"),
    });

    await untilCommitted(s, restart, 24 * hour);

    expect(time(s)).toBe("2026-01-06T01:00");
  });

  it("does not begin what may not be undone before it closes", async () => {
    const s = await committed();
    s.sim.setWallClock(Date.parse("2026-01-06T02:55Z"));
    s.push("two", restart);
    await untilWaitingFor(s, "window");

    expect((await why(s)).reason).toMatch(
      /it needs 6 min .* window night closes at Tue 2026-01-06 04:00 Europe\/Berlin/,
    );
    expect((await why(s)).next).toBe(Date.parse("2026-01-07T01:00Z"));
  });

  it("is not needed after an approval", async () => {
    const s = await committed();
    s.push("two", restart);
    await untilWaitingFor(s, "window");

    await ask(s.agent(), "approve", { generation: restart.digest.slice(0, 12) });
    await untilCommitted(s, restart);

    expect(time(s)).toMatch(/^2026-01-05T12/);
  });

  it("for reboots stays closed until the clock is synchronised, and as long as nobody can tell", async () => {
    const s = await committed();
    let synchronised: string | undefined;
    s.sim.answer(([program]) =>
      program === "timedatectl" && synchronised !== undefined
        ? { exitCode: 0, stdout: `${synchronised}\n`, stderr: "" }
        : undefined,
    );
    const reboot = plus("reboot image", policy);
    s.sim.setWallClock(Date.parse("2026-01-06T01:30Z"));
    s.push("two", reboot);
    await untilWaitingFor(s, "clock");
    expect(s.status().problems).toMatchObject([{ code: "HOST_COMMAND" }]);

    synchronised = "no";
    await s.sim.pass(60_000);
    expect(s.status()).toMatchObject({ waiting: { why: "clock" }, problems: [] });
    synchronised = "yes";
    await untilCommitted(s, reboot);

    expect(time(s)).toMatch(/^2026-01-06T01:3/);
  });

  it("that is not configured is told as such, until an edit adds one", async () => {
    const s = await committed();
    s.push("two", plus("restart vpp"));
    await untilWaitingFor(s, "impact");
    expect((await why(s)).unblock).toMatch(/^Add a window for it to policy\.windows, or `impctl approve /);

    const always = { windows: { day: { from: "00:00", to: "23:59", "max-impact": "restart" } } };
    s.push("three", plus("restart vpp", always));
    await untilCommitted(s, plus("restart vpp", always));
  });
});

describe("an approval", () => {
  const careful = { approval: ["session-reset"] };
  const change = plus("neighbor 192.0.2.9", careful);

  it("that the policy wants is waited for", async () => {
    const s = await committed();
    s.answering.add("192.0.2.9");
    s.push("two", change);
    await untilWaitingFor(s, "approval");

    await ask(s.agent(), "approve", { generation: change.digest });
    await untilCommitted(s, change);

    expect(s.plane.live).toContain("neighbor 192.0.2.9");
  });

  it("is refused when another generation is wanted than the one that was looked at", async () => {
    const s = await committed();
    s.push("two", change);
    await untilWaitingFor(s, "approval");
    const other = plus("neighbor 192.0.2.8", careful);
    s.push("three", other);
    await s.sim.until(() => s.status().desired?.generation === other.digest, "seen");

    await expect(ask(s.agent(), "approve", { generation: change.digest })).rejects.toMatchObject({
      message: `Meanwhile another generation is wanted: ${other.digest.slice(0, 12)}.`,
    });

    expect(s.agent().memory().ledger().approvals).toEqual({});
  });

  it("is refused while that very generation is rolled back, so that none stays", async () => {
    const s = await committed();
    const worse = plus("snmp-server");
    s.push("two", worse);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.plane.refuse = () => new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
    await ask(s.agent(), "rollback");
    await s.sim.until(() => s.status().state === "rolling-back", "rolling back");

    await expect(ask(s.agent(), "approve", { generation: worse.digest })).rejects.toMatchObject({
      message: "That generation failed here, and is rolled back.",
    });

    expect(s.agent().memory().ledger().approvals).toEqual({});
  });

  it("is refused where there is nothing to approve", async () => {
    const s = await committed();

    await expect(ask(s.agent(), "approve", { generation: base.digest })).rejects.toMatchObject({ code: "USAGE" });
    await expect(ask(s.agent(), "approve", { generation: "abc" })).rejects.toMatchObject({ code: "USAGE" });
    await expect(ask(s.agent(), "approve")).rejects.toMatchObject({ code: "USAGE" });
  });

  it("stands in the history with its reason", async () => {
    const s = await committed();
    s.push("two", change);
    await untilWaitingFor(s, "approval");
    await ask(s.agent(), "approve", { generation: change.digest, reason: "agreed on Monday" });

    const node = s.sim.files.get(`${folder}/journal/history.jsonl`);
    expect(node && "text" in node && node.text).toContain(
      `"asked":"approve","details":{"generation":"${change.digest}","reason":"agreed on Monday"}`,
    );
  });
});

describe("a pause of an operator", () => {
  const change = plus("route a");

  async function paused(): Promise<Story> {
    const s = await committed();
    await ask(s.agent(), "pause", { reason: "fibre work", for: "4h" });
    s.push("two", change);
    await untilWaitingFor(s, "paused");
    return s;
  }

  it("holds changes back, is shown, and ends by itself", async () => {
    const s = await paused();
    const until = s.status().paused?.until ?? 0;
    expect(s.status().paused?.reason).toBe("fibre work");
    expect(await why(s)).toMatchObject({ why: "paused", reason: "An operator paused it: fibre work", next: until });
    expect(shown(s.plane.live)).toBe(shown(full));

    await untilCommitted(s, change, 5 * hour);

    expect(Math.abs(s.sim.now() - until)).toBeLessThan(60_000);
    expect(s.status().paused).toBeUndefined();
    expect(until - Date.UTC(2026, 0, 5, 12)).toBeGreaterThanOrEqual(4 * hour);
  });

  it("lasts through a restart of the agent and of the box, and not longer for it", async () => {
    const s = await paused();
    const until = s.status().paused?.until ?? 0;
    s.start();
    await untilWaitingFor(s, "paused");
    s.sim.reboot();
    for (const line of full) s.plane.live.add(line);
    s.start();
    await untilWaitingFor(s, "paused");
    expect(s.status().paused?.until).toBe(until);

    await untilCommitted(s, change, 5 * hour);

    expect(Math.abs(s.sim.now() - until)).toBeLessThan(60_000);
  });

  it("does not end early or late when the clock jumps", async () => {
    const s = await paused();
    const began = s.sim.uptime();
    s.sim.setWallClock(s.sim.now() + 365 * 24 * hour);
    await s.sim.pass(hour);
    expect(s.status().waiting?.why).toBe("paused");
    s.sim.setWallClock(s.sim.now() - 3 * 365 * 24 * hour);

    await untilCommitted(s, change, 5 * hour);

    expect(Math.abs(s.sim.uptime() - began - 4 * hour)).toBeLessThan(120_000);
  });

  it("is ended by `impctl resume`, of which nothing is left to end then", async () => {
    const s = await paused();
    await ask(s.agent(), "resume");
    await untilCommitted(s, change);

    await expect(ask(s.agent(), "resume")).rejects.toMatchObject({ message: "No operator paused it." });
  });

  it("is told apart from the repository's, which only a commit ends", async () => {
    const s = await committed();
    s.push("two", plus("route a", { pause: "Freeze." }));
    await untilWaitingFor(s, "paused");

    await expect(ask(s.agent(), "resume")).rejects.toMatchObject({
      remedy: "The repository does (Freeze.): remove policy.pause there.",
    });
  });

  it("lets go on what is in flight", async () => {
    const s = await committed();
    s.push("two", change);
    await s.sim.until(() => s.status().state === "proving", "proving");

    expect(await ask(s.agent(), "pause", { reason: "fibre work", for: "1h" })).toMatchObject({
      "in flight": expect.stringMatching(/ which goes on$/),
    });
    await untilCommitted(s, change);

    expect(s.status().paused?.reason).toBe("fibre work");
    expect((await why(s)).why).toBe("in-sync");
  });

  it.each([
    [{ reason: "x", for: "4" }, "that is not how long it may last."],
    [{ reason: "x", for: "0h" }, "that is not how long it may last."],
    [{ reason: "x", for: "31d" }, "that is not how long it may last."],
  ])("has an end that is not far away: %j", async (asked, message) => {
    const s = await committed();
    await expect(ask(s.agent(), "pause", asked)).rejects.toMatchObject({ code: "USAGE", message });
    expect(s.status().paused).toBeUndefined();
  });
});

describe("an emergency", () => {
  const policy = {
    "max-impact": "hitless",
    windows: { night: { from: "02:00", to: "04:00", "max-impact": "restart" } },
  };
  const block = plus("flap acl", policy);

  it("of an operator passes the window for the commit that he fetches with it", async () => {
    const s = await committed();
    s.push("two", block);

    await ask(s.agent(), "sync", { now: true, reason: "attack" });
    await untilCommitted(s, block);

    expect(time(s)).toMatch(/^2026-01-05T12/);
  });

  it("is of one commit: the next waits again", async () => {
    const s = await committed();
    s.push("two", block);
    await ask(s.agent(), "sync", { now: true });
    await untilCommitted(s, block);

    s.push("three", generation([...full, "flap acl", "flap other"], { policy }));
    await untilWaitingFor(s, "window");

    expect(s.plane.live).not.toContain("flap other");
  });

  it("is of nothing when the newest commit has errors, and does not lie in wait for the next", async () => {
    const s = await committed();
    s.push("two", { generation: undefined, problems: [] });
    await ask(s.agent(), "sync", { now: true });
    expect(s.agent().memory().ledger().hurry).toBeUndefined();

    s.push("three", block);
    await untilWaitingFor(s, "window");
  });

  it("waits ten minutes for the repository to answer, and is not for a commit of another day", async () => {
    const s = await committed();
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    await ask(s.agent(), "sync", { now: true });
    await s.sim.pass(11 * 60_000);
    s.outage = undefined;
    s.push("two", block);
    await untilWaitingFor(s, "window");
    expect(s.agent().memory().ledger().hurry).toBeUndefined();
  });

  it("is of nothing when nothing is left to do for the newest commit", async () => {
    const s = await committed();
    await ask(s.agent(), "sync", { now: true });
    expect(s.agent().memory().ledger().hurry).toBeUndefined();
  });

  it("waits for the repository to answer", async () => {
    const s = await committed();
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.push("two", block);
    await ask(s.agent(), "sync", { now: true });
    expect((await why(s)).why).toBe("repository");

    s.outage = undefined;
    await untilCommitted(s, block);
  });

  it("passes nothing that disturbs more than a flap", async () => {
    const s = await committed();
    s.push("two", plus("restart vpp", policy));
    await ask(s.agent(), "sync", { now: true });

    await untilWaitingFor(s, "window");
    expect((await why(s)).reason).toMatch(/An emergency passes windows for at most flap\.$/);
  });

  it("of a commit passes the window too", async () => {
    const s = await committed();
    s.push("two", block);
    await untilWaitingFor(s, "window");

    s.push("three", block, { emergency: { reason: "attack", commit: "three", signer: "ann" } });
    await untilCommitted(s, block);

    expect(time(s)).toMatch(/^2026-01-05T12/);
  });
});

/** Asks for it while the baseline is taken: the gate has been asked by then. */
async function meanwhile(s: Story, operation: string): Promise<void> {
  let said: Promise<unknown> | undefined;
  s.sim.answer((argv) => {
    if (argv[0] === "ip" && argv.includes("route") && s.status().state === "planning") {
      said ??= ask(s.agent(), operation, { reason: "I work here", for: "30m" });
    }
    return undefined;
  });
  s.push("two", plus("ip route 203.0.113.0/24"));
  await s.sim.pass(200_000);
  await said;
  expect(said).toBeDefined();
}

describe("what an operator says between the gate and the arming", () => {
  it.each([
    ["breakglass", "break-glass"],
    ["pause", "paused"],
  ])("counts: %s", async (operation, reason) => {
    const s = await committed();
    await meanwhile(s, operation);

    expect(s.status()).toMatchObject({ committed: { commit: "one" }, waiting: { why: reason } });
    expect(s.states).not.toContain("rolling-back");
  });
});

describe("a generation that ended without a result", () => {
  it("is tried again before its time when an operator says so", async () => {
    const s = await committed();
    const line = "ip route 203.0.113.0/24";
    const away = new Problem("FRR_UNREACHABLE", "staticd is away.", { transient: true });
    s.plane.refuse = (one) => (one === line ? away : undefined);
    const next = plus(line, { "retry-after-seconds": 7200 });
    s.push("two", next);
    await untilWaitingFor(s, "backoff");
    s.plane.refuse = () => undefined;

    await ask(s.agent(), "retry", { reason: "staticd is back" });
    await untilCommitted(s, next, 60_000);
    expect(s.status().verdict).toBe("good");
  });
});

describe("a rollback that could not be relied on", () => {
  const change = plus("route a");

  it("for want of room lets a change wait until there is some", async () => {
    const s = await committed();
    s.sim.freeBytes = 10 * 2 ** 20;
    s.push("two", change);
    await untilWaitingFor(s, "prerequisites");
    expect(await why(s)).toMatchObject({
      reason: "Only 10 MiB are free for generations and journal, and policy wants 64.",
    });
    expect(shown(s.plane.live)).toBe(shown(full));

    s.sim.freeBytes = 2 ** 40;
    await untilCommitted(s, change);
  });

  it("for want of a kept file makes that again, although somebody changed something by hand", async () => {
    const s = await committed();
    s.plane.live.delete(lists[0] ?? "");
    const kept = `${folder}/generations/${base.digest}/files/frr.conf`;
    s.sim.files.delete(kept);
    await s.sim.pass(200_000);

    expect(textOf(s, kept)?.split("\n").filter(Boolean).sort()).toEqual([...full].sort());
    s.push("two", generation(full.filter((line) => line !== lists[0])));
    await s.sim.until(() => s.status().committed?.commit === "two", "committed");
  });

  it("for want of the texts of secrets lets a change wait until they are back", async () => {
    const sealed = sealedHere("correct-horse");
    const s = story();
    s.secrets.set(sealed, "correct-horse");
    s.push("one", generation([`password ${sealed}`]));
    s.start();
    await s.sim.until(() => s.status().inSync, "in sync");
    const path = `${folder}/generations/${s.status().committed?.generation}/files/secrets.json`;
    const kept = s.sim.files.get(path);
    s.sim.files.delete(path);
    s.push("two", generation([`password ${sealed}`, "route a"]));
    await untilWaitingFor(s, "prerequisites");
    expect((await why(s)).reason).toBe(
      `The committed generation is not whole: 1 of its 1 secrets are missing in ${path}.`,
    );

    if (kept) s.sim.files.set(path, kept);
    await s.sim.until(() => s.status().committed?.commit === "two", "committed");
  });
});

describe("impctl why", () => {
  it("tells what phase a deployment is in, and until when it may take", async () => {
    const s = await committed();
    s.push("two", plus("route a"));
    await s.sim.until(() => s.status().state === "proving", "proving");
    const { startedAt = 0 } = s.status().deployment ?? {};

    expect(await why(s)).toMatchObject({
      why: "in-flight",
      reason: expect.stringMatching(
        /^Commit two \(generation .{12}\) was applied, and is being proven: 1 of 1 steps done\.$/,
      ),
      next: startedAt + 60_000,
    });
  });

  it("tells that a generation is held, and what it was that failed", async () => {
    const s = await committed();
    s.plane.changing = () => void s.answering.delete("192.0.2.1");
    s.push("two", plus("route a"));
    await s.sim.until(() => s.status().state === "held", "held");

    expect(await why(s)).toMatchObject({
      why: "held",
      reason: expect.stringMatching(/^Generation .{12} failed here and is not tried again: .*192\.0\.2\.1/),
      unblock: "Push a commit that asks for something else, or `impctl retry --reason`.",
    });
  });

  it("tells since when the repository is away, however often it was tried since", async () => {
    const s = await committed();
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { remedy: "Check it.", transient: true });
    await s.sim.until(() => s.status().git.lastError !== undefined, "away");
    const since = s.sim.now();
    await s.sim.pass(hour);

    const cause = await why(s);
    expect(cause).toMatchObject({ why: "repository", unblock: "Check it." });
    expect(Math.abs((cause.since ?? 0) - since)).toBeLessThan(1000);
    expect(cause.next).toBeGreaterThan(s.sim.now());
    expect((cause.next ?? 0) - s.sim.now()).toBeLessThanOrEqual(30_000);

    s.outage = undefined;
    await s.sim.until(() => s.status().inSync, "in sync");
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    await s.sim.until(() => s.status().git.lastError !== undefined, "away again");
    expect((await why(s)).since).toBeGreaterThan(since + hour - 60_000);
  });

  it("tells what is wrong with a commit, and where", async () => {
    const s = await committed();
    const at = { file: "sites/fra1/r1.yaml", line: 7, column: 3 };
    const problem = new Problem("SCHEMA", "must be an AS number", { at, path: "routing.bgp.asn" });
    s.push("two", { generation: undefined, problems: [problem] });
    await s.sim.until(() => s.status().desired?.commit === "two", "seen");

    expect(await why(s)).toMatchObject({
      why: "invalid",
      reason: "Commit two has an error, so nothing of it is applied.",
      details: ["sites/fra1/r1.yaml:7:3: routing.bgp.asn: must be an AS number"],
    });
  });

  it("answers before anything was looked at, and when the journal cannot be read", async () => {
    const s = story();
    s.push("one", base);
    const agent = s.start();
    expect(await ask(agent, "why")).toMatchObject({ inSync: false, causes: [{ why: "starting" }] });
    await s.sim.until(() => s.status().inSync, "in sync");
    s.sim.files.set(`${folder}/journal/current.json`, { text: "{", mode: 0o600 });
    s.start();
    await s.sim.until(() => s.status().frozen !== undefined, "frozen");

    expect(await why(s)).toMatchObject({ why: "frozen", unblock: expect.stringMatching(/remove current\.json/) });
  });

  it("tells of drift that nobody corrects, although nothing is wanted", async () => {
    const s = await committed();
    await ask(s.agent(), "pause", { reason: "fibre work", for: "1h" });
    s.plane.live.delete("prefix-list IN");
    s.plane.restarts += 1;
    await s.sim.until(() => s.status().waiting !== undefined, "not corrected");

    expect(await why(s)).toMatchObject({
      why: "paused",
      reason: "Drift is not corrected: An operator paused it: fibre work",
    });
  });
});
