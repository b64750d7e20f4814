/** A real VPP that was given nothing but its boot commands forwards as one that the agent configured: TCP, not only pings. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { openVpp } from "../../reconcilers/vpp/api/open.ts";
import { renderBootCommands } from "../../reconcilers/vpp/boot-commands.ts";
import { renderVpp } from "../../reconcilers/vpp/render/render.ts";
import { Machine } from "../../schemas/machine.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";

const host = linuxHost({ seal: () => "", reveal: () => undefined });
const why = whyNoVpp() ?? whyNoTaps();

const machine = Machine.parse({
  interfaces: {
    wan: { driver: "af-packet", "kernel-name": "vb-wan", addresses: ["198.51.100.2/24"] },
    lan: { driver: "af-packet", "kernel-name": "vb-lan", addresses: ["10.10.0.1/24"] },
  },
});

describe.skipIf(why)(`A real VPP with its boot commands${why ? ` (${why})` : ""}`, () => {
  const signal = AbortSignal.timeout(120_000);
  const spaces: Namespace[] = [];
  let folder = "";
  let vpp: RealVpp | undefined;

  function space(label: string): Namespace {
    const made = makeNamespace(`vb${label}`);
    spaces.push(made);
    return made;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "imp-vb-"));
    const dataplane = space("d");
    const [internet, lan] = [space("i"), space("l")];
    makeWire(
      { namespace: dataplane, name: "vb-wan", addresses: [] },
      { namespace: internet, name: "vb0", addresses: ["198.51.100.1/24"] },
    );
    makeWire(
      { namespace: dataplane, name: "vb-lan", addresses: [] },
      { namespace: lan, name: "vb0", addresses: ["10.10.0.10/24"] },
    );
    internet.ip("route", "add", "10.10.0.0/24", "via", "198.51.100.2");
    lan.ip("route", "add", "default", "via", "10.10.0.1");
    for (const one of [internet, lan]) one.ip("link", "set", "dev", "vb0", "gso_max_segs", "1");
    const quiet = ["net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2"];
    await host.run(dataplane.inside("sysctl", "-qw", ...quiet), { timeoutMs: 10_000, signal });
    vpp = await startVpp({ folder, name: "core", namespace: dataplane });
    const api = await openVpp(host, { socket: vpp.socket }, signal);
    const commands = renderBootCommands("core", renderVpp(machine, { vpp: "26.06" }).core ?? { objects: [] });
    for (const line of commands.split("\n")) if (line !== "" && !line.startsWith("#")) await api.cli(line);
    api.close();
  }, 120_000);

  afterAll(async () => {
    await vpp?.kill();
    for (const one of spaces) one[Symbol.dispose]();
    if (folder !== "") await rm(folder, { recursive: true });
  });

  it("lets a TCP transfer through", async () => {
    const [, internet, lan] = spaces;
    if (!internet || !lan) throw new Error("no namespaces");
    const size = 300_000;
    const serve = `require("http").createServer((_, to) => to.end("x".repeat(${size}))).listen(8080, () => console.log("up"))`;
    const [program, ...argv] = internet.inside(process.execPath, "-e", serve);
    const server = spawn(program, argv, { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await once(server.stdout, "data");
      // ARP takes its first packets; TCP sends them again.
      const get = `fetch("http://198.51.100.1:8080", { signal: AbortSignal.timeout(20000) }).then((it) => it.text()).then((text) => console.log(text.length), () => console.log("nothing"))`;
      const { stdout } = await host.run(lan.inside(process.execPath, "-e", get), { timeoutMs: 60_000, signal });
      expect(stdout.trim()).toBe(`${size}`);
    } finally {
      server.kill("SIGKILL");
    }
  }, 90_000);
});
