/** How interfaces of all kinds are claimed, made and removed: their numbers and names. */
import type { VppObject } from "../model.ts";
import type { Target } from "./kind.ts";
import type { InterfaceDetails } from "./names.ts";

/** An interface that one kind knows more of than the list of interfaces says. */
export interface Claim {
  readonly index: number;
  readonly make: (details: InterfaceDetails) => VppObject;
}

/** What VPP calls a new one, unless it is told another name. */
export const usualNames = {
  hostInterface: (device: string) => `host-${device}`,
  tap: (id: number) => `tap${id}`,
  bond: (id: number) => `BondEthernet${id}`,
} as const;

/** Keeps the number that a new interface has, and gives it its name where VPP would choose another. */
export async function named(
  to: Target,
  name: string,
  usual: string,
  reply: Promise<{ readonly sw_if_index: number }>,
): Promise<void> {
  const { sw_if_index } = await reply;
  to.names.interfaceMade(name, sw_if_index);
  if (name !== usual) await to.vpp.call("sw_interface_set_interface_name", { sw_if_index, name });
}

/** VPP has no interface of this name any more. */
export function gone<T>(to: Target, name: string, send: (index: number) => Promise<T>): Promise<T> {
  const index = to.names.interface(name);
  to.names.interfaceGone(name);
  return send(index);
}
