/**
 * A simulated pool that answers `zfs` and `zpool` as the real programs do: exit codes, messages, what is left behind. A
 * conformance suite holds it to them (test/integration/zfs.test.ts). What nobody here asks for it does not know.
 */
import type { RunResult } from "../../../reconcilers/core.ts";
import { usedBy, type SimPool } from "./datasets.ts";
import { change, ZfsError } from "./changes.ts";
import { getProperties, listPool } from "./reading.ts";

const native = new Map([
  ["mountpoint", "none"],
  ["canmount", "on"],
]);

/** A pool with its own dataset and nothing in it. */
export function simPool(name = "tank", sizeBytes = 2 ** 30): SimPool {
  const root = {
    name,
    guid: "1000",
    createdAt: 1_700_000_000,
    origin: undefined,
    properties: new Map(native),
    blocks: new Map<number, number>(),
    snapshots: [],
    mounted: false,
  };
  const pool: SimPool = {
    name,
    datasets: new Map([[name, root]]),
    bootfs: undefined,
    health: "ONLINE",
    sizeBytes,
    clock: { at: 1_700_000_000, txg: 10, serial: 1000 },
    run: (argv) => answered(pool, argv),
    changes: [],
    write(dataset, bytes) {
      const one = pool.datasets.get(dataset);
      if (!one) throw new Error(`${dataset} is not there`);
      pool.clock.serial += 1;
      one.blocks = new Map([...one.blocks, [pool.clock.serial, bytes]]);
    },
    mount(dataset) {
      const one = pool.datasets.get(dataset);
      if (!one) throw new Error(`${dataset} is not there`);
      one.mounted = true;
    },
    usedBytes: () => usedBy(pool.datasets, name),
  };
  return pool;
}

function answered(pool: SimPool, [program, verb, ...args]: readonly string[]): RunResult | undefined {
  if (program !== "zfs" && program !== "zpool") return undefined;
  try {
    if (program === "zpool" && verb === "list") return said(listPool(pool, args));
    if (program === "zfs" && verb === "get") return said(getProperties(pool, args));
    pool.changes.push([program, verb ?? "", ...args]);
    change(pool, program, verb ?? "", args);
    return said("");
  } catch (thrown) {
    if (!(thrown instanceof ZfsError)) throw thrown;
    return { exitCode: thrown.exitCode, stdout: "", stderr: `${thrown.message}\n` };
  }
}

function said(stdout: string): RunResult {
  return { exitCode: 0, stdout, stderr: "" };
}
