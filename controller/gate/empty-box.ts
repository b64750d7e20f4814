/** Whether there is anything on a box that could be disturbed, or that somebody means to keep. */
import type { Desired } from "../../reconcilers/generation.ts";
import { type InstanceName, instances } from "../../reconcilers/vpp/model.ts";
import type { Question } from "./question.ts";

/**
 * Nothing of ours or of anybody else's is there yet: also nothing that the machine file asks for just as it is. What does not answer
 * shows nothing, and is bare where nobody wrote what it would start from.
 */
export function isEmptyBox({ plan, committed, facts }: Pick<Question, "plan" | "committed" | "facts">): boolean {
  return committed === undefined && plan.foreign === 0 && facts.startFiles.length === 0 && isBare(plan.before);
}

/** Other files below /etc do not count: an image comes with some. */
function isBare({ frr, vpp }: Desired): boolean {
  // A NIC is there by itself.
  const isBlank = (instance: InstanceName) =>
    vpp[instance]?.objects.every(({ kind }) => kind === "physical" || kind === "settings") !== false;
  return frr.config.trim() === "" && instances.every(isBlank);
}
