/** Metrics of what the status document shows: every gauge is set from it, so that nothing of an earlier one stays. */
import { Gauge, type Registry } from "prom-client";
import type { PlaneName } from "../../reconcilers/core.ts";
import { isOfContent } from "../../schemas/problem.ts";
import { moves } from "../transition.ts";
import { triggers, waits, type Wait } from "../reasons.ts";
import type { Status } from "./status.ts";

/** Shown as 0 even before it was ever entered, so that an alert on it can be tested. */
const states = Object.keys(moves);
export const planes: readonly PlaneName[] = ["bootenv", "system", "vpp", "frr", "incus"];
export const overlayKinds = ["local", "drain"] as const;
const waitNames = Object.keys(waits) as Wait[];
const triggerNames = Object.keys(triggers);
const holds = ["failed", "regressed", "stranded"] as const;
const imageStates = ["fetching", "receiving", "staged", "waiting", "failed"] as const;
const updateStates = ["waiting", "installing", "failed"] as const;

/** What takes the document in. */
export function statusMetrics(registry: Registry): (status: Status) => void {
  const gauges = makeGauges(registry);
  return (status) => show(gauges, status);
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
    phase: gauge("phase", "1 for the state that the state machine is in, 0 for the others.", ["phase"]),
    since: gauge("phase_since_timestamp_seconds", "When the state machine entered its state."),
    deadline: gauge(
      "confirm_deadline_timestamp_seconds",
      "When the deployment in flight is rolled back unless it was proven; 0 is none.",
    ),
    armed: gauge("failsafe_armed", "1 while the failsafe puts the box back should the agent not do it."),
    rolledBack: gauge(
      "last_rollback_timestamp_seconds",
      "When the last deployment ended, where it was rolled back, by what made it so; 0 is not.",
      ["trigger"],
    ),
    success: gauge("last_success_timestamp_seconds", "When the box was last proven to be as desired; 0 is never."),
    drift: gauge("drift_objects", "Steps that would bring a plane back to the committed generation.", ["plane"]),
    foreign: gauge("foreign_objects", "Live objects of a plane that nobody here ever owned.", ["plane"]),
    observed: gauge("observed_timestamp_seconds", "When a plane was last observed.", ["plane"]),
    validation: gauge("validation_problems", "Faults in this machine's files at the newest commit.", ["severity"]),
    problems: gauge("problems", "Why the newest commit is not applied, by problem code.", ["code"]),
    notManaged: gauge("not_managed_sections", "Sections of the machine file that no plane carries out."),
    polled: gauge("git_last_poll_timestamp_seconds", "When the sites repository was last asked; 0 is never."),
    waiting: gauge("waiting", "1 for the reason for which something that is wanted is not armed.", ["reason"]),
    guard: gauge("gate_check", "1 while a guard of the gate lets the newest generation pass, 0 while it does not.", [
      "guard",
    ]),
    held: gauge("held", "1 while it is held: it failed here, it got worse after the commit, going back failed.", [
      "reason",
    ]),
    probation: gauge("probation_end_timestamp_seconds", "Until when what is committed is on probation; 0 is not."),
    update: gauge(
      "agent_update",
      "1 for how far the agent is from the version that is wanted; all 0: it is that one.",
      ["state"],
    ),
    image: gauge("image", "1 for how far the image is that is wanted and does not run; all 0: there is none.", [
      "state",
    ]),
    imageBytes: gauge("image_fetched_bytes", "How much of that image's stream is here and checked, while it comes."),
    imageSize: gauge("image_stream_bytes", "How long that stream is."),
    evidence: gauge("evidence_bundles", "Failed deployments of which there is evidence on the box."),
    breakGlass: gauge("breakglass", "1 while an operator works on the box by hand."),
    paused: gauge("paused", "1 while the policy or an operator forbids to arm."),
    overlays: gauge("overlays", "Local changes and drains that stand above the repository.", ["kind"]),
    environments: gauge("boot_environments", "Boot environments in the pool that the box runs from.", ["pool"]),
    poolOnline: gauge("pool_online", "1 while that pool is ONLINE; missing where the root is no ZFS dataset.", [
      "pool",
    ]),
    poolAvailable: gauge("pool_available_bytes", "What may still be written to that pool.", ["pool"]),
    chosenByHand: gauge(
      "boot_environment_chosen_by_hand",
      "1 while another boot environment runs than boots next, and none is on trial: nothing is deployed.",
    ),
    trial: gauge("trial", "1 while a boot environment is on trial: the box leaves for it, or is in it."),
    observing: gauge("observing", "1 when the settings say to plan and report only."),
  };
}

