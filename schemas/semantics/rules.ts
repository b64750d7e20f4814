/** What checks report: findings, each by a rule of the catalogues. */
import type { Path } from "../json.ts";
import type { Finding } from "./finding.ts";
import { fleetRules } from "./fleet-rules.ts";
import { machineRules } from "./machine-rules.ts";
import type { Rule } from "./rule.ts";

export type MachineRule = keyof typeof machineRules;
export type FleetRule = keyof typeof fleetRules;

/** A finding with the rule that it comes from. */
export interface RuleFinding extends Finding {
  readonly rule: MachineRule | FleetRule;
}

/** Notes a finding; `remedy` only where there is a better one than the rule's. */
export type Report = (rule: MachineRule, path: Path, message: string, remedy?: string) => void;

/** A finding by its rule's severity and, unless there is a better one, its remedy. */
export function finding(rule: MachineRule | FleetRule, path: Path, message: string, remedy?: string): RuleFinding {
  const found: Rule = { ...machineRules, ...fleetRules }[rule];
  return { rule, path, message, remedy: remedy ?? found.remedy, severity: found.severity };
}
