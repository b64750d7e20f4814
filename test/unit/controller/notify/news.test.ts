import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { newsOf, nothingTold, type News } from "../../../../controller/notify/news.ts";
import type { Status } from "../../../../controller/report/status.ts";
import { notifyEvents } from "../../../../schemas/notify.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { commit, deployment, generation, status } from "../../../lab/status.ts";

/** What is told of statuses that follow each other. */
function told(...statuses: readonly Partial<Status>[]): readonly News[] {
  let memory = nothingTold;
  return statuses.flatMap((one) => {
    const { told, news } = newsOf(memory, status(one));
    memory = told;
    return news;
  });
}
const events = (...statuses: readonly Partial<Status>[]) => told(...statuses).map(({ event }) => event);

const other = { commit: "b".repeat(40), generation: "e".repeat(64) };
const waiting = (why: "window" | "approval" | "paused", reason = "Not yet.") =>
  ({ state: "waiting", reason, waiting: { why, reason, unblock: "Wait." } }) as const;

it("tells the story of a deployment that is committed, each part once", () => {
  const [began, ended] = [deployment(), deployment({ outcome: "committed", endedAt: 2 })];

  expect(
    told(
      {},
      { state: "planning" },
      { state: "armed", deployment: began },
      { state: "applying", deployment: began },
      { state: "proving", deployment: { ...began, stepsDone: 3 } },
      { state: "idle", lastDeployment: ended },
      { state: "idle", lastDeployment: ended },
    ),
  ).toEqual([
    { event: "started", commit, generation, deployment: "d1", impact: "session-reset" },
    { event: "committed", commit, generation, deployment: "d1" },
  ]);
});

it("tells why it was rolled back, and that it is held", () => {
  const failed = deployment({ outcome: "rolled-back", trigger: "health", reason: "192.0.2.1 is down." });
  const held = { generation, reason: "192.0.2.1 is down." };

  expect(
    told(
      {},
      { state: "proving", deployment: deployment() },
      { state: "rolling-back", deployment: deployment({ trigger: "health" }) },
      { state: "held", lastDeployment: failed, held },
    ).slice(1),
  ).toEqual([
    {
      event: "rolled-back",
      commit,
      generation,
      deployment: "d1",
      trigger: "health",
      reason: "192.0.2.1 is down.",
    },
    { event: "held", commit, generation, reason: "192.0.2.1 is down." },
  ]);
});

it("is silent of drift that is corrected, and tells of drift that is only reported", () => {
  const fixing = deployment({ purpose: "correct" });
  const plane = { foreign: 0, lastObservedAt: 1, drift: 2, steps: ["remove neighbor 192.0.2.9"] };

  expect(
    events(
      {},
      { planes: { frr: { ...plane, fate: "correct" } } },
      { state: "applying", deployment: fixing },
      { lastDeployment: { ...fixing, outcome: "committed" } },
    ),
  ).toEqual([]);
  expect(
    told({}, { planes: { frr: { ...plane, fate: "report" } } }, { planes: { frr: { ...plane, fate: "report" } } }),
  ).toEqual([{ event: "drift", reason: "frr: remove neighbor 192.0.2.9" }]);
});

it("tells of waiting when its reason changes, not when the words do", () => {
  expect(
    told(
      {},
      { ...waiting("window", "It opens in 5 h."), desired: other },
      { ...waiting("window", "It opens in 4 h."), desired: other },
      { state: "planning", desired: other },
      { ...waiting("approval"), desired: other },
      { state: "idle" },
      { ...waiting("approval"), desired: other },
    ).map(({ event, why, reason }) => [event, why, reason]),
  ).toEqual([
    ["waiting", "window", "It opens in 5 h."],
    ["waiting", "approval", "Not yet."],
    ["waiting", "approval", "Not yet."],
  ]);
});

it("tells of the end of a local change, and of no refusal while one is in the way of a commit", () => {
  const endedOverlay = { id: "local-1", kind: "local", name: "fix.yaml", reason: "x", why: "over", at: 1 } as const;
  const inTheWay = new Problem("LOCAL", "Commit two does not go together with fix.yaml.").toJSON();
  const problem = new Problem("SCHEMA", "unknown key", { at: { file: "fix.yaml", line: 1, column: 1 } }).toJSON();

  expect(told({}, { desired: { commit }, problems: [inTheWay, problem] }, { endedOverlay }, { endedOverlay })).toEqual([
    { event: "local-ended", reason: "The local change fix.yaml ended: its time was over." },
  ]);
});

it("tells of a pause and its end", () => {
  const paused = { ...waiting("paused"), paused: { reason: "Power work." } };
  expect(told({}, paused, paused, {})).toEqual([{ event: "paused", reason: "Power work." }, { event: "resumed" }]);
});

it("tells of what got worse after a commit, once, and that it is well again", () => {
  const watched = { until: 9, watched: 3 };
  const regressed = { ...watched, regressed: { since: 5, checks: ["a"], reason: "192.0.2.1 is down." } };
  const held = { generation, reason: "192.0.2.1 is down.", why: "regressed" } as const;

  expect(
    told(
      {},
      { probation: watched },
      { probation: regressed, held },
      { probation: regressed, held },
      { probation: watched },
    ),
  ).toEqual([
    { event: "regressed", commit, generation, reason: "192.0.2.1 is down." },
    { event: "recovered", commit, generation },
  ]);
  expect(told({ probation: regressed, held }).map(({ event }) => event)).toEqual(["regressed"]);
});

it("tells of commits that are not taken: mistakes with their place, and what cannot be trusted", () => {
  const mistake = new Problem("SCHEMA", "must be a number", {
    at: { file: "fra1/r1.yaml", line: 3, column: 5 },
  }).toJSON();
  const unsigned = new Problem("TRUST_UNSIGNED", "commit abc is not signed").toJSON();
  const away = new Problem("GIT_UNREACHABLE", "no remote answers", { transient: true }).toJSON();

  expect(
    told(
      {},
      { desired: { commit: other.commit }, problems: [mistake] },
      { desired: { commit: other.commit }, problems: [away, mistake], git: { lastError: away } },
      { problems: [unsigned], git: { lastError: unsigned } },
      { problems: [away], git: { lastError: away } },
      { problems: [unsigned], git: { lastError: unsigned } },
    ),
  ).toEqual([
    { event: "refused", commit: other.commit, why: "SCHEMA", reason: "fra1/r1.yaml:3: must be a number" },
    { event: "refused", why: "TRUST_UNSIGNED", reason: "commit abc is not signed" },
  ]);
});

it("tells after a start only of what must not be missed", () => {
  const failed = deployment({ outcome: "rolled-back", trigger: "health" });

  expect(told({ lastDeployment: failed, ...waiting("window"), paused: { reason: "Power work." } })).toEqual([]);
  expect(told({ state: "stranded", reason: "Nothing helped.", deployment: deployment() })).toEqual([
    { event: "stranded", commit, generation, deployment: "d1", reason: "Nothing helped." },
  ]);
  expect(events({ frozen: "The journal is damaged." }, { lastDeployment: failed })).toEqual(["frozen"]);
});

it("has a line in the documentation for every event", () => {
  const page = readFileSync(new URL("../../../../docs/notifications.md", import.meta.url), "utf8");
  for (const [event, meaning] of Object.entries(notifyEvents)) expect(page).toContain(`| \`${event}\` | ${meaning}`);
});
