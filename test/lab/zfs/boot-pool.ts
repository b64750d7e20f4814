/** A simulated pool with boot environments, as they are on an appliance, and the appliance that runs one of them. */
import type { Sim } from "../host.ts";
import type { SimPool } from "./datasets.ts";
import { simPool } from "./sim-pool.ts";

const mega = 2 ** 20;

/** `tank/ROOT` with these boot environments, each received as an image of 100 MiB; the first one runs, and boots next. */
export function bootPool(names: readonly string[], sizeBytes = 4096 * mega): SimPool {
  const pool = simPool("tank", sizeBytes);
  must(pool, "zfs create -o mountpoint=none tank/ROOT");
  for (const name of names) addEnvironment(pool, name);
  const [first] = names;
  if (first !== undefined) {
    pool.mount(`tank/ROOT/${first}`);
    must(pool, `zpool set bootfs=tank/ROOT/${first} tank`);
  }
  return pool;
}

/** Another one, whole, with the snapshot that it was received as. */
export function addEnvironment(pool: SimPool, name: string, megabytes = 100): void {
  must(pool, `zfs create -o canmount=noauto -o mountpoint=/ tank/ROOT/${name}`);
  pool.write(`tank/ROOT/${name}`, megabytes * mega);
  must(pool, `zfs snapshot tank/ROOT/${name}@img`);
}

/** Another one, received from an incremental stream on top of `base`'s image. */
export function addIncremental(pool: SimPool, name: string, base: string, megabytes = 10): void {
  must(pool, `zfs clone -o canmount=noauto -o mountpoint=/ tank/ROOT/${base}@img tank/ROOT/${name}`);
  pool.write(`tank/ROOT/${name}`, megabytes * mega);
  must(pool, `zfs snapshot tank/ROOT/${name}@img`);
}

/** Runs a command line that has to succeed. */
export function must(pool: SimPool, line: string): void {
  const result = pool.run(line.split(" "));
  if (result?.exitCode !== 0) throw new Error(`${line}: ${result?.stderr}`);
}

/** Lets an appliance run from `dataset` of this pool. */
export function runFrom(sim: Sim, pool: SimPool, dataset: string): void {
  sim.answer((argv) => pool.run(argv));
  bootFrom(sim, dataset);
}

/** Says that another dataset is mounted at "/" from here on. */
export function bootFrom(sim: Sim, dataset: string): void {
  const text = `27 1 0:24 / / rw shared:1 - zfs ${dataset} rw\n`;
  sim.files.set("/proc/self/mountinfo", { text, mode: 0o444 });
}
