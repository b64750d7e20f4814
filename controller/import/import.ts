/** A machine file of what the seed platform's `router.json` says: pure. What it cannot say is told, never dropped in silence. */
import type { JsonObject } from "../../schemas/json.ts";
import type { RouterJson } from "../../schemas/router-json.ts";
import type { Drafted } from "../drafted.ts";
import { importBridges, importInterfaces, importLoopbacks, importPassthrough } from "./interfaces.ts";
import { importContainers, importNat } from "./nat.ts";
import { importRouting } from "./routing.ts";

/** Collects the sentences of an import. */
export interface Remarks {
  left(sentence: string): void;
  advise(sentence: string): void;
}

/** `unknown`: keys of the file that nobody here knows. */
export function importRouter(router: RouterJson, unknown: readonly string[]): Drafted {
  const left = unknown.map((path) => `${path}: unknown here.`);
  const advice: string[] = [];
  const remarks: Remarks = { left: (one) => void left.push(one), advise: (one) => void advice.push(one) };
  const nat = importNat(router, remarks);
  const bridges = importBridges(router);
  const machine: JsonObject = {
    ...(router.hostname !== undefined && { hostname: router.hostname }),
    ...importManagement(router, remarks),
    interfaces: importInterfaces(router, remarks),
    ...section("loopbacks", importLoopbacks(router)),
    ...section("bridges", bridges),
    ...section("cross-connects", importPassthrough(router)),
    ...section("nat", nat.section),
    ...section("containers", importContainers(router, nat, remarks)),
    ...section("routing", importRouting(router, nat.announce, remarks)),
  };
  if (router.cpu !== undefined) {
    remarks.left("cpu: it was worked out for the box anew each time. Add cpu: {count: …}, with what nproc says there.");
  }
  return { machine, left, advice };
}

function section(name: string, value: JsonObject): JsonObject {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}

function importManagement({ management }: RouterJson, remarks: Remarks): JsonObject {
  if (management === undefined) {
    remarks.left("management: the file has none. Write it by hand.");
    return {};
  }
  const { iface, mode, ipv4, ipv4_prefix: length, ipv4_gateway: gateway } = management;
  const address = mode === "static" && ipv4 !== undefined && length !== undefined ? `${ipv4}/${length}` : undefined;
  if (mode === "static" && address === undefined) {
    remarks.left("management: it is static and has no address; the machine file asks by DHCP.");
  }
  const own = address === undefined ? "dhcp" : { address, ...(gateway !== undefined && { gateway }) };
  return { management: { interface: { name: iface }, ipv4: own } };
}
