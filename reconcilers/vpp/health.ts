/** The health checks that follow from what VPP is to have. Pure. */
import type { HealthCheck } from "../../schemas/health.ts";
import { instances, type InstanceName, type VppDesired, type VppObject } from "./model.ts";

/**
 * Each instance answers, has its interfaces up, its routes and its mappings. `unexpected`: interfaces, as VPP names them, that may
 * be down.
 */
export function vppChecks(desired: VppDesired, unexpected: ReadonlySet<string>): readonly HealthCheck[] {
  return instances.flatMap((instance): readonly HealthCheck[] => {
    const objects = desired[instance]?.objects;
    if (objects === undefined) return [];
    return [
      { check: "vpp", instance, required: true },
      ...objects.flatMap((object) => checkOf(object, instance, unexpected)),
      // What is dropped is counted too: somebody else's packets must not take a change back.
      { check: "vpp-errors", instance, required: false },
    ];
  });
}

function checkOf(object: VppObject, instance: InstanceName, unexpected: ReadonlySet<string>): readonly HealthCheck[] {
  if (object.kind === "settings" && object.up && !unexpected.has(object.on)) {
    return [{ check: "vpp-interface", on: object.on, instance, required: true }];
  }
  // The check looks in the main table.
  if (object.kind === "route" && object.table === undefined)
    return [{ check: "vpp-route", prefix: object.prefix, instance, required: true }];
  if (object.kind === "det44-mapping") {
    return [{ check: "det44-mapping", inside: object.inside, outside: object.outside, required: true }];
  }
  return [];
}
