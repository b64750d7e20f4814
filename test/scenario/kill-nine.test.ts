import { emptyDesired } from "../../controller/planes.ts";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { run, type Errand } from "../lab/killed-agent.ts";
import { generation } from "../lab/story.ts";

const program = join(import.meta.dirname, "../lab/killed-agent.ts");
const policy = { "soak-seconds": 0 };

function bgp(digit: string, lines: readonly string[]): Generation {
  const config = `router bgp 64500\n${lines.map((line) => ` ${line}\n`).join("")}exit\n`;
  return generation([], { digest: digit.repeat(64), desired: { ...emptyDesired, frr: { config } }, policy });
}
// No neighbour comes and no filter: their effect would be waited for, at each of the points.
const base = bgp("1", ["bgp router-id 192.0.2.254"]);
const better = bgp("2", ["bgp router-id 192.0.2.254", "timers bgp 5 15"]);

interface World {
  readonly folder: string;
  readonly frr: SimFrr;
  close(): Promise<void>;
}

/** A box on which `base` is committed. */
async function world(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "imp-kill-"));
  const frr = simFrr();
  const server = await frr.listen(`${folder}/frr`);
  await run({ folder, commit: "one", generation: base, killAt: undefined, outage: false });
  return {
    folder,
    frr,
    async close() {
      await server.close();
      // The agent keeps its evidence after its loop has ended.
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Runs the agent in a process of its own; undefined when it was killed. */
async function child(errand: Errand): Promise<{ readonly effects: number } | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly effects: number } | undefined>();
  execFile(process.execPath, [program, JSON.stringify(errand)], { timeout: 60_000 }, (error, stdout, stderr) => {
    if (error?.signal === "SIGKILL" && !error.killed) resolve(undefined);
    else if (error) reject(new Error(stderr));
    else resolve(JSON.parse(stdout) as { effects: number });
  });
  return promise;
}

async function killedAt(k: number): Promise<object> {
  const box = await world();
  const { folder, frr } = box;
  try {
    const errand: Errand = { folder, commit: "two", generation: better, killAt: k, outage: false };
    const wasKilled = (await child(errand)) === undefined;
    // No repository: what was in flight can only be finished or undone.
    const { state } = await run({ ...errand, killAt: undefined, outage: true });
    const digest = (await readlink(`${folder}/state/committed.d/default`)).split("/").at(-1);
    const ended = digest === better.digest ? better : base;
    const boot = await readFile(`${folder}/frr.conf`, "utf8");
    return {
      k,
      wasKilled,
      state,
      digest: digest === ended.digest,
      frr: frr.config().trim(),
      boot: boot === ended.desired.frr.config,
      ended,
    };
  } finally {
    await box.close();
  }
}

describe("an agent that is killed by SIGKILL at any effect of a deployment", () => {
  it("leaves FRR, the link and the boot file in one generation once it is started again", async () => {
    const undisturbed = await world();
    const errand: Errand = {
      folder: undisturbed.folder,
      commit: "two",
      generation: better,
      killAt: undefined,
      outage: false,
    };
    const effects = (await child(errand))?.effects ?? 0;
    const bettered = undisturbed.frr.config().trim();
    await undisturbed.close();
    const based = await world();
    const before = based.frr.config().trim();
    await based.close();
    expect(effects).toBeGreaterThan(40);
    expect(before).not.toBe(bettered);

    const points = Array.from({ length: effects }, (_, i) => i + 1);
    const failures: object[] = [];
    const ends = new Set<string>();
    let kills = 0;
    await Promise.all(
      [0, 1, 2].map(async (lane) => {
        for (const k of points.filter((point) => point % 3 === lane)) {
          const { ended, wasKilled, ...seen } = (await killedAt(k)) as { ended: Generation; wasKilled: boolean };
          ends.add(ended.digest);
          // One that takes fewer polls ends before the last points.
          kills += Number(wasKilled);
          const wanted = {
            k,
            state: "idle",
            digest: true,
            frr: ended === better ? bettered : before,
            boot: true,
          };
          if (JSON.stringify(seen) !== JSON.stringify(wanted)) failures.push({ seen, wanted });
        }
      }),
    );

    expect(failures).toEqual([]);
    expect(kills).toBeGreaterThan(40);
    expect(ends).toEqual(new Set([base.digest, better.digest]));
  }, 900_000);
});
