import { expect, it } from "vitest";
import { statusText } from "../../../../controller/cli/status-text.ts";
import type { Status } from "../../../../controller/report/status.ts";
import { silentTerminal } from "./terminal.ts";

const now = Date.parse("2026-01-05T12:00Z");
const minute = 60_000;
const hour = 60 * minute;

const wanted = { commit: "a".repeat(40), generation: "1".repeat(64) };
const committed = { commit: "b".repeat(40), generation: "2".repeat(64), at: now - 3 * hour };

const calm: Status = {
  format: 1,
  machine: "fra1/r1",
  agentVersion: "0.1.0",
  state: "idle",
  since: now - 3 * hour,
  mode: "apply",
  desired: { commit: committed.commit, generation: committed.generation },
  committed,
  verdict: "good",
  inSync: true,
  notManaged: [],
  planes: { frr: { drift: 0, foreign: 2, lastObservedAt: now - 5000 } },
  problems: [],
  warnings: [],
  git: { remote: "https://git.example.net/sites.git", lastPollAt: now - 5000 },
  nextLookAt: now + 25_000,
  failsafe: "quiet",
  checks: { at: now - 5000, red: [], green: 12, unknown: 1 },
  probation: { until: now + 21 * hour, watched: 12 },
};

const { verdict: _verdict, probation: _probation, ...unsettled } = calm;
const waiting: Status = { ...unsettled, inSync: false, desired: wanted };

function screen(status: Status, columns?: number): readonly string[] {
  return statusText(status, now, { ...silentTerminal("/"), columns }).split("\n");
}

it("tells of an appliance in sync what runs, until when it is watched, and when it is looked at next", () => {
  expect(screen(calm)).toEqual([
    "machine      fra1/r1 (agent 0.1.0, mode apply)",
    "in sync      yes",
    "wanted       commit bbbbbbbbbbbb (generation 222222222222), good here",
    "running      commit bbbbbbbbbbbb (generation 222222222222), committed 3 h ago",
    "state        idle for 3 h",
    "looked at    2026-01-05T12:00:25Z, in 25 s",
    "failsafe     quiet",
    "checks       12 green, none red, 1 not known yet, 5 s ago",
    "frr          no drift, 2 foreign, observed 5 s ago",
    "probation    until 2026-01-06T09:00:00Z, in 21 h: 12 checks must stay green",
    "repository   https://git.example.net/sites.git, polled 5 s ago",
  ]);
});

it("tells what a commit waits for, what would change that, and when it is looked at", () => {
  const shut = {
    why: "window",
    reason: "Its impact is restart, and no window for that is open.",
    unblock: "It begins when night opens, or after `impctl approve`.",
    againAt: now + 14 * hour,
  } as const;

  const status: Status = { ...waiting, state: "waiting", since: now - hour, reason: shut.reason, waiting: shut };
  expect(screen({ ...status, paused: { reason: "the fair" } }).slice(2, 8)).toEqual([
    "wanted       commit aaaaaaaaaaaa (generation 111111111111)",
    "running      commit bbbbbbbbbbbb (generation 222222222222), committed 3 h ago",
    "state        waiting for 60 min",
    "why          window: Its impact is restart, and no window for that is open.",
    "to change it It begins when night opens, or after `impctl approve`.",
    "looked at    2026-01-06T02:00:00Z, in 14 h",
  ]);
});

it("counts down while a deployment is proven, with what is red", () => {
  const deployment = {
    id: "1-aaaaaaaaaaaa",
    ...wanted,
    startedAt: now - 20_000,
    until: now + 100_000,
    steps: 7,
    stepsDone: 7,
    worstImpact: "session-reset",
    soakSeconds: 60,
    deadlineSeconds: 120,
  } as const;
  const checks = { at: now - 1000, red: ["The BGP session with 192.0.2.1 is Active."] };
  const status: Status = { ...waiting, state: "proving", since: now - 12_000, deployment, checks, failsafe: "armed" };

  expect(screen(status).slice(4)).toEqual([
    "state        proving for 12 s",
    "why          in-flight: Commit aaaaaaaaaaaa (generation 111111111111) was applied, and is being proven: 7 of 7 steps done.",
    "to change it It is rolled back unless it is proven in time.",
    "until        2026-01-05T12:01:40Z, in 100 s",
    "deployment   commit aaaaaaaaaaaa (generation 111111111111) 7 of 7 steps, worst impact session-reset, soak 60 s, deadline 120 s, started 20 s ago",
    "failsafe     armed",
    "checks       1 red, 1 s ago",
    "               The BGP session with 192.0.2.1 is Active.",
    "frr          no drift, 2 foreign, observed 5 s ago",
    "repository   https://git.example.net/sites.git, polled 5 s ago",
  ]);
});

