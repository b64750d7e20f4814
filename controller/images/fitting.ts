/** Whether an image may come onto this box, and by which of its streams. Pure. */
import type { ImageStream, Manifest } from "../../schemas/manifest.ts";
import type { Downgrade } from "../../reconcilers/bootenv/standing.ts";
import { snapshotOf } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";

/** What counts of a box. */
export interface Fitted {
  /** Its architecture, and what its settings say that it is. */
  readonly hardware: readonly string[];
  /** Format of the journal that its agent writes. */
  readonly journal: number;
  /** Epoch of the image that is committed here; undefined: nobody knows, nothing is a downgrade. */
  readonly epoch?: number;
  /** GUIDs of the snapshots that committed here once: going back to one of them is no downgrade. */
  readonly committed?: readonly string[];
  /** Names of images for which a commit asks although they are older. */
  readonly allowed?: readonly string[];
}

/** The word of a commit by which an older image may come. */
export const downgradeTrailer = "Imp-Allow-Downgrade";

/** Why it may not come, or undefined. */
export function refusal(manifest: Manifest, box: Fitted): Problem | undefined {
  const { name, hardware, journal, epoch } = manifest;
  if (hardware.length > 0 && !hardware.some((tag) => box.hardware.includes(tag))) {
    return new Problem(
      "IMAGE_REFUSED",
      `${name} is for ${hardware.join(", ")}, and this box is ${box.hardware.join(", ")}.`,
      { remedy: "Name another image, or say in agent.yaml what this box is: images.hardware." },
    );
  }
  if (journal > box.journal) {
    return new Problem(
      "IMAGE_REFUSED",
      `The agent in ${name} cannot go on from what this one writes down: it knows the journal's formats from ${journal} on, and here it is ${box.journal}.`,
      { remedy: "Update this box's agent first: docs/package.md." },
    );
  }
  const isKnown = box.committed?.includes(snapshotOf(manifest)) === true || box.allowed?.includes(name) === true;
  if (box.epoch === undefined || epoch >= box.epoch || isKnown) return undefined;
  const { reason, remedy } = downgradeText(name, { epoch, committed: box.epoch });
  return new Problem("IMAGE_REFUSED", reason, { remedy });
}

/** What stands against an older image, and how it may come all the same. */
export function downgradeText(
  name: string,
  { epoch, committed }: Downgrade,
): { readonly reason: string; readonly remedy: string } {
  return {
    reason: `${name} is a downgrade: its epoch is ${epoch}, and ${committed} is committed here.`,
    remedy: `If that is meant, say "${downgradeTrailer}: ${name} <reason>" in a commit's message.`,
  };
}

/** The smallest stream that can be received where these snapshots are, by GUID. */
export function smallestStream({ streams }: Manifest, snapshots: ReadonlySet<string>): ImageStream {
  const [best] = streams
    .filter(({ base }) => base === undefined || snapshots.has(base))
    .toSorted((a, b) => a.size - b.size);
  // A manifest has a whole one.
  if (!best) throw new Problem("INTERNAL", "The manifest has no whole stream.");
  return best;
}

/** What a box is without being told: Debian's name of its architecture. */
export function architectureTag(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
