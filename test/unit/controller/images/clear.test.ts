import { describe, expect, it } from "vitest";
import { clearStaging } from "../../../../controller/images/bring.ts";
import { simHost } from "../../../lab/host.ts";
import { addEnvironment, bootPool, must, runFrom } from "../../../lab/zfs/boot-pool.ts";

const paths = { cache: "/persistent/data/imp", run: "/run/imp" };
const file = { text: "", mode: 0o600 };

describe("what is left of an image that is not to come any more", () => {
  it("goes, and nothing else does: no boot environment, no stream that somebody fetched by hand", async () => {
    const sim = simHost();
    const pool = bootPool(["a"]);
    runFrom(sim, pool, "tank/ROOT/a");
    addEnvironment(pool, "staging:b", 100);
    must(pool, "zfs set imp:state=receiving tank/ROOT/staging:b");
    for (const path of ["1/stream", "1/wanted", "2/stream"]) sim.files.set(`${paths.cache}/images/${path}`, file);
    const host = sim.start();
    const clear = clearStaging(host, paths);
    await clear("tank/ROOT", new AbortController().signal);
    expect([...pool.datasets.keys()]).toEqual(["tank", "tank/ROOT", "tank/ROOT/a"]);
    expect([...sim.files.keys()].filter((path) => path.startsWith(paths.cache))).toEqual([
      `${paths.cache}/images/2/stream`,
    ]);
    const changes = pool.changes.length;
    await clear("tank/ROOT", new AbortController().signal);
    expect(pool.changes).toHaveLength(changes);
  });
});
