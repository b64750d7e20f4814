/** What each plane is to be, or is, as people read it: files by their paths, the others by their plane. */
import { textOf as incusText } from "../reconcilers/incus/difference.ts";
import { textOf } from "../reconcilers/vpp/difference.ts";
import type { Desired } from "../reconcilers/generation.ts";

export interface DesiredText {
  readonly title: string;
  readonly text: string;
}

/** Secrets are sealed in it. */
export function desiredTexts({ system, vpp, frr, incus }: Desired): readonly DesiredText[] {
  const objects = textOf(vpp);
  const instances = incusText(incus);
  return [
    ...system.files.map(({ path, text }) => ({ title: path, text })),
    ...(objects === "" ? [] : [{ title: "vpp", text: objects }]),
    { title: "frr", text: frr.config },
    ...(instances === "" ? [] : [{ title: "incus", text: instances }]),
  ];
}
