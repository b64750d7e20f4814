/** What there is to say of a kind of objects, and VPP's table of it (table.ts) says of each. Pure. */
import type { Impact } from "../../core.ts";
import type { InstanceName, VppObject } from "../model.ts";
import type { Vlans } from "./vlans.ts";

export interface Rules<O extends VppObject> {
  /** Names an object among those of its kind, in an instance: what desired and observed are matched by. */
  key(object: O): string;
  /** Resource keys that are there with it. */
  provides?(object: O): readonly string[];
  /** Resource keys that it stands on: without one of them it cannot be, and it goes before they go. */
  needs?(object: O, vlans: Vlans): readonly string[];
  /** Resource keys that, where they come, it must come after, anew if it was there before. */
  follows?(object: O): readonly string[];
  /** What only one object at a time can have: VPP refuses a second one, or confuses the two. */
  takes?(object: O): readonly string[];
  /** Fields that VPP changes while the object stands; where another one changes, it goes and comes again. */
  readonly inPlace?: readonly string[];
  /** Fields that are as VPP or a driver chose unless they are asked for. */
  readonly optional?: readonly string[];
  /** Fields that only say more of what was observed: never compared. */
  readonly ignored?: readonly string[];
  /** Resource keys with any of which VPP takes it along by itself, of those that it needs. */
  goesWith?(object: O): readonly string[];
  /** Why only a restart takes it away, where that is so. */
  readonly stuck?: string;
  /** What it disturbs. Its coming is hitless unless it says otherwise; so are its changes. */
  readonly impact: { readonly add?: Impact; readonly set?: Impact; readonly remove: Impact };
  /** "VLAN external.25" */
  noun(object: O): string;
  /** What else an operator wants to know when it comes: "dot1q 25". */
  details?(object: O): readonly string[];
  /** What changes in place, where "field from … to …" would not say it well. */
  changes?(before: O, after: O): readonly string[];
}

/** The resource that an interface is. */
export function interfaceKey(name: string): string {
  return `interface:${name}`;
}

/** A resource key as other planes know it: "tap:external", "nat/interface:memif1/0". */
export function scoped(instance: InstanceName, keys: readonly string[]): readonly string[] {
  return instance === "core" ? keys : keys.map((key) => `${instance}/${key}`);
}
