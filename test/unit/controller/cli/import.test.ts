import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { impctl } from "./terminal.ts";

const cases = join(import.meta.dirname, "../../../cases");

describe("impctl import", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "impctl-import-"));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  async function imported(router: unknown) {
    await writeFile(join(folder, "router.json"), typeof router === "string" ? router : JSON.stringify(router));
    return impctl(folder, "import", "router.json");
  }

  it("makes a machine file of a whole router.json, which is valid and can be rendered", async () => {
    const { exitCode, out, err } = await imported(await readFile(join(cases, "router.json"), "utf8"));
    expect(out).toBe(await readFile(join(cases, "router.yaml"), "utf8"));
    expect(err.split("\n").filter((line) => line !== "" && !line.includes(": warning: "))).toEqual([]);
    expect(exitCode).toBe(0);
    await mkdir(join(folder, "fra1"));
    await writeFile(join(folder, "fleet.yaml"), "defaults: 1\n");
    await writeFile(join(folder, "fra1/edge1.yaml"), out);
    const rendered = await impctl(folder, "render", "fra1/edge1");
    expect(rendered.exitCode).toBe(0);
    expect(rendered.out).toContain("redistribute connected route-map OSPF-REDISTRIBUTE");
  });

  it("takes the addresses of an older file, in which nobody says what is inside of NAT", async () => {
    const { out } = await imported({
      interfaces: [{ name: "wan", pci: "0000:03:00.0", ipv4: [{ address: "192.0.2.2", prefix: 30 }] }],
      nat: {
        bgp_prefix: "203.0.113.0/29",
        mappings: [{ source_network: "10.0.0.0/24", nat_pool: "203.0.113.0/29" }],
        bypass_pairs: [],
      },
    });
    expect(out).toContain("# - nat: which interfaces are inside is not in the file");
    expect(out).toContain("      pool1:\n        prefix: 203.0.113.0/29\n    mappings:");
    expect(out).toContain("# - management: the file has none. Write it by hand.");
  });

  it("tells what it cannot say, and leaves out what was not enabled", async () => {
    const { out, exitCode } = await imported({
      interfaces: [
        { name: "wan", iface: "enp1s0", pci: null, ipv4: [{ address: "192.0.2.2", prefix: 30 }], colour: "red" },
      ],
      modules: [
        { name: "nat", enabled: false, config: { mappings: [], frobs: 1 } },
        { name: "wireguard", enabled: true, peers: 7 },
      ],
      bgp: { enabled: false, asn: null, peers: [{ peer_ip: "192.0.2.1", peer_asn: 64496 }] },
      routes: [
        { destination: "10.9.0.0/16", via: "192.0.2.1", interface: "wan" },
        { destination: "10.9.0.0/16", via: "192.0.2.5", interface: null },
        { destination: "10.8.0.0/16", via: "blackhole" },
      ],
      new_section: {},
    });
    for (const sentence of [
      "interfaces[0].colour: unknown here.",
      "modules[0].config.frobs: unknown here.",
      "new_section: unknown here.",
      "modules: nat is not enabled, and so left out.",
      "modules: wireguard has no place here.",
      "bgp: it is not enabled, and so its peers are left out.",
      "routes: 10.9.0.0/16 via 192.0.2.5 goes by another interface",
      "interfaces.wan: without a PCI address VPP takes it by af-packet",
    ]) {
      expect(out).toContain(`# - ${sentence}`);
    }
    expect(out).toContain("10.8.0.0/16:\n      discard: blackhole");
    expect(exitCode).toBe(0);
  });

  it("loses no route without a word, to a prefix that has one", async () => {
    const { out } = await imported({
      routes: [
        { destination: "10.1.0.0/16", via: "192.0.2.1" },
        { destination: "10.1.0.0/16", via: "blackhole" },
        { destination: "10.1.0.0/16", via: "192.0.2.1" },
        { destination: "10.2.0.0/16", via: "null0" },
        { destination: "10.2.0.0/16", via: "blackhole" },
        { destination: "10.2.0.0/16", via: "reject" },
        { destination: "10.2.0.0/16", via: "192.0.2.1" },
      ],
    });
    const told = out.split("\n").filter((line) => line.startsWith("# - routes: "));
    expect(told).toEqual([
      "# - routes: 10.1.0.0/16 via blackhole does something else than the one before it. Write it as raw.",
      "# - routes: 10.2.0.0/16 via reject does something else than the one before it. Write it as raw.",
      "# - routes: 10.2.0.0/16 via 192.0.2.1 does something else than the one before it. Write it as raw.",
    ]);
    expect(out).toContain(
      "10.1.0.0/16:\n      via:\n        - 192.0.2.1\n    10.2.0.0/16:\n      discard: blackhole\n",
    );
  });

  it("says where a wrong router.json is wrong, and writes nothing", async () => {
    const { exitCode, out, err } = await imported('{\n  "interfaces": [\n    {"name": 7}\n  ]\n}\n');
    expect(err).toContain("router.json:3:14: interfaces[0].name: must be text, not the number 7");
    expect(out).toBe("");
    expect(exitCode).toBe(1);
    expect((await imported("{")).err).toMatch(/router\.json:\d+:\d+: /);
    expect((await impctl(folder, "import", "none.json")).err).toContain("cannot be read");
  });

  it("judges what it wrote, with places in it", async () => {
    const { exitCode, err } = await imported({
      interfaces: [{ name: "wan", pci: "0000:03:00.0", ipv4: [{ address: "192.0.2.300", prefix: 30 }] }],
    });
    expect(err).toMatch(/import\/router\.yaml:\d+:\d+: interfaces\.wan\.addresses\[0\]/);
    expect(exitCode).toBe(1);
  });
});