it("tells of a hold what failed, what ends it, and where there is more", () => {
  const reason = "The BGP session with 192.0.2.1 did not come up.";
  const held = { generation: wanted.generation, reason, why: "failed" } as const;
  const lastDeployment = {
    id: "1-aaaaaaaaaaaa",
    ...wanted,
    startedAt: now - 10 * minute,
    endedAt: now - 8 * minute,
    outcome: "rolled-back",
    trigger: "health",
    reason,
    steps: 7,
    stepsDone: 7,
  } as const;
  const since = now - 8 * minute;

  expect(screen({ ...waiting, state: "held", since, reason, held, lastDeployment, evidence: 2 })).toEqual([
    "machine      fra1/r1 (agent 0.1.0, mode apply)",
    "in sync      no",
    "wanted       commit aaaaaaaaaaaa (generation 111111111111)",
    "running      commit bbbbbbbbbbbb (generation 222222222222), committed 3 h ago",
    "state        held for 8 min",
    "why          held: Generation 111111111111 failed here and is not tried again: The BGP session with 192.0.2.1 did not come up.",
    "to change it Push a commit that asks for something else, or `impctl retry --reason`.",
    "failsafe     quiet",
    "checks       12 green, none red, 1 not known yet, 5 s ago",
    "frr          no drift, 2 foreign, observed 5 s ago",
    "last         commit aaaaaaaaaaaa (generation 111111111111) rolled-back (health: The BGP session with 192.0.2.1 did not come up.), 8 min ago",
    "evidence     of 2 failed deployments: impctl history",
    "repository   https://git.example.net/sites.git, polled 5 s ago",
  ]);
});

it("fits a screen of 80 columns, and breaks no word", () => {
  const reason = "The BGP session with 192.0.2.1 did not come up, and neither did the one with 2001:db8:26::1.";
  const held = { generation: wanted.generation, reason, why: "failed" } as const;
  const lines = screen({ ...waiting, state: "held", since: now, reason, held }, 80);

  expect(lines.every((line) => line.length <= 80)).toBe(true);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.slice(5, 8)).toEqual([
    "why          held: Generation 111111111111 failed here and is not tried again:",
    "             The BGP session with 192.0.2.1 did not come up, and neither did the",
    "             one with 2001:db8:26::1.",
  ]);
});

it("shows what stands above the repository, until when and why, and what ended", () => {
  const overlay = { id: "local-1", reason: "the outage", since: now, until: now + hour };
  const overlays = [
    { ...overlay, kind: "local", name: "fix.yaml" },
    { ...overlay, kind: "drain", name: "peer transit-a" },
    { id: "local-2", kind: "local", name: "old.yaml", reason: "the flood", ended: true },
  ] as const;
  const endedOverlay = { ...overlay, kind: "local", name: "old.yaml", why: "over", at: now - 5000 } as const;
  const lines = screen({ ...calm, overlays, endedOverlay });

  expect(lines.filter((line) => /^(?:local|drained|ended) /.test(line))).toEqual([
    "local        fix.yaml until 2026-01-05T13:00:00Z, in 60 min (the outage)",
    "drained      peer transit-a until 2026-01-05T13:00:00Z, in 60 min (the outage)",
    "local        old.yaml ended, still live (the flood)",
    "ended        5 s ago: The local change old.yaml ended: its time was over.",
  ]);
});

it("shows drift step by step, and whose doing it is; and none where nobody looked yet", () => {
  const steps = ["add ip route 198.51.100.0/24", "remove neighbor 192.0.2.9"];
  const frr = { drift: 3, cause: "somebody", fate: "report", steps, foreign: 0, lastObservedAt: now } as const;
  const unseen = { foreign: 0, lastObservedAt: now };

  expect(screen({ ...calm, planes: { frr } })).toEqual(
    expect.arrayContaining([
      "frr          3 steps of drift (somebody changed it, report), 0 foreign, observed 0 s ago",
      "               back: add ip route 198.51.100.0/24",
      "               back: remove neighbor 192.0.2.9",
      "               and 1 more: impctl drift show",
    ]),
  );
  expect(screen({ ...calm, planes: { frr: unseen } })).toContain(
    "frr          drift not measured yet, 0 foreign, observed 0 s ago",
  );
});

it("shows what operators vouched for until it is used up, and problems that nothing else tells", () => {
  const overrides = { rewrite: true, commits: ["c".repeat(40)] };
  const full = { severity: "error", transient: true, message: "No space left.", remedy: "Make room." } as const;
  const advice = {
    severity: "warning",
    transient: false,
    message: "is odd",
    remedy: "Mend it.",
    file: "fleet.yaml",
  } as const;

  const lines = screen({
    ...calm,
    overrides,
    problems: [
      { ...full, code: "HOST_FILE" },
      { ...full, code: "JOURNAL", message: "It cannot be used." },
    ],
    warnings: [{ ...advice, code: "ADVICE", path: "image", line: 3, column: 1 }],
  });
  expect(lines.slice(6, 7)).toEqual(["also         problem: No space left."]);
  expect(lines.slice(-3)).toEqual([
    "vouched      for a rewritten history, commit cccccccccccc, until the next commit is accepted",
    "problem      JOURNAL It cannot be used. Make room.",
    "warning      ADVICE fleet.yaml:3:1: image: is odd. Mend it.",
  ]);
});

it("spells out what a stranger's words would do to the terminal", () => {
  const message = 'commit "evil \u001B]0;owned\u0007\u001B[2J\r" by A\u009B31mB';
  const problem = { code: "TRUST_UNSIGNED", severity: "error", message, transient: false } as const;

  const text = screen({ ...waiting, reason: message, problems: [problem] }).join("\n");

  expect(text).not.toMatch(/[^\P{C}\n]/u);
  expect(text).toContain(String.raw`evil \u{1b}]0;owned\u{7}\u{1b}[2J\u{d}`);
});
