/** What VPP itself says: whether it answers, and what it has. */
import type { VppCheck } from "../../../schemas/health.ts";
import { instanceOf, type VppSight, type VppSights } from "../vpp-sight.ts";
import { counted, type Finding } from "./finding.ts";

/** Judges a check by the look that is under way. `rate`: of errors, packets a second; undefined: nobody can tell yet. */
export function vpp(check: VppCheck, sights: VppSights | undefined, rate: number | undefined): Finding {
  const sight = sights?.[instanceOf(check)];
  if (sight === undefined) return { ok: undefined, detail: "VPP is not asked here" };
  if (typeof sight !== "string") return judged(check, sight, rate);
  // Without an answer nobody knows more than that.
  return check.check === "vpp" ? { ok: false, detail: sight } : { ok: undefined, detail: sight };
}

function judged(check: VppCheck, sight: VppSight, rate: number | undefined): Finding {
  switch (check.check) {
    case "vpp": {
      const { lostThreads: lost } = sight;
      if (lost.length === 0) return { ok: true, detail: "answers" };
      return { ok: false, detail: `lost ${counted(lost.length, "thread", "threads")}: ${lost.join(", ")}` };
    }
    case "vpp-interface": {
      const found = sight.links.get(check.on);
      if (!found) return { ok: false, detail: "is not there" };
      if (!found.isEnabled) return { ok: false, detail: "is administratively down" };
      if (found.hasCarrier) return { ok: true, detail: "is up" };
      return { ok: false, detail: check.on.startsWith("memif") ? "is not connected" : "has no carrier" };
    }
    case "vpp-route":
      return presence(sight.routes.has(check.prefix));
    case "det44-mapping":
      return presence(sight.mappings.has(`${check.inside} ${check.outside}`));
    case "vpp-errors":
      if (rate === undefined) return { ok: true, detail: `${sight.errors} since it started` };
      return { ok: true, detail: `${rate.toFixed(1)} a second`, rate };
    default:
      return check satisfies never;
  }
}

function presence(isThere: boolean): Finding {
  return isThere ? { ok: true, detail: "is there" } : { ok: false, detail: "is not there" };
}
