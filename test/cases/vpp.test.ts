/** Runs every test/cases/vpp/*.yaml: an appliance and a change of it in, the plan of VPP's plane out. See README.md. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load as parse } from "js-yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { folderTree } from "../../controller/folder.ts";
import { planText } from "../../reconcilers/plan-text.ts";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import {
  instances,
  type InstanceObserved,
  type VppDesired,
  type VppObject,
  type VppObserved,
  type VppStep,
} from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { renderVpp } from "../../reconcilers/vpp/render/render.ts";
import { loadMachine } from "../../schemas/load.ts";
import { carriedOut } from "../lab/vpp-objects.ts";

const Patch = z.record(z.string(), z.unknown());
const Case = z.strictObject({
  test: z.strictObject({
    description: z.string(),
    machine: z.string().default("fra1/r1"),
    /** What VPP has: its NICs alone, or what this over the machine asks for. */
    before: z.union([z.literal("nothing"), Patch]).default({}),
    /** Over the machine: what is desired. */
    after: Patch.default({}),
    /** Over the machine: what was committed; what VPP has unless it is given. */
    committed: Patch.optional(),
    plan: z.string(),
  }),
});
type Case = z.infer<typeof Case>["test"];

const sites = folderTree(join(import.meta.dirname, "../../sites"));
const versions = { vpp: "26.06" };

async function desired(machine: string, patch: z.infer<typeof Patch>): Promise<VppDesired> {
  const above = Object.keys(patch).length > 0 ? [{ kind: "local", name: "case", text: dump(patch) } as const] : [];
  const { loaded, problems } = await loadMachine(sites, machine, above);
  if (!loaded) throw new Error(problems.join("\n"));
  return renderVpp(loaded.machine, versions);
}

/** An instance in which nothing but the NICs is, as they are after a start. */
function nothingBut(all: readonly VppObject[]): readonly VppObject[] {
  return all.flatMap((object): readonly VppObject[] =>
    object.kind === "physical" ? [object, { kind: "settings", on: object.name, up: false, mtu: 9000 }] : [],
  );
}

function observed(objects: readonly VppObject[] | undefined): InstanceObserved | undefined {
  return objects && { objects, version: "26.06", unknown: [], missing: {} };
}

function has(core: readonly VppObject[] | undefined, nat: readonly VppObject[] | undefined): VppObserved {
  const [one, other] = [observed(core), observed(nat)];
  return { ...(one && { core: one }), ...(other && { nat: other }) };
}

async function statesOf({ machine, before, after, committed }: Case) {
  const wanted = await desired(machine, after);
  const old = before === "nothing" ? {} : await desired(machine, before);
  const live =
    before === "nothing"
      ? has(nothingBut(wanted.core?.objects ?? []), wanted.nat && [])
      : has(old.core?.objects, old.nat?.objects);
  return { wanted, live, owned: [committed ? await desired(machine, committed) : old] };
}

describe("the plan for VPP", () => {
  const folder = join(import.meta.dirname, "vpp");
  for (const file of readdirSync(folder)) {
    const { test } = Case.parse(parse(readFileSync(join(folder, file), "utf8"), { filename: file }));
    it(`${file}: ${test.description}`, async () => {
      const { wanted, live, owned } = await statesOf(test);
      const plan = planVpp(wanted, live, owned);
      expect(planText({ vpp: plan }, { vpp: { describe: (step) => describeStep(step as VppStep) } })).toBe(test.plan);
      const then = Object.fromEntries(
        instances.map((name) => {
          const objects = live[name]?.objects;
          return [name, objects && carriedOut(name, plan.steps, objects, wanted[name]?.objects)];
        }),
      );
      expect(planVpp(wanted, has(then["core"], then["nat"]), owned).steps.map(describeStep)).toEqual([]);
    });
  }
});
