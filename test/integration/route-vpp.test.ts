/** A route that FRR is told reaches the kernel, and VPP through linux-cp: what the health check of a route says on the way. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asking, type Finding } from "../../controller/health/checks/finding.ts";
import { route } from "../../controller/health/checks/route.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { openInstance } from "../../reconcilers/vpp/instances.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";

const missing = whyNoFrr() ?? whyNoVpp() ?? whyNoTaps();

describe.skipIf(missing !== undefined)(`a route in FRR, the kernel and VPP (${missing ?? "real"})`, () => {
  const host = linuxHost(passingSecrets());
  const signal = AbortSignal.timeout(120_000);
  let folder = "";
  let dataplane: Namespace;
  let vpp: RealVpp;
  let frr: RealFrr;

  const open = () => openInstance(host, { sockets: { core: vpp.socket, nat: "" }, run: folder }, "core", signal);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "imp-vrt-"));
    dataplane = makeNamespace("vrt");
    vpp = await startVpp({ folder, name: "core", namespace: dataplane });
    const api = await open();
    for (const line of [
      "lcp lcp-sync on",
      "create loopback interface",
      "set interface state loop0 up",
      `lcp create loop0 host-if lo0 netns ${dataplane.name}`,
      "set interface ip address loop0 192.0.2.1/24",
    ]) {
      await api.cli(line);
    }
    api.close();
    // Nothing of VPP's: what is routed there the kernel alone has.
    dataplane.ip("link", "add", "aside", "type", "veth", "peer", "name", "aside1");
    for (const end of ["aside", "aside1"]) dataplane.ip("link", "set", end, "up");
    frr = await startFrr(dataplane, ["zebra", "staticd"]);
  });

  afterAll(async () => {
    await frr?.[Symbol.asyncDispose]();
    await vpp?.[Symbol.asyncDispose]();
    dataplane?.[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function bring(config: string): Promise<void> {
    const before = await observeFrr(host, frr.sockets, signal);
    for await (const _ of applyFrr(planFrr({ config }, before, [before]).steps, host, frr.sockets, signal));
  }

  /** Once the kernel has it, what is found. */
  async function found(prefix: string, until: (finding: Finding) => boolean): Promise<Finding> {
    const asking: Asking = {
      host,
      sockets: frr.sockets,
      dataplane: dataplane.name,
      timeoutMs: 5000,
      signal,
      vpp: open,
    };
    for (let tries = 0; ; tries += 1) {
      const finding = await route({ check: "route", prefix, required: true }, asking);
      if (until(finding) || tries === 100) return finding;
      await host.sleep(100, signal);
    }
  }

  it("is well where all three have it, and not where VPP has none", async () => {
    await bring("ip route 198.51.100.0/24 192.0.2.9\nip route 203.0.113.0/24 aside\n");

    expect(await found("198.51.100.0/24", ({ ok }) => ok === true)).toEqual({
      ok: true,
      detail: "is chosen by zebra (static), and the kernel has it, and VPP too",
    });
    expect(await found("203.0.113.0/24", ({ detail }) => detail.includes("VPP"))).toEqual({
      ok: false,
      detail: "is chosen by zebra (static), and the kernel has it, and VPP does not",
    });
  });
});
