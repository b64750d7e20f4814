/** Laws of the plane of Incus, on the simulated one: what is applied is in sync, from wherever it began and wherever it broke. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageMark, mark } from "../../reconcilers/incus/model.ts";
import type { MachineInput } from "../../schemas/machine.ts";
import { containers, desiredOf, incusBox, type IncusBox } from "../lab/incus/box.ts";
import { images, networks, profiles, services } from "../lab/incus/some.ts";

const machines: fc.Arbitrary<MachineInput> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 9,
    arbitrary: fc.record({ network: networks, services }).map(({ network, services: some }) => ({
      containers: { ...containers, ...network, profiles },
      services: some,
    })),
  },
);

/** Everything that holds data, and how often each instance was made. */
function dataOf({ incus: { state } }: IncusBox) {
  return [...state.volumes].map(([name, { data }]) => [name, data] as const);
}

/** Instances that run with something else than they were given. */
function stale({ incus: { state } }: IncusBox): readonly string[] {
  const keys = ["security.nesting", "cloud-init.user-data"];
  return [...state.instances.values()].flatMap(({ name, status, config, startedWith }) =>
    status === "Running" && keys.some((key) => startedWith[key] !== config[key]) ? [name] : [],
  );
}

/** Instances whose file system is of another image than is written down. */
function unlike({ incus: { state, storage } }: IncusBox): readonly string[] {
  const roots = new Map([...storage.values()].flatMap((pool) => [...pool.instances]));
  return [...state.instances.values()].flatMap(({ name, config }) => {
    const { alias } = JSON.parse(config[imageMark] ?? "{}") as { readonly alias?: string };
    return roots.get(name)?.base === state.images.get(alias ?? "") ? [] : [name];
  });
}

function fill({ incus: { state } }: IncusBox): void {
  for (const [name, volume] of state.volumes) volume.data ||= `what ${name} keeps`;
}

