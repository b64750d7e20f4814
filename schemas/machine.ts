/**
 * The whole appliance, in operator words: what the layers fleet, site and appliance merge into. null deletes, so layers
 * are merged before this schema sees them.
 */
import { z } from "zod";
import { Abf } from "./abf.ts";
import { Acls } from "./acl.ts";
import { containersSchema } from "./containers.ts";
import { Cpu } from "./cpu.ts";
import { type Defaults, defaults } from "./defaults.ts";
import { Health } from "./health.ts";
import { Identity } from "./identity.ts";
import { bondsSchema, interfacesSchema, loopbacksSchema } from "./interfaces.ts";
import { bridgesSchema, CrossConnects } from "./l2.ts";
import { DhcpRelay, lldpSchema } from "./lldp.ts";
import { Maintenance } from "./maintenance.ts";
import { managementSchema } from "./management.ts";
import { natSchema } from "./nat.ts";
import { Policers } from "./policers.ts";
import { policySchema } from "./policy.ts";
import { Name } from "./primitives.ts";
import { RawVpp } from "./raw.ts";
import { routingSchema } from "./routing.ts";
import { Services } from "./services.ts";
import { Sysctl } from "./sysctl.ts";
import { After, StatusPlace } from "./rollout.ts";
import { ageRecipient } from "./secret-file.ts";
import { tapsSchema, vxlanSchema } from "./tunnels.ts";
import { Vrfs } from "./vrfs.ts";
import { vrrpSchema } from "./vrrp.ts";

/** The machine's schema with one generation of defaults. Built once for each, never per call. */
export function machineSchema(d: Defaults) {
  return z
    .strictObject({
      hostname: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a host name without domain, in lower case")
        .optional()
        .meta({ description: "By default the appliance's name." }),
      identity: Identity.optional(),
      "age-key": z
        .string()
        .regex(ageRecipient, "must be an age public key, as in age1…")
        .optional()
        .meta({ description: "The box's age public key: what its secrets are encrypted to." }),
      after: After,
      status: StatusPlace.optional(),
      image: Name.optional().meta({ description: "Name in images.yaml; left out, the image stays as it is." }),
      agent: Name.optional().meta({
        description:
          "Name of a package of the agent in images.yaml: docs/package.md; left out, the agent stays as it is.",
      }),
      maintenance: Maintenance,
      management: managementSchema(d).optional(),
      interfaces: interfacesSchema(d),
      bonds: bondsSchema(d),
      loopbacks: loopbacksSchema(d),
      taps: tapsSchema(d),
      vxlan: vxlanSchema(d),
      bridges: bridgesSchema(d),
      "cross-connects": CrossConnects,
      cpu: Cpu.optional(),
      sysctl: Sysctl,
      acls: Acls,
      abf: Abf,
      vrfs: Vrfs,
      vrrp: vrrpSchema(d),
      policers: Policers,
      lldp: lldpSchema(d).optional(),
      "dhcp-relay": DhcpRelay,
      nat: natSchema(d).optional(),
      containers: containersSchema(d).optional(),
      routing: routingSchema(d).prefault({}),
      "raw-vpp": RawVpp,
      services: Services,
      health: Health,
      policy: policySchema(d).prefault({}),
    })
    .meta({ description: "An appliance." });
}

/** One schema for each generation of defaults: `machines[1]` for `defaults: 1`. */
export const machines = { 1: machineSchema(defaults[1]) } as const satisfies Record<keyof typeof defaults, unknown>;

/** The schema with the newest defaults. */
export const Machine = machines[1];
/** A valid appliance with every default filled in. */
export type Machine = z.infer<typeof Machine>;
/** The same as an operator may write it. */
export type MachineInput = z.input<typeof Machine>;
