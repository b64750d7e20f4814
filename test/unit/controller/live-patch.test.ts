/** What somebody changed by hand, as a patch of the machine file: committed, it must leave nothing to do. */
import { describe, expect, it } from "vitest";
import { livePatch, type LivePatch } from "../../../controller/live-patch.ts";
import { derive } from "../../../reconcilers/derive.ts";
import { daemons } from "../../../reconcilers/frr/model.ts";
import { planFrr } from "../../../reconcilers/frr/plan.ts";
import type { JsonObject } from "../../../schemas/json.ts";
import { loadMachine } from "../../../schemas/load.ts";
import { ownFiles, patchedTree } from "../../../schemas/patch.ts";
import { parseYaml } from "../../../schemas/yaml.ts";
import { yamlText } from "../../../schemas/yaml-text.ts";
import type { Tree } from "../../../schemas/tree.ts";
import { type Alternatives, writtenWith } from "../../lab/alternatives.ts";
import { bgpAlternatives } from "../../lab/alternatives-bgp.ts";
import { policyAlternatives } from "../../lab/alternatives-policy.ts";
import { memoryTree } from "../../lab/memory-tree.ts";

async function render(tree: Tree): Promise<string | undefined> {
  const { loaded } = await loadMachine(tree, "fra1/r1");
  return loaded && derive(loaded.machine, { frr: "8.4.4" }, (name) => name).frr.config;
}

function sites(appliance: JsonObject, more: Readonly<Record<string, string>> = {}): Tree {
  return memoryTree({
    "fleet.yaml": "defaults: 1\n",
    "fra1/site.yaml": "",
    "fra1/r1.yaml": yamlText(appliance),
    ...more,
  });
}

async function accepted(tree: Tree, live: string, foreign = true): Promise<LivePatch> {
  const desired = (await render(tree)) ?? "invalid";
  return livePatch({ tree, machine: "fra1/r1", render, desired, live, foreign, reason: "the outage" });
}

/** What there is to do on the box once the patch is committed. */
async function stepsAfter(tree: Tree, live: string, { files }: LivePatch): Promise<readonly string[]> {
  const patch = new Map(
    files.map(({ file, yaml }) => [file, parseYaml(file, new TextEncoder().encode(yaml)).document?.value ?? {}]),
  );
  const after = await render(patchedTree(tree, await ownFiles(tree, "fra1/r1"), patch));
  const before = await render(tree);
  if (after === undefined || before === undefined) return ["invalid"];
  const observed = { version: "8.4.4", running: daemons, config: live, incomplete: [] };
  const { steps, foreign } = planFrr({ config: after }, observed, [{ config: before }]);
  return [...steps.map(({ id }) => id), ...foreign.map(({ text }) => `foreign ${text}`)];
}

/** Needs a secret, whose text nobody can read out of what is live. */
const secret = (value: JsonObject) => JSON.stringify(value).includes('"secret"');

/** Of how many values of one thing the ways from each to the next are tried, and back to the first. */
const tried = 3;

async function missed({ at, values }: Alternatives): Promise<readonly string[]> {
  const plain = values.filter((value) => !secret(value)).slice(0, tried);
  const failures: string[] = [];
  for (const [index, from] of plain.entries()) {
    const to = plain[(index + 1) % plain.length] ?? {};
    const tree = sites(writtenWith(at, from));
    const live = await render(sites(writtenWith(at, to)));
    if (live === undefined || (await render(tree)) === undefined) continue;
    const patch = await accepted(tree, live);
    const left = patch.left.map((line) => `left ${line.trim()}`);
    const steps = left.length > 0 ? left : await stepsAfter(tree, live, patch);
    if (steps.length > 0)
      failures.push(`${at.join(".")}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}: ${steps[0]}`);
  }
  return failures;
}

/** What has no line of its own, or several that cannot be told apart. */
const notSaid = [
  /^bgp\.peers\.[ai]: .*maintenance/,
  /^ospf3?\.interfaces.*maintenance/,
  /^bgp\.peers\.[au]: .*(?:"group"|"interface")/,
  /^bgp: .*connect-seconds/,
  /^community-lists\.c: .*"(?:kind|match)"/,
  /^prefix-lists\.f: .*"family"/,
  /^ospf3?\.areas.*"ranges"/,
  /^bfd\.peers/,
];

describe("what differs, line by line,", () => {
  it.each([
    ["bgp", bgpAlternatives],
    ["the rest", policyAlternatives],
  ])(
    "of %s is brought in for every alternative of the schema, or it is said that it is not",
    async (_, all) => {
      const failures: string[] = [];
      for (const one of all) failures.push(...(await missed(one)));

      expect(failures.filter((one) => !one.includes(": left "))).toEqual([]);
      expect(failures.filter((one) => !notSaid.some((known) => known.test(one)))).toEqual([]);
    },
    180_000,
  );
});

