/**
 * The memif links between core and nat, two for each way of translating: `internal` carries what is steered there, `external`
 * what was translated. Pure.
 */
import type { Machine } from "../../../schemas/machine.ts";
import type { InstanceName, VppObject } from "../model.ts";

export interface Link {
  readonly module: "det44" | "nat64";
  readonly end: "internal" | "external";
  /** Of the interface, the same in both instances: "memif1/0". */
  readonly name: string;
  /** Number of its socket. */
  readonly id: number;
  /** Addresses with length. */
  readonly core: string;
  readonly nat: string;
}

/** Ids are for good: what an older agent made is found again. */
const all = [
  { module: "det44", end: "internal", id: 1 },
  { module: "det44", end: "external", id: 2 },
  { module: "nat64", end: "internal", id: 3 },
  { module: "nat64", end: "external", id: 4 },
] as const;

export function linksOf({ nat }: Machine): readonly Link[] {
  return all.flatMap(({ module, end, id }) => {
    const link = nat?.[module]?.links[end];
    return link === undefined ? [] : [{ module, end, id, name: `memif${id}/0`, ...link }];
  });
}

/**
 * One end of every link. MAC addresses are fixed: with random ones the other end would send to the old one after a restart. FRR
 * sees those links over which pools are reached.
 */
export function renderLinks(instance: InstanceName, machine: Machine): readonly VppObject[] {
  return linksOf(machine).flatMap((link): readonly VppObject[] => {
    const { module, end, id, name } = link;
    const [role, side] = instance === "core" ? (["master", 0] as const) : (["slave", 1] as const);
    const isSeen = instance === "core" && end === "external";
    return [
      { kind: "memif-socket", id, path: `/run/vpp/memif-${module}-${end}.sock` },
      { kind: "memif", name, socket: id, id: 0, role, mac: `02:69:6d:70:0${side}:0${id}` },
      ...(isSeen ? [{ kind: "linux-pair", on: name, name: `memif-${module}` } as const] : []),
      { kind: "address", on: name, address: link[instance] },
      { kind: "settings", on: name, up: true, mtu: 9000 },
    ];
  });
}

/** An address without its length. */
export function bare(cidr: string): string {
  return cidr.replace(/\/.*$/, "");
}
