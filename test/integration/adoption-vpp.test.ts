/** A real VPP that somebody set up on its CLI: its machine file is valid, and would do nothing there. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { observeVpp, openInstance } from "../../reconcilers/vpp/instances.ts";
import { places as simulated, vppHost } from "../lab/vpp-host.ts";
import { tryAdoption } from "../lab/adopting.ts";
import { handBuilt, handBuiltDevices } from "../lab/hand-built.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { referenceCore, referenceIncus, referenceNat, referenceNics, referenceScript } from "../lab/reference-box.ts";
import { type RealVpp, startVpp, vppctl, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";

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

    const found = { vpp: await observeVpp(host, places, signal) };
    const { does, steps, machine, left } = await tryAdoption(found);

    expect({ does, steps }).toEqual({ does: [], steps: [] });
    const sim = await observeVpp(vppHost({ boot: { core: sent } }).host, simulated, signal);
    expect(machine).toEqual((await tryAdoption({ ...found, vpp: sim })).machine);
    expect(left.filter((line) => !/ fe80:/.test(line))).toEqual([
      "vpp core: route 203.0.113.0/24: via 198.51.100.1 wan",
    ]);
  });

  it("leaves nothing to do on the reference appliance, and knows what it translates", async () => {
    await using core = await startVpp({ folder, name: "ref-core", namespace: box });
    await using nat = await startVpp({ folder, name: "ref-nat", namespace: box });
    const ports = referenceNics.flatMap((name) => [
      `create host-interface name rf-${name}`,
      `set interface name host-rf-${name} ${name}`,
    ]);
    for (const name of [...referenceNics.map((one) => `rf-${one}`), "incus-dataplane"]) {
      box.ip("link", "add", name, "type", "veth", "peer", "name", `${name.slice(0, 13)}x`);
      for (const end of [name, `${name.slice(0, 13)}x`]) box.ip("link", "set", end, "up");
    }
    expect(tell("ref-core", [...ports, ...referenceCore(folder)])).toBe("");
    expect(tell("ref-nat", referenceNat(folder))).toBe("");
    await expect.poll(() => tell("ref-core", [referenceScript[0] ?? ""]), { timeout: 20_000 }).toBe("");
    expect(tell("ref-core", referenceScript.slice(1))).toBe("");

    const places = { sockets: { core: core.socket, nat: nat.socket }, run: folder };
    const { does, steps, machine, later, left } = await tryAdoption({
      vpp: await observeVpp(host, places, signal),
      incus: referenceIncus,
    });

    expect({ does, steps }).toEqual({ does: [], steps: [] });
    expect(Object.keys(Object(machine["interfaces"]))).toEqual(["external", "internal"]);
    expect(later?.machine).toMatchObject({
      nat: { det44: { inside: ["internal"], links: { external: { core: "169.254.1.7/31", nat: "169.254.1.6/31" } } } },
      containers: { network: "10.234.116.0/24", gateway: "10.234.116.5" },
    });
    expect(left).toContain("vpp core: steering of ACL cli (ABF policy 0): via 169.254.1.5 memif1/0");
  });

  /** What VPP's own CLI answers: of `exec` nothing, where no line was refused. */
  function tell(name: string, commands: readonly string[]): string {
    const file = join(folder, `${name}.cli`);
    writeFileSync(file, commands.map((line) => `${line}\n`).join(""));
    const env = { ...process.env, ...vppctl.env };
    return execFileSync(vppctl.path, ["-s", join(folder, `${name}-cli.sock`), "exec", file], {
      env,
      encoding: "utf8",
    }).trim();
  }
});
