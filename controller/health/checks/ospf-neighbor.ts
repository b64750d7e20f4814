import type { HealthCheck } from "../../../schemas/health.ts";
import type { Sight } from "../sight.ts";
import { counted, type Finding } from "./finding.ts";

/** Full adjacencies on an interface, of OSPF or OSPFv3. */
export function ospfNeighbor(
  check: Extract<HealthCheck, { check: "ospf-neighbor" | "ospf3-neighbor" }>,
  { ospf, ospf6 }: Pick<Sight, "ospf" | "ospf6">,
): Finding {
  const found = (check.check === "ospf-neighbor" ? ospf : ospf6)?.get(check.interface) ?? 0;
  const least = check["min-neighbors"] ?? 1;
  if (found === 0) return { ok: false, detail: "no full adjacency" };
  const detail = counted(found, "full adjacency", "full adjacencies");
  return found >= least ? { ok: true, detail } : { ok: false, detail: `${detail}, and at least ${least} are wanted` };
}
