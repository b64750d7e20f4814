import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderTree } from "../../../controller/folder.ts";
import { rolloutOf } from "../../../controller/rollout/asked.ts";
import type { Rollout } from "../../../reconcilers/generation.ts";
import { loadMachine } from "../../../schemas/load.ts";
import { loadPlace } from "../../../schemas/load-rollout.ts";
import type { Tree } from "../../../schemas/tree.ts";
import { memoryTree } from "../../lab/memory-tree.ts";

async function place(tree: Tree, name: string) {
  const { loaded, problems } = await loadMachine(tree, name);
  if (!loaded) throw new Error(problems.map(String).join("\n"));
  return { loaded, place: await loadPlace(tree, loaded) };
}

async function rollout(tree: Tree, name: string): Promise<Rollout> {
  const found = await place(tree, name);
  return rolloutOf(found.loaded, found.place, tree);
}

const pin = (number: number) =>
  `{ address: "192.0.2.${number}:9710", fingerprint: "SHA256:${"ABC"[number]?.repeat(42)}A" }`;
const base = {
  "fleet.yaml": "defaults: 1\n",
  "fra1/site.yaml": "",
  "fra1/r1.yaml": `status: ${pin(1)}\n`,
  "fra1/r2.yaml": "after: [fra1/r1]\n",
  "fra1/r3.yaml": "hostname: r3\n",
};

describe("the place of an appliance among the others", () => {
  it("costs no look at the others where nothing orders them", async () => {
    const { "fra1/r2.yaml": _, ...others } = base;
    const tree = memoryTree({ ...others, "fra1/r2.yaml": "hostname: r2\n" });
    const { loaded } = await loadMachine(tree, "fra1/r3");
    if (!loaded) throw new Error("r3");
    const before = tree.reads.length;

    expect(await loadPlace(tree, loaded)).toEqual({ before: [], canary: undefined, ends: [], problems: [] });
    expect(tree.reads.slice(before).filter((path) => path === "fra1/r1.yaml")).toHaveLength(1);
  });

  it("says what the commit asks of those that go first, by the digest by which they know it themselves", async () => {
    const tree = memoryTree(base);
    const [r1, r2] = [await rollout(tree, "fra1/r1"), await rollout(tree, "fra1/r2")];

    expect(r1.after).toEqual([]);
    expect(r2.after).toEqual([
      {
        machine: "fra1/r1",
        asked: r1.asked,
        status: { address: "192.0.2.1:9710", fingerprint: `SHA256:${"B".repeat(42)}A` },
      },
    ]);
  });

  it("tells a change of a value or of a secret's file, and none from comments, order and the place of its status", async () => {
    const peer = "peers: { a: { address: 192.0.2.9, remote-as: 64501, password: { secret: a } } }";
    const own = `status: ${pin(1)}\nrouting: { bgp: { asn: 64500, ${peer} } }\n`;
    const files = { ...base, "fra1/r1.yaml": own, "secrets/a.yaml": "local: true\n" };
    const asked = async (change: Record<string, string>) =>
      (await rollout(memoryTree({ ...files, ...change }), "fra1/r2")).after.find(({ machine }) => machine === "fra1/r1")
        ?.asked;
    const same = await asked({});

    expect(await asked({ "secrets/a.yaml": "local: true # again\n" })).not.toBe(same);
    expect(await asked({ "fra1/r1.yaml": own.replace("64501", "64502") })).not.toBe(same);
    expect(await asked({ "fra1/r1.yaml": `# a word\n${own.replace(pin(1), pin(2))}after: [fra1/r3]\n` })).toBe(same);
  });

  it("has an appliance whose files have an error among those that go first, with nothing that it could be asked about", async () => {
    const found = await rollout(memoryTree({ ...base, "fra1/r1.yaml": "hostname: NO\n" }), "fra1/r2");

    expect(found.after).toEqual([{ machine: "fra1/r1", asked: "" }]);
  });

  it("refuses an order in which nobody knows whom to wait for, where it concerns the appliance", async () => {
    const circle = {
      ...base,
      "fra1/r1.yaml": `status: ${pin(1)}\nafter: [fra1/r2]\n`,
      "fra1/r2.yaml": `status: ${pin(2)}\nafter: [fra1/r1]\n`,
    };
    const wrong = async (files: Record<string, string>, name: string) =>
      (await place(memoryTree(files), name)).place.problems.map(String);

    expect(await wrong(circle, "fra1/r2")).toEqual([
      "fra1/r1.yaml:2:9: after[0]: goes in a circle: fra1/r1 after fra1/r2, fra1/r2 after fra1/r1. Take one of the steps out: they would wait for each other.",
    ]);
    expect(await wrong(circle, "fra1/r3")).toEqual([]);
    expect(await wrong({ ...base, "fleet.yaml": "defaults: 1\nrollout: { waves: [[fra1/r9]] }\n" }, "fra1/r3")).toEqual(
      ["fleet.yaml:2:21: rollout.waves[0][0]: there is no appliance fra1/r9. Did you mean fra1/r1?"],
    );
  });
});

