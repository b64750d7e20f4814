/** Every kind of check: those that follow from what each look sees of FRR and the links, and those that ask by themselves. */
import type { AskedCheck, SeenCheck } from "../../../schemas/health.ts";
import type { Rates } from "../rates.ts";
import type { Sight } from "../sight.ts";
import { instanceOf } from "../vpp-sight.ts";
import { bfdPeer } from "./bfd-peer.ts";
import { bgpPrefixes } from "./bgp-prefixes.ts";
import { bgpSession, bgpSessions } from "./bgp-session.ts";
import { command } from "./command.ts";
import { disk } from "./disk.ts";
import { dns } from "./dns.ts";
import type { Asking, Finding } from "./finding.ts";
import { http } from "./http.ts";
import { instance } from "./instance.ts";
import { link } from "./link.ts";
import { ospfNeighbor } from "./ospf-neighbor.ts";
import { ping } from "./ping.ts";
import { pool } from "./pool.ts";
import { route } from "./route.ts";
import { routes } from "./routes.ts";
import { tcp } from "./tcp.ts";
import { unit } from "./unit.ts";
import { vpp } from "./vpp.ts";

/** What the look that is under way says of a check. */
export function seen(check: SeenCheck, sight: Sight, rates: Rates): Finding {
  switch (check.check) {
    case "bgp-session":
      return bgpSession(check, sight);
    case "bgp-prefixes":
      return bgpPrefixes(check, sight);
    case "bgp-sessions":
      return bgpSessions(check, sight);
    case "ospf-neighbor":
    case "ospf3-neighbor":
      return ospfNeighbor(check, sight);
    case "bfd-peer":
      return bfdPeer(check, sight);
    case "link":
      return link(check, sight);
    case "vpp":
    case "vpp-interface":
    case "vpp-route":
    case "det44-mapping":
    case "vpp-errors":
      return vpp(check, sight.vpp, rates.of(instanceOf(check)));
    default:
      return check satisfies never;
  }
}

/** Asks for one check. Rejects with a Problem when that fails. */
export async function ask(check: AskedCheck, asking: Asking): Promise<Finding> {
  switch (check.check) {
    case "routes":
      return routes(check, asking);
    case "route":
      return route(check, asking);
    case "unit":
      return unit(check, asking);
    case "instance":
      return instance(check, asking);
    case "disk":
      return disk(check, asking);
    case "pool":
      return pool(check, asking);
    case "ping":
      return ping(check, asking);
    case "tcp":
      return tcp(check, asking);
    case "http":
      return http(check, asking);
    case "dns":
      return dns(check, asking);
    case "command":
      return command(check, asking);
    default:
      return check satisfies never;
  }
}
