/** Which packets go elsewhere than the routing table says: by the operator's ABF, or to the translating instance. Pure. */
import type { Machine } from "../../../schemas/machine.ts";
import type { Port } from "../../../schemas/ports.ts";
import type { AclRule, Hop, VppObject } from "../model.ts";
import { numbersFor } from "./numbers.ts";
import { natSteering } from "./nat-steering.ts";

/** One ABF policy with all its attachments. */
export interface Steering {
  /** Of all on an appliance; its number follows from it unless it has an `id`. */
  readonly name: string;
  readonly id?: number;
  readonly acl: string;
  /** Of an ACL of its own. */
  readonly rules?: readonly AclRule[];
  readonly paths: readonly Hop[];
  readonly on: readonly string[];
  readonly family: "ipv4" | "ipv6";
  readonly priority: number;
}

export function renderSteering(machine: Machine, ports: ReadonlyMap<string, Port>): readonly VppObject[] {
  const all = [...written(machine), ...natSteering(machine, ports)];
  const given = all.flatMap(({ id }) => id ?? []);
  const unnumbered = all.filter(({ id }) => id === undefined).map(({ name }) => name);
  const ids = numbersFor(unnumbered, given);
  return all.flatMap(({ name, id, acl, rules, paths, on, family, priority }): readonly VppObject[] => {
    const policy = id ?? ids.get(name) ?? 0;
    return [
      ...(rules ? [{ kind: "acl", tag: acl, rules } as const] : []),
      { kind: "abf-policy", id: policy, acl, paths },
      ...on.map((on) => ({ kind: "abf-attachment", policy, on, family, priority }) as const),
    ];
  });
}

function written({ abf }: Machine): readonly Steering[] {
  return Object.entries(abf).map(([name, { id, acl, family, via, interface: out, on, priority }]) => {
    const over = out === undefined ? {} : { interface: out };
    const paths = via.length > 0 ? via.map((via) => ({ via, ...over })) : [over];
    const own = id === undefined ? {} : { id };
    return { name: `abf:${name}`, ...own, acl, paths: sorted(paths), on, family, priority };
  });
}

/** VPP has paths in an order of its own. */
function sorted(hops: readonly Hop[]): readonly Hop[] {
  return hops.toSorted((a, b) => ((a.via ?? "") < (b.via ?? "") ? -1 : 1));
}
