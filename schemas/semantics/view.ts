/** One machine as the rules look at it: its interfaces, its own addresses and the networks they are in. */
import type { Path } from "../json.ts";
import type { Machine } from "../machine.ts";
import { type Port, portsOf } from "../ports.ts";
import type { ParsedCidr } from "../primitives.ts";
import { cidrOf, type Networks, networks } from "./networks.ts";

/** An address of the dataplane, on an interface, towards the containers, or on a link to the translating instance. */
export interface Own {
  readonly cidr: ParsedCidr;
  readonly path: Path;
  /** How an operator calls where it stands: "external.25", "containers". */
  readonly on: string;
  readonly port: Port | undefined;
}

export interface View {
  readonly machine: Machine;
  readonly ports: ReadonlyMap<string, Port>;
  /** In the main table: those that FRR, translation and other appliances have to do with. */
  readonly own: readonly Own[];
  /** In VRFs. */
  readonly apart: readonly Own[];
  /** Own addresses by their text, without length. */
  readonly byAddress: ReadonlyMap<string, Own>;
  /** Shared addresses of VRRP, which are own ones while it is master. */
  readonly shared: ReadonlySet<string>;
  /** Which own address's network holds an address; link-local ones are in none. */
  readonly connected: Networks<Own>;
}

export function viewOf(machine: Machine): View {
  const ports = portsOf(machine);
  const all = [...portAddresses(ports), ...containerAddresses(machine), ...linkAddresses(machine)];
  const [own, apart] = [all.filter((one) => vrfOf(one) === undefined), all.filter((one) => vrfOf(one) !== undefined)];
  const byAddress = new Map<string, Own>();
  for (const one of own) if (!byAddress.has(one.cidr.address)) byAddress.set(one.cidr.address, one);
  let connected: Networks<Own> | undefined;
  return {
    machine,
    ports,
    own,
    apart,
    byAddress,
    shared: new Set(Object.values(machine.vrrp).flatMap((vrrp) => vrrp.addresses)),
    // Of thousands of addresses it is large, and many machines have nobody who asks.
    get connected() {
      connected ??= networks(
        own.filter(({ cidr }) => !isLinkLocal(cidr.address)).map((one) => [one.cidr, one] as const),
      );
      return connected;
    },
  };
}

/** undefined: the main table. */
export function vrfOf({ port }: Own): string | undefined {
  return port?.settings.vrf;
}

/** fe80::/10, which every link has. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}

function own(text: string, path: Path, on: string, port?: Port): readonly Own[] {
  const cidr = cidrOf(text);
  return cidr === undefined ? [] : [{ cidr, path, on, port }];
}

function portAddresses(ports: ReadonlyMap<string, Port>): readonly Own[] {
  return [...ports.values()].flatMap((port) =>
    port.settings.addresses.flatMap((text, index) => own(text, [...port.path, "addresses", index], port.ref, port)),
  );
}

function containerAddresses({ containers }: Machine): readonly Own[] {
  if (containers === undefined) return [];
  const length = (prefix: string): string => prefix.slice(prefix.indexOf("/"));
  const { gateway, network, ipv6 } = containers;
  return [
    ...own(gateway + length(network), ["containers", "gateway"], "containers"),
    ...(ipv6 ? own(ipv6.gateway + length(ipv6.network), ["containers", "ipv6", "gateway"], "containers") : []),
  ];
}

function linkAddresses({ nat }: Machine): readonly Own[] {
  return (["det44", "nat64"] as const).flatMap((kind) =>
    (["internal", "external"] as const).flatMap((link) => {
      const text = nat?.[kind]?.links[link].core;
      return text === undefined ? [] : own(text, ["nat", kind, "links", link, "core"], `the memif link of ${kind}`);
    }),
  );
}
