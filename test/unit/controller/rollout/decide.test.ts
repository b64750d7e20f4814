import { describe, expect, it } from "vitest";
import {
  awaitedOf,
  changedSessions,
  goFirst,
  seenWith,
  whyWait,
  type Heard,
} from "../../../../controller/rollout/decide.ts";
import type { Generation, Predecessor, Rollout, SharedSession } from "../../../../reconcilers/generation.ts";
import { parsePeerStatus, type PeerStatus } from "../../../../schemas/peer-status.ts";
import { generation } from "../../../lab/story.ts";

const [a, b, c] = ["a".repeat(64), "b".repeat(64), "c".repeat(64)];
const place = { address: "192.0.2.1:9710", fingerprint: `SHA256:${"A".repeat(43)}` };
const r1: Predecessor = { machine: "fra1/r1", asked: a, status: place };

function asks(rollout: Partial<Rollout>, digest = "d".repeat(64)): Generation {
  return generation([], { digest, rollout: { asked: c, image: "", after: [], sessions: [], ...rollout } });
}

describe("those that go first", () => {
  it("are waited for when the commit changes what it asks of them", () => {
    const committed = asks({ after: [r1, { machine: "fra1/r2", asked: b }] });
    const candidate = asks({ after: [r1, { machine: "fra1/r2", asked: c }] });

    expect(goFirst(candidate, committed, undefined)).toEqual([{ machine: "fra1/r2", asked: c }]);
    expect(goFirst(asks({}), committed, undefined)).toEqual([]);
  });

  it("are all waited for when nobody knows what was asked of them before", () => {
    const candidate = asks({ after: [r1] });

    expect(goFirst(candidate, undefined, undefined)).toEqual([r1]);
    expect(goFirst(candidate, generation([]), undefined)).toEqual([r1]);
  });

  it("are compared with the newest commit that left this appliance as it is, and with none that is about another generation", () => {
    const committed = asks({ after: [{ ...r1, asked: b }] });
    const candidate = asks({ after: [r1] }, "e".repeat(64));

    expect(goFirst(candidate, committed, seenWith(asks({ after: [r1] })))).toEqual([]);
    expect(goFirst(candidate, committed, seenWith(asks({ after: [r1] }, "f".repeat(64))))).toEqual([r1]);
  });

  it("include the canary of a new image, whatever the commit changes of it, and of no other", () => {
    const old = asks({ image: "one" });

    expect(goFirst(asks({ image: "two", canary: r1 }), old, undefined)).toEqual([r1]);
    expect(goFirst(asks({ image: "two", canary: r1, after: [r1] }), old, undefined)).toEqual([r1]);
    expect(goFirst(asks({ image: "one", canary: r1 }), old, undefined)).toEqual([]);
    expect(goFirst(asks({ image: "two" }), old, undefined)).toEqual([]);
    expect(goFirst(asks({ image: "two", canary: r1 }), generation([]), undefined)).toEqual([]);
  });
});

