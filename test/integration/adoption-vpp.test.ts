/** A real VPP that somebody set up on its CLI: its machine file is valid, and would do nothing there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { observeVpp, openInstance } from "../../reconcilers/vpp/instances.ts";
import { places as simulated, vppHost } from "../lab/vpp-host.ts";
import { frrWith, tryAdoption } from "../lab/adopting.ts";
import { handBuilt, handBuiltDevices } from "../lab/hand-built.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";

const host = linuxHost({ seal: () => "", reveal: () => undefined });
const why = whyNoVpp() ?? whyNoTaps();

describe.skipIf(why)(`adopting a real VPP${why ? ` (${why})` : ""}`, () => {
  const signal = AbortSignal.timeout(170_000);
  let folder = "";
  let box: Namespace;
  let vpp: RealVpp | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-av-"));
    box = makeNamespace("av");
    for (const name of handBuiltDevices) {
      box.ip("link", "add", name, "type", "veth", "peer", "name", `${name}x`);
      for (const end of [name, `${name}x`]) box.ip("link", "set", end, "up");
    }
    vpp = await startVpp({ folder, name: "core", namespace: box });
  });

  afterAll(async () => {
    await vpp?.[Symbol.asyncDispose]();
    box[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it("leaves nothing to do, and says what was set up by hand", async () => {
    const places = { sockets: { core: vpp?.socket ?? "", nat: join(folder, "none.sock") }, run: folder };
    const cli = await openInstance(host, places, "core", signal);
    // The client sends no ABF commands, of some of which VPP crashes.
    const sent = handBuilt.filter((one) => !one.startsWith("abf "));
    for (const command of sent) {
      expect(`${command}: ${await cli.cli(command)}`).not.toMatch(/unknown|error|fail|invalid|not found/i);
    }
    cli.close();

    const found = { hostname: "r1", frr: frrWith(""), vpp: await observeVpp(host, places, signal), nics: new Map() };
    const { does, steps, machine, left } = await tryAdoption(found);

    expect({ does, steps }).toEqual({ does: [], steps: [] });
    const sim = await observeVpp(vppHost({ boot: { core: sent } }).host, simulated, signal);
    expect(machine).toEqual((await tryAdoption({ ...found, vpp: sim })).machine);
    expect(left.filter((line) => !/ fe80:/.test(line))).toEqual([
      "vpp core: VLAN lan.20: dot1q 200",
      "vpp core: route 203.0.113.0/24: via 198.51.100.1 wan",
    ]);
  });
});
