/** Real FRRs that people configured: the machine file of each is valid, and would do nothing there. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derive } from "../../reconcilers/derive.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import { loadFleet } from "../../schemas/load.ts";
import { folderTree } from "../../controller/folder.ts";
import { nicsOf, tryAdoption, vppWith } from "../lab/adopting.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { routers } from "../lab/frr-routers.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();
const secrets = testSecrets();
const host = frrHost(undefined, secrets);
const signal = new AbortController().signal;

describe.skipIf(missing !== undefined)(`adopting what a real FRR runs (${missing ?? "8.4"})`, () => {
  let folder: string;
  let box: Namespace;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "imp-adopt-"));
    box = makeNamespace("adopt");
  });

  afterAll(() => {
    box[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(Object.keys(routers))("leaves nothing to do on the router %s", async (name) => {
    await using real = await startFrr(box);
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, routers[name] ?? "");
    load(real, file);

    const observed = await frr({ sockets: real.sockets }).observe(host, signal);
    const { does, steps } = await tryAdoption({ hostname: "box", frr: observed, vpp: {}, nics: new Map() });

    expect({ does, steps }).toEqual({ does: [], steps: [] });
  });

  it("leaves nothing to do on the machines of the example repository, and says all but secrets again", async () => {
    const { machines } = await loadFleet(folderTree(join(import.meta.dirname, "../../sites")));
    expect(machines.size).toBeGreaterThan(0);
    for (const [name, { loaded }] of machines) {
      if (!loaded) throw new Error(`${name} is not valid.`);
      await using real = await startFrr(box);
      const plane = frr({ sockets: real.sockets });
      const desired = derive(loaded.machine, { frr: "8.4.4", vpp: "26.06" }, (secret) => secrets.known(secret));
      const { steps } = plane.plan(desired.frr, await plane.observe(host, signal), []);
      for await (const step of plane.apply(steps, host, signal)) expect(steps).toContain(step);

      const found = {
        hostname: "box",
        frr: await plane.observe(host, signal),
        vpp: vppWith(desired.vpp),
        nics: nicsOf(loaded.machine),
      };
      const tried = await tryAdoption(found);

      expect([name, ...tried.does]).toEqual([name]);
      const lines = tried.left.filter((line) => line.startsWith("frr: ") && !line.includes("(a secret)"));
      expect([name, ...lines]).toEqual([name]);
    }
  });

  /** As `vtysh -f` does, which says of some lines that they want a restart. */
  function load({ sockets }: RealFrr, file: string): void {
    execFileSync("vtysh", ["--vty_socket", sockets, "-f", file], { stdio: "ignore" });
  }
});