describe("why one is waited for", () => {
  const good: PeerStatus = {
    machine: "fra1/r1",
    state: "idle",
    desired: { commit: "one", asked: a },
    verdict: "good",
    good: { since: 1, soaked: true },
  };
  const { good: _, ...notGood } = good;
  const why = (said: Heard["said"], isFresh = true) => {
    const found = whyWait(r1, { said, isFresh });
    return found && `${found.why}: fra1/r1 ${found.reason}`;
  };

  it("is nothing once it is well with what the commit asks of it, for its soak time", () => {
    expect(why(good)).toBeUndefined();
    expect(why({ ...good, desired: { commit: "a later one", asked: a } })).toBeUndefined();
  });

  it.each<[string, Heard["said"]]>([
    ["unreachable: fra1/r1 cannot be asked: no route", { failed: "no route." }],
    ["unreachable: fra1/r1 cannot be asked: fra1/r2 answers at its address", { ...good, machine: "fra1/r2" }],
    ["behind: fra1/r1 has not taken up this commit: it is at one", { ...good, desired: { commit: "one", asked: b } }],
    ["behind: fra1/r1 has not taken up this commit: it is at one", { ...good, desired: { commit: "one" } }],
    [
      "behind: fra1/r1 has not taken up this commit: it has loaded no commit yet",
      { machine: "fra1/r1", state: "idle" },
    ],
    ["bad: fra1/r1 found it bad: A session is down", { ...good, verdict: "bad", reason: "A session is down." }],
    ["unproven: fra1/r1 has not proven it yet, and is proving", { ...notGood, state: "proving" }],
    [
      "unproven: fra1/r1 has not proven it yet, and is waiting: \\u{1b}[2J",
      { ...notGood, state: "waiting", reason: "\u001b[2J" },
    ],
    ["soaking: fra1/r1 is well with it, but not for its soak time yet", { ...good, good: { since: 1, soaked: false } }],
  ])("is %s", (expected, said) => {
    expect(why(said)).toBe(expected);
  });

  it("is that it was not heard, or not for long", () => {
    expect(whyWait(r1, undefined)).toMatchObject({ why: "asking" });
    expect(why(good, false)).toBe("asking: fra1/r1 is being asked");
  });

  it("is in the repository where it cannot be asked at all", () => {
    expect(whyWait({ machine: "fra1/r1", asked: a }, undefined)).toMatchObject({ why: "unasked" });
    expect(whyWait({ machine: "fra1/r1", asked: "", status: place }, undefined)).toMatchObject({ why: "invalid" });
  });

  it("keeps the time since which it is so, until it is so for another reason", () => {
    const heard = new Map([["fra1/r1", { said: { failed: "no route" }, isFresh: true }]]);
    const first = awaitedOf([r1], heard, [], 1000);
    expect(first).toMatchObject([{ machine: "fra1/r1", why: "unreachable", since: 1000 }]);

    heard.set("fra1/r1", { said: { failed: "refused" }, isFresh: true });
    const second = awaitedOf([r1], heard, first, 2000);
    expect(second).toMatchObject([{ reason: "cannot be asked: refused", since: 1000 }]);

    expect(awaitedOf([r1], new Map([["fra1/r1", { said: notGood, isFresh: true }]]), second, 3000)).toMatchObject([
      { why: "unproven", since: 3000 },
    ]);
    expect(awaitedOf([r1], new Map([["fra1/r1", { said: good, isFresh: true }]]), second, 3000)).toEqual([]);
  });
});

describe("a status that was answered", () => {
  const text = JSON.stringify({
    machine: "fra1/r1",
    state: "idle",
    since: 1,
    planes: { frr: {} },
    good: { since: 1, soaked: true },
  });

  it("is read for what is needed of it, and nothing else", () => {
    expect(parsePeerStatus(text)).toEqual({ machine: "fra1/r1", state: "idle", good: { since: 1, soaked: true } });
  });

  it.each([
    ["it is no JSON", "<html>"],
    ["state: Invalid input: expected string, received undefined", '{"machine":"fra1/r1"}'],
    ["good.soaked: Invalid input: expected boolean, received string", text.replace("true", '"true"')],
    ["machine: Too big: expected string to have <=130 characters", text.replace("fra1", "f".repeat(200))],
  ])("is refused: %s", (wrong, answer) => {
    expect(parsePeerStatus(answer)).toEqual({ wrong });
  });
});

describe("a session whose other end is an appliance too", () => {
  const session: SharedSession = { key: "bgp-session 192.0.2.1", near: a, far: a, isLater: true };
  const before = asks({ sessions: [session] });
  const after = (...sessions: Partial<SharedSession>[]) =>
    asks({ sessions: sessions.map((one) => ({ ...session, ...one })) }, "e".repeat(64));
  const split = (candidate: Generation) => {
    const { wait, follow } = changedSessions(candidate, before, undefined);
    return { wait: [...wait], follow: [...follow] };
  };
  const [key] = [session.key];

  it("cannot come up yet when the commit changes both ends and the other one goes later", () => {
    expect(split(after({ near: b, far: b }))).toEqual({ wait: [key], follow: [] });
  });

  it("is to come up again when the commit changes both ends and the other one does not go later", () => {
    expect(split(after({ near: b, far: b, isLater: false }))).toEqual({ wait: [], follow: [key] });
  });

  it("is held to what it was when only one end changes, or nobody knows", () => {
    expect(split(after({ near: b }))).toEqual({ wait: [], follow: [] });
    expect(split(after({ far: b }))).toEqual({ wait: [], follow: [] });
    expect(changedSessions(after({ near: b, far: b }), generation([]), undefined).wait.size).toBe(0);
  });

  it("is held to what it was while one other router on its network stays as it is", () => {
    expect(split(after({ near: b, far: b }, { near: b, far: c }))).toEqual({ wait: [key], follow: [] });
    expect(split(after({ near: b, far: b }, { near: b, far: a }))).toEqual({ wait: [], follow: [] });
  });
});
