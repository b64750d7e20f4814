/** Which routes zebra knows, and how many of them it has in the kernel. */
import type { Host } from "../core.ts";
import { askJson, list, number, record, string } from "./json.ts";

export interface RouteCount {
  /** All that a protocol offers, chosen or not. */
  readonly rib: number;
  /** Those that the kernel has. */
  readonly fib: number;
}

/** Of the default VRF. */
export interface RouteCounts extends RouteCount {
  /** "connected", "static", "ebgp", "ibgp", "ospf" … */
  readonly byType: Readonly<Record<string, RouteCount>>;
}

/** Rejects with FRR_UNREACHABLE when zebra does not answer. */
export async function routeCounts(
  host: Host,
  sockets: string,
  family: "ipv4" | "ipv6",
  signal: AbortSignal,
): Promise<RouteCounts> {
  const command = `show ${family === "ipv4" ? "ip" : "ipv6"} route summary json`;
  const answer = record(await askJson(host, sockets, "zebra", command, signal));
  const types = list(answer["routes"]).map((entry): [string, RouteCount] => {
    const { type, rib, fib } = record(entry);
    return [string(type), { rib: number(rib), fib: number(fib) }];
  });
  return {
    rib: number(answer["routesTotal"]),
    fib: number(answer["routesTotalFib"]),
    byType: Object.fromEntries(types),
  };
}

/** The protocol of the route to exactly this prefix that zebra has chosen, in the default VRF; undefined: there is none. */
export async function chosenRoute(
  host: Host,
  sockets: string,
  prefix: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const command = `show ${prefix.includes(":") ? "ipv6" : "ip"} route ${prefix} json`;
  const answer = record(await askJson(host, sockets, "zebra", command, signal));
  const chosen = list(answer[prefix])
    .map(record)
    .find(({ selected }) => selected === true);
  return chosen && string(chosen["protocol"]);
}
