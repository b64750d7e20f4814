/**
 * What Prometheus sees of the agent. Fed by listening to the loop, read by the HTTP server. A label's values come from
 * closed sets, but for the two info metrics, whose earlier series are removed: the number of series is bounded.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { impacts, type PlaneName } from "../../reconcilers/core.ts";
import { isOfContent } from "../../schemas/problem.ts";
import type { OverlayEnd } from "../overlay.ts";
import type { AgentEvent, CheckNews, Observer } from "./observer.ts";
import type { Status } from "./status.ts";

/** States that are shown as 0 even before they were ever entered, so that an alert on them can be tested. */
const states = [
  "idle",
  "planning",
  "waiting",
  "staging",
  "armed",
  "trial-booting",
  "applying",
  "verifying",
  "proving",
  "committing",
  "rolling-back",
  "stranded",
  "held",
] as const;
const planes: readonly PlaneName[] = ["bootenv", "system", "vpp", "frr"];
const triggers: readonly string[] = [
  "apply",
  "read-back",
  "health",
  "deadline",
  "reachability",
  "crash",
  "operator",
  "other",
];
const overlayKinds = ["local", "drain"] as const;
const overlayEnds = ["over", "operator", "failed"] as const satisfies readonly OverlayEnd[];
const outcomes = ["committed", "rolled-back"] as const;
export interface Metrics {
  readonly observer: Required<Observer>;
  readonly registry: Registry;
}

/** A registry of its own with every metric of the agent, and the observer that fills it. */
export function agentMetrics(version: string): Metrics {
  const registry = new Registry();
  const gauges = makeGauges(registry);
  const event = eventMetrics(registry);
  processMetrics(registry, version);
  return { registry, observer: { event, status: (status) => show(gauges, status) } };
}

type Gauges = ReturnType<typeof makeGauges>;

function makeGauges(registry: Registry) {
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `imp_${name}`, help, labelNames, registers: [registry] });
  return {
    desired: gauge("desired_info", "Newest accepted commit and the generation it asks for; always 1.", [
      "commit",
      "generation",
    ]),
    applied: gauge("applied_info", "Committed generation and the commit that asked for it; always 1.", [
      "commit",
      "generation",
    ]),
    inSync: gauge("in_sync", "1 when what was observed, the journal and the desired generation agree."),
    state: gauge("state", "1 for the state that the state machine is in, 0 for the others.", ["state"]),
    since: gauge("state_since_timestamp_seconds", "When the state machine entered its state."),
    success: gauge("last_success_timestamp_seconds", "When the box was last proven to be as desired; 0 is never."),
    drift: gauge("drift_objects", "Steps that would bring a plane back to the committed generation.", ["plane"]),
    foreign: gauge("foreign_objects", "Live objects of a plane that nobody here ever owned.", ["plane"]),
    observed: gauge("observed_timestamp_seconds", "When a plane was last observed.", ["plane"]),
    validation: gauge("validation_problems", "Faults in this machine's files at the newest commit.", ["severity"]),
    problems: gauge("problems", "Why the newest commit is not applied, by problem code.", ["code"]),
    notManaged: gauge("not_managed_sections", "Sections of the machine file that no plane carries out."),
    polled: gauge("git_last_poll_timestamp_seconds", "When the sites repository was last asked; 0 is never."),
    held: gauge("held", "1 while a generation is held because it failed here."),
    paused: gauge("paused", "1 while the policy or an operator forbids to arm."),
    breakGlass: gauge("breakglass", "1 while an operator works on the box by hand."),
    overlays: gauge("overlays", "Local changes and drains that stand above the repository.", ["kind"]),
    observing: gauge("observing", "1 when the settings say to plan and report only."),
  };
}

/** Sets every gauge from the document, so that nothing of an earlier one stays. */
function show(gauges: Gauges, status: Status): void {
  info(gauges.desired, status.desired);
  info(gauges.applied, status.committed);
  gauges.inSync.set(Number(status.inSync));
  for (const state of new Set([...states, status.state])) gauges.state.set({ state }, Number(state === status.state));
  gauges.since.set(status.since / 1000);
  gauges.success.set((status.lastSuccessAt ?? 0) / 1000);
  for (const gauge of [gauges.drift, gauges.foreign, gauges.observed, gauges.problems]) gauge.reset();
  for (const plane of planes) {
    const found = status.planes[plane];
    if (found === undefined) continue;
    gauges.drift.set({ plane }, found.drift);
    gauges.foreign.set({ plane }, found.foreign);
    gauges.observed.set({ plane }, found.lastObservedAt / 1000);
  }
  const count = (reports: Status["problems"]) => reports.filter((report) => isOfContent(report.code)).length;
  gauges.validation.set({ severity: "error" }, count(status.problems));
  gauges.validation.set({ severity: "warning" }, count(status.warnings));
  for (const { code } of status.problems) gauges.problems.inc({ code });
  gauges.notManaged.set(status.notManaged.length);
  gauges.polled.set((status.git.lastPollAt ?? 0) / 1000);
  gauges.held.set(Number(status.held !== undefined));
  gauges.paused.set(Number(status.paused !== undefined));
  gauges.breakGlass.set(Number(status.breakGlass !== undefined));
  for (const kind of overlayKinds) {
    gauges.overlays.set({ kind }, (status.overlays ?? []).filter((one) => one.kind === kind).length);
  }
  gauges.observing.set(Number(status.mode === "observe"));
}

