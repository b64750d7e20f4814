/**
 * Which of VPP's numbers stands for which name. VPP counts its interfaces and ACLs as it likes, gives a number away again as
 * soon as it is free, and begins anew with every start: so numbers live for one pass of observing or one apply, and never
 * leave this room.
 */
import { Problem } from "../../../schemas/problem.ts";
import type { Dumps } from "../api/messages.ts";
import type { Vpp } from "../api/vpp.ts";

/** "no interface", "all of them", "a new one". */
export const none = 0xffff_ffff;

type Details = Dumps["sw_interface_dump"]["details"];

const wanted = [
  "sw_if_index",
  "sup_sw_if_index",
  "interface_name",
  "interface_dev_type",
  "type",
  "flags",
  "l2_address",
  "link_mtu",
  "mtu",
  "sub_id",
  "sub_outer_vlan_id",
  "sub_inner_vlan_id",
  "sub_if_flags",
  "vtr_op",
] as const satisfies readonly (keyof Details)[];

/** What anybody here looks at. */
export type InterfaceDetails = Pick<Details, (typeof wanted)[number]>;

/** All that VPP has. */
export function listInterfaces(vpp: Vpp): Promise<readonly InterfaceDetails[]> {
  return vpp.dumpMany("sw_interface_dump", [{ sw_if_index: none }], wanted);
}

/** Changes as an apply makes and removes things. */
export class Names {
  /** By number: of two interfaces with one name (VPP lets that happen) the older one. */
  readonly #names = new Map<number, string>();
  readonly #interfaces = new Map<string, number>();
  readonly #acls = new Map<string, number>();
  readonly #tags = new Map<number, string>();

  interfaceMade(name: string, index: number): void {
    if (this.#interfaces.has(name)) return;
    this.#interfaces.set(name, index);
    this.#names.set(index, name);
  }

  interfaceGone(name: string): void {
    const index = this.#interfaces.get(name);
    if (index === undefined) return;
    this.#interfaces.delete(name);
    this.#names.delete(index);
  }

  aclMade(tag: string, index: number): void {
    this.#tags.set(index, tag);
    if (!this.#acls.has(tag)) this.#acls.set(tag, index);
  }

  aclGone(tag: string): void {
    this.#acls.delete(tag);
  }

  /** What an ACL is known by; its number where VPP has none of it: a policy may name one that is gone. */
  tagOf(index: number): string {
    return this.#tags.get(index) ?? `#${index}`;
  }

  has(name: string): boolean {
    return this.#interfaces.has(name);
  }

  /** undefined: no such interface, or one that is none of ours (taps of linux-cp, local0). */
  nameOf(index: number): string | undefined {
    return this.#names.get(index);
  }

  /** "#7" is the number of one that is gone. Throws a Problem where VPP has none of this name. */
  interface(name: string): number {
    return this.#interfaces.get(name) ?? numberOfGone(name) ?? missing("interface", name);
  }

  /** Throws a Problem where VPP has none of this tag. */
  acl(tag: string): number {
    return this.#acls.get(tag) ?? missing("ACL", tag);
  }
}

/** What an interface is known by that is mentioned and not there any more: somebody removed it. */
export function goneName(index: number): string {
  return `#${index}`;
}

/** undefined: a name like any other. */
export function numberOfGone(name: string): number | undefined {
  return /^#\d+$/.test(name) ? Number(name.slice(1)) : undefined;
}

function missing(what: string, name: string): never {
  throw new Problem("VPP_REFUSED", `VPP has no ${what} ${name}`, {
    remedy: "It was removed after it was read: plan again.",
    transient: true,
  });
}

/** All interfaces but those that nobody configures: local0, and the taps of linux-cp with what is on them. */
export function visible(
  all: readonly InterfaceDetails[],
  pairs: readonly { readonly host_sw_if_index: number }[],
): readonly InterfaceDetails[] {
  const hosts = new Set(pairs.map((pair) => pair.host_sw_if_index));
  return all.filter(
    ({ interface_dev_type: type, sw_if_index: index, sup_sw_if_index: parent }) =>
      type !== "local" && !hosts.has(index) && !hosts.has(parent),
  );
}

/** What VPP had as an apply began. Rejects as dumps do. */
export interface Beginning {
  readonly names: Names;
  /** Nobody configured anything yet, as far as interfaces show it. */
  readonly isBlank: boolean;
}

const madeByConfiguration: ReadonlySet<string> = new Set([
  "Loopback",
  "BVI",
  "VXLAN",
  "bond",
  "memif",
  "af-packet",
  "tap",
  "virtio",
]);

export async function readBeginning(vpp: Vpp, withAcls: boolean): Promise<Beginning> {
  const [interfaces, acls] = await Promise.all([
    listInterfaces(vpp),
    withAcls && vpp.has("acl_dump") ? vpp.dump("acl_dump", { acl_index: none }) : [],
  ]);
  const isBlank = interfaces.every((one) => one.type === 0 && !madeByConfiguration.has(one.interface_dev_type));
  return { names: namesOf(interfaces, acls), isBlank };
}

export function namesOf(interfaces: readonly InterfaceDetails[], acls: readonly Dumps["acl_dump"]["details"][]): Names {
  const names = new Names();
  for (const { interface_name, sw_if_index } of interfaces) names.interfaceMade(interface_name, sw_if_index);
  const tags = new Set<string>();
  for (const { acl_index, tag } of acls.toSorted((one, other) => one.acl_index - other.acl_index)) {
    names.aclMade(tag === "" || tags.has(tag) ? `#${acl_index}` : tag, acl_index);
    tags.add(tag);
  }
  return names;
}
