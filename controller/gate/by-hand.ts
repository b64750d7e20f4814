/** Guards that spare what people do on the box by hand. */
import { handsOn } from "../break-glass.ts";
import type { Guard } from "./question.ts";

/** Whoever works on the box would be worked against. */
export const breakGlass: Guard = ({ facts }) => facts.breakGlass && handsOn(facts.breakGlass);

/** Somebody wanted what is live to be so, and nobody here knows why. */
export const drift: Guard = ({ purpose, facts: { reverts } }) => {
  const [first] = reverts;
  if (purpose === "correct" || first === undefined) return undefined;
  const more = reverts.length > 1 ? ` and ${reverts.length - 1} more` : "";
  return {
    reason: `It would take back what somebody changed by hand: ${first}${more}.`,
    unblock: "Bring it into the repository (see `impctl drift show`), or `impctl drift discard --reason`.",
  };
};
