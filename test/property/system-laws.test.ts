import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Host } from "../../reconcilers/core.ts";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import type { SystemDesired, SystemFile, SystemStep } from "../../reconcilers/system/model.ts";
import { system } from "../../reconcilers/system/system.ts";
import { simHost, type Sim } from "../lab/host.ts";
import { desires, disks } from "../lab/system-machines.ts";
import { filesOf, simSystemd, type SimSystemd } from "../lab/system-host.ts";

const plane = system({ managed: catalogue, run: "/run/imp" });
const never = new AbortController().signal;

interface Box {
  readonly sim: Sim;
  readonly systemd: SimSystemd;
  readonly host: Host;
}

function boxWith(files: readonly SystemFile[]): Box {
  const sim = simHost();
  for (const { path, text, mode, owner } of files) sim.files.set(path, { text, mode, owner });
  for (const [name, value] of Object.entries(parameters)) {
    sim.files.set(placeOf(name), { text: `${value}\n`, mode: 0o644 });
  }
  return { sim, systemd: simSystemd(sim), host: sim.start() };
}

/** Of the kernel, before we came. */
const parameters = { "vm.swappiness": "60", "net.core.rmem_max": "212992" };

function placeOf(name: string): string {
  return `/proc/sys/${name.replaceAll(".", "/")}`;
}

function valueOf({ sim }: Box, name: string): string {
  const node = sim.files.get(placeOf(name));
  return node && "text" in node ? node.text.trim() : "";
}

async function bring(
  { host }: Box,
  desired: SystemDesired,
  owned: readonly SystemDesired[],
): Promise<readonly SystemStep[]> {
  const plan = plane.plan(desired, await plane.observe(host, never), owned);
  for await (const step of plane.apply(plan.steps, host, never)) void step;
  return plan.steps;
}

async function left({ host }: Box, desired: SystemDesired, owned: readonly SystemDesired[]): Promise<number> {
  return plane.plan(desired, await plane.observe(host, never), owned).steps.length;
}

/** What stands in /etc. */
function disk({ sim }: Box): string {
  return JSON.stringify(
    [...sim.files].filter(([path]) => path.startsWith("/etc/")).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe("the system plane", () => {
  it("has nothing left to do once what was rendered is laid, whatever stood there", async () => {
    await fc.assert(
      fc.asyncProperty(disks, desires, desires, async (before, first, second) => {
        const box = boxWith(before);
        await bring(box, first, []);
        expect(await left(box, first, [])).toBe(0);
        await bring(box, second, [first]);
        expect(await left(box, second, [first])).toBe(0);
        const foreign = before
          .map(({ path }) => path)
          .filter((path) => !first.files.some((file) => file.path === path));
        const ours = [...second.files.map(({ path }) => path), ...foreign];
        const there = [...box.sim.files.keys()].filter((path) => path.startsWith("/etc/"));
        expect(there.filter((path) => !ours.includes(path))).toEqual([]);
      }),
    );
  });

  it("goes back to what was there, byte for byte, also what it had taken over from somebody else", async () => {
    await fc.assert(
      fc.asyncProperty(disks, desires, desires, async (before, committed, candidate) => {
        const box = boxWith(before);
        await bring(box, committed, []);
        const there = disk(box);
        const observed = plane.asDesired?.(await plane.observe(box.host, never)) ?? { files: [] };
        await bring(box, candidate, [committed]);
        const back = plane.goingBack?.(committed, candidate, observed) ?? committed;
        await bring(box, back, [committed, candidate]);
        expect(disk(box)).toBe(there);
        expect(await left(box, committed, [committed])).toBe(0);
      }),
    );
  });

  it("never leaves a unit running with files that it did not read, wherever the agent dies", async () => {
    await fc.assert(
      fc.asyncProperty(
        disks,
        desires,
        desires,
        fc.nat(80),
        fc.nat(80),
        async (before, committed, candidate, at, then) => {
          const box = boxWith(before);
          await bring(box, committed, []);
          await dying(box, at, (mortal) => bring(mortal, candidate, [committed]));
          await dying(box, then, (mortal) => bring(mortal, committed, [committed, candidate]));
          const last = { ...box, host: box.sim.start() };
          await bring(last, committed, [committed, candidate]);
          expect(await left(last, committed, [committed, candidate])).toBe(0);
          for (const [unit, was] of box.systemd.read)
            expect(`${unit} ${was}`).toBe(`${unit} ${filesOf(box.sim, unit)}`);
          const asked = committed.files.find(({ path }) => path === "/etc/sysctl.d/90-imp.conf")?.text ?? "";
          for (const [name, value] of Object.entries(parameters)) {
            const own = asked.split("\n").find((line) => line.startsWith(`${name} = `));
            expect(`${name} = ${valueOf(box, name)}`).toBe(own ?? `${name} = ${value}`);
          }
        },
      ),
    );
  });
});

/** Lets a process work until it is done, or dies after so many effects. */
async function dying(box: Box, effects: number, work: (mortal: Box) => Promise<unknown>): Promise<void> {
  const done = work({ ...box, host: box.sim.start({ killAt: effects + 1 }) });
  const killed = new Promise<void>((resolve) => {
    const look = (): void => void (box.sim.isKilled() ? resolve() : setImmediate(look));
    look();
  });
  await Promise.race([done, killed]);
  box.sim.kill();
}
