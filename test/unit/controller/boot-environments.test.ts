import { describe, expect, it } from "vitest";
import {
  changeEnvironment,
  keepHouse,
  shownPool,
  standingOf,
  type EnvironmentVerb,
} from "../../../controller/boot-environments.ts";
import { journalFormat } from "../../../controller/journal.ts";
import { poolText } from "../../../controller/cli/be-text.ts";
import { orderIn } from "../../../controller/operations/boot-environment.ts";
import { simHost, type Sim } from "../../lab/host.ts";
import { addIncremental, bootFrom, bootPool, must, runFrom } from "../../lab/zfs/boot-pool.ts";
import type { SimPool } from "../../lab/zfs/datasets.ts";
import { silentTerminal } from "./cli/terminal.ts";

/** The journal's state; a deployment in flight has this id. */
function journal(sim: Sim, at: "idle" | "proving" | "trial-booting", id = ""): void {
  const target = { purpose: "deploy", commit: "c", generation: "a".repeat(64) };
  const places = { environment: "1", boot: "b", startedAt: 0, deadline: 0 };
  const deployment = { ...target, ...places, id, planes: ["vpp"], steps: 1, stepsDone: 0 };
  const to = at === "idle" ? { at, since: 0 } : { at, since: 0, deployment };
  const record = { format: journalFormat, at: 0, uptime: 0, boot: "b", event: { type: "start" }, from: "idle", to };
  sim.files.set(`${state}/journal/current.json`, { text: JSON.stringify(record), mode: 0o600 });
}

const { signal } = new AbortController();
const state = "/persistent/config/imp";

/** Five of them: e runs, a boots next after `activate`; all but c committed, later ones later; d is a clone of b. */
function router() {
  const pool = bootPool(["e", "a", "b", "c"]);
  addIncremental(pool, "d", "b");
  const sim = simHost();
  const commit = (name: string, at: number): void => {
    sim.files.set(`${state}/committed.d/${pool.datasets.get(`tank/ROOT/${name}`)?.guid}`, {
      target: "../generations/x",
    });
    must(pool, `zfs set imp:committed=${at} tank/ROOT/${name}`);
  };
  ["a", "b", "d", "e"].forEach((name, at) => commit(name, 1_700_000_000 + at));
  runFrom(sim, pool, "tank/ROOT/e");
  const box = { host: sim.start(), state };
  const roles = async () => {
    const standing = await standingOf(box, signal);
    const shown = standing ? shownPool(standing) : undefined;
    return Object.fromEntries((shown?.environments ?? []).map((one) => [one.name, one.roles.join(" ")]));
  };
  const text = async () => {
    const standing = await standingOf(box, signal);
    return standing ? poolText(shownPool(standing), silentTerminal("/")) : "";
  };
  const told = async (verb: EnvironmentVerb, name: string): Promise<string> =>
    changeEnvironment(box, { verb, name, reason: "why not" }, signal).catch((thrown: unknown) => String(thrown));
  return { pool, sim, box, roles, text, told };
}

