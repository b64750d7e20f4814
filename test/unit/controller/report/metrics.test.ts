import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { agentMetrics } from "../../../../controller/report/metrics.ts";
import type { AgentEvent } from "../../../../controller/report/observer.ts";
import type { Status } from "../../../../controller/report/status.ts";

const hasPromtool = spawnSync("promtool", ["--version"]).error === undefined;
const root = new URL("../../../..", import.meta.url).pathname;

const status: Status = {
  format: 1,
  machine: "fra1/r1",
  agentVersion: "1.2.3",
  state: "proving",
  since: 1_700_000_000_500,
  mode: "apply",
  desired: { commit: "b".repeat(40), generation: "2".repeat(64) },
  committed: { commit: "a".repeat(40), generation: "1".repeat(64), at: 1_690_000_000_000 },
  inSync: false,
  notManaged: ["vpp", "nat"],
  planes: { frr: { drift: 3, foreign: 1, lastObservedAt: 1_700_000_000_000 } },
  problems: [
    { code: "SCHEMA", severity: "error", message: "x", transient: false },
    { code: "SCHEMA", severity: "error", message: "y", transient: false },
    { code: "HEALTH", severity: "error", message: "z", transient: false },
  ],
  warnings: [{ code: "ADVICE", severity: "warning", message: "w", transient: false }],
  lastSuccessAt: 1_690_000_000_250,
  git: { lastPollAt: 1_700_000_000_000 },
  held: { generation: "2".repeat(64), reason: "session lost" },
  deployment: {
    id: "d2",
    commit: "b".repeat(40),
    generation: "2".repeat(64),
    startedAt: 1_700_000_000_000,
    until: 1_700_000_120_000,
    steps: 3,
    stepsDone: 3,
  },
  lastDeployment: {
    id: "d1",
    commit: "b".repeat(40),
    generation: "2".repeat(64),
    startedAt: 1_699_000_000_000,
    endedAt: 1_699_000_060_000,
    outcome: "rolled-back",
    trigger: "failsafe",
    steps: 3,
    stepsDone: 3,
  },
  waiting: { why: "window", reason: "It waits for night.", unblock: "It opens." },
  gate: { window: false, paused: true },
  failsafe: "armed",
  probation: { until: 1_700_086_400_000, watched: 4 },
  evidence: 2,
  image: { name: "b", digest: "sha256:b", state: "fetching", bytes: 430, size: 1000 },
  update: { name: "next", version: "2.0", digest: `sha256:${"4".repeat(64)}`, state: "waiting", reason: "It waits." },
};

const events: readonly AgentEvent[] = [
  { type: "alive", withinMs: 1000 },
  { type: "phase-ended", phase: "planning", seconds: 0.25 },
  { type: "step-done", plane: "frr", impact: "session-reset", text: "set router-id" },
  { type: "phase-ended", phase: "rolling-back", seconds: 1.5 },
  { type: "deployment-ended", outcome: "rolled-back", trigger: "health", planes: ["frr", "vpp"] },
  { type: "deployment-ended", outcome: "rolled-back", trigger: "a sentence that somebody made up" },
  {
    type: "checked",
    results: [
      { name: "bgp-session 192.0.2.1", severity: "required", ok: true, detail: "is Established" },
      { name: "ping 192.0.2.9 from management", severity: "advisory", ok: false, detail: "does not answer" },
      { name: "tcp 192.0.2.9 port 22", severity: "required", ok: undefined, detail: "cannot be told" },
    ],
  },
  { type: "looked", red: ["bgp-session 192.0.2.1"] },
  { type: "polled", result: "fetched" },
  { type: "polled", result: "GIT_UNREACHABLE" },
];

function filled() {
  const metrics = agentMetrics("1.2.3");
  metrics.observer.status(status);
  for (const event of events) metrics.observer.event(event);
  return metrics;
}

