/** The status document, made of what the loop knows, by the clock. Pure. */
import { environmentOf } from "../../reconcilers/bootenv/model.ts";
import { runsImage } from "../../reconcilers/bootenv/plan.ts";
import { chosenByHand, type Standing } from "../../reconcilers/bootenv/standing.ts";
import type { PlaneName } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import { ended } from "../deployment-status.ts";
import { glassOf } from "../break-glass.ts";
import { overlayStatus } from "../overlay.ts";
import type { Ledger } from "../ledger.ts";
import { inFlight, type State } from "../machine.ts";
import { notManagedBy } from "../not-managed.ts";
import { pauseOf } from "../gate/pause.ts";
import type { Overlaid } from "../overlaid.ts";
import type { Probation } from "../probation.ts";
import { plural } from "../plural.ts";
import { leftOf, type Clock } from "../term.ts";
import { askedOf, heldBy, verdictOn } from "../verdicts.ts";
import type { BootStatus, PlaneStatus, Status } from "./status.ts";
import type { Known } from "./known.ts";

/** The status document. */
export function statusOf(known: Known): Status {
  const { state, ledger, wanted, committed } = known;
  const generation = wanted?.generation;
  const commit = wanted?.commit ?? ledger?.accepted;
  const reason = reasonOf(known);
  const held = heldIn(known);
  const deployment = deploymentOf(known);
  const pause = pausedBy(known);
  const waiting = waitingFor(known);
  const glass = ledger && glassOf(ledger, known.clock);
  const { remote, lastPollAt, lastError, failingSince } = known.git;
  const { good } = known;
  const verdict = generation && ledger && verdictOn(ledger, askedOf(generation))?.verdict;
  return {
    format: 1,
    machine: known.settings.machine,
    agentVersion: known.version,
    state: state.at,
    since: state.since,
    ...(reason !== undefined && { reason }),
    ...(known.frozen && { frozen: known.frozen.message }),
    mode: known.settings.mode,
    ...(commit !== undefined && { desired: { commit, ...(generation && desiredOf(generation)) } }),
    ...(committed && {
      committed: { commit: committed.commit, generation: committed.digest, at: ledger?.committed?.at ?? 0 },
    }),
    ...(verdict && { verdict }),
    ...(good && { good: { since: good.since, soaked: good.soaked } }),
    inSync: isInSync(known),
    notManaged: leftAlone(known),
    planes: planesOf(known),
    problems: problemsOf(known).map((problem) => problem.toJSON()),
    warnings: warningsOf(known).map((one) => one.toJSON()),
    ...(deployment && { deployment }),
    ...(ledger?.lastDeployment && { lastDeployment: ledger.lastDeployment }),
    ...(ledger?.lastSuccessAt !== undefined && { lastSuccessAt: ledger.lastSuccessAt }),
    git: {
      ...(remote !== undefined && { remote }),
      ...(lastPollAt !== undefined && { lastPollAt }),
      ...(lastError && { lastError: lastError.toJSON() }),
      ...(lastError && failingSince !== undefined && { failingSince }),
    },
    ...(known.nextLookAt !== undefined && { nextLookAt: known.nextLookAt }),
    ...(ledger && isPending(ledger) && { overrides: ledger.overrides }),
    ...(known.checks && { checks: known.checks }),
    ...(known.guards && { gate: known.guards }),
    failsafe: known.failsafeArmed ? "armed" : known.settings.failsafe.mode === "off" ? "off" : "quiet",
    ...(ledger?.probation && { probation: probationStatus(ledger.probation, known.clock) }),
    ...(known.environments && { boot: bootStatus(known.environments) }),
    ...(known.update && { update: known.update }),
    ...(known.image && { image: known.image }),
    ...(known.bundles !== undefined && { evidence: known.bundles }),
    ...(pause && { paused: pause }),
    ...(waiting && { waiting }),
    ...(waiting?.why === "rollout" && { rollout: known.awaited }),
    ...(glass && { breakGlass: glass }),
    ...(ledger && overlayStatus(ledger, committed, known.clock)),
    ...(known.overlaid && { overlaid: overlaidStatus(known.overlaid) }),
    ...(held && { held }),
  };
}

function bootStatus(standing: Standing): BootStatus {
  const { observed } = standing;
  const { name, health, availableBytes } = observed.pool;
  const running = environmentOf(observed, observed.booted);
  const next = environmentOf(observed, observed.next);
  return {
    pool: name,
    health,
    availableBytes,
    ...(running && { running: running.name }),
    ...(next && { next: next.name }),
    ...(chosenByHand(standing) && { chosenByHand: true }),
    environments: observed.environments.length,
  };
}

/** What failed here, or what was committed and is worse since. */
function heldIn({ wanted, overlaid, ledger }: Known): Status["held"] {
  const failed = (one: Generation | undefined) => one && ledger && heldBy(ledger, askedOf(one));
  const newest = failed(wanted?.generation);
  const above = newest ?? failed(overlaid?.generation);
  if (above) return { ...above, why: "failed", ...(!newest && { above: true }) };
  const probation = ledger?.probation;
  if (!probation?.regressed) return undefined;
  return { generation: probation.generation, reason: probation.regressed.reason, why: "regressed" };
}

function overlaidStatus({ generation, shut }: Overlaid): NonNullable<Status["overlaid"]> {
  return {
    ...(generation && { commit: generation.commit, ...askedOf(generation) }),
    ...(shut && { reason: shut.reason, unblock: shut.unblock }),
  };
}

function probationStatus({ term, green, regressed }: Probation, clock: Clock): NonNullable<Status["probation"]> {
  return {
    until: clock.now() + leftOf(term, clock),
    watched: green?.length ?? 0,
    ...(regressed && { regressed: { since: regressed.since, checks: regressed.keys, reason: regressed.reason } }),
  };
}

