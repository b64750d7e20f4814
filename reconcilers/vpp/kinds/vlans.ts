/** The VLANs of a state, and how deep things stand. Pure. */
import type { Vlan, VppObject } from "../model.ts";

/** The VLANs of a state, as those need them that stand on one. */
export interface Vlans {
  named(name: string): Vlan | undefined;
  /** The one that takes the outer tag alone. */
  outerOf(vlan: Vlan): Vlan | undefined;
}

/** Indexes a state once it is asked. */
export function vlansOf(objects: Iterable<VppObject>): Vlans {
  let index: { names: Map<string, Vlan>; tags: Map<string, Vlan> } | undefined;
  const indexed = () => (index ??= indexOf(objects));
  return {
    named: (name) => indexed().names.get(name),
    outerOf: (vlan) => indexed().tags.get(tagsOf({ ...vlan, inner: undefined })),
  };
}

function indexOf(objects: Iterable<VppObject>) {
  const names = new Map<string, Vlan>();
  const tags = new Map<string, Vlan>();
  for (const object of objects) {
    if (object.kind !== "vlan") continue;
    names.set(object.name, object);
    tags.set(tagsOf(object), object);
  }
  return { names, tags };
}

/** "external dot1q 25", "internal dot1ad 70.7": an interface tells packets apart by it. */
export function tagsOf({
  parent,
  encapsulation,
  outer,
  inner,
}: Pick<Vlan, "parent" | "encapsulation" | "outer"> & { readonly inner?: number | undefined }): string {
  return `${parent} ${encapsulation} ${outer}${inner === undefined ? "" : `.${inner}`}`;
}

/** How far from a NIC: a VLAN comes after its interface, and one in another VLAN after that; so do their pairs. */
export function depthOf(object: VppObject, vlans: Vlans): number {
  if (object.kind === "vlan") return object.inner === undefined ? 1 : 2;
  if (object.kind !== "linux-pair" && object.kind !== "settings") return 0;
  const vlan = vlans.named(object.on);
  return vlan === undefined ? 0 : depthOf(vlan, vlans);
}
