/** Rules about declared health checks: what they name exists, and they can be true in the time that a deployment has. */
import { defaults, newestDefaults } from "../defaults.ts";
import { type DeclaredCheck, timingOf } from "../health.ts";
import type { Path } from "../json.ts";
import { missing } from "./references.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkHealth(view: View, report: Report): void {
  const { health, policy } = view.machine;
  const shortest = Math.min(...Object.values(defaults[newestDefaults].policy.timing).map(({ deadline }) => deadline));
  const deadline = policy["deadline-seconds"] ?? shortest;
  for (const [name, check] of Object.entries(health)) {
    const path = ["health", name];
    checkObject(view, check, path, report);
    checkBounds(check, path, report);
    const { startMs, soakMs } = timingOf(check);
    const takes = (startMs + soakMs) / 1000;
    if (!check.required || takes < deadline) continue;
    const key = soakMs > 0 ? "soak-seconds" : "start-seconds";
    report("health-time", [...path, key], `${takes} s do not fit into ${deadline} s, the shortest deadline`);
  }
}

/** What it is about. */
function checkObject(
  { machine: { routing, services }, ports }: View,
  check: DeclaredCheck,
  path: Path,
  report: Report,
): void {
  const known = (what: string, key: string, name: string, all: object): void => {
    if (!Object.hasOwn(all, name)) missing(what, { name, path: [...path, key] }, Object.keys(all), report);
  };
  if (check.check === "bgp-session" || check.check === "bgp-prefixes") {
    known("BGP peer", "peer", check.peer, routing.bgp?.peers ?? {});
  } else if (check.check === "bfd-peer") {
    known("BFD or BGP peer", "peer", check.peer, { ...routing.bgp?.peers, ...routing.bfd?.peers });
  } else if (check.check === "ospf-neighbor" || check.check === "ospf3-neighbor") {
    const version = check.check === "ospf-neighbor" ? "ospf" : "ospf3";
    const links = routing[version]?.interfaces ?? {};
    known(`interface under routing.${version}.interfaces,`, "interface", check.interface, links);
  } else if (check.check === "instance") {
    const instances = Object.entries(services).filter(([, service]) => service.instance !== undefined);
    known("instance under services,", "instance", check.instance, Object.fromEntries(instances));
  } else if (check.check === "link") {
    known("interface", "interface", check.interface, Object.fromEntries(ports));
    const port = ports.get(check.interface);
    if (port && port.linux === undefined) {
      report("reference-unseen", [...path, "interface"], `Linux does not see ${check.interface}`);
    }
  }
}

function checkBounds(check: DeclaredCheck, path: Path, report: Report): void {
  const [least, most] =
    check.check === "bgp-session"
      ? [check["min-age-seconds"], check["max-age-seconds"]]
      : "max" in check || check.check === "bgp-prefixes" || check.check === "routes"
        ? [check.min, check.max]
        : [];
  if (least !== undefined && most !== undefined && least > most) {
    report("health-bounds", path, `nothing is at least ${least} and at most ${most}`);
  }
  const counts = check.check === "bgp-prefixes" || check.check === "routes";
  if (counts && least === undefined && most === undefined) report("health-bounds", path, "has neither min nor max");
}
