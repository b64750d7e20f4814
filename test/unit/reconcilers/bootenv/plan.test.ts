import { describe, expect, it } from "vitest";
import { standingOf } from "../../../../controller/boot-environments.ts";
import { describeImageStep, planImage, runsImage, type ImageStep } from "../../../../reconcilers/bootenv/plan.ts";
import type { Step } from "../../../../reconcilers/core.ts";
import { planText } from "../../../../reconcilers/plan-text.ts";
import { simHost } from "../../../lab/host.ts";
import { addEnvironment, bootPool, must, runFrom } from "../../../lab/zfs/boot-pool.ts";
import type { SimPool } from "../../../lab/zfs/datasets.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const wanted = { name: "imp-v2", manifest: digest("2") };

async function standing(change: (pool: SimPool) => void = () => undefined, committed: readonly string[] = ["imp-v1"]) {
  const pool = bootPool(["imp-v1"]);
  must(pool, `zfs set imp:manifest=${digest("1")} tank/ROOT/imp-v1`);
  change(pool);
  const sim = simHost();
  runFrom(sim, pool, "tank/ROOT/imp-v1");
  for (const name of committed) {
    const guid = pool.datasets.get(`tank/ROOT/${name}`)?.guid;
    sim.files.set(`/state/committed.d/${guid}`, { target: "../generations/x" });
  }
  return standingOf({ host: sim.start(), state: "/state" }, new AbortController().signal);
}

/** As `impctl plan` shows it. */
async function text(...world: Parameters<typeof standing>): Promise<string> {
  const plan = planImage(wanted, await standing(...world));
  return planText({ bootenv: plan }, { bootenv: { describe: (step: Step) => describeImageStep(step as ImageStep) } });
}

function staged(pool: SimPool): void {
  addEnvironment(pool, "imp-v2");
  must(pool, `zfs set imp:manifest=${digest("2")} tank/ROOT/imp-v2`);
}

describe("the plan of an image", () => {
  it("stages and tries one that is not there", async () => {
    expect(await text()).toMatchInlineSnapshot(`
      "2 steps, worst impact reboot.

      bootenv: 1 hitless, 1 reboot
        hitless  stage image imp-v2 beside what is there
        reboot   try image imp-v2: boot it once, prove it, then let it boot next
      "
    `);
  });

  it("tries one that is there, under whatever name, and says where that proved itself before", async () => {
    expect(await text(staged)).not.toContain("stage");
    const renamed = (pool: SimPool) => {
      staged(pool);
      must(pool, "zfs rename tank/ROOT/imp-v2 tank/ROOT/other");
    };
    expect(await text(renamed)).toMatchInlineSnapshot(`
      "1 step, worst impact reboot.

      bootenv: 1 reboot
        reboot  try image imp-v2: boot it once, prove it, then let it boot next
      "
    `);
    expect(await text(staged, ["imp-v2"])).toContain("(it proved itself here before)");
  });

  it("stages one anew that was not received whole", async () => {
    const cut = (pool: SimPool) => {
      staged(pool);
      must(pool, "zfs set imp:state=receiving tank/ROOT/imp-v2");
    };
    expect(await text(cut)).toContain("stage image imp-v2");
  });

  it("has nothing to do where it runs, is not asked for, or there is no pool", async () => {
    const one = { name: "imp-v1", manifest: digest("1") };
    expect(planImage(one, await standing()).steps).toEqual([]);
    expect(runsImage(one, await standing())).toBe(true);
    expect(planImage(undefined, await standing()).steps).toEqual([]);
    expect(planImage(wanted, undefined).steps).toEqual([]);
    expect(runsImage(wanted, undefined)).toBe(false);
  });

  it("goes by the manifest where there is one, else by the name", async () => {
    const sameName = { name: "imp-v1", manifest: digest("9") };
    expect(runsImage(sameName, await standing())).toBe(false);
    const unmarked = await standing((pool) => must(pool, "zfs inherit imp:manifest tank/ROOT/imp-v1"));
    expect(runsImage(sameName, unmarked)).toBe(true);
  });

  it.each([
    [
      "a pool that lacks a disk",
      (pool: SimPool) => void (pool.health = "DEGRADED"),
      /Pool tank is DEGRADED: no image is tried/,
    ],
    ["a pool that boots nothing", (pool: SimPool) => void (pool.bootfs = undefined), /names nothing to boot/],
    [
      "a name that is taken",
      (pool: SimPool) => {
        addEnvironment(pool, "imp-v2");
        must(pool, `zfs set imp:manifest=${digest("3")} tank/ROOT/imp-v2`);
      },
      /There is a boot environment imp-v2 already, of another image/,
    ],
  ])("is in nobody's hands with %s", async (_, change, why) => {
    expect(await text(change)).toMatch(why);
  });
});
