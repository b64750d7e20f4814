/** What taking over a box may not do unless an operator allows it by name: remove something, or disturb traffic. */
import type { Step } from "../../reconcilers/core.ts";

/** `allowed`: ids of steps. */
export function unallowed(steps: readonly Step[], allowed: readonly string[]): readonly Step[] {
  return steps.filter(({ id, kind, impact }) => (kind === "remove" || impact !== "hitless") && !allowed.includes(id));
}

const shown = 10;

/** "remove frr/ip route 198.51.100.0/24 (hitless), restart system/vpp-core.service (restart) and 3 more" */
export function unallowedText(steps: readonly Step[]): string {
  const list = steps.slice(0, shown).map(({ id, kind, impact }) => `${kind} ${id} (${impact})`);
  return `${list.join(", ")}${steps.length > shown ? ` and ${steps.length - shown} more` : ""}`;
}
