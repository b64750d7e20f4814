import { describe, expect, it } from "vitest";
import { bootFiles } from "../../../../controller/boot-files.ts";
import { frrBootFile } from "../../../../controller/frr-boot-file.ts";
import { SecretStore } from "../../../../controller/secrets.ts";
import { answered } from "../../../../controller/trial/render-child.ts";
import type { RenderAnswer } from "../../../../controller/trial/render-job.ts";
import { renderStaged, type StagedRequest } from "../../../../controller/trial/staged-render.ts";
import { loadWanted } from "../../../../controller/wanted.ts";
import type { Host } from "../../../../reconcilers/core.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { simHost } from "../../../lab/host.ts";
import { memoryTree } from "../../../lab/memory-tree.ts";

const { signal } = new AbortController();
const settings = Settings.parse({ machine: "fra1/r1", repository: { folder: "/srv/sites" } });
const commit = "c".repeat(40);
const peer = "{ address: 192.0.2.1, remote-as: 64496, password: { secret: transit } }";
const machine = `identity: { macs: ["52:54:00:00:00:01"] }
routing: { router-id: 198.51.100.1, bgp: { asn: 64500, peers: { a: ${peer} } } }
`;
const looked = { dataset: "tank/ROOT/imp-v1.4.0", folder: "/run/imp/trial", name: "imp-v1.4.0" };

interface Asked {
  readonly argv: readonly string[];
  readonly input: string;
}

/** A box, and an image whose impctl is this one, but for what `change` makes of its answers. */
function box(text = machine, change: (answer: RenderAnswer) => unknown = (answer) => answer) {
  const sim = simHost();
  sim.files.set("/sys/class/net/eth0/address", { text: "52:54:00:00:00:01\n", mode: 0o444 });
  const tree = memoryTree({
    "fleet.yaml": "defaults: 1\n",
    "fra1/site.yaml": "",
    "fra1/r1.yaml": text,
    "secrets/transit.yaml": "local: true\n",
  });
  const secrets = new SecretStore(Buffer.alloc(32), settings.secrets);
  const resolve: StagedRequest["secrets"]["resolve"] = async () => ({
    secrets: {
      sealed: (name) => secrets.seal(`text of ${name}`),
      version: (name) => name.padEnd(64, "0"),
    },
    problems: [],
  });
  const asked: Asked[] = [];
  const plain = sim.start();
  const host: Host = {
    ...plain,
    async run(argv, options) {
      asked.push({ argv, input: options.input ?? "" });
      const stdout = JSON.stringify(change(await answered(options.input ?? "", async () => undefined)));
      return { exitCode: 0, stdout, stderr: "" };
    },
  };
  const request: StagedRequest = { tree, commit, overlays: [], settings, secrets: { resolve } };
  return { sim, host, plain, request, asked, secrets };
}

describe("a candidate rendered by the image that is to run it", () => {
  it("is what its agent makes of the same commit, with secrets sealed", async () => {
    const { host, plain, request, asked } = box();
    const { generation, files } = await renderStaged(host, looked, request, signal);
    const own = await loadWanted(request.tree, commit, [], { settings, host: plain, secrets: request.secrets });
    expect(generation).toEqual(own.generation);
    expect(generation.desired.frr.config).toMatch(/password <secret:[0-9a-f]{16}>/);
    expect(asked).toHaveLength(2);
    expect(asked.map(({ input }) => input).join("")).not.toContain("text of transit");
    expect(files.find(({ name }) => name === "files/frr.conf")?.text).toMatch(/password <secret:[0-9a-f]{16}>/);
  });

  it("comes with the files that its agent would keep", async () => {
    const { sim, host, plain, request, secrets } = box(machine.replace(", password: { secret: transit }", ""));
    const { generation, files } = await renderStaged(host, looked, request, signal);
    const own = bootFiles(plain, "/s", [frrBootFile(plain, secrets, settings.paths["frr-config"])]);
    await plain.writeFile(`/s/generations/${generation.digest}/generation.json`, JSON.stringify(generation));
    await own.keep(generation, generation.desired);
    const kept = [...sim.files].filter(([path]) => path.startsWith("/s/") && !path.endsWith("/generation.json"));
    const folder = `/s/generations/${generation.digest}/`;
    expect(files.map(({ name }) => folder + name).toSorted()).toEqual(kept.map(([path]) => path).toSorted());
    for (const { name, text } of files) {
      const node = sim.files.get(folder + name);
      // Where they are to be is for the one who has them.
      expect(node && "text" in node && node.text.replaceAll("/s/", "/")).toBe(text);
    }
  });

  it("runs without network, without a right, and without a file of this system", async () => {
    const { host, request, asked } = box();
    await renderStaged(host, looked, request, signal);
    const [{ argv } = { argv: [] }] = asked;
    expect(argv).toContain("--property=PrivateNetwork=yes");
    expect(argv).toContain("--property=NoNewPrivileges=yes");
    expect(argv.slice(-2)).toEqual([looked.dataset, looked.folder]);
    const script = argv.at(-4) ?? "";
    expect(script).toContain("mount -t zfs -o zfsutil,ro,nosuid,nodev");
    expect(script).toContain("exec chroot --userspec=65534:65534 --groups=65534");
  });

  it("that its agent refuses is refused with what it says, in the file, and whose word that is", async () => {
    const { host, request } = box(`${machine}colour: red\n`);
    const refused = await renderStaged(host, looked, request, signal).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ errors: [{ code: "SCHEMA", at: { file: "fra1/r1.yaml", line: 3 } }] });
    expect(String((refused as AggregateError).errors[0])).toMatch(/^fra1\/r1.yaml:3:\d+: .*imp-v1.4.0 says: /);
  });

  it.each<[string, (answer: RenderAnswer) => unknown, string]>([
    ["another answer", () => ({ format: 2 }), "its impctl gives another answer than this one knows."],
    ["no answer", () => "help", "its impctl gives another answer than this one knows."],
    [
      "an agent that knows less of the journal",
      (answer) => ({ ...answer, journal: 0, agent: "0.1.0" }),
      "its agent (0.1.0) does not go on from what this one writes down.",
    ],
  ])("is refused with %s", async (_what, change, told) => {
    const { host, request } = box(machine, change);
    await expect(renderStaged(host, looked, request, signal)).rejects.toThrow(
      `imp-v1.4.0 cannot say what it is to run with: ${told}`,
    );
  });

  it("is refused where its impctl cannot be run", async () => {
    const { host, request } = box();
    const run: Host["run"] = async () => ({ exitCode: 1, stdout: "", stderr: "error: unknown command\n" });
    await expect(renderStaged({ ...host, run }, looked, request, signal)).rejects.toThrow(
      "imp-v1.4.0 cannot say what it is to run with: error: unknown command.",
    );
  });
});
