/** The machine file of an adoption, with what is to be known of it as comments. */
import { worstImpact } from "../../reconcilers/core.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { draftedText } from "../drafted.ts";
import type { Adopted } from "./adopt.ts";

export function adoptedText(adopted: Adopted): string {
  return draftedText("Made of what the appliance runs, by impctl adopt.", adopted, laterLines(adopted));
}

function laterLines({ later }: Adopted): readonly string[] {
  if (later === undefined) return [];
  const count = `${later.steps.length} step${later.steps.length === 1 ? "" : "s"}`;
  return [
    "",
    `This runs here too, under other names and numbers, or in other files, than impctl's. Taking it in is ${count}, ${worstImpact(later.steps) ?? "hitless"} at`,
    "worst: in a window, with a look at the plan, and by hand away with what it replaces (foreign in the plan).",
    ...yamlText(later.machine).trimEnd().split("\n"),
  ];
}
