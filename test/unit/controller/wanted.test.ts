import { describe, expect, it } from "vitest";
import { SecretStore } from "../../../controller/secrets.ts";
import { loadWanted } from "../../../controller/wanted.ts";
import type { LocalFile } from "../../../schemas/local.ts";
import { Settings } from "../../../schemas/settings.ts";
import { simHost } from "../../lab/host.ts";
import { memoryTree } from "../../lab/memory-tree.ts";

const settings = Settings.parse({ machine: "fra1/r1", repository: { folder: "/srv/sites" } });

function wanted(appliance: string, more: object = {}, local: readonly LocalFile[] = []) {
  const sim = simHost();
  sim.files.set("/sys/class/net/eth0/address", { text: "52:54:00:00:00:01\n", mode: 0o444 });
  const tree = memoryTree({ "fleet.yaml": "defaults: 1\n", "fra1/site.yaml": "", "fra1/r1.yaml": appliance });
  const secrets = new SecretStore(Buffer.alloc(32), settings.secrets);
  return loadWanted(tree, "c".repeat(40), local, { settings: { ...settings, ...more }, host: sim.start(), secrets });
}

const bgp = "routing: { router-id: 198.51.100.1, bgp: { asn: 64500 } }\n";

describe("what a commit asks of this box", () => {
  it("is the generation of its machine at that commit", async () => {
    const { generation, problems } = await wanted(`identity: { macs: ["52:54:00:00:00:01"] }\n${bgp}`);

    expect(problems).toEqual([]);
    expect(generation).toMatchObject({ machine: "fra1/r1", commit: "c".repeat(40) });
    expect(generation?.desired.frr.config).toContain("router bgp 64500\n");
  });

  it("is another generation with a drain above it, which is not expected to be up", async () => {
    const peers = "peers: { a: { address: 192.0.2.1, remote-as: 64496, ebgp-multihop: 2 } }";
    const machine = bgp.replace("asn: 64500", `asn: 64500, ebgp-requires-policy: false, ${peers}`);
    const text = JSON.stringify({ routing: { bgp: { peers: { a: { maintenance: "drain" } } } } });
    const ours = { identity: "if-declared" };

    const [plain, drained] = [
      await wanted(machine, ours),
      await wanted(machine, ours, [{ kind: "drain", name: "peer a", text }]),
    ];
    expect(plain.generation?.drained).toBeUndefined();
    expect(drained.generation).toMatchObject({ drained: ["192.0.2.1"], commit: "c".repeat(40) });
    expect(drained.generation?.desired.frr.config).toContain("neighbor 192.0.2.1 route-map _drain-in in");
    expect(drained.generation?.digest).not.toBe(plain.generation?.digest);
  });

  it("is nothing on a box that the machine is not for", async () => {
    const { generation, problems } = await wanted(`identity: { macs: ["52:54:00:00:00:02"] }\n${bgp}`);

    expect(generation).toBeUndefined();
    expect(problems.map((problem) => problem.code)).toEqual(["IDENTITY_MISMATCH"]);
  });

  it("is nothing without an identity where the owner of the box wants one", async () => {
    expect((await wanted(bgp)).generation).toBeDefined();

    const { generation, problems } = await wanted(bgp, { identity: "required" });

    expect(generation).toBeUndefined();
    expect(problems.map((problem) => problem.code)).toEqual(["IDENTITY_MISMATCH"]);
  });

  it("is nothing while a secret is missing or the file is wrong, with every problem", async () => {
    const peers = "peers: { a: { address: 192.0.2.1, remote-as: 64496, password: { secret: gone } } }";
    const secret = await wanted(bgp.replace("asn: 64500", `asn: 64500, ${peers}`));
    const wrong = await wanted("routing: { bgp: { asn: nonsense } }\n");

    expect([secret.generation, wrong.generation]).toEqual([undefined, undefined]);
    expect(secret.problems.map((problem) => problem.code)).toContain("SECRET_MISSING");
    expect(wrong.problems.map((problem) => problem.code)).toEqual(["SCHEMA"]);
  });
});
