/**
 * What VPP's binary API has no message for, and its CLI has a command. All of it goes through here: a unit test lists the
 * commands. What an operator writes raw goes past.
 */
import type { Vpp } from "./vpp.ts";

/** Everything that this product itself says to VPP's CLI. */
export const commands = {
  /** How much of the heap is left: no message says it, and what VPP cannot allocate it dies of. */
  mainHeap: "show memory main-heap",
  /** What of LLDP was configured: the messages only show neighbours. */
  lldp: "show lldp detail",
  /** Numbers of devices: the message that switches LLDP on wants one. */
  devices: "show hardware-interfaces brief",
  /** Who holds a VRF table: the message that lists them does not say. */
  holders: (family: "ip" | "ip6", table: number) => `show ${family} fib summary table ${table}`,
  /** What the boot commands hold of one: the message lets go of what the API holds only. */
  letGoOfTable: (family: "ip" | "ip6", table: number) => `${family} table del ${table}`,
  /** Who wins of those that have one route: no message says it. */
  fibSources: "show fib source",
  /** Health: its threads with their numbers in Linux, and how often something went wrong with a packet. */
  threads: "show threads",
  errors: "show errors",
  /** How many packets came in: whether traffic went elsewhere before a reboot. */
  interfaces: "show interface",
} as const;

/** Bytes of VPP's main heap that nobody uses; undefined where VPP's answer is not understood. */
export async function freeHeap(vpp: Pick<Vpp, "cli">): Promise<number | undefined> {
  const text = await vpp.cli(commands.mainHeap);
  const [, number, unit = ""] = /\bfree: (\d+(?:\.\d+)?)([KMG]?)\b/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number(number) * ({ K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[unit] ?? 1);
}
