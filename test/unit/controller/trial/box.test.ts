/** The order in which the box does what its parts do, each of which has tests of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Deployment } from "../../../../controller/machine.ts";
import type { Reconcilers } from "../../../../controller/planes.ts";
import { trialMeans, trialPolicy } from "../../../../controller/trial/box.ts";
import { answered } from "../../../../controller/trial/render-child.ts";
import type { RenderAnswer } from "../../../../controller/trial/render-job.ts";
import { loadWanted } from "../../../../controller/wanted.ts";
import type { BootEnvironment } from "../../../../reconcilers/bootenv/model.ts";
import type { Host } from "../../../../reconcilers/core.ts";
import { frr as frrPlane } from "../../../../reconcilers/frr/frr.ts";
import type { Generation } from "../../../../reconcilers/generation.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { frrHost } from "../../../lab/frr-host.ts";
import { simFrr } from "../../../lab/frr-sim.ts";
import { simHost } from "../../../lab/host.ts";
import { makeImageRoot } from "../../../lab/image.ts";
import { memoryTree } from "../../../lab/memory-tree.ts";

const { signal } = new AbortController();
const commit = "c".repeat(40);
const name = "imp-v1.4.0";
const environment = { name, dataset: `tank/ROOT/${name}` } as BootEnvironment;
const machine = `identity: { macs: ["52:54:00:00:00:01"] }
interfaces: { wan: { pci: "0000:03:00.0" } }
routing: { router-id: 198.51.100.1, bgp: { asn: 64500, peers: { a: { address: 192.0.2.1, remote-as: 64496 } } } }
`;

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "imp-means-"));
  makeImageRoot(join(run, "trial"));
});
afterEach(() => rmSync(run, { recursive: true, force: true }));

interface Wishes {
  readonly watchdog?: boolean;
  /** What of the image's answer is another. */
  readonly change?: (answer: RenderAnswer) => RenderAnswer;
  /** FRR's own. */
  readonly config?: string;
}

/** A box without a dataplane whose units all run. `done`: what changes something, in order. */
function box({ watchdog = true, change = (answer) => answer, config = "" }: Wishes = {}) {
  const sim = simHost();
  const put = (path: string, text: string) => void sim.files.set(path, { text: `${text}\n`, mode: 0o444 });
  put("/proc/cmdline", "root=zfs:tank/ROOT/a spl.spl_hostid=0x00bab10c quiet");
  put("/sys/class/net/eth0/address", "52:54:00:00:00:01");
  put("/sys/module/watchdog/parameters/stop_on_reboot", "0");
  const dog = { identity: "iTCO_wdt", state: "active", timeout: "180", nowayout: "0" };
  for (const [file, text] of Object.entries(watchdog ? dog : {})) put(`/sys/class/watchdog/watchdog0/${file}`, text);
  const done: string[] = [];
  const frr = simFrr({ config });
  const daemons = frrHost(frr);
  const host: Host = {
    ...sim.start(),
    connect: (path, limited) => daemons.connect(path, limited),
    sleep: (ms, limited) => daemons.sleep(ms, limited),
    async run(argv, { input }) {
      const words = argv.slice(argv.indexOf("--") + 1);
      const said = (stdout: string) => ({ exitCode: 0, stdout, stderr: "" });
      if (words.at(-1)?.startsWith("--property=")) return said("RuntimeWatchdogUSec=3min\nRebootWatchdogUSec=10min\n");
      if (words[1] === "is-active")
        return said(
          words
            .slice(2)
            .map(() => "active\n")
            .join(""),
        );
      if (words[0] === "sh" || words[1] === "get") {
        const isRender = words[2]?.includes("internal-render") === true;
        if (words[2]?.includes("kexec -a -l")) done.push(`load ${words[4]}`);
        const answer = isRender ? change(await answered(input ?? "", async () => undefined)) : undefined;
        return said(answer ? JSON.stringify(answer) : "");
      }
      done.push(words.join(" "));
      return said("");
    },
  };
  const settings = Settings.parse({ machine: "fra1/r1", repository: { folder: "/srv/sites" }, paths: { run } });
  const secrets = {
    resolve: async () => ({ secrets: { sealed: () => "", version: () => "" }, problems: [] }),
  };
  const reconcilers = { frr: frrPlane({ sockets: "/run/frr" }) } as unknown as Reconcilers;
  const means = trialMeans({ host, settings, secrets, reconcilers, vpp: undefined });
  const tree = memoryTree({ "fleet.yaml": "defaults: 1\n", "fra1/site.yaml": "", "fra1/r1.yaml": machine });
  const wanted = async (policy = {}): Promise<Generation> => {
    const { generation } = await loadWanted(tree, commit, [], { settings, host, secrets });
    if (!generation) throw new Error("it is not valid");
    return { ...generation, policy: { ...generation.policy, trial: { ...trialPolicy({}), ...policy } } };
  };
  return { means, done, frr, tree, wanted };
}

