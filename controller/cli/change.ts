/** What a change of the sites repository would do to the appliances: `impctl diff` computes it, three formats show it. */
import type { Impact, PlaneName } from "../../reconcilers/core.ts";
import { impacts } from "../../reconcilers/core.ts";
import type { Problem } from "../../schemas/problem.ts";

export interface FleetChange {
  /** Full commits, or what stands for them ("working tree"). */
  readonly from: string;
  readonly to: string;
  /** The appliances that are affected, worst impact first, then by name. */
  readonly machines: readonly MachineChange[];
  /** How many appliances ask for exactly what they asked for before. */
  readonly untouched: number;
  /** What is wrong with `to`; with an error in it, its appliance stays where it is. */
  readonly problems: readonly Problem[];
}

export interface MachineChange {
  readonly name: string;
  /** "invalid": it was valid in `from` and is not in `to`. "same": asks something new that renders to the same bytes. */
  readonly kind: "changed" | "same" | "added" | "removed" | "invalid";
  readonly worstImpact: Impact | undefined;
  readonly planes: readonly PlaneChange[];
  /** Sections that no plane carries out yet and that differ between the two. */
  readonly notManaged: readonly string[];
  /** Those that change too, and that it waits for. */
  readonly goesAfter: readonly string[];
}

export interface PlaneChange {
  readonly plane: PlaneName;
  readonly steps: readonly StepChange[];
  /** Why the plan could not be carried out, and what to know beside the steps. */
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  /** Unified diff of what is rendered; "" when it is equal. */
  readonly diff: string;
}

export interface StepChange {
  readonly id: string;
  readonly kind: string;
  readonly impact: Impact;
  readonly text: string;
}

/** Worst first; invalid ones before all, then by name. */
export function byImpact(a: MachineChange, b: MachineChange): number {
  return rank(b) - rank(a) || (a.name < b.name ? -1 : 1);
}

function rank(change: MachineChange): number {
  if (change.kind === "invalid") return impacts.length;
  return change.worstImpact === undefined ? -1 : impacts.indexOf(change.worstImpact);
}

/** One sentence about an appliance, the same in every format. */
export function verdictOf(change: MachineChange): string {
  const unmanaged = change.notManaged.length > 0 ? `; not managed yet: ${change.notManaged.join(", ")}` : "";
  return `${whatHappens(change)}${unmanaged}${whenItHappens(change)}`;
}

/** A dozen that go first are not told by name. */
const namedFirst = 4;

function whenItHappens({ goesAfter }: MachineChange): string {
  if (goesAfter.length === 0) return "";
  const more = goesAfter.length > namedFirst ? ` and ${goesAfter.length - namedFirst} more` : "";
  return `; goes after ${goesAfter.slice(0, namedFirst).join(", ")}${more}`;
}

function whatHappens(change: MachineChange): string {
  const steps = change.planes.reduce((sum, plane) => sum + plane.steps.length, 0);
  const counted = `${steps} ${steps === 1 ? "step" : "steps"}`;
  switch (change.kind) {
    case "invalid":
      return "not valid any more, so it stays where it is";
    case "added":
      return `new, ${counted} from an empty appliance`;
    case "removed":
      return "removed from the repository; the appliance keeps what it has";
    case "same":
      return "touches no rendered byte";
    case "changed":
      return `${counted}, worst impact ${change.worstImpact ?? "none"}`;
    default:
      return change.kind satisfies never;
  }
}

/** The headline: how many appliances, and how bad it gets. */
export function headline(change: FleetChange): string {
  const touched = change.machines.filter((machine) => machine.kind !== "same" && machine.kind !== "removed");
  const errors = change.problems.filter((problem) => problem.severity === "error").length;
  const broken = errors > 0 ? `${errors} ${errors === 1 ? "error" : "errors"}; ` : "";
  if (change.machines.length === 0) return `${broken}this change touches no rendered byte of any appliance`;
  if (touched.length === 0) return `${broken}this change touches no rendered byte`;
  const worst = touched.map((machine) => machine.worstImpact).filter((impact) => impact !== undefined);
  const most = impacts.findLast((impact) => worst.includes(impact));
  const count = `${touched.length} ${touched.length === 1 ? "appliance" : "appliances"}`;
  return `${broken}${count} affected, worst impact ${most ?? "none"}, ${change.untouched} untouched`;
}
