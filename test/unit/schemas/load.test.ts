import { describe, expect, it } from "vitest";
import { listMachines, loadFleet, loadMachine } from "../../../schemas/load.ts";
import { firstFindings } from "../../../schemas/semantics/finding.ts";
import { maxFileBytes } from "../../../schemas/yaml.ts";
import { fleetFiles } from "../../lab/fleet.ts";
import { memoryTree } from "../../lab/memory-tree.ts";

const port = 'interfaces: {internal: {pci: "0000:03:00.1"}}\n';
const base = { "fleet.yaml": "defaults: 1\n", "fra1/site.yaml": "" };
const customer = (appliance: string, vlan: number) =>
  `appliance: ${appliance}\ninterface: internal\nvlan: ${vlan}\naddresses: [203.0.113.${vlan}/31]\n`;

describe("one machine", () => {
  const files = {
    ...base,
    "images.yaml": "",
    "policies/base.yaml": "",
    "customers/acme.yaml": customer("fra1/r1", 10),
    "customers/other.yaml": customer("fra1/r2", 12),
    "fra1/r1.yaml": port,
    "fra1/r2.yaml": "broken: [",
    "ber1/site.yaml": "broken: [",
    "ber1/r1.yaml": "",
  };

  it("is loaded whatever is wrong with others, and their files are not read", async () => {
    const tree = memoryTree(files);
    const { loaded, problems } = await loadMachine(tree, "fra1/r1");
    expect(problems).toEqual([]);
    expect(loaded?.machine.interfaces["internal"]?.["sub-interfaces"]["10"]?.addresses).toEqual(["203.0.113.10/31"]);
    expect(tree.reads.filter((path) => path.startsWith("ber1/") || path === "fra1/r2.yaml")).toEqual([]);
  });

  it("knows its name, what was written, and pins the defaults", async () => {
    const { loaded } = await loadMachine(memoryTree({ ...base, "fra1/r1.yaml": port }), "fra1/r1");
    expect(loaded?.name).toBe("fra1/r1");
    expect(loaded?.machine.hostname).toBe("r1");
    expect(loaded?.written).toEqual({ interfaces: { internal: { pci: "0000:03:00.1" } }, defaults: 1 });
  });

  it("is not loaded without a customer whose file may be its own but is broken", async () => {
    const broken = `${customer("fra1/r1", 10)}vlan: 11\n`;
    const result = await loadMachine(
      memoryTree({ ...base, "fra1/r1.yaml": port, "customers/acme.yaml": broken }),
      "fra1/r1",
    );
    expect(result.loaded).toBeUndefined();
    expect(result.problems.map(String)).toEqual([
      "customers/acme.yaml:5:1: vlan stands here a second time; the first is at line 3. Remove one of the two.",
    ]);
  });

  it("finds a customer that spells the appliance with an escape", async () => {
    const escaped = customer('"fra1\\u002fr1"', 10);
    const result = await loadMachine(
      memoryTree({ ...base, "fra1/r1.yaml": port, "customers/acme.yaml": escaped }),
      "fra1/r1",
    );
    expect(Object.keys(result.loaded?.machine.interfaces["internal"]?.["sub-interfaces"] ?? {})).toEqual(["10"]);
  });

  it.each(["fra1/r3", "r1", "fra1/site", "../fra1/r1", "policies/base", "fra1/r1/x", "", "fra1/", "fra1/.."])(
    "that does not exist is told: %j",
    async (name) => {
      const tree = memoryTree(files);
      const { loaded, problems } = await loadMachine(tree, name);
      expect(loaded).toBeUndefined();
      expect(problems.map(({ code }) => code)).toEqual(["MACHINE_UNKNOWN"]);
      expect(tree.reads).toEqual([]);
    },
  );

  it("that is misspelt is told which was meant", async () => {
    const { problems } = await loadMachine(memoryTree(files), "fra1/r11");
    expect(problems.map(({ remedy }) => remedy)).toEqual(["Did you mean fra1/r1?"]);
  });

  it("lists the secrets that it uses, with their places", async () => {
    const bgp = `routing:
  bgp:
    asn: 64500
    peers:
      a: {address: 192.0.2.1, remote-as: 64500, password: {secret: ibgp}}
`;
    const tree = memoryTree({ ...base, "fra1/r1.yaml": bgp });
    const alone = await loadMachine(tree, "fra1/r1");
    expect(alone.problems.map(({ code }) => code)).toContain("SECRET_MISSING");
    const { machines } = await loadFleet(tree);
    expect(machines.get("fra1/r1")?.loaded?.secrets).toEqual([
      { name: "ibgp", path: "routing.bgp.peers.a.password", at: { file: "fra1/r1.yaml", line: 5, column: 68 } },
    ]);
  });
});