const deployment = (method: "kexec" | "firmware") => ({ id: "17-abc", trial: { method, pool: "tank" } }) as Deployment;
const from = (tree: ReturnType<typeof memoryTree>) => ({ tree, overlays: [] });

describe("a box before a trial", () => {
  it("asks the image what it is to run with, and tries its kernel where that is entered by kexec", async () => {
    const { means, done, tree, wanted } = box();
    const candidate = await wanted();
    const checked = await means.check({ candidate, environment, from: from(tree) }, signal);
    expect(checked.candidate.digest).toBe(candidate.digest);
    expect(checked.files?.map((file) => file.name)).toContain("files/frr.conf");
    expect(checked.notes[0]).toBe("systemd holds iTCO_wdt (180 s).");
    expect(done).toEqual([`load ${environment.dataset}`]);
  });

  it("tries no kernel where firmware and loader enter it, and asks nobody about what it was committed with", async () => {
    const { means, done, wanted } = box();
    const candidate = await wanted({ "boot-method": "firmware" });
    const checked = await means.check({ candidate, environment }, signal);
    expect([checked.candidate, checked.files, done]).toEqual([candidate, undefined, []]);
  });

  it("is not sent there unwatched, unless that is allowed", async () => {
    const { means, done, wanted } = box({ watchdog: false });
    await expect(means.check({ candidate: await wanted(), environment }, signal)).rejects.toThrow(
      "This box has no hardware watchdog. A trial that hangs would wait for somebody.",
    );
    expect(done).toEqual([]);
    const { notes } = await means.check({ candidate: await wanted({ "allow-unwatched": true }), environment }, signal);
    expect(notes).toEqual([expect.stringContaining("The machine file allows that")]);
  });

  it("is not sent to an image that takes the commit for something else", async () => {
    const other = (answer: RenderAnswer): RenderAnswer =>
      answer.generation ? { ...answer, generation: { ...answer.generation, digest: "f".repeat(64) } } : answer;
    const { means, tree, wanted } = box({ change: other });
    const candidate = await wanted();
    await expect(means.check({ candidate, environment, from: from(tree) }, signal)).rejects.toThrow(
      `${name} takes the commit for something else than this agent does.`,
    );
  });

  it("has time to be drained and to stop", async () => {
    const { means, wanted } = box();
    expect(means.leaveMs(await wanted({ "drain-seconds": 60 }))).toBe(60_000 + 1_380_000);
  });
});

describe("a box on its way into a trial", () => {
  it("drains, tells how that ended, and stops all that kexec would hurt", async () => {
    const first = box();
    const committed = await first.wanted();
    const { means, done, frr } = box({ config: committed.desired.frr.config });
    const told: string[] = [];
    const leaving = {
      deployment: deployment("kexec"),
      committed,
      drainSeconds: 0,
      told: (text: string) => told.push(text),
    };
    await means.leave(leaving, signal);
    expect(told).toEqual(["Traffic was given 0 s to go elsewhere."]);
    expect(frr.standing().config).toContain("bgp graceful-shutdown");
    expect(done).toContain("systemctl stop vpp-core.service");
    expect(done.at(-1)).toBe("zpool sync tank");
    await means.stay(committed, signal);
    expect(frr.standing().config).not.toContain("bgp graceful-shutdown");
  });

  it("leaves the stopping to a reboot through firmware", async () => {
    const { means, done, wanted } = box();
    const told: string[] = [];
    const committed = await wanted();
    const leaving = {
      deployment: deployment("firmware"),
      committed,
      drainSeconds: 0,
      told: (text: string) => told.push(text),
    };
    await means.leave(leaving, signal);
    expect([told, done]).toEqual([["There was nobody to ask to go elsewhere."], []]);
  });
});