/** Sets every gauge from the document, so that nothing of an earlier one stays. */
function show(gauges: Gauges, status: Status): void {
  info(gauges.desired, status.desired);
  info(gauges.applied, status.committed);
  gauges.inSync.set(Number(status.inSync));
  for (const phase of new Set([...states, status.state])) gauges.phase.set({ phase }, Number(phase === status.state));
  gauges.since.set(status.since / 1000);
  gauges.success.set((status.lastSuccessAt ?? 0) / 1000);
  for (const gauge of [gauges.drift, gauges.foreign, gauges.observed, gauges.problems]) gauge.reset();
  for (const plane of planes) {
    const found = status.planes[plane];
    if (found === undefined) continue;
    if (found.drift !== undefined) gauges.drift.set({ plane }, found.drift);
    gauges.foreign.set({ plane }, found.foreign);
    gauges.observed.set({ plane }, found.lastObservedAt / 1000);
  }
  const count = (reports: Status["problems"]) => reports.filter((report) => isOfContent(report.code)).length;
  gauges.validation.set({ severity: "error" }, count(status.problems));
  gauges.validation.set({ severity: "warning" }, count(status.warnings));
  for (const { code } of status.problems) gauges.problems.inc({ code });
  gauges.notManaged.set(status.notManaged.length);
  gauges.polled.set((status.git.lastPollAt ?? 0) / 1000);
  showGoing(gauges, status);
  gauges.paused.set(Number(status.paused !== undefined));
  for (const kind of overlayKinds) {
    gauges.overlays.set({ kind }, (status.overlays ?? []).filter((one) => one.kind === kind).length);
  }
  showBoot(gauges, status);
  gauges.trial.set(Number(status.deployment?.trial !== undefined));
  gauges.observing.set(Number(status.mode === "observe"));
}

/** A box without such a pool has no number of it. */
function showBoot(gauges: Gauges, { boot }: Status): void {
  for (const gauge of [gauges.environments, gauges.poolOnline, gauges.poolAvailable]) gauge.reset();
  gauges.chosenByHand.set(Number(boot?.chosenByHand === true));
  if (!boot) return;
  const { pool } = boot;
  gauges.environments.set({ pool }, boot.environments);
  gauges.poolOnline.set({ pool }, Number(boot.health === "ONLINE"));
  gauges.poolAvailable.set({ pool }, boot.availableBytes);
}

/** What goes on, what it waits for, and until when. */
function showGoing(gauges: Gauges, status: Status): void {
  const last = status.lastDeployment;
  gauges.deadline.set((status.deployment?.until ?? 0) / 1000);
  gauges.armed.set(Number(status.failsafe === "armed"));
  for (const trigger of triggerNames) {
    const isIt = last?.outcome === "rolled-back" && last.trigger === trigger;
    gauges.rolledBack.set({ trigger }, isIt ? (last.endedAt ?? 0) / 1000 : 0);
  }
  for (const reason of waitNames) gauges.waiting.set({ reason }, Number(status.waiting?.why === reason));
  gauges.guard.reset();
  for (const guard of waitNames) {
    const passes = status.gate?.[guard];
    if (passes !== undefined) gauges.guard.set({ guard }, Number(passes));
  }
  const hold = status.state === "stranded" ? "stranded" : status.held && (status.held.why ?? "failed");
  for (const reason of holds) gauges.held.set({ reason }, Number(reason === hold));
  gauges.probation.set((status.probation?.until ?? 0) / 1000);
  for (const state of updateStates) gauges.update.set({ state }, Number(state === status.update?.state));
  for (const state of imageStates) gauges.image.set({ state }, Number(state === status.image?.state));
  gauges.imageBytes.set(status.image?.bytes ?? 0);
  gauges.imageSize.set(status.image?.size ?? 0);
  gauges.evidence.set(status.evidence ?? 0);
  gauges.breakGlass.set(Number(status.breakGlass !== undefined));
}

function info(
  gauge: Gauge<"commit" | "generation">,
  shown: { readonly commit: string; readonly generation?: string } | undefined,
): void {
  gauge.reset();
  if (shown !== undefined) gauge.set({ commit: shown.commit, generation: shown.generation ?? "" }, 1);
}