const peer = { address: "192.0.2.1", "remote-as": 64496, "ebgp-multihop": 2, description: "transit" };
const bgp = {
  asn: 64500,
  "peer-groups": { up: {} },
  peers: { "transit-a": { ...peer, ipv4: { "route-map": { out: "out" } } } },
};
const policy = {
  "router-id": "198.51.100.1",
  "prefix-lists": { own: { entries: { 10: { prefix: "203.0.113.0/24" } } } },
  "route-maps": { out: { entries: { 10: { match: { "prefix-list": "own" } } } } },
};
const discard = { "10.0.0.0/8": { discard: "blackhole" } };
const appliance: JsonObject = { routing: { ...policy, static: discard, bgp } };

/** The configuration as rendered, after somebody typed. */
async function typed(tree: Tree, change: (config: string) => string): Promise<string> {
  return change((await render(tree)) ?? "");
}

describe("the patch", () => {
  it("says in the machine file's words what was set, changed and taken away", async () => {
    const tree = sites(appliance);
    const live = await typed(tree, (config) =>
      config
        .replace("description transit", "description transit\n neighbor 192.0.2.1 shutdown")
        .replace("permit 203.0.113.0/24", "permit 203.0.113.0/24 le 25")
        .replace("ip route 10.0.0.0/8 blackhole\n", "ip route 10.0.0.0/8 192.0.2.9 tag 7\n"),
    );

    const patch = await accepted(tree, live);
    expect(patch.left).toEqual([]);
    expect(patch.files).toEqual([
      {
        file: "fra1/r1.yaml",
        yaml: `routing:
  prefix-lists:
    own:
      entries:
        '10':
          action: permit
          prefix: 203.0.113.0/24
          le: 25
  static:
    10.0.0.0/8:
      discard: null
      via:
        - 192.0.2.9
      tag: 7
  bgp:
    peers:
      transit-a:
        shutdown: true
`,
      },
    ]);
    expect(await stepsAfter(tree, live, patch)).toEqual([]);
  });

  it("has a raw block for what the machine file has no word for", async () => {
    const tree = sites(appliance);
    const live = await typed(tree, (config) =>
      config.replace(" neighbor 192.0.2.1", " bgp fast-convergence\n neighbor 192.0.2.1"),
    );

    const patch = await accepted(tree, live);
    expect(patch.files[0]?.yaml).toBe(`routing:
  raw:
    by-hand:
      description: 'Set by hand: the outage'
      context:
        - router bgp 64500
      lines:
        - bgp fast-convergence
      impact: session-reset
`);
    expect(await stepsAfter(tree, live, patch)).toEqual([]);
  });

  it("leaves out what nobody here ever made, unless asked for", async () => {
    const tree = sites(appliance);
    const live = await typed(tree, (config) => `${config}ip route 192.168.0.0/16 blackhole\n`);

    expect(await accepted(tree, live, false)).toEqual({ files: [], left: [] });
    const whole = await accepted(tree, live, true);
    expect(whole.files[0]?.yaml).toContain("192.168.0.0/16:\n      discard: blackhole");
  });

  it("says what it cannot bring in", async () => {
    const tree = sites(appliance);
    const live = await typed(tree, (config) => config.replace(" no bgp default ipv4-unicast\n", ""));

    const patch = await accepted(tree, live);
    expect(patch).toEqual({ files: [], left: ["  router bgp 64500", "-   no bgp default ipv4-unicast"] });
  });

  it("goes into the file that says the most of it, and takes back what a layer below says", async () => {
    const tree = memoryTree({
      "fleet.yaml": "defaults: 1\n",
      "fra1/site.yaml": "routing: { static: { 10.9.0.0/16: { discard: blackhole } } }\n",
      "fra1/r1/bgp.yaml": yamlText({ routing: { bgp } }),
      "fra1/r1/main.yaml": yamlText({ routing: { ...policy, static: discard } }),
    });
    const live = await typed(tree, (config) =>
      config.replace("ip route 10.9.0.0/16 blackhole\n", "").replace("description transit", "description new"),
    );

    const patch = await accepted(tree, live);
    expect(patch.left).toEqual([]);
    expect(new Map(patch.files.map(({ file, yaml }) => [file, yaml.trim().split("\n").at(-1)?.trim()]))).toEqual(
      new Map([
        ["fra1/r1/main.yaml", "10.9.0.0/16: null"],
        ["fra1/r1/bgp.yaml", "description: new"],
      ]),
    );
    expect(await stepsAfter(tree, live, patch)).toEqual([]);
  });

  it("is for the newest commit, whatever else that changes", async () => {
    const committed = sites(appliance);
    const live = await typed(committed, (config) => config.replace("description transit", "description new"));
    const newest = sites({ routing: { ...policy, bgp } });
    const desired = (await render(committed)) ?? "";

    const asked = { tree: newest, machine: "fra1/r1", render, desired, live, foreign: false, reason: "x" };
    const patch = await livePatch(asked);
    expect(patch.left).toEqual([]);
    expect(await stepsAfter(newest, live, patch)).toEqual(["foreign ip route 10.0.0.0/8 blackhole"]);
  });

  it("cannot be made for a commit that is not valid", async () => {
    const tree = sites({ ...appliance, nonsense: 1 });
    await expect(accepted(tree, "")).rejects.toThrow(/newest commit is not valid/);
  });
});
