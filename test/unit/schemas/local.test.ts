import { describe, expect, it } from "vitest";
import { loadMachine } from "../../../schemas/load.ts";
import type { LocalFile } from "../../../schemas/local.ts";
import { memoryTree } from "../../lab/memory-tree.ts";

const tree = memoryTree({
  "fleet.yaml": "defaults: 1\n",
  "fra1/site.yaml": "routing: { router-id: 198.51.100.1 }\n",
  "fra1/r1.yaml": `routing:
  static: { 203.0.113.0/24: { discard: blackhole } }
  as-path-lists: { any: { entries: { 10: { regex: ".*" } } } }
  bgp:
    asn: 64500
    peers:
      transit-a: { address: 192.0.2.1, remote-as: 64496, ebgp-multihop: 2, ipv4: { as-path-list: { in: any } } }
`,
});

async function load(...local: readonly LocalFile[]) {
  return loadMachine(tree, "fra1/r1", local);
}

const change = (text: string, name = "/root/fix.yaml"): LocalFile => ({ kind: "local", name, text });
const drain = (text: string): LocalFile => ({ kind: "drain", name: "drain", text });

describe("a layer of the box", () => {
  it("stands above all others, the later above the earlier, and counts in what is written", async () => {
    const shut = "routing: { bgp: { peers: { transit-a: { shutdown: true, description: one } } } }";
    const { loaded, problems } = await load(change(shut), change(shut.replace("one", "two")));

    expect(problems).toEqual([]);
    const peer = loaded?.machine.routing.bgp?.peers["transit-a"];
    expect(peer).toMatchObject({ shutdown: true, description: "two", address: "192.0.2.1" });
    expect(JSON.stringify(loaded?.written)).toContain('"shutdown":true');
  });

  it("deletes with null, as every layer does", async () => {
    const { loaded } = await load(change("routing: { static: { 203.0.113.0/24: null } }"));
    expect(loaded?.machine.routing.static).toEqual({});
  });

  it("is judged like the repository: problems name its file, line and column", async () => {
    const { loaded, problems } = await load(
      change("routing:\n  bgp:\n    peers:\n      transit-a: { shutdwon: true, remote-as: 0 }\n"),
    );

    expect(loaded).toBeUndefined();
    expect(problems.map(String)).toEqual([
      expect.stringMatching(
        /^\/root\/fix\.yaml:4:20: routing\.bgp\.peers\.transit-a\.shutdwon: .*Did you mean shutdown/,
      ),
      expect.stringMatching(/^\/root\/fix\.yaml:4:47: routing\.bgp\.peers\.transit-a\.remote-as: /),
    ]);
  });

  it("that is no YAML keeps nothing from being told", async () => {
    const { loaded, problems } = await load(change("routing: ["));
    expect(loaded).toBeUndefined();
    expect(problems.map(({ at, code }) => [at?.file, code])).toEqual([["/root/fix.yaml", "YAML_SYNTAX"]]);
  });

  it.each(["policy: { drift: { frr: correct } }", "identity: null", "image: x", "health: {}", "age-key: x"])(
    "cannot say %s",
    async (text) => {
      const { loaded, problems } = await load(change(text));
      expect(loaded).toBeUndefined();
      expect(problems.map(String)).toContainEqual(
        expect.stringMatching(/^\/root\/fix\.yaml:1:1: \S+: a local change cannot set .* Change it in the sites/),
      );
    },
  );
});

describe("a drain", () => {
  it("of what is there is merged", async () => {
    const { loaded, problems } = await load(
      drain("routing: { bgp: { peers: { transit-a: { maintenance: drain } } } }"),
    );
    expect(problems).toEqual([]);
    expect(loaded?.machine.routing.bgp?.peers["transit-a"]?.maintenance).toBe("drain");
  });

  it("of what is gone keeps nothing from being loaded, and says so", async () => {
    const { loaded, problems } = await load(
      drain("routing: { bgp: { peers: { transit-b: { maintenance: drain } } } }"),
    );
    expect(loaded?.machine.routing.bgp?.peers).not.toHaveProperty("transit-b");
    expect(problems.map(String)).toEqual([
      "drain:1:28: warning: routing.bgp.peers.transit-b: there is no transit-b here to drain. Did you mean transit-a?",
    ]);
  });

  it("of an interface takes what there is of both versions of OSPF", async () => {
    const both = "{ interfaces: { a: { maintenance: drain } } }";
    const { problems } = await load(
      change("routing: { ospf: { interfaces: { a: {} } } }\ninterfaces: { a: { pci: 0000:03:00.0 } }"),
      drain(`routing: { ospf: ${both}, ospf3: ${both} }`),
    );
    expect(problems.map(String).join()).not.toContain("to drain");
  });

  it.each([
    ["routing: {}", "OSPF is on none."],
    ["routing: { ospf3: { interfaces: { uplink: {} } } }", "OSPF is on uplink."],
    ["routing: { ospf3: { interfaces: { a.25: {} } } }", "Did you mean a.25?"],
  ])("of an interface without OSPF says so, with %s", async (machine, remedy) => {
    const both = "{ interfaces: { a.26: { maintenance: drain } } }";
    const { problems } = await load(change(machine), drain(`routing: { ospf: ${both}, ospf3: ${both} }`));

    const ours = problems.map(String).filter((one) => one.includes("OSPF"));
    expect(ours).toEqual([
      expect.stringMatching(/^drain:1:\d+: warning: routing\.ospf\.interfaces\S+: a\.26 has no OSPF here to drain\./),
    ]);
    expect(ours[0]).toContain(remedy);
  });
});
