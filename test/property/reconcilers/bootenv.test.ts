/** I11: pruning never removes what runs, boots next, is to be gone back to, on trial or pinned. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepHouse, standingOf } from "../../../controller/boot-environments.ts";
import { surplus } from "../../../reconcilers/bootenv/retention.ts";
import { rolesOf, type Standing } from "../../../reconcilers/bootenv/standing.ts";
import { simHost } from "../../lab/host.ts";
import { addEnvironment, addIncremental, bootPool, must, runFrom } from "../../lab/zfs/boot-pool.ts";
import { snapshotAt, type SimPool } from "../../lab/zfs/datasets.ts";

const { signal } = new AbortController();
const state = "/persistent/config/imp";
const mega = 2 ** 20;

/** What somebody did to a pool: each number picks one of what is there. */
const act = fc.oneof(
  fc.record({ what: fc.constant("receive" as const), megabytes: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ what: fc.constant("increment" as const), base: fc.nat(30), megabytes: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ what: fc.constant("commit" as const), one: fc.nat(30) }),
  fc.record({ what: fc.constant("pin" as const), one: fc.nat(30) }),
  fc.record({ what: fc.constant("hold" as const), one: fc.nat(30) }),
  fc.record({ what: fc.constant("below" as const), one: fc.nat(30) }),
  fc.record({ what: fc.constant("promote" as const), one: fc.nat(30) }),
  fc.record({ what: fc.constant("receiving" as const), one: fc.nat(30) }),
);

interface Past {
  readonly acts: readonly (typeof act extends fc.Arbitrary<infer A> ? A : never)[];
  readonly running: number;
  readonly next: number;
  readonly isTrial: boolean;
  readonly keep: number;
  readonly floor: number;
}

const past: fc.Arbitrary<Past> = fc.record({
  acts: fc.array(act, { maxLength: 25, size: "max" }),
  running: fc.nat(30),
  next: fc.nat(30),
  isTrial: fc.boolean(),
  keep: fc.integer({ min: 1, max: 6 }),
  floor: fc.integer({ min: 0, max: 4096 }),
});

function box({ acts, running, next, isTrial }: Past) {
  const pool = bootPool(["be0"]);
  const sim = simHost();
  const names = () => [...pool.datasets.keys()].filter((name) => /^tank\/ROOT\/be\d+$/.test(name));
  const pick = (number: number) => names()[number % names().length] ?? "";
  let count = 1;
  for (const one of acts) {
    if (one.what === "receive") addEnvironment(pool, `be${count++}`, one.megabytes);
    // Whose image is not there any more cannot be added to.
    else if (one.what === "increment") {
      const base = pick(one.base);
      if (snapshotAt(pool.datasets, `${base}@img`)) {
        addIncremental(pool, `be${count++}`, base.slice("tank/ROOT/".length), one.megabytes);
      }
    } else if (one.what === "commit") commit(pool, pick(one.one));
    else if (one.what === "pin") must(pool, `zfs set imp:pin=kept ${pick(one.one)}`);
    else if (one.what === "hold") pool.run(["zfs", "hold", "imp-image", `${pick(one.one)}@img`]);
    else if (one.what === "below") pool.run(["zfs", "create", "-o", "mountpoint=none", `${pick(one.one)}/var`]);
    else if (one.what === "promote") pool.run(["zfs", "promote", pick(one.one)]);
    else must(pool, `zfs set imp:state=receiving ${pick(one.one)}`);
  }
  function commit(one: SimPool, name: string): void {
    sim.files.set(`${state}/committed.d/${one.datasets.get(name)?.guid}`, { target: "../generations/x" });
    must(one, `zfs set imp:committed=${one.clock.at} ${name}`);
  }
  const root = pick(running);
  for (const one of pool.datasets.values()) one.mounted = false;
  pool.mount(root);
  must(pool, `zpool set bootfs=${pick(next)} tank`);
  runFrom(sim, pool, root);
  if (isTrial) sim.files.set("/proc/cmdline", { text: `ro imp.trial=${"a".repeat(64)}\n`, mode: 0o444 });
  return { pool, host: sim.start() };
}

async function seen(host: ReturnType<typeof box>["host"]): Promise<Standing> {
  const standing = await standingOf({ host, state }, signal);
  if (!standing) throw new Error("not there");
  return standing;
}

/** What is in each dataset: its blocks. */
function contents(pool: SimPool, guids: ReadonlySet<string>): string {
  const kept = [...pool.datasets.values()].filter(({ guid }) => guids.has(guid));
  return kept
    .map(({ guid, blocks }) => JSON.stringify([guid, ...blocks]))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join("\n");
}

describe("pruning", () => {
  it("never chooses what has a role, nor what is being received, and keeps the newest while there is room", async () => {
    await fc.assert(
      fc.asyncProperty(past, async (one) => {
        const standing = await seen(box(one).host);
        const retention = { keep: one.keep, floorBytes: one.floor * mega };
        const { remove, lacksBytes } = surplus(standing, retention);
        for (const gone of remove) {
          expect(rolesOf(standing, gone)).toEqual([]);
          expect(gone.properties["imp:state"]).not.toBe("receiving");
        }
        const enough = surplus(standing, { ...retention, floorBytes: 0 });
        expect(enough.lacksBytes).toBe(0);
        // More room wanted never keeps more.
        expect(remove).toEqual(expect.arrayContaining([...enough.remove]));
        const all = standing.observed.environments.filter((it) => it.properties["imp:state"] !== "receiving");
        expect(all.length - enough.remove.length).toBeGreaterThanOrEqual(Math.min(one.keep, all.length));
        const left = all.filter((it) => !remove.includes(it));
        expect(lacksBytes === 0 || left.every((it) => rolesOf(standing, it).length > 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves whole on the disk all that has a role, boots the same next, and has nothing to do a second time", async () => {
    await fc.assert(
      fc.asyncProperty(past, async (one) => {
        const { pool, host } = box(one);
        const before = await seen(host);
        const kept = before.observed.environments
          .filter((it) => rolesOf(before, it).length > 0)
          .map(({ guid }) => guid);
        const was = contents(pool, new Set(kept));
        const policy = { "keep-boot-environments": one.keep, "min-free-pool-mebibytes": one.floor };

        await keepHouse({ host, state }, policy, signal);

        const after = await seen(host);
        expect(contents(pool, new Set(kept))).toBe(was);
        expect(after.observed.next).toBe(before.observed.next);
        expect(after.observed.booted).toBe(before.observed.booted);
        const names = [...pool.datasets.keys()];
        await keepHouse({ host, state }, policy, signal);
        expect([...pool.datasets.keys()]).toEqual(names);
      }),
      { numRuns: 150 },
    );
  });

  it("chooses nothing while it is not known what boots next", async () => {
    const { pool, host } = box({ acts: [], running: 0, next: 0, isTrial: false, keep: 1, floor: 0 });
    addEnvironment(pool, "be1");
    addEnvironment(pool, "be2");
    pool.bootfs = undefined;
    expect(surplus(await seen(host), { keep: 1, floorBytes: 2 ** 40 }).remove).toEqual([]);
  });
});
