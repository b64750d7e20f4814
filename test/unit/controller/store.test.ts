import { describe, expect, it } from "vitest";
import { openStore } from "../../../controller/store.ts";
import { simHost, type Sim } from "../../lab/host.ts";
import { generation } from "../../lab/story.ts";

const folder = "/persistent/config/imp";
const one = generation(["neighbor 192.0.2.1"]);
const two = generation(["neighbor 192.0.2.2"]);
const plain = { secrets: new Map<string, string>(), before: undefined, owned: undefined };

async function commit(sim: Sim, candidate: typeof one): Promise<void> {
  const store = openStore(sim.start(), folder, "default");
  await store.stage({ generation: candidate, ...plain });
  await store.commit(candidate);
}

describe("the generation store", () => {
  it("has nothing committed at first", async () => {
    expect(await openStore(simHost().start(), folder, "default").committed()).toBeUndefined();
  });

  it("keeps the committed generation until another one is committed, not staged", async () => {
    const sim = simHost();
    await commit(sim, one);
    const store = openStore(sim.start(), folder, "default");
    await store.stage({ generation: two, ...plain });
    expect(await store.committed()).toEqual(one);

    await store.commit(two);

    expect(await store.committed()).toEqual(two);
    expect(sim.files.get(`${folder}/committed.d/default`)).toEqual({ target: `../generations/${two.digest}` });
  });

  it("keeps the texts of secrets apart, for root only", async () => {
    const sim = simHost();
    const store = openStore(sim.start(), folder, "default");
    const sealed = "<secret:0123456789abcdef>";
    await store.stage({
      generation: one,
      secrets: new Map([[sealed, "correct horse"]]),
      before: undefined,
      owned: undefined,
    });

    expect((await store.secretsOf(one.digest)).get(sealed)).toBe("correct horse");
    const holding = [...sim.files].filter(([, node]) => "text" in node && node.text.includes("correct horse"));
    expect(holding).toMatchObject([[`${folder}/generations/${one.digest}/files/secrets.json`, { mode: 0o600 }]]);
  });

  it("refuses to take something damaged for the committed generation", async () => {
    const sim = simHost();
    await commit(sim, one);
    for (const text of ["{", "{}", JSON.stringify(two)]) {
      sim.files.set(`${folder}/generations/${one.digest}/generation.json`, { text, mode: 0o600 });
      await expect(openStore(sim.start(), folder, "default").committed()).rejects.toMatchObject({ code: "JOURNAL" });
    }
  });

  it("prunes to the newest, never one that a boot environment committed", async () => {
    const sim = simHost();
    await commit(sim, one);
    sim.files.set(`${folder}/committed.d/1234`, { target: `../generations/${one.digest}` });
    const all = Array.from({ length: 30 }, (_, i) => generation([`neighbor 198.51.100.${i}`]));
    for (const each of all) {
      await commit(sim, each);
      await openStore(sim.start(), folder, "default").prune([each.digest], []);
    }

    const left = await sim.start().readFolder(`${folder}/generations`);

    expect(left).toContain(one.digest);
    expect(left).toContain(all.at(-1)?.digest);
    expect(left.filter((name) => name.length === 64)).toHaveLength(21);
    expect(await openStore(sim.start(), folder, "default").history()).toEqual(
      all.slice(10).map(({ digest }) => digest),
    );
  });

  it("prunes candidates that were never committed at once, but those that are to stay", async () => {
    const sim = simHost();
    await commit(sim, one);
    const store = openStore(sim.start(), folder, "default");
    const three = generation(["neighbor 192.0.2.3"]);
    for (const candidate of [two, three]) await store.stage({ generation: candidate, ...plain });

    await store.prune([], [three.digest]);

    expect(await sim.start().readFolder(`${folder}/generations`)).toEqual([one.digest, three.digest].sort());
  });

  it("knows a generation that was committed here, and none that only was tried", async () => {
    const sim = simHost();
    await commit(sim, one);
    const store = openStore(sim.start(), folder, "default");
    await store.stage({ generation: two, ...plain });
    expect(await store.kept(one.digest)).toEqual(one);
    expect(await store.kept(two.digest)).toBeUndefined();
  });
});
