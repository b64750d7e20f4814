/**
 * The public integration configurations of vppcfg (vppcfg/intest/ of its repository) as machine files in test/cases/vppcfg/:
 * from any to any other in one go.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load as parse } from "js-yaml";
import { expect, it } from "vitest";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../reconcilers/vpp/instances.ts";
import type { VppDesired } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { renderVpp } from "../../reconcilers/vpp/render/render.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { places, vppHost } from "../lab/vpp-host.ts";

const folder = join(import.meta.dirname, "vppcfg");
const signal = new AbortController().signal;
const { host, sims } = vppHost({ nics: ["g0", "g1", "h0", "h1"] });

const states = readdirSync(folder)
  .sort()
  .map((file): readonly [string, VppDesired] => {
    const input = parse(readFileSync(join(folder, file), "utf8"), { filename: file }) as MachineInput;
    return [file, renderVpp(Machine.parse(input), { vpp: "26.06" })];
  });

/** Plans, applies, and returns what is left to do. */
async function reconcile(desired: VppDesired, owned: readonly VppDesired[]): Promise<readonly string[]> {
  const { steps, problems } = planVpp(desired, await observeVpp(host, places, signal), owned);
  if (problems.length > 0) return problems.map(({ message }) => message);
  for await (const _ of applyVpp(steps, host, places, signal));
  return planVpp(desired, await observeVpp(host, places, signal), owned).steps.map(describeStep);
}

it("has all fifteen", () => {
  expect(states.length).toBe(15);
});

it.each(states)("goes from %s to any other and back", async (name, from) => {
  sims.core.restart();
  const left: string[] = await reconcile(from, []).then((steps) => steps.map((step) => `${name}: ${step}`));
  for (const [other, to] of states) {
    for (const step of await reconcile(to, [from])) left.push(`to ${other}: ${step}`);
    for (const step of await reconcile(from, [to])) left.push(`back from ${other}: ${step}`);
  }
  expect(left).toEqual([]);
  expect(sims.core.deaths).toEqual([]);
});