function info(
  gauge: Gauge<"commit" | "generation">,
  shown: { readonly commit: string; readonly generation?: string } | undefined,
): void {
  gauge.reset();
  if (shown !== undefined) gauge.set({ commit: shown.commit, generation: shown.generation ?? "" }, 1);
}

function eventMetrics(registry: Registry): (event: AgentEvent) => void {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `imp_${name}_total`, help, labelNames, registers: [registry] });
  const phases = new Histogram({
    name: "imp_phase_duration_seconds",
    help: "How long the state machine stayed in a state, by the state that it left.",
    labelNames: ["phase"],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900, 3600],
    registers: [registry],
  });
  const steps = counter("steps", "Steps that were carried out, forward or on the way back.", ["plane", "impact"]);
  const rollbacks = counter("rollbacks", "Deployments that were rolled back, by what made it so.", ["trigger"]);
  const deployments = counter("deployments", "Deployments that ended.", ["outcome"]);
  const polls = counter("git_polls", "Polls of the sites repository: unchanged, fetched, or a problem code.", [
    "result",
  ]);
  const overlaysEnded = counter("overlays_ended", "Local changes and drains that ended, and why.", ["kind", "why"]);
  for (const kind of overlayKinds) for (const why of overlayEnds) overlaysEnded.inc({ kind, why }, 0);
  const checks = new Gauge({
    name: "imp_health_check",
    help: "1 while a check of what is committed is green, 0 while it is red; none where it cannot be told.",
    labelNames: ["check", "severity"],
    registers: [registry],
  });
  for (const plane of planes) for (const impact of impacts) steps.inc({ plane, impact }, 0);
  for (const trigger of triggers) rollbacks.inc({ trigger }, 0);
  for (const outcome of outcomes) deployments.inc({ outcome }, 0);
  for (const result of ["unchanged", "fetched"]) polls.inc({ result }, 0);
  return (event) => {
    switch (event.type) {
      case "phase-ended":
        phases.observe({ phase: event.phase }, event.seconds);
        return;
      case "step-done":
        steps.inc({ plane: event.plane, impact: event.impact });
        return;
      case "deployment-ended":
        deployments.inc({ outcome: event.outcome });
        if (event.outcome === "rolled-back") rollbacks.inc({ trigger: known(event.trigger) });
        return;
      case "overlay-ended":
        overlaysEnded.inc({ kind: event.kind, why: event.why });
        return;
      case "polled":
        polls.inc({ result: event.result });
        return;
      case "checked":
        return showChecks(checks, event.results ?? []);
      case "alive":
      case "break-glass-ended":
      case "looked":
      case "run-started":
        return;
    }
  };
}

/** A machine file has no more checks than this that anybody tells apart. */
const mostChecks = 1000;

function showChecks(gauge: Gauge<"check" | "severity">, results: readonly CheckNews[]): void {
  gauge.reset();
  for (const { name, severity, ok } of results.slice(0, mostChecks)) {
    if (ok !== undefined) gauge.set({ check: name, severity }, Number(ok));
  }
}

function known(trigger: string | undefined): string {
  return trigger !== undefined && triggers.includes(trigger) ? trigger : "other";
}

/** The few figures of the process that an alert needs, under their customary names. Read when scraped. */
function processMetrics(registry: Registry, version: string): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  new Gauge({
    name: "imp_build_info",
    help: "Version of the agent; always 1.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  gauge("process_start_time_seconds", "Start of the agent since 1970.", () => startedAt);
  gauge("process_resident_memory_bytes", "Resident memory of the agent.", () => process.memoryUsage.rss());
  registry.registerMetric(
    new Counter({
      name: "process_cpu_seconds_total",
      help: "Processor time of the agent.",
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
}
