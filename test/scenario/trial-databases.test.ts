/** A database that all boot environments share, and that the image on trial changes so that the older program does not even start with it. */
import { describe, expect, it } from "vitest";
import { forgetDatabases, keepDatabases, restoreDatabases } from "../../controller/trial/databases.ts";
import { usersOfIncus } from "../../controller/trial/units.ts";
import type { Host, RunResult } from "../../reconcilers/core.ts";
import { incusOff } from "../../reconcilers/incus/incus.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import type { Moment, StartOptions } from "../lab/host.ts";
import { generation } from "../lab/story.ts";
import { imageB, trialBox, type TrialBox } from "../lab/trial-box.ts";
import { quickTrials } from "../lab/trial-means.ts";
import { must } from "../lab/zfs/boot-pool.ts";

const one = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const two = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"], {
  image: imageB,
  policy: { "max-impact": "reboot" },
});
const dataset = "tank/persistent/data/incus";

interface IncusBox extends TrialBox {
  /** By unit, as systemd has them. */
  readonly units: ReadonlyMap<string, string>;
  /** Whether the older Incus starts with it. */
  isOld(): boolean;
  /** What is kept of the database, by deployment. */
  kept(): readonly string[];
  /** Nothing can be rolled back: something holds on to the dataset. */
  isBusy: boolean;
}

/** It forwards with Incus; `b` is another image with a newer Incus, in which nothing comes up. */
async function incusBox(): Promise<IncusBox> {
  const units = new Map(usersOfIncus.map((unit) => [unit, "active"]));
  const said = (exitCode: number, stdout = ""): RunResult => ({ exitCode, stdout, stderr: "" });
  const plain = await trialBox(one, {
    incusPlane: {
      ...incusOff,
      plan: () => {
        const isUp = units.get("incus.service") === "active";
        const problems = isUp ? [] : [new Problem("INCUS_UNREACHABLE", "Incus is silent.", { transient: true })];
        return { steps: [], foreign: [], problems, notes: [] };
      },
    },
  });
  const { s, pool } = plain;
  for (const name of ["tank/persistent", "tank/persistent/data"]) must(pool, `zfs create ${name}`);
  must(pool, `zfs create -o mountpoint=/var/lib/incus ${dataset}`);
  const first = pool.datasets.get(dataset)?.blocks;
  const isOld = (): boolean => pool.datasets.get(dataset)?.blocks === first;
  const box: IncusBox = Object.assign(plain, {
    units,
    isOld,
    isBusy: false,
    kept: () => (pool.datasets.get(dataset)?.snapshots ?? []).map(({ name }) => name.replace("imp-trial-", "")),
  });
  box.onBoot = (name) => {
    if (name === "b") pool.write(dataset, 2 ** 20);
    if (name === "b") s.answering.clear();
    else s.answering.add("192.0.2.1");
    for (const unit of usersOfIncus) units.set(unit, name === "b" || isOld() ? "active" : "failed");
  };
  s.sim.answer(([program, verb = "", ...words]) => {
    if (program !== "systemctl" || !words.every((unit) => units.has(unit))) return undefined;
    const [unit = ""] = words;
    if (verb === "is-active") return said(3, words.map((word) => `${units.get(word)}\n`).join(""));
    if (verb === "stop") units.set(unit, "inactive");
    if (verb === "start") units.set(unit, isOld() ? "active" : "failed");
    return said(verb === "start" && !isOld() ? 1 : 0);
  });
  s.means = (host: Host) => {
    const keeping = (deployment: string) => ({ host, pool: "tank", deployment });
    return {
      ...quickTrials,
      async leave({ deployment }, signal) {
        await keepDatabases(keeping(deployment.id), signal);
        return { revive: async () => undefined };
      },
      async comeBack({ id }, signal) {
        if (box.isBusy) throw new Problem("POOL", "dataset is busy");
        await restoreDatabases(keeping(id), signal);
      },
      settle: ({ id }, which, signal) => forgetDatabases(keeping(id), which, signal),
    };
  };
  s.start();
  return box;
}

