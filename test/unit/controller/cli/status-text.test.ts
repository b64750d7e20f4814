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
