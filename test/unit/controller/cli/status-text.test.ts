import { expect, it } from "vitest";
import { statusText } from "../../../../controller/cli/status-text.ts";
import type { Status } from "../../../../controller/report/status.ts";
import { silentTerminal } from "./terminal.ts";

const now = 1_700_000_000_000;

const status: Status = {
  format: 1,
  machine: "fra1/r1",
  agentVersion: "0.1.0",
  state: "held",
  since: now - 90_000,
  reason: "a BGP session did not come up",
  mode: "apply",
  desired: { commit: "a".repeat(40), generation: "1".repeat(64) },
  committed: { commit: "b".repeat(40), generation: "2".repeat(64), at: now - 3_600_000 * 3 },
  inSync: false,
  notManaged: ["nat"],
  planes: { frr: { drift: 0, foreign: 2, lastObservedAt: now - 5000 } },
  problems: [{ code: "HELD", severity: "error", message: "tried here and failed.", transient: false }],
  warnings: [],
  git: { remote: "https://git.example.net/sites.git", lastPollAt: now - 5000 },
};

it("tells an operator what runs, what is wanted, and what is in the way", () => {
  expect(statusText(status, now, silentTerminal("/")).split("\n")).toEqual([
    "machine      fra1/r1 (agent 0.1.0, mode apply)",
    "in sync      no",
    "state        held for 90 s: a BGP session did not come up",
    "desired      commit aaaaaaaaaaaa (generation 111111111111)",
    "committed    commit bbbbbbbbbbbb (generation 222222222222), 3 h ago",
    "repository   https://git.example.net/sites.git, polled 5 s ago",
    "not managed  nat",
    "frr          no drift, 2 foreign, observed 5 s ago",
    "problems",
    "  HELD tried here and failed.",
  ]);
});

it("shows what stands above the repository, until when and why, and what ended", () => {
  const overlay = { id: "local-1", reason: "the outage", since: now, until: now + 3_600_000 };
  const overlays = [
    { ...overlay, kind: "local", name: "fix.yaml" },
    { ...overlay, kind: "drain", name: "peer transit-a" },
  ] as const;
  const endedOverlay = { ...overlay, kind: "local", name: "old.yaml", why: "over", at: now - 5000 } as const;
  const lines = statusText({ ...status, overlays, endedOverlay }, now, silentTerminal("/")).split("\n");

  expect(lines.filter((line) => /^(?:local|drained|ended) /.test(line))).toEqual([
    "local        fix.yaml until 2023-11-14T23:13:20.000Z (the outage)",
    "drained      peer transit-a until 2023-11-14T23:13:20.000Z (the outage)",
    "ended        5 s ago: The local change old.yaml ended: its time was over.",
  ]);
});

it("shows drift step by step, and whose doing it is", () => {
  const frr = {
    drift: 3,
    cause: "somebody",
    fate: "report",
    steps: ["add ip route 198.51.100.0/24", "remove neighbor 192.0.2.9"],
    foreign: 0,
    lastObservedAt: now,
  } as const;

  expect(statusText({ ...status, planes: { frr } }, now, silentTerminal("/"))).toContain(
    `frr          3 steps of drift (somebody changed it, report), 0 foreign, observed 0 s ago
  back: add ip route 198.51.100.0/24
  back: remove neighbor 192.0.2.9
  back: … 1 more
`,
  );
});

it("shows what operators vouched for until it is used up", () => {
  const overrides = { rewrite: true, commits: ["c".repeat(40)] };

  expect(statusText({ ...status, overrides }, now, silentTerminal("/"))).toContain(
    "\nvouched      for a rewritten history, commit cccccccccccc, until the next commit is accepted\n",
  );
});

it("spells out what a stranger's words would do to the terminal", () => {
  const message = 'commit "evil \u001B]0;owned\u0007\u001B[2J\r" by A\u009B31mB';
  const problem = { code: "TRUST_UNSIGNED", severity: "error", message, transient: false } as const;

  const text = statusText({ ...status, reason: message, problems: [problem] }, now, silentTerminal("/"));

  expect(text).not.toMatch(/[^\P{C}\n]/u);
  expect(text).toContain(String.raw`evil \u{1b}]0;owned\u{7}\u{1b}[2J\u{d}`);
});
