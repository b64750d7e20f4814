/** From the image that the machine file names to what would bring it: staged beside the others, then tried. Pure. */
import { Problem } from "../../schemas/problem.ts";
import type { Plan, Step } from "../core.ts";
import { environmentOf, isWhole, type BootEnvironment } from "./model.ts";
import type { Standing } from "./standing.ts";

/** An image as the catalogue of the sites repository names it. */
export interface WantedImage {
  readonly name: string;
  /** Digest of its manifest: "sha256:…". */
  readonly manifest: string;
}

export interface ImageStep extends Step {
  readonly kind: "stage" | "try";
  readonly image: string;
  /** Only of what was committed here before. */
  readonly isBack?: true;
}

/** Whether a boot environment is of that image. What was laid down by hand says nothing of its manifest: then its name counts. */
export function isOf({ name, manifest }: WantedImage, environment: BootEnvironment): boolean {
  const own = environment.properties["imp:manifest"];
  return own === undefined ? environment.name === name : own === manifest;
}

/** Whether the image that is asked for is the one that runs; one that is not asked for stays as it is. */
export function runsImage(desired: WantedImage | undefined, standing: Standing | undefined): boolean {
  if (!desired) return true;
  const running = standing && environmentOf(standing.observed, standing.observed.booted);
  return running !== undefined && isOf(desired, running);
}

/** No steps: it runs, or there is no pool to have it in (`standing` undefined: the root of this box is no ZFS dataset). */
export function planImage(desired: WantedImage | undefined, standing: Standing | undefined): Plan<ImageStep> {
  if (!desired || !standing || runsImage(desired, standing)) return planned([]);
  const there = standing.observed.environments.find((one) => isOf(desired, one));
  const isStaged = there !== undefined && isWhole(there);
  const isBack = isStaged && standing.committed.has(there.guid);
  const steps = [...(isStaged ? [] : [stageStep(desired)]), tryStep(desired, isBack)];
  return planned(steps, obstacle(desired, standing));
}

function planned(steps: readonly ImageStep[], problem?: Problem): Plan<ImageStep> {
  return { steps, foreign: [], problems: problem ? [problem] : [], notes: [] };
}

function stageStep({ name }: WantedImage): ImageStep {
  const id = `bootenv/${name}`;
  return { id: `${id}/stage`, kind: "stage", impact: "hitless", needs: [], provides: [id], releases: [], image: name };
}

function tryStep({ name }: WantedImage, isBack: boolean): ImageStep {
  const id = `bootenv/${name}`;
  const step: ImageStep = {
    id: `${id}/try`,
    kind: "try",
    impact: "reboot",
    needs: [id],
    provides: [],
    releases: [],
    image: name,
  };
  return isBack ? { ...step, isBack } : step;
}

/** What is in the way of any image, or of this one. */
function obstacle(desired: WantedImage, { observed }: Standing): Problem | undefined {
  const { pool, environments, bootfs } = observed;
  if (pool.health !== "ONLINE") {
    return new Problem("POOL", `Pool ${pool.name} is ${pool.health}: no image is tried until it is mended.`, {
      remedy: `zpool status ${pool.name} names the disk.`,
    });
  }
  if (bootfs === undefined) {
    return new Problem(
      "POOL",
      `Pool ${pool.name} names nothing to boot: there is nothing that a trial could come back to.`,
      {
        remedy: "impctl be activate what runs.",
      },
    );
  }
  const taken = environments.find((one) => one.name === desired.name && !isOf(desired, one));
  return (
    taken &&
    new Problem("BOOT_ENVIRONMENT", `There is a boot environment ${taken.name} already, of another image.`, {
      remedy: `impctl be rm ${taken.name}, or call the image something else in images.yaml.`,
    })
  );
}

/** One line for people. */
export function describeImageStep({ kind, image, isBack }: ImageStep): string {
  if (kind === "stage") return `stage image ${image} beside what is there`;
  return `try image ${image}: boot it once, prove it, then let it boot next${isBack ? " (it proved itself here before)" : ""}`;
}