describe("boot environments of a box", () => {
  it("are shown with what they are to it", async () => {
    const { text, pool, told } = router();
    await told("pin", "a");
    must(pool, "zfs set imp:state=receiving tank/ROOT/c");
    must(pool, "zfs set imp:version=1.4.0 tank/ROOT/b");
    expect(await text()).toMatchInlineSnapshot(`
      "pool tank ONLINE, 3.6 GiB free
         NAME  ROLES           COMMITTED  SIZE     OWN      MADE        FROM
         a     pinned          yes        100 MiB  100 MiB  2023-11-14  -
         b     -               yes        100 MiB  100 MiB  2023-11-14  1.4.0
         c     being received  no         100 MiB  100 MiB  2023-11-14  -
         d     fallback        yes        110 MiB  10 MiB   2023-11-14  clone of tank/ROOT/b@img
      *  e     running, next   yes        100 MiB  100 MiB  2023-11-14  -
      a is pinned: why not"
    `);
  });

  it("are activated only where they committed, and another one is to be tried", async () => {
    const { told, pool, roles } = router();
    expect(await told("activate", "c")).toMatch(
      /c never proved itself on this box\. What boots next is always one that did: it is not activated\. Let the agent try it \(impctl be activate c, from what boots next\);/,
    );
    expect(pool.bootfs).toBe("tank/ROOT/e");
    expect(await told("activate", "b")).toBe(
      "b boots next. Until this box is rebooted e runs, and nothing is deployed.",
    );
    expect(pool.bootfs).toBe("tank/ROOT/b");
    expect(await roles()).toEqual({ a: "", b: "next", c: "", d: "fallback", e: "running" });
    expect(await told("activate", "e")).toBe("e runs, and boots next.");
  });

  it("say when another one was chosen in the boot menu, but not in a trial", async () => {
    const { sim, pool, text } = router();
    pool.mount("tank/ROOT/b");
    bootFrom(sim, "tank/ROOT/b");
    expect(await text()).toContain("b was chosen by hand: e boots next, and nothing is deployed here.");
    const words = `root=zfs:tank/ROOT/b imp.trial=${"a".repeat(64)} imp.trial-id=1-a imp.deadline=600\n`;
    sim.files.set("/proc/cmdline", { text: words, mode: 0o444 });
    journal(sim, "proving", "1-a");
    expect(await text()).not.toContain("by hand");
    expect(await text()).toMatch(/b {5}running, trial/);
    must(pool, "zpool set bootfs=tank/ROOT/b tank");
    expect(await text()).toMatch(/b {5}running, next +yes/);
  });

  it("say so too in the boot of a trial that committed, whose words stay on the command line", async () => {
    const { sim, pool, text } = router();
    pool.mount("tank/ROOT/b");
    bootFrom(sim, "tank/ROOT/b");
    const words = `root=zfs:tank/ROOT/b imp.trial=${"a".repeat(64)} imp.trial-id=1-a imp.deadline=600\n`;
    sim.files.set("/proc/cmdline", { text: words, mode: 0o444 });
    journal(sim, "idle");
    expect(await text()).toContain("b was chosen by hand: e boots next, and nothing is deployed here.");
    // Another one is under way: this is none.
    journal(sim, "trial-booting", "2-c");
    expect(await text()).toContain("b was chosen by hand");
  });

  it("are removed with everything in them, and what was cloned from them stays whole", async () => {
    const { told, pool } = router();
    must(pool, "zfs hold imp-image tank/ROOT/b@img");
    must(pool, "zfs create -o mountpoint=none tank/ROOT/b/var");
    expect(await told("rm", "b")).toBe("b is removed.");
    expect([...pool.datasets.keys()].filter((name) => name.includes("/ROOT/")).toSorted()).toEqual(
      ["a", "c", "d", "e"].map((name) => `tank/ROOT/${name}`),
    );
    expect(pool.datasets.get("tank/ROOT/d")?.origin).toBeUndefined();
    expect(pool.datasets.get("tank/ROOT/d")?.blocks.size).toBe(2);
    // What it took over to stay whole takes no room any more.
    expect(pool.datasets.get("tank/ROOT/d")?.snapshots.map(({ name }) => name)).toEqual(["img"]);
    expect(pool.usedBytes()).toBe((300 + 110) * 2 ** 20);
  });

  it.each([
    ["e", /e stays: it is booted\. Boot another one first\.$/],
    ["d", /d stays: of the others that committed, the one that did so last/],
    ["a", /a stays: an operator wants it kept\. impctl be unpin it first\.$/],
  ])("stay where something depends on them: %s", async (name, why) => {
    const { told, pool } = router();
    await told("pin", "a");
    const before = [...pool.datasets.keys()];
    expect(await told("rm", name)).toMatch(why);
    expect([...pool.datasets.keys()]).toEqual(before);
  });

  it("stay where they are mounted, held by somebody else, or cloned to where nobody sees it", async () => {
    const { told, pool } = router();
    pool.mount("tank/ROOT/a");
    expect(await told("rm", "a")).toMatch(/a stays: it is mounted\. zfs unmount tank\/ROOT\/a/);
    must(pool, "zfs hold somebody tank/ROOT/c@img");
    expect(await told("rm", "c")).toMatch(/POOL|cannot destroy snapshot tank\/ROOT\/c@img: it's being held/);
    must(pool, "zfs release somebody tank/ROOT/c@img");
    must(pool, "zfs clone -o mountpoint=none tank/ROOT/c@img tank/copy");
    expect(await told("rm", "c")).toMatch(/filesystem has dependent clones/);
    expect(pool.datasets.has("tank/ROOT/c")).toBe(true);
  });

  it("are named by name or GUID, and another name says which there are", async () => {
    const { told, pool, roles } = router();
    expect(await told("pin", "f")).toMatch(/There is no boot environment f\. There are: a, b, c, d, e\./);
    await told("pin", pool.datasets.get("tank/ROOT/c")?.guid ?? "");
    expect((await roles())["c"]).toBe("pinned");
    await told("unpin", "c");
    expect((await roles())["c"]).toBe("");
  });

  it("are not there on a box whose root is no dataset", async () => {
    const box = { host: simHost().start(), state };
    await expect(changeEnvironment(box, { verb: "rm", name: "a", reason: "" }, signal)).rejects.toThrow(
      /is no ZFS dataset/,
    );
  });
});

function names(pool: SimPool): readonly string[] {
  return [...pool.datasets.keys()].flatMap((name) => /^tank\/ROOT\/(.*)$/.exec(name)?.[1] ?? []).toSorted();
}

describe("after a commit", () => {
  it("the newest stay beside those that must, and the running one says when it committed", async () => {
    const { box, pool } = router();
    const policy = { "keep-boot-environments": 2, "min-free-pool-mebibytes": 0 };
    expect(await keepHouse(box, policy, signal)).toEqual([]);
    // d is what to go back to; of the others c is among the two newest.
    expect(names(pool)).toEqual(["c", "d", "e"]);
    expect(pool.datasets.get("tank/ROOT/e")?.properties.get("imp:committed")).toBe(
      String(Math.floor(box.host.now() / 1000)),
    );
  });

  it("fewer stay where the pool is too full, and it is said when that is not enough", async () => {
    const { box, pool } = router();
    const policy = { "keep-boot-environments": 5, "min-free-pool-mebibytes": 3700 };
    expect(await keepHouse(box, policy, signal)).toEqual([]);
    expect(names(pool)).toEqual(["b", "c", "d", "e"]);
    const problems = await keepHouse(box, { ...policy, "min-free-pool-mebibytes": 4000 }, signal);
    expect(problems.map(String)).toEqual([
      "Pool tank has 3886 MiB free, and policy wants 4000: every boot environment that is left has to stay. impctl be list says which are pinned; zfs list -o space says what else takes room.",
    ]);
    expect(names(pool)).toEqual(["d", "e"]);
  });

  it("what cannot go is told, and keeps nothing else", async () => {
    const { box, pool } = router();
    must(pool, "zfs hold somebody tank/ROOT/a@img");
    const problems = await keepHouse(box, { "keep-boot-environments": 1, "min-free-pool-mebibytes": 0 }, signal);
    expect(problems.map(({ code }) => code)).toEqual(["POOL"]);
    expect(names(pool)).toEqual(["a", "d", "e"]);
  });
});

describe("an agent that is killed while it tidies up", () => {
  const policy = { "keep-boot-environments": 1, "min-free-pool-mebibytes": 0 };
  const stands = (pool: SimPool) =>
    [...pool.datasets.values()]
      .map(({ name, origin, blocks, snapshots }) => [name, origin ?? "", blocks.size, snapshots.length].join(" "))
      .toSorted((a, b) => (a < b ? -1 : 1));

  it.each(["before", "after"] as const)(
    "takes nothing with it that has a role, and ends alike: %s each step",
    async (moment) => {
      const whole = router();
      await keepHouse(whole.box, policy, signal);
      const steps = whole.sim.effects().length;
      expect(steps).toBeGreaterThan(20);
      for (let killAt = 1; killAt <= steps; killAt += 1) {
        const { sim, pool } = router();
        void keepHouse({ host: sim.start({ killAt, moment }), state }, policy, signal);
        await sim.until(() => sim.isKilled(), "killed");
        const left = [...pool.datasets.keys()];
        expect([killAt, left.includes("tank/ROOT/d"), left.includes("tank/ROOT/e"), pool.bootfs]).toEqual([
          killAt,
          true,
          true,
          "tank/ROOT/e",
        ]);
        expect([killAt, pool.datasets.get("tank/ROOT/d")?.blocks.size]).toEqual([killAt, 2]);

        expect(await keepHouse({ host: sim.start(), state }, policy, signal)).toEqual([]);
        expect(names(pool)).toEqual(["d", "e"]);
      }
      expect(stands(whole.pool)).toContain("tank/ROOT/d  2 1");
    },
  );
});

describe("what an operator says of a boot environment", () => {
  it.each([
    [{ verb: "burn", name: "a" }, /can be told pin, unpin, rm, activate/],
    [{ verb: "rm" }, /"name" is missing/],
    [{ verb: "pin", name: "a" }, /a reason is missing/],
  ])("%j is refused", (asked, why) => {
    expect(() => orderIn(asked)).toThrow(why);
  });

  it("is one line in the pool", () => {
    expect(orderIn({ verb: "pin", name: "a", reason: "one\ntwo" }).reason).toBe("one\\u{a}two");
  });
});
