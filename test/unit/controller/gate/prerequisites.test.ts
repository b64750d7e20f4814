import { describe, expect, it } from "vitest";
import { bootFiles, type BootFile } from "../../../../controller/boot-files.ts";
import { noFailsafe } from "../../../../controller/failsafe.ts";
import { footing } from "../../../../controller/gate/prerequisites.ts";
import { openStore } from "../../../../controller/store.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { simHost, type Sim } from "../../../lab/host.ts";
import { ask, firm } from "../../../lab/question.ts";
import { generation, sealedHere } from "../../../lab/story.ts";

const folder = "/persistent/config/imp";
const { signal } = new AbortController();
const mebibyte = 2 ** 20;

describe("a rollback that could not be relied on", () => {
  const broken = new Problem("JOURNAL", "The committed generation is not whole.", { remedy: "Restore it." });

  it("lets everything wait, with what is wrong and what to do", () => {
    expect(ask({ facts: { footing: { ...firm, target: broken } } })).toEqual({
      why: "prerequisites",
      reason: "The committed generation is not whole.",
      unblock: "Restore it.",
    });
    expect(ask({ facts: { footing: { ...firm, failsafe: broken } } })?.why).toBe("prerequisites");
  });

  it("is one without room: 64 MiB unless the policy says otherwise", () => {
    const free = (bytes: number) => ({ footing: { ...firm, freeBytes: bytes } });

    expect(ask({ facts: free(64 * mebibyte) })).toBeUndefined();
    expect(ask({ facts: free(64 * mebibyte - 1) })).toEqual({
      why: "prerequisites",
      reason: "Only 63 MiB are free for generations and journal, and policy wants 64.",
      unblock: "Remove what is not needed from the persistent dataset, or lower policy.min-free-mebibytes.",
    });
    expect(ask({ facts: free(mebibyte), policy: { "min-free-mebibytes": 1 } })).toBeUndefined();
  });

  it("is one where nobody can tell how much room there is", () => {
    const freeBytes = new Problem("HOST_FILE", "/persistent/config/imp: EIO");
    expect(ask({ facts: { footing: { ...firm, freeBytes } } })).toMatchObject({
      why: "prerequisites",
      reason: "/persistent/config/imp: EIO",
    });
  });

  it("does not keep what is committed from being repaired, unless it is the failsafe that is missing", () => {
    const repair = (footing: object) => ask({ facts: { footing: { ...firm, ...footing } }, purpose: "correct" });
    expect(repair({ freeBytes: 0 })).toBeUndefined();
    expect(repair({ target: broken })).toBeUndefined();
    expect(repair({ failsafe: broken })?.why).toBe("prerequisites");
  });
});

describe("what going back stands on", () => {
  const sealed = sealedHere("old-password");
  const committed = generation([`neighbor 192.0.2.1 password ${sealed}`]);

  const file: BootFile = {
    plane: "frr",
    name: "frr.conf",
    path: "/etc/frr/frr.conf",
    unit: "frr.service",
    mode: 0o640,
    owner: async () => undefined,
    holds: () => true,
    text: (_generation, seen) => seen.frr.config,
    isOurs: () => true,
  };

  async function look(sim: Sim, failsafe = noFailsafe) {
    const host = sim.start();
    const files = bootFiles(host, folder, [file]);
    return footing({ host, store: openStore(host, folder, "default"), bootFiles: files, failsafe }, folder, signal);
  }

  async function withCommitted(): Promise<Sim> {
    const sim = simHost();
    const host = sim.start();
    const store = openStore(host, folder, "default");
    const secrets = new Map([[sealed, "old-password"]]);
    await store.stage({ generation: committed, secrets, before: undefined, owned: undefined });
    await bootFiles(host, folder, [file]).keep(committed, committed.desired);
    await store.commit(committed);
    return sim;
  }

  const home = `${folder}/generations/${committed.digest}`;

  it("is firm on an empty box, and where all is there", async () => {
    expect(await look(simHost())).toEqual(firm);
    expect(await look(await withCommitted())).toEqual(firm);
  });

  it("is not without the failsafe", async () => {
    const broken = new Problem("FAILSAFE", "The failsafe says: no vtysh.");
    expect((await look(simHost(), { ...noFailsafe, check: async () => broken })).failsafe).toBe(broken);
  });

  it("is the room that there is", async () => {
    const sim = simHost();
    sim.freeBytes = 5;
    expect((await look(sim)).freeBytes).toBe(5);
  });

  it.each([
    ["its generation", `${home}/generation.json`, undefined, /generation\.json is missing or damaged/],
    ["its generation", `${home}/generation.json`, "{}", /generation\.json is missing or damaged/],
    ["the texts of its secrets", `${home}/files/secrets.json`, undefined, /1 of its 1 secrets are missing/],
    ["the texts of its secrets", `${home}/files/secrets.json`, "{", /secrets\.json is missing or damaged/],
    ["the file that FRR starts from", `${home}/files/frr.conf`, "", /frr\.conf is missing or empty/],
    ["the file that FRR starts from", `${home}/files/frr.conf`, undefined, /frr\.conf is missing or empty/],
  ])("is not without %s", async (_, path, text, expected) => {
    const sim = await withCommitted();
    if (text === undefined) sim.files.delete(path);
    else sim.files.set(path, { text, mode: 0o600 });

    expect((await look(sim)).target).toMatchObject({ code: "JOURNAL", message: expect.stringMatching(expected) });
  });
});
