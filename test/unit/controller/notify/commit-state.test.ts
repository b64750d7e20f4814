import { expect, it } from "vitest";
import { commitState } from "../../../../controller/notify/commit-state.ts";
import type { Status } from "../../../../controller/report/status.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { commit, deployment, generation, status } from "../../../lab/status.ts";

const older = { commit: "0".repeat(40), generation: "0".repeat(64), at: 1 };
const shown = (more: Partial<Status>) => {
  const found = commitState(status(more));
  return found && `${found.commit.slice(0, 4)} ${found.state}: ${found.description}`;
};
const waits = { why: "window", reason: "It opens at 02:00.", unblock: "It opens." } as const;
const failed = deployment({ outcome: "rolled-back", trigger: "health", reason: "192.0.2.1 is down." });

it("says nothing of a commit for what is changed on the box alone, and lets one wait that does not go with it", () => {
  const overlays = [{ id: "local-1", kind: "local", name: "fix.yaml", reason: "x", since: 1, until: 2 }] as const;
  const inTheWay = new Problem("LOCAL", "It does not go together with fix.yaml.").toJSON();
  const mistake = new Problem("SCHEMA", "unknown key", { at: { file: "fix.yaml", line: 1, column: 1 } }).toJSON();

  expect([
    shown({ committed: { ...older, commit }, overlays, state: "held", held: { generation, reason: "It is down." } }),
    shown({ committed: older, overlays, desired: { commit }, problems: [inTheWay, mistake] }),
    shown({ committed: older, state: "proving", deployment: deployment({ commit: older.commit }) }),
    shown({ committed: older, state: "waiting", waiting: waits, held: { ...older, reason: "No.", above: true } }),
  ]).toEqual([
    undefined,
    "cccc pending: waits: It does not go together with fix.yaml.",
    undefined,
    "cccc pending: waits (window): It opens at 02:00.",
  ]);
});

it("is pending, success or failure of the commit that asked, with the reason in one line", () => {
  const held = { generation, reason: "192.0.2.1 is down." };
  const mistake = new Problem("SCHEMA", "must be a number", { at: { file: "fra1/r1.yaml", line: 3, column: 5 } });

  expect([
    shown({ committed: older, state: "waiting", waiting: waits }),
    shown({ committed: older, state: "proving", deployment: deployment() }),
    shown({
      committed: older,
      state: "rolling-back",
      deployment: deployment({ trigger: "health", reason: "It is down." }),
    }),
    shown({ committed: older, state: "held", held, lastDeployment: failed }),
    shown({ committed: older, state: "held", held, lastDeployment: { ...failed, commit: older.commit } }),
    shown({ committed: older, state: "stranded", reason: "Nothing helped.", deployment: deployment() }),
    shown({ committed: older, desired: { commit }, problems: [mistake.toJSON()] }),
    shown({}),
    shown({ committed: { ...older, generation } }),
  ]).toEqual([
    "cccc pending: waits (window): It opens at 02:00.",
    "cccc pending: being deployed, impact session-reset",
    "cccc failure: rolled back (health): It is down.",
    "cccc failure: rolled back (health): 192.0.2.1 is down.",
    "cccc failure: held: 192.0.2.1 is down.",
    "cccc failure: stranded: Nothing helped.",
    "cccc failure: fra1/r1.yaml:3: must be a number",
    "cccc success: proven and committed",
    "cccc success: changes nothing here",
  ]);
});

it("says nothing while nothing is known, and nothing of corrected drift", () => {
  expect(shown({ frozen: "The journal is damaged." })).toBeUndefined();
  expect(shown({ desired: { commit }, problems: [new Problem("GIT_UNREACHABLE", "away").toJSON()] })).toBeUndefined();
  expect(shown({ state: "planning", committed: older })).toBeUndefined();
  expect(shown({ state: "applying", deployment: deployment({ purpose: "correct" }) })).toBeUndefined();
});

it("fails when what was committed got worse, and succeeds again when it is well", () => {
  const held = { generation, reason: "192.0.2.1 is down.", why: "regressed" } as const;

  expect(shown({ held })).toBe("cccc failure: worse than when it was committed: 192.0.2.1 is down.");
  expect(shown({})).toBe("cccc success: proven and committed");
});

it("is one printable line of at most 140 characters", () => {
  const reason = `bad \u001B[31m\n${"ä😀".repeat(100)}`;
  const description = commitState(status({ state: "waiting", waiting: { ...waits, reason } }))?.description ?? "";

  expect(description).toHaveLength(140);
  expect(description).toMatch(/^waits \(window\): bad \\u\{1b\}\[31m\\u\{a\}(ä\?)+ä?…$/);
});

it("keeps its key when only the words of a reason change", () => {
  const key = (reason: string) => commitState(status({ state: "waiting", waiting: { ...waits, reason } }))?.key;
  expect(key("in 5 h")).toBe(key("in 4 h"));
});
