/** The ordered steps from what VPP has to what it is to have. Pure, total, linear in the number of objects. */
import { Problem } from "../../schemas/problem.ts";
import type { Foreign, Plan } from "../core.ts";
import { changesOf } from "./changes.ts";
import { rulesOf } from "./kinds/table.ts";
import {
  type InstanceDesired,
  type InstanceName,
  type InstanceObserved,
  instances,
  type VppDesired,
  type VppObject,
  type VppObserved,
  type VppStep,
} from "./model.ts";
import { notesOf } from "./notes.ts";
import { obstaclesOf } from "./obstacles.ts";
import { restartOf } from "./restarts.ts";
import { sidesOf } from "./sides.ts";
import { type InstanceSteps, stepsOf } from "./steps.ts";

/** Implements Reconciler.plan. */
export function planVpp(desired: VppDesired, observed: VppObserved, owned: readonly VppDesired[]): Plan<VppStep> {
  const [core, nat] = instances.map((instance) =>
    planInstance(
      instance,
      desired[instance],
      observed[instance],
      owned.flatMap((one) => one[instance] ?? []),
      desired.prune,
    ),
  );
  const plans = [core, nat].filter((plan) => plan !== undefined);
  return {
    // What is translated is steered away from nat before it changes, and to it once it is ready.
    steps: [core?.prune, nat?.prune, nat?.rest, core?.rest].flatMap((steps) => steps ?? []),
    foreign: plans.flatMap(({ foreign }) => foreign),
    problems: plans.flatMap(({ problems }) => problems),
    notes: plans.flatMap(({ notes }) => notes),
    ...(observed.core && { there: { tap: tapsIn(observed.core) } }),
  };
}

type InstancePlan = InstanceSteps & Pick<Plan, "foreign" | "problems" | "notes">;

const nothing: InstancePlan = { prune: [], rest: [], foreign: [], problems: [], notes: [] };

function planInstance(
  instance: InstanceName,
  desired: InstanceDesired | undefined,
  observed: InstanceObserved | undefined,
  owned: readonly InstanceDesired[],
  prune: VppDesired["prune"],
): InstancePlan {
  if (desired === undefined) return nothing;
  if (observed === undefined) return { ...nothing, problems: [notRunning(instance)] };
  const sides = sidesOf(desired.objects, observed.objects, owned, prune);
  const changes = changesOf(sides);
  const restart = restartOf(instance, sides, changes, observed.unknown);
  return {
    ...(restart ? { prune: [], rest: [restart] } : stepsOf(instance, sides, changes)),
    foreign: [...changes.foreign]
      .filter(([id]) => !changes.going.has(id) || changes.coming.has(id))
      .map(([, object]) => foreignObject(instance, object)),
    problems: obstaclesOf(instance, sides, changes, observed),
    notes: notesOf(instance, changes),
  };
}

function foreignObject(instance: InstanceName, object: VppObject): Foreign {
  return { id: objectId(instance, object), text: `${instance}: ${rulesOf(object.kind).noun(object)}` };
}

/** "vpp/core/vlan/external.25" */
export function objectId(instance: InstanceName, object: VppObject): string {
  return `vpp/${instance}/${object.kind}/${rulesOf(object.kind).key(object)}`;
}

function notRunning(instance: InstanceName): Problem {
  return new Problem("VPP_UNREACHABLE", `${instance}: VPP does not run, and the machine file asks for things in it`, {
    remedy: `See \`systemctl status vpp-${instance}\`; it is planned again once it runs.`,
    transient: true,
  });
}

/** Names of the interfaces of Linux that core has. */
function tapsIn({ objects }: InstanceObserved): readonly string[] {
  return objects.flatMap((object) =>
    object.kind === "linux-pair" ? [object.name] : object.kind === "tap" ? [object.device] : [],
  );
}