/** Sends it into the trial, and comes back by the reset; no agent runs here yet. */
async function cameBack(box: IncusBox): Promise<void> {
  const { s } = box;
  s.push("two", two);
  await s.sim.until(() => s.sim.isKilled(), "it left");
  s.start();
  await s.sim.until(() => box.running() === "a", "it came back");
  s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
}

const history = async (box: IncusBox): Promise<string> =>
  JSON.stringify(await ask(box.s.agent(), "history", { limit: 20 }));

describe("a database that a trial migrated", () => {
  it("is put back before anything that needs its program, and nothing that forwards is restarted for it", async () => {
    const box = await incusBox();
    await cameBack(box);
    const { s } = box;
    expect([box.isOld(), box.units.get("incus.socket"), box.kept().length]).toEqual([false, "failed", 1]);
    s.failsafe.history.length = 0;
    await box.settle();
    expect(s.status()).toMatchObject({ state: "held", committed: { generation: one.digest } });
    expect([box.isOld(), box.kept(), [...box.units.values()]]).toEqual([true, [], ["active", "active", "active"]]);
    expect(s.failsafe.history.filter((what) => what.startsWith("restore"))).toEqual([]);
    expect(box.boots).toEqual(["kexec b", "boot b on trial", "reboot", "boot a"]);
  });

  it("is put back once, wherever the agent or the power is cut meanwhile", async () => {
    const undisturbed = await incusBox();
    await cameBack(undisturbed);
    undisturbed.s.start();
    await undisturbed.s.rest();
    const effects = undisturbed.s.sim.effects().map((effect, index) => ({ effect, at: index + 1 }));
    const own = effects.filter(({ effect }) => /zfs (set|rollback|destroy) |systemctl (stop|start) /.test(effect));
    expect(own).toHaveLength(10);
    const found: string[] = [];
    for (const { at, effect } of own) {
      for (const [moment, isPower] of [
        ["before", false],
        ["after", true],
      ] as const) {
        const box = await interrupted({ killAt: at, moment }, isPower);
        const { state } = box.s.status();
        const seen = [box.isOld(), box.kept().length, ...box.units.values(), state].join(" ");
        if (seen !== "true 0 active active active held") found.push(`${moment} ${at} ${effect}: ${seen}`);
        await box.s.close();
      }
    }
    expect(found).toEqual([]);
  });

  it("stays kept where it cannot be put back, which is told, and is when somebody mended that", async () => {
    const box = await incusBox();
    await cameBack(box);
    const { s } = box;
    box.isBusy = true;
    s.failsafe.history.length = 0;
    await box.settle();
    expect(s.status()).toMatchObject({ state: "stranded", reason: expect.stringContaining("Incus is silent.") });
    expect(s.failsafe.history.filter((what) => what.startsWith("restore"))).toEqual([]);
    expect([box.boots.at(-1), box.boots.length, box.kept().length]).toEqual(["boot a", 4, 1]);
    box.isBusy = false;
    await ask(s.agent(), "rollback", { reason: "the mount is gone" });
    await s.sim.until(() => s.status().state === "held", "it is back");
    expect([box.isOld(), box.kept()]).toEqual([true, []]);
  });

  it("stays kept where somebody picks another boot environment meanwhile, and through later trials", async () => {
    const box = await incusBox();
    const { s } = box;
    s.push("two", two);
    await s.sim.until(() => s.sim.isKilled(), "it left");
    box.pick("b");
    await box.settle();
    const [kept = ""] = box.kept();
    expect(s.status()).toMatchObject({ waiting: { why: "boot-environment" } });
    expect(await history(box)).toContain(`is kept as it was before: ${dataset}@imp-trial-${kept}.`);
    must(box.pool, `zfs rollback ${dataset}@imp-trial-${kept}`);
    box.pick("a");
    box.onBoot = () => void s.answering.add("192.0.2.1");
    await box.settle();
    expect([box.running(), box.kept()]).toEqual(["b", [kept]]);
  });
});

async function interrupted(options: StartOptions & { readonly moment: Moment }, isPower: boolean): Promise<IncusBox> {
  const box = await incusBox();
  await cameBack(box);
  box.s.start(options);
  await box.s.rest();
  if (isPower) box.comeUp();
  await box.settle();
  return box;
}
