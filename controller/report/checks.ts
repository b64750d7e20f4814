/** What the checks showed, in as few words as a status has room for. Pure. */
import type { CheckNews } from "./observer.ts";
import type { ChecksStatus } from "./status.ts";

/** More of them tell nothing more. */
const shownRed = 50;

export function checksStatus(results: readonly CheckNews[], at: number): ChecksStatus {
  const red = results.filter(({ ok }) => ok === false);
  const required = red.filter(({ severity }) => severity === "required");
  const advisory = red.filter(({ severity }) => severity === "advisory");
  return {
    at,
    red: [...required, ...advisory].slice(0, shownRed).map(sentence),
    green: results.filter(({ ok }) => ok === true).length,
    unknown: results.filter(({ ok }) => ok === undefined).length,
  };
}

function sentence({ name, severity, detail }: CheckNews): string {
  return `${name}: ${detail}${severity === "required" ? "" : " (advisory)"}`;
}
