/** Runs test/cases/*.yaml of the rules: every rule of the catalogue has a case that breaks it and one that does not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatPath, isObject, type JsonObject, type JsonValue } from "../../../../schemas/json.ts";
import { Machine } from "../../../../schemas/machine.ts";
import { mergeOver } from "../../../../schemas/merge.ts";
import { Rollout } from "../../../../schemas/rollout.ts";
import { checkFleet } from "../../../../schemas/semantics/check-fleet.ts";
import { checkRollout } from "../../../../schemas/semantics/check-rollout.ts";
import { checkMachine } from "../../../../schemas/semantics/check-machine.ts";
import { fleetRules } from "../../../../schemas/semantics/fleet-rules.ts";
import { machineRules } from "../../../../schemas/semantics/machine-rules.ts";
import { parseYaml } from "../../../../schemas/yaml.ts";

const cases = join(import.meta.dirname, "../../../cases");

function object(value: JsonValue | undefined): JsonObject {
  if (!isObject(value)) throw new Error(`not a map: ${JSON.stringify(value)}`);
  return value;
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

interface Found {
  readonly rule: string;
  readonly text: string;
  readonly remedy: string;
}

function findMachine(written: JsonObject): readonly Found[] {
  return checkMachine(Machine.parse(written)).map((one) => ({
    ...one,
    text: `${formatPath(one.path)}: ${one.message}`,
  }));
}

function findFleet(written: JsonObject): readonly Found[] {
  const { rollout, ...appliances } = written;
  const machines = new Map(Object.entries(appliances).map(([name, machine]) => [name, Machine.parse(machine)]));
  const ordering = { names: new Set(machines.keys()), rollout: Rollout.optional().parse(rollout), machines };
  const { findings } = checkRollout({ ...ordering, isOwn: () => true });
  return [...checkFleet(machines), ...findings].map((one) => ({
    ...one,
    text: `${one.machine ?? "fleet.yaml"}: ${formatPath(one.path)}: ${one.message}`,
  }));
}

const seen = new Set<string>();
for (const area of ["hardware", "interfaces", "addresses", "routing", "services", "fleet"]) {
  const { document, problems } = parseYaml(`${area}.yaml`, readFileSync(join(cases, `${area}.yaml`)));
  if (!document) throw problems[0] ?? new Error(area);
  const base = object(document.value["base"]);
  const find = area === "fleet" ? findFleet : findMachine;
  for (const [rule, value] of Object.entries(object(document.value["rules"]))) {
    seen.add(rule);
    const { good, bad } = object(value);
    const numbered = (all: JsonValue | undefined) => list(all).map((one, index) => [index + 1, object(one)] as const);
    describe(`the rule ${rule}`, () => {
      it.each(numbered(good))("has nothing against good case %i", (_, one) => {
        expect(find(mergeOver(base, one)).map(({ text }) => text)).toEqual([]);
      });

      it.each(numbered(bad))("finds what is wrong in bad case %i", (_, one) => {
        const found = find(mergeOver(base, object(one["machine"] ?? one["machines"])));

        expect(found.map(({ text }) => text)).toEqual(one["finds"]);
        expect(found.map((each) => each.rule)).toContain(rule);
        expect(found.map(({ remedy }) => remedy)).toEqual(one["remedies"] ?? found.map(({ remedy }) => remedy));
      });

      it("has both kinds of cases", () => {
        expect(Math.min(list(good).length, list(bad).length)).toBeGreaterThan(0);
      });
    });
  }
}

it("has cases for every rule of the catalogue and for no other", () => {
  expect([...seen].sort()).toEqual(Object.keys({ ...machineRules, ...fleetRules }).sort());
});
