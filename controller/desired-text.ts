/** What each plane is to be, or is, as people read it: files by their paths, the others by their plane. */
import type { Desired } from "../reconcilers/generation.ts";

export interface DesiredText {
  readonly title: string;
  readonly text: string;
}

/** Secrets are sealed in it. */
export function desiredTexts({ system, frr }: Desired): readonly DesiredText[] {
  return [...system.files.map(({ path, text }) => ({ title: path, text })), { title: "frr", text: frr.config }];
}