describe("the canary of an image", () => {
  const images = Object.fromEntries(
    ["one", "two"].map((name, index) => [
      name,
      { manifest: `https://images.example.net/${name}.json`, digest: `sha256:${String(index).repeat(64)}` },
    ]),
  );
  const fleet = (more: string) => ({
    "fleet.yaml": `defaults: 1\nimage: two\n${more}`,
    "images.yaml": JSON.stringify(images),
    "fra1/site.yaml": "",
    "fra1/r1.yaml": `status: ${pin(1)}\nimage: one\n`,
    "fra1/r2.yaml": "hostname: r2\n",
    "fra1/r3.yaml": "hostname: r3\n",
  });
  const canary = async (files: Record<string, string>, name: string) =>
    (await rollout(memoryTree(files), name)).canary?.machine;

  it("is the first that asks for the image, and waits for nobody itself", async () => {
    expect(await canary(fleet(""), "fra1/r3")).toBe("fra1/r2");
    expect(await canary(fleet(""), "fra1/r2")).toBeUndefined();
    expect(await canary(fleet(""), "fra1/r1")).toBeUndefined();
  });

  it("is the first in order where there is one, or the one that is named, if it asks for the image", async () => {
    expect(await canary(fleet("rollout: { waves: [[fra1/r3], ['*']] }\n"), "fra1/r2")).toBe("fra1/r3");
    expect(await canary(fleet("rollout: { canary: fra1/r3 }\n"), "fra1/r2")).toBe("fra1/r3");
    expect(await canary(fleet("rollout: { canary: fra1/r1 }\n"), "fra1/r3")).toBe("fra1/r2");
  });
});

describe("sessions between appliances", () => {
  const example = folderTree(join(import.meta.dirname, "../../../sites"));

  it("are known from both ends in the example repository, with who goes later", async () => {
    const [r1, r2] = [await rollout(example, "fra1/r1"), await rollout(example, "fra1/r2")];

    expect(r1.sessions.map(({ key, isLater }) => `${key}${isLater ? " later" : ""}`)).toEqual([
      "bgp-session 198.51.100.2 later",
      "bgp-session 198.51.100.3",
      "ospf-neighbor backbone.100",
      "ospf-neighbor backbone later",
      "ospf3-neighbor backbone.100",
      "ospf3-neighbor backbone later",
    ]);
    expect(r2.sessions.map(({ key }) => key)).toEqual([
      "bgp-session 198.51.100.1",
      "ospf-neighbor backbone",
      "ospf3-neighbor backbone",
    ]);
    expect(r2.sessions.map(({ near, far }) => [far, near])).toEqual(
      r1.sessions.filter(({ isLater }) => isLater).map(({ near, far }) => [near, far]),
    );
  });
});
