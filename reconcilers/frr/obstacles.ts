/** Why a plan for FRR must not be carried out: what is missing on the box, and what stands in the way. */
import { Problem } from "../../schemas/problem.ts";
import { type Difference, groupKey, type Sides } from "./difference.ts";
import type { Neighbor } from "./entries.ts";
import { instanceSlot, isRoute, withoutBfd } from "./grammar.ts";
import { type Daemon, daemons, type FrrDesired, type FrrObserved } from "./model.ts";
import { outlineOf } from "./outline-text.ts";
import { neededDaemons } from "./route.ts";
import { wayFor } from "./way.ts";

/** All of them at once; none means that the steps may be carried out. */
export function problemsOf(
  desired: FrrDesired,
  observed: FrrObserved,
  sides: Sides,
  changes: Difference,
  hasSteps: boolean,
): readonly Problem[] {
  const problems = missingDaemons(desired, observed, hasSteps);
  if (observed.version !== undefined && wayFor(observed.version) === undefined) {
    problems.push(unsupported(observed.version));
  }
  for (const entry of changes.foreign) {
    const slot = entry.isHead ? instanceSlot(entry.line) : undefined;
    const wanted = [...sides.desired.values()].find(
      (other) => other.path.length === 0 && slot !== undefined && instanceSlot(other.line) === slot,
    );
    if (wanted) {
      problems.push(
        new Problem(
          "FRR_FOREIGN",
          `FRR runs "${entry.line}", which nobody here made; "${wanted.line}" cannot stand beside it.`,
          {
            remedy: `Remove it by hand ("no ${entry.line}"), or adopt the box: impctl adopt.`,
          },
        ),
      );
    }
    if (/^network \S+ area /.test(entry.line) && entry.path[0] === "router ospf" && wantsOspfInterfaces(sides)) {
      problems.push(
        new Problem(
          "FRR_FOREIGN",
          `FRR's OSPF has "${entry.line}", which nobody here made and which excludes areas on interfaces.`,
          {
            remedy: `Remove it by hand: "router ospf", "no ${entry.line}".`,
          },
        ),
      );
    }
  }
  problems.push(...takenAlong(sides, changes), ...asInterface(observed.version, changes));
  return problems;
}

/** Groups that have to be made anew while somebody else's peers are in them: `no neighbor G peer-group` takes its members. */
function takenAlong(sides: Sides, { recreated }: Difference): readonly Problem[] {
  const isForeign = ({ key, identity }: Neighbor) =>
    !sides.desiredNeighbors.has(key) && !identity.some((entry) => sides.owned.has(entry.key));
  return [...sides.liveNeighbors.values()].flatMap((member) => {
    const group = groupKey(member);
    if (group === undefined || !recreated.has(group) || !isForeign(member)) return [];
    const what = `The peer-group ${member.group} has to be made anew, and its member ${member.name}, which nobody here made, would go with it.`;
    const remedy = `Take ${member.name} into git, or out of the group by hand; or give the group another name.`;
    return [new Problem("FRR_FOREIGN", what, { remedy })];
  });
}

/** Static routes before FRR 9 know no BFD, and take its word for the name of an interface. */
function asInterface(version: string | undefined, { operations }: Difference): readonly Problem[] {
  if (version === undefined || Number(version.split(".")[0]) >= 9) return [];
  return operations.flatMap(({ kind, entry: { path, line } }) => {
    if (kind === "remove" || !isRoute(path, line) || withoutBfd(line) === line) return [];
    const what = `FRR ${version} takes "bfd" in "${line}" for the name of an interface: static routes have BFD from FRR 9 on.`;
    return [new Problem("FRR_REJECTED", what, { remedy: "Take `bfd` out, or have an image with a later FRR." })];
  });
}

function wantsOspfInterfaces(sides: Sides): boolean {
  return [...sides.desired.values()].some(({ line }) => line.startsWith("ip ospf area "));
}

function missingDaemons(desired: FrrDesired, observed: FrrObserved, hasSteps: boolean): Problem[] {
  if (daemons.every((daemon) => observed.running.includes(daemon))) return [];
  const needed = hasSteps || desired.config !== "" ? [...neededDaemons(outlineOf(desired.config))] : [];
  return needed.filter((daemon) => !observed.running.includes(daemon)).map(daemonMissing);
}

/** The configuration needs a daemon that does not answer. It may be restarting: transient. */
export function daemonMissing(daemon: Daemon): Problem {
  return new Problem("FRR_DAEMON_MISSING", `The configuration needs FRR's ${daemon}, which does not run.`, {
    remedy: `Set ${daemon}=yes in /etc/frr/daemons and restart FRR, or see why it ended: journalctl -u frr.`,
    transient: true,
  });
}

/** Daemons of several versions, or of none that they say: nobody can tell what they take. */
export function unsupported(version: string): Problem {
  return new Problem("FRR_VERSION", `FRR's daemons do not say one version: ${version}.`, {
    remedy: "Restart FRR: after an upgrade daemons of two versions may run.",
  });
}
