import { describe, expect, it } from "vitest";
import { route } from "../../../../controller/health/checks/route.ts";
import { openInstance } from "../../../../reconcilers/vpp/instances.ts";
import { frrHost } from "../../../lab/frr-host.ts";
import { simFrr } from "../../../lab/frr-sim.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;
const prefix = "198.51.100.0/24";

/** What the check finds of a route that zebra has, and the kernel, with these routes in VPP; none: it is not looked at. */
async function found(inVpp: readonly string[] | undefined, of = prefix): Promise<string> {
  const frr = simFrr();
  frr.load(`ip route ${of} 192.0.2.1\n`);
  frr.settle();
  const { host } = vppHost({ boot: { core: (inVpp ?? []).map((one) => `ip route add ${one} via drop`) } });
  const open = () => openInstance(host, places, "core", signal);
  const kernel = { exitCode: 0, stdout: `[{"dst":"${of}"}]`, stderr: "" };
  const { ok, detail } = await route(
    { check: "route", prefix: of, required: true },
    {
      host: { ...frrHost(frr), run: () => Promise.resolve(kernel) },
      sockets: "/var/run/frr",
      dataplane: "dataplane",
      timeoutMs: 1000,
      signal,
      ...(inVpp && { vpp: open }),
    },
  );
  return `${ok === true ? "+" : "-"}${detail}`;
}

describe("the check of a route", () => {
  it("asks VPP too, where it is looked at", async () => {
    const known = "is chosen by zebra (static), and the kernel has it";
    expect(await found(undefined)).toBe(`+${known}`);
    expect(await found([prefix])).toBe(`+${known}, and VPP too`);
    expect(await found(["198.51.0.0/16"])).toBe(`-${known}, and VPP does not`);
  });

  it("takes the default route to nowhere, which VPP has from the start, for none", async () => {
    expect(await found([], "0.0.0.0/0")).toMatch(/VPP does not$/);
  });
});