function desiredOf(generation: Generation): Omit<NonNullable<Status["desired"]>, "commit"> {
  const { rollout } = generation;
  return { ...askedOf(generation), ...(rollout && { asked: rollout.asked }) };
}

function deploymentOf({ state, clock }: Known): Status["deployment"] {
  const deployment = inFlight(state);
  if (!deployment) return undefined;
  const failure = "failure" in state ? state.failure : undefined;
  const shown = ended(undefined, deployment, undefined, failure);
  const goesForward = !failure && state.at !== "committing" && deployment.boot === clock.bootId();
  return { ...shown, ...(goesForward && { until: clock.now() + deployment.deadline - clock.uptime() }) };
}

function pausedBy({ ledger, wanted, committed, clock }: Known): Status["paused"] {
  const reason = (wanted?.generation ?? committed)?.policy.pause;
  return reason === undefined ? ledger && pauseOf(ledger, clock) : { reason };
}

/** What the target waits for; where there is none, what the correction of drift does. */
function waitingFor({ state, correction }: Known): Status["waiting"] {
  if (state.at !== "waiting") return correction;
  const { why, reason, unblock, againAt } = state;
  return { why, reason, unblock, ...(againAt !== undefined && { againAt }) };
}

/** I14: only when everything that could contradict it was looked at and does not. */
function isInSync(known: Known): boolean {
  const { state, wanted, committed, drift, ledger } = known;
  if (ledger?.committed?.generation !== committed?.digest) return false;
  if (known.frozen ?? known.git.lastError) return false;
  if (known.environments && chosenByHand(known.environments)) return false;
  if (state.at !== "idle" || !wanted?.generation || !committed || !drift) return false;
  if (problemsOf(known).length > 0 || drift.plan.problems.length > 0) return false;
  // What stands above the repository for a while is not what the repository says.
  const same = wanted.generation.digest === committed.digest && wanted.overlays === "";
  if (known.environments && !runsImage(wanted.generation.image, known.environments)) return false;
  return same && drift.plan.steps.length === 0 && leftAlone(known).length === 0;
}

function leftAlone({ wanted, committed, environments }: Known): readonly string[] {
  const shown = wanted?.generation ?? committed;
  return shown ? notManagedBy(shown, environments) : [];
}

function isPending({ overrides }: Ledger): boolean {
  return overrides.rewrite || overrides.commits.length > 0;
}

function reasonOf(known: Known): string | undefined {
  const { state, frozen, correction } = known;
  if (frozen) return frozen.message;
  if (state.at === "waiting" || state.at === "held" || state.at === "stranded") return state.reason;
  if (state.at === "rolling-back") return state.failure.reason;
  if (inFlight(state)) return behind(known);
  return known.ledger?.probation?.regressed?.reason ?? correction?.reason;
}

/** What a newer commit waits for. */
function behind({ state, wanted }: Known): string | undefined {
  const deployment = inFlight(state);
  if (!deployment || deployment.purpose === "correct" || !wanted?.generation) return undefined;
  if (wanted.generation.digest === deployment.generation) return undefined;
  return `Commit ${wanted.commit.slice(0, 12)} waits until this deployment is proven; it takes its place if that fails.`;
}

function problemsOf(known: Known): readonly Problem[] {
  const errors = (known.wanted?.problems ?? []).filter((problem) => problem.severity === "error");
  const all = [
    known.frozen,
    strandedBy(known.state),
    known.git.lastError,
    ...errors,
    ...(known.planned?.plan.problems ?? []),
    ...known.complaints,
    ...known.mistakes,
  ];
  return [...new Set(all.filter((problem) => problem !== undefined))];
}

function strandedBy(state: State): Problem | undefined {
  if (state.at !== "stranded") return undefined;
  return new Problem("STRANDED", `Rolling back did not succeed: ${state.reason}`, {
    remedy: "Nothing is touched that may still forward. Mend what stands in the way, then `impctl rollback`.",
  });
}

function warningsOf({ wanted, drift, planned, ledger, ignoredTags }: Known): readonly Problem[] {
  const unheard = ledger?.words.ignored ?? [];
  const warnings = [
    ...(wanted?.problems ?? []).filter((problem) => problem.severity === "warning"),
    ...unheard.map((sentence) => new Problem("ADVICE", sentence, { severity: "warning" })),
    ...ignoredTags,
  ];
  const { system, frr } = (drift ?? planned)?.plan.plans ?? {};
  const foreign = (system?.foreign.length ?? 0) + (frr?.foreign.length ?? 0);
  if (wanted?.generation?.policy.prune !== "all" || foreign === 0) return warnings;
  const notPruned = new Problem(
    "ADVICE",
    `"prune: all" is carried out in VPP alone: ${plural(foreign, "foreign object")} of other planes left.`,
    {
      severity: "warning",
      path: "policy.prune",
      remedy: "Remove them by hand; the plan lists them.",
    },
  );
  return [...warnings, notPruned];
}

/** Steps of drift that are told before the rest is only counted. */
const toldSteps = 20;

function planesOf({ drift, planned }: Known): Status["planes"] {
  const source = drift ?? planned;
  if (!source) return {};
  const entries = Object.entries(source.plan.plans).map(([plane, plan]): [string, PlaneStatus] => {
    const counted = {
      ...(drift && { drift: plan.steps.length }),
      foreign: plan.foreign.length,
      lastObservedAt: source.at,
    };
    const differs = drift?.planes[plane as PlaneName];
    if (!differs) return [plane, counted];
    const { cause, fate, steps } = differs;
    return [plane, { ...counted, cause, fate, steps: steps.slice(0, toldSteps) }];
  });
  return Object.fromEntries(entries);
}
