/** Rules across the values of one machine that fit its schema one by one. docs/validation.md lists them. */
import type { Machine } from "../machine.ts";
import { checkAddresses } from "./addresses.ts";
import { checkBgp } from "./bgp.ts";
import { checkContainers } from "./containers.ts";
import { checkHardware } from "./hardware.ts";
import { checkHealth } from "./health.ts";
import { checkHygiene } from "./hygiene-rules.ts";
import { checkIgp } from "./igp.ts";
import { checkInstances } from "./instances.ts";
import { checkInterfaces } from "./interfaces.ts";
import { checkLists } from "./lists.ts";
import { checkNat } from "./nat.ts";
import { checkPolicy } from "./policy.ts";
import { checkReferences, type Offered } from "./references.ts";
import { checkRelays } from "./relays.ts";
import { checkRoutes } from "./routes.ts";
import { checkRoutingVrfs } from "./routing-vrfs.ts";
import { finding, type Report, type RuleFinding } from "./rules.ts";
import { checkSwitching } from "./switching.ts";
import { viewOf } from "./view.ts";

/** Pure and total. `offered` names what the machine could refer to beside its own, for "did you mean" alone. */
export function checkMachine(machine: Machine, offered: Offered = () => []): readonly RuleFinding[] {
  const findings: RuleFinding[] = [];
  const report: Report = (...found) => findings.push(finding(...found));
  const view = viewOf(machine);
  checkHardware(view, report);
  checkInterfaces(view, report);
  checkSwitching(view, report);
  checkAddresses(view, report);
  checkReferences(view, offered, report);
  checkLists(view, report);
  checkBgp(view, report);
  checkRoutingVrfs(view, report);
  checkHygiene(view, report);
  checkIgp(view, report);
  checkRoutes(view, report);
  checkRelays(view, report);
  checkNat(view, report);
  checkContainers(view, report);
  checkInstances(view, report);
  checkHealth(view, report);
  checkPolicy(view, report);
  return findings;
}
