/** Metrics of what a status cannot show: how often something happened, and how long it took. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { impacts } from "../../reconcilers/core.ts";
import type { OverlayEnd } from "../overlay.ts";
import { triggers } from "../reasons.ts";
import type { AgentEvent, CheckNews } from "./observer.ts";
import { overlayKinds, planes } from "./status-metrics.ts";

const triggerNames = Object.keys(triggers);
/** A trigger that this version does not know. */
const other = "other";
/** For a deployment that touched no plane. */
const none = "none";
const overlayEnds = ["over", "operator", "failed"] as const satisfies readonly OverlayEnd[];
const outcomes = ["committed", "rolled-back"] as const;

/** What takes the events in. */
export function eventMetrics(registry: Registry): (event: AgentEvent) => void {
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
  const rollbacks = counter("rollbacks", "Deployments that were rolled back: one for each plane that they touched.", [
    "trigger",
    "plane",
  ]);
  const back = new Histogram({
    name: "imp_time_to_rollback_seconds",
    help: "From a failure until what is committed was read back.",
    buckets: [0.1, 0.3, 1, 2, 5, 10, 20, 30, 60, 90, 120, 300, 900],
    registers: [registry],
  });
  let rollingBackFor: number | undefined;
  const deployments = counter("deployments", "Deployments that ended.", ["outcome"]);
  const trials = counter("trials", "Trials of a boot environment that ended, by what became of them.", ["outcome"]);
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
  for (const trigger of [...triggerNames, other]) {
    for (const plane of [...planes, none]) rollbacks.inc({ trigger, plane }, 0);
  }
  for (const outcome of outcomes) {
    deployments.inc({ outcome }, 0);
    trials.inc({ outcome }, 0);
  }
  for (const result of ["unchanged", "fetched"]) polls.inc({ result }, 0);
  return (event) => {
    switch (event.type) {
      case "phase-ended":
        phases.observe({ phase: event.phase }, event.seconds);
        rollingBackFor = event.phase === "rolling-back" ? event.seconds : undefined;
        return;
      case "step-done":
        steps.inc({ plane: event.plane, impact: event.impact });
        return;
      case "deployment-ended":
        deployments.inc({ outcome: event.outcome });
        if (event.isTrial === true) trials.inc({ outcome: event.outcome });
        // What was committed before may also be gone back to by a deployment of its own.
        if (event.outcome !== "rolled-back" && event.trigger === undefined) return;
        for (const plane of event.planes?.length ? event.planes : [none]) {
          rollbacks.inc({ trigger: known(event.trigger), plane });
        }
        if (event.outcome === "rolled-back" && rollingBackFor !== undefined) back.observe(rollingBackFor);
        rollingBackFor = undefined;
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
  return trigger !== undefined && trigger in triggers ? trigger : other;
}
