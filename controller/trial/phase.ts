/** Whether what is wanted asks for another image than runs: then it is tried there, configuration and all. Pure. */
import { environmentOf, isWhole, type BootEnvironment } from "../../reconcilers/bootenv/model.ts";
import { isOf, planImage, runsImage } from "../../reconcilers/bootenv/plan.ts";
import { downgradeTo, type Downgrade, type Standing } from "../../reconcilers/bootenv/standing.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Survey } from "../planes.ts";

/** The image of a deployment. */
export interface ImagePhase {
  readonly name: string;
  /** The boot environment that has it, whole; undefined: it is not there yet. */
  readonly there: BootEnvironment | undefined;
  /** The one that runs, and that every reset comes back to; undefined: the pool cannot be read. */
  readonly from: BootEnvironment | undefined;
  readonly downgrade?: Downgrade;
  /** What is in the way of it. */
  readonly problems: readonly Problem[];
}

/** What is known of the box. */
interface Seen {
  readonly committed: Generation | undefined;
  readonly environments: Standing | undefined;
  /** The boot environment that runs, as journal and links have it. */
  readonly environment: string;
}

/**
 * undefined: there is nothing to be tried. Before anything was committed there is not: a trial needs something that it can come back
 * to, so what is wanted is deployed where it stands first.
 */
export function imagePhase(
  { image }: Generation,
  { committed, environments, environment }: Seen,
): ImagePhase | undefined {
  if (!image || !committed || environment === "default") return undefined;
  const { name } = image;
  if (!environments) return { name, there: undefined, from: undefined, problems: [unread(name)] };
  if (runsImage(image, environments)) return undefined;
  const { observed } = environments;
  const there = observed.environments.find((one) => isOf(image, one) && isWhole(one));
  const downgrade = there && downgradeTo(environments, there);
  return {
    name,
    there,
    ...(downgrade && { downgrade }),
    from: environmentOf(observed, observed.booted),
    problems: planImage(image, environments).problems,
  };
}

/** The plan of the planes as it counts for a trial: what is in their way here is not in the way there. */
export function planOfTrial(plan: Survey, { problems }: ImagePhase): Survey {
  return { ...plan, worstImpact: "reboot", problems };
}

function unread(name: string): Problem {
  return new Problem("POOL", `Whether ${name} runs cannot be told: the pool cannot be read.`, {
    remedy: "zpool status says how the pool is.",
    transient: true,
  });
}
