/** customers/<name>.yaml: a customer in one block, and what it becomes in the machine of its appliance. */
import { z } from "zod";
import { Address, Cidr, familyOf, InterfaceName, Line, Mtu, Name, Prefix, VlanId } from "./primitives.ts";

export const Customer = z
  .strictObject({
    description: Line.optional().meta({ description: "By default the customer's name." }),
    appliance: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]*\/[a-z0-9][a-z0-9._-]*$/, 'must be "<site>/<appliance>"')
      .meta({ description: 'Where the customer is connected: "<site>/<appliance>".' }),
    interface: InterfaceName.meta({ description: "Physical interface or bond." }),
    vlan: VlanId.meta({ description: "The customer's VLAN on it." }),
    "inner-vlan": VlanId.optional().meta({ description: "QinQ: the VLAN inside." }),
    mtu: Mtu.optional(),
    addresses: z.array(Cidr).min(1).meta({ description: "Our addresses towards the customer." }),
    routes: z
      .record(Prefix, Address)
      .default({})
      .meta({ description: "The customer's networks and the customer's address that they are behind." }),
    "rate-mbps": z.number().min(0.01).max(4_000_000).optional().meta({ description: "Limit in both directions." }),
    filters: z
      .strictObject({
        in: z.array(Name).default([]).meta({ description: "From the customer, in the order they are tried." }),
        out: z.array(Name).default([]).meta({ description: "Towards the customer." }),
      })
      .prefault({})
      .meta({ description: "ACLs, in: from the customer." }),
    "unicast-rpf": z
      .enum(["strict", "loose", "off"])
      .default("strict")
      .meta({ description: "strict: only from addresses that are routed to the customer." }),
  })
  .check((ctx) => {
    for (const [prefix, via] of Object.entries(ctx.value.routes)) {
      if (familyOf(prefix) === familyOf(via)) continue;
      const message = `"${via}" is of the other address family than ${prefix}`;
      ctx.issues.push({ code: "custom", path: ["routes", prefix], message, input: ctx.value });
    }
  })
  .meta({ description: "A customer." });
export type Customer = z.infer<typeof Customer>;

/** A piece of a customer's expansion: a value of the machine, and the path in the customer's file that it comes from. */
export interface CustomerPart {
  readonly path: readonly string[];
  readonly value: string | number | readonly string[];
  readonly from: readonly string[];
}

/**
 * What a customer becomes in the machine `customer.appliance`, leaf by leaf: a sub-interface, its static routes, and a
 * policer. `trunk` says whether the interface is a bond there. The parts are a layer above the appliance's own file.
 */
export function expandCustomer(name: string, customer: Customer, trunk: "interfaces" | "bonds"): CustomerPart[] {
  const parts: CustomerPart[] = [];
  const add = (path: readonly string[], value: CustomerPart["value"] | undefined, ...from: string[]) => {
    if (value !== undefined) parts.push({ path, value, from });
  };
  const port = [trunk, customer.interface, "sub-interfaces", subInterfaceNumber(customer)];
  add([...port, "description"], customer.description ?? name, "description");
  add([...port, "vlan"], customer.vlan, "vlan");
  add([...port, "inner-vlan"], customer["inner-vlan"], "inner-vlan");
  const inner = customer["inner-vlan"];
  // "internal.3100007" would not fit Linux's 15 characters.
  if (inner !== undefined) add([...port, "linux-cp"], `${customer.interface}.${customer.vlan}.${inner}`, "inner-vlan");
  add([...port, "mtu"], customer.mtu, "mtu");
  add([...port, "addresses"], customer.addresses, "addresses");
  for (const way of ["in", "out"] as const) {
    if (customer.filters[way].length > 0) add([...port, "acl", way], customer.filters[way], "filters", way);
  }
  if (customer["unicast-rpf"] !== "off") add([...port, "unicast-rpf"], customer["unicast-rpf"], "unicast-rpf");
  for (const [prefix, via] of Object.entries(customer.routes)) {
    add(["routing", "static", prefix, "via"], [via], "routes", prefix);
    add(["routing", "static", prefix, "description"], name, "routes", prefix);
  }
  const rate = customer["rate-mbps"];
  if (rate !== undefined) {
    const policer = `customer-${name}`;
    add(["policers", policer, "rate-kbps"], Math.round(rate * 1000), "rate-mbps");
    for (const way of ["in", "out"]) add([...port, "policer", way], policer, "rate-mbps");
  }
  return parts;
}

/** The number of a customer's sub-interface: its VLAN; with an inner VLAN both, as in 3100007 for 310 and 7. */
function subInterfaceNumber(customer: Customer): string {
  const inner = customer["inner-vlan"];
  return String(inner === undefined ? customer.vlan : customer.vlan * 10_000 + inner);
}