async function lines(metrics: ReturnType<typeof filled>, name: string): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe("metrics", () => {
  it("show the status and the events", async () => {
    const text = await filled().registry.metrics();
    const ours = text.split("\n").filter((line) => line.startsWith("imp_") && !line.includes("_bucket{"));

    // Steps and states that are 0 are many and say nothing here.
    expect(
      ours
        .filter(
          (line) =>
            !/^imp_(steps_total|phase|waiting|rollbacks_total|last_rollback_timestamp_seconds)\{.* 0$/.test(line),
        )
        .join("\n"),
    ).toMatchSnapshot();
  });

  it("forget commits, problems and planes that a newer status does not have", async () => {
    const metrics = filled();
    const { held: _, desired: __, ...rest } = status;

    metrics.observer.status({
      ...rest,
      committed: { commit: "c".repeat(40), generation: "3", at: 1 },
      planes: {},
      problems: [],
    });

    expect(await lines(metrics, "imp_applied_info")).toEqual([
      `imp_applied_info{commit="${"c".repeat(40)}",generation="3"} 1`,
    ]);
    expect(await lines(metrics, "imp_desired_info")).toEqual([]);
    expect(await lines(metrics, "imp_drift_objects")).toEqual([]);
    expect(await lines(metrics, "imp_problems")).toEqual([]);
    expect((await lines(metrics, "imp_held")).filter((line) => line.endsWith(" 1"))).toEqual([]);
  });

  it("stay as many when a thousand commits pass", async () => {
    const metrics = filled();
    const before = (await metrics.registry.metrics()).split("\n").length;

    for (let i = 0; i < 1000; i++) {
      const commit = i.toString(16).padStart(40, "0");
      metrics.observer.status({
        ...status,
        desired: { commit, generation: commit },
        committed: { commit, generation: commit, at: i },
      });
      metrics.observer.event({ type: "deployment-ended", outcome: "rolled-back", trigger: `reason ${i}` });
    }

    expect((await metrics.registry.metrics()).split("\n").length).toBe(before);
  });

  it("have exactly one state at 1", async () => {
    const metrics = filled();
    metrics.observer.status({ ...status, state: "idle" });

    const states = await lines(metrics, "imp_phase");

    expect(states.filter((line) => line.endsWith(" 1"))).toEqual(['imp_phase{phase="idle"} 1']);
    expect(states.length).toBeGreaterThan(8);
  });

  it("are not shared between two registries", async () => {
    const first = filled();
    const second = agentMetrics("1.2.3");

    expect(await lines(first, "imp_git_polls_total")).toContain('imp_git_polls_total{result="fetched"} 1');
    expect(await lines(second, "imp_git_polls_total")).toContain('imp_git_polls_total{result="fetched"} 0');
  });

  it.skipIf(!hasPromtool)("pass promtool's check (needs promtool)", async () => {
    const input = await filled().registry.metrics();

    const checked = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });

    expect(checked.stdout + checked.stderr).toBe("");
    expect(checked.status).toBe(0);
  });
});

describe("the alert rules", () => {
  const testFiles = ["alerts.test.yaml", "alerts-of-days.test.yaml"];

  it("name only metrics that exist", async () => {
    const rules = readFileSync(`${root}/deploy/prometheus/alerts.yaml`, "utf8");
    const names = new Set((await filled().registry.getMetricsAsJSON()).map((metric) => metric.name));

    const used = [...new Set(rules.match(/\b(imp|process)_[a-z_]+/g))];

    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });

  it("each have a section in the runbook that says what it means, what to look at and what to do, and no other has", () => {
    const rules = readFileSync(`${root}/deploy/prometheus/alerts.yaml`, "utf8");
    const runbook = readFileSync(`${root}/docs/alerts.md`, "utf8");
    const names = [...rules.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);
    const sections = runbook.split(/^## /m).slice(1);

    expect(names.length).toBeGreaterThan(15);
    expect(sections.map((section) => section.split("\n", 1)[0])).toEqual(names);
    expect(sections.filter((one) => !/\*\*Means\.\*\*[^]*\*\*Look at\.\*\*[^]*\*\*Do\.\*\*/.test(one))).toEqual([]);
    expect([...rules.matchAll(/^ +runbook: (\S+)$/gm)].map(([, link]) => link)).toEqual(
      names.map((name) => `docs/alerts.md#${name?.toLowerCase()}`),
    );
  });

  it("are each tried, firing and quiet", () => {
    const rules = readFileSync(`${root}/deploy/prometheus/alerts.yaml`, "utf8");
    const tests = testFiles.map((file) => readFileSync(`${root}/deploy/prometheus/${file}`, "utf8")).join("");
    const names = [...rules.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);

    for (const name of names) {
      expect(tests).toContain(`alertname: ${name}, exp_alerts: []`);
      expect(tests).toMatch(new RegExp(`alertname: ${name}\n +exp_alerts:\n +- exp_labels`));
    }
  });

  it.skipIf(!hasPromtool)("are well-formed and fire when they should (needs promtool)", () => {
    const promtool = (...args: readonly string[]) =>
      spawnSync("promtool", args, { cwd: `${root}/deploy/prometheus`, encoding: "utf8" });

    expect(promtool("check", "rules", "alerts.yaml")).toMatchObject({ status: 0 });
    expect(promtool("test", "rules", ...testFiles)).toMatchObject({ status: 0 });
  });
});