describe("links and large files", () => {
  const link = { link: "/etc/passwd" };
  const file = "this is a symbolic link. Links are never followed: put the file itself here.";

  it.each([
    "fra1/r1.yaml",
    "fra1/site.yaml",
    "fleet.yaml",
    "images.yaml",
    "policies/base.yaml",
    "customers/fra1.yaml",
    "policies",
    "customers",
  ])("stand in the way of the machine when %s is a link", async (path) => {
    const tree = memoryTree({ ...base, "fra1/r1.yaml": port, [path]: link });
    const fleet = await loadFleet(tree);
    expect(fleet.problems.map(String)).toContain(`${path}:1:1: ${file}`);
    if (path === "customers/fra1.yaml") return;
    const { loaded, problems } = await loadMachine(tree, "fra1/r1");
    expect(loaded).toBeUndefined();
    expect(problems.map(String)).toContain(`${path}:1:1: ${file}`);
  });

  it("are refused by their size before they are read", async () => {
    const tree = memoryTree({ ...base, "fra1/r1.yaml": new Uint8Array(maxFileBytes + 1) });
    const { loaded, problems } = await loadMachine(tree, "fra1/r1");
    expect(loaded).toBeUndefined();
    expect(problems.map(({ code }) => code)).toEqual(["YAML_HOSTILE"]);
    expect(tree.reads).not.toContain("fra1/r1.yaml");
  });

  it("and files of nothing but mistakes give a bounded list", async () => {
    const keys = Array.from({ length: 50_000 }, (_, index) => `key${index}: 1`).join("\n");
    const { problems } = await loadMachine(memoryTree({ ...base, "fra1/r1.yaml": keys }), "fra1/r1");
    expect(problems).toHaveLength(201);
    expect(problems.map(({ message }) => message)).toContain("and 49800 more problems");
  });
});

describe("a machine with hundreds of warnings", () => {
  const routes = Array.from({ length: 400 }, (_, at) => `    172.16.${at >> 8}.${at & 255}/32: {via: [10.9.9.9]}`);
  const warned = `${port}routing:\n  static:\n${routes.join("\n")}\n`;

  it("is loaded, and says how many are not shown", async () => {
    const { loaded, problems } = await loadMachine(memoryTree({ ...base, "fra1/r1.yaml": warned }), "fra1/r1");
    expect(loaded).toBeDefined();
    expect(problems).toHaveLength(201);
    expect(problems.map(({ message }) => message)).toContain("and 200 more like these");
  });

  it("is still refused for the one error among them, wherever a rule finds it", () => {
    const finding = (severity: "error" | "warning", message: string) => ({ path: [], message, remedy: "", severity });
    const many = Array.from({ length: 400 }, () => finding("warning", "w"));
    const shown = firstFindings([...many, finding("error", "e")], 200);
    expect(shown.map(({ message }) => message)).toEqual([
      "e",
      ...Array.from({ length: 199 }, () => "w"),
      "and 201 more like these",
    ]);
  });
});

describe("a fleet", () => {
  it("is listed without reading a file", async () => {
    const tree = memoryTree({
      ...base,
      "fra1/r2.yaml": "",
      "fra1/r1/a.yaml": "",
      "ber1/site.yaml": "",
      "ber1/r1.yaml": "",
      "docs/x.yaml": "",
    });
    expect(await listMachines(tree)).toEqual(["ber1/r1", "fra1/r1", "fra1/r2"]);
    expect(tree.reads).toEqual([]);
  });

  it("of generated appliances is valid, and reads each file once", async () => {
    const files = fleetFiles({ appliances: 40, sites: 4 });
    const tree = memoryTree(Object.fromEntries(files));
    const { machines, problems } = await loadFleet(tree);
    expect(problems.map(String)).toEqual([]);
    expect([...machines.values()].filter(({ loaded }) => loaded)).toHaveLength(40);
    const once = tree.reads.filter((path) => !path.startsWith("secrets/"));
    expect(new Set(once).size).toBe(once.length);
  });
});