describe("the plane of Incus", () => {
  it("applies any machine, and any other one after it, with nothing left to do", async () => {
    await fc.assert(
      fc.asyncProperty(machines, machines, async (one, other) => {
        const [a, b] = [desiredOf(one), desiredOf(other)];
        const box = incusBox({ images });
        await box.bring(a, []);
        expect((await box.plan(a, [a])).steps).toEqual([]);
        fill(box);
        const kept = dataOf(box);

        await box.bring(b, [a]);

        expect((await box.plan(b, [b])).steps).toEqual([]);
        expect(dataOf(box)).toEqual(expect.arrayContaining(kept));
        expect(stale(box)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it("comes to the same from wherever it broke, also after a change of the boot environment", async () => {
    const moments = fc.constantFrom("before" as const, "done" as const);
    await fc.assert(
      fc.asyncProperty(
        machines,
        machines,
        fc.integer({ min: 1, max: 12 }),
        moments,
        fc.boolean(),
        async (one, other, after, moment, isMoved) => {
          const [a, b] = [desiredOf(one), desiredOf(other)];
          const box = incusBox({ images });
          await box.bring(a, []);
          fill(box);
          const kept = dataOf(box);
          if (isMoved) box.incus = box.incus.another();
          box.incus.breakAt(after, moment);
          const ended = await box.bring(b, [a]).then(
            () => true,
            () => false,
          );
          if (!ended) await box.bring(b, [a, b]);

          expect((await box.plan(b, [b])).steps).toEqual([]);
          expect(stale(box)).toEqual([]);
          // What nobody asks for is not looked for in storage that nobody asks for.
          const looks = !isMoved || b.objects?.some(({ kind }) => kind === "pool") === true;
          expect(dataOf(box)).toEqual(expect.arrayContaining(looks ? kept : []));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("that a trial leaves is what the old database says, wherever the trial broke", async () => {
    const moments = fc.constantFrom("before" as const, "done" as const);
    const breaks = fc.integer({ min: 1, max: 20 });
    await fc.assert(
      fc.asyncProperty(machines, machines, breaks, moments, async (one, other, after, moment) => {
        const [a, b] = [desiredOf(one), desiredOf(other)];
        const box = incusBox({ images });
        await box.bring(a, []);
        fill(box);
        const old = box.incus;
        const roots = () => [...old.state.instances.values()].map(({ name, made }) => [name, made] as const);
        const [kept, had] = [dataOf(box), roots()];
        box.incus = old.another();
        box.incus.breakAt(after, moment);
        await box.bring({ ...b, spares: true }, [a, b]).catch(() => undefined);

        box.incus = old;

        expect((await box.plan(a, [a])).steps).toEqual([]);
        expect(roots()).toEqual(had);
        expect(dataOf(box)).toEqual(kept);
        // And what the trial was to bring can be had without it.
        await box.bring(b, [a]);
        expect((await box.plan(b, [b])).steps).toEqual([]);
        expect(dataOf(box)).toEqual(expect.arrayContaining(kept));
      }),
      { numRuns: 40 },
    );
  });

  it("comes back from whatever nobody waits for any more, and Incus goes on with", async () => {
    const moments = fc.constantFrom("fetching" as const, "unpacking" as const);
    await fc.assert(
      fc.asyncProperty(machines, machines, moments, fc.boolean(), async (one, other, moment, isOver) => {
        const [a, b] = [desiredOf(one), desiredOf(other)];
        const box = incusBox({ images });
        await box.bring(a, []);
        fill(box);
        const kept = dataOf(box);
        const deadline = new AbortController();
        const begun = box.incus.hold(moment);
        const bringing = box.bring(b, [a], deadline.signal).catch(() => undefined);
        await Promise.race([begun, bringing]);
        deadline.abort(new Error("the deadline"));
        await bringing;
        // Of a rebuild that was given up nobody knows how far Incus went with it.
        const [, unknown] = /\/instances\/([^/]+)\/rebuild$/.exec(box.incus.changes.at(-1) ?? "") ?? [];

        if (isOver) box.incus.release();
        const back = box.bring(a, [a, b]);
        for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
        box.incus.release();
        await back;
        await box.bring(a, [a]);

        expect(await box.plan(a, [a])).toMatchObject({ steps: [] });
        expect(unlike(box).filter((name) => name !== unknown)).toEqual([]);
        const wanted = (a.objects ?? []).filter(({ kind }) => kind === "instance").map(({ name }) => name);
        expect([...box.incus.state.instances.keys()].toSorted()).toEqual(wanted.toSorted());
        expect(stale(box)).toEqual([]);
        expect(dataOf(box)).toEqual(expect.arrayContaining(kept));
      }),
      { numRuns: 30 },
    );
  });

  it("leaves alone what it did not make, whatever becomes of its own", async () => {
    await fc.assert(
      fc.asyncProperty(machines, machines, async (one, other) => {
        const box = incusBox({ images });
        const { state } = box.incus;
        state.pools.set("theirs", { name: "theirs", driver: "dir", source: "/theirs" });
        state.networks.set("their-net", { name: "their-net", config: { "ipv4.address": "10.9.0.1/24" } });
        const theirs = { description: "", devices: { root: { type: "disk", path: "/", pool: "theirs" } }, config: {} };
        state.profiles.set("their-profile", { name: "their-profile", ...theirs });
        const instance = {
          name: "their-own",
          type: "container",
          profiles: ["their-profile"],
          status: "Running" as const,
          ...theirs,
        };
        state.instances.set("their-own", { ...instance, data: "", made: 1, startedWith: {} });
        const before = JSON.stringify([
          state.networks.get("their-net"),
          state.profiles.get("their-profile"),
          state.instances.get("their-own"),
        ]);

        await box.bring(desiredOf(one), []);
        await box.bring(desiredOf(other), [desiredOf(one)]);

        const after = [
          state.networks.get("their-net"),
          state.profiles.get("their-profile"),
          state.instances.get("their-own"),
        ];
        expect(JSON.stringify(after)).toBe(before);
        const { foreign } = await box.plan(desiredOf(other), [desiredOf(other)]);
        expect(foreign.map(({ text }) => text)).toEqual(
          expect.arrayContaining(["network their-net", "profile their-profile", "instance their-own"]),
        );
        expect(
          [...state.instances.values()].filter(({ config }) => config[mark] === undefined).map(({ name }) => name),
        ).toEqual(["their-own"]);
      }),
      { numRuns: 20 },
    );
  });
});
