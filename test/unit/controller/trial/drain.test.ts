import { describe, expect, it } from "vitest";
import { drain, drainText, packetsIn, undrain, type Draining } from "../../../../controller/trial/drain.ts";
import type { Reconcilers } from "../../../../controller/planes.ts";
import type { Host } from "../../../../reconcilers/core.ts";
import { frr as frrPlane } from "../../../../reconcilers/frr/frr.ts";
import { drainedConfig, undrainedConfig } from "../../../../reconcilers/frr/drained.ts";
import { derive } from "../../../../reconcilers/derive.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { Machine, type MachineInput } from "../../../../schemas/machine.ts";
import { frrHost } from "../../../lab/frr-host.ts";
import { simFrr } from "../../../lab/frr-sim.ts";

const { signal } = new AbortController();

function configOf(maintenance?: "drain", cost?: number): string {
  const link = { network: "point-to-point", ...(cost !== undefined && { cost }) } as const;
  const written: MachineInput = {
    interfaces: { wan: { pci: "0000:03:00.0" }, lan: { pci: "0000:04:00.0" } },
    ...(maintenance && { maintenance }),
    routing: {
      "router-id": "198.51.100.1",
      bgp: { asn: 64500, peers: { a: { address: "192.0.2.1", "remote-as": 64496 } } },
      ospf: { interfaces: { wan: link, lan: { passive: true } } },
      ospf3: { interfaces: { wan: {} } },
    },
  };
  return derive(Machine.parse(written), { frr: "8.4.4" }, (name) => name).frr.config;
}

/** Lines, whatever their order inside of a context. */
function linesOf(config: string): readonly string[] {
  return config.split("\n").toSorted();
}

describe("a configuration that is drained as a whole", () => {
  it.each([undefined, 10])("is what `maintenance: drain` renders, and comes back, with cost %s", (cost) => {
    const plain = configOf(undefined, cost);
    const drained = drainedConfig(plain);
    expect(linesOf(drained)).toEqual(linesOf(configOf("drain", cost)));
    expect(drainedConfig(drained)).toBe(drained);
    expect(linesOf(undrainedConfig(drained, plain))).toEqual(linesOf(plain));
  });

  it("stays drained where that is committed", () => {
    const drained = configOf("drain");
    expect(undrainedConfig(drained, drained)).toBe(drained);
  });

  it("has nothing to drain without a routing protocol", () => {
    const text = "hostname r1\ninterface wan\n description up\nexit\n";
    expect(drainedConfig(text)).toBe(text);
  });
});

/** FRR, and packets that come in: `rates` has how many a second in each look's time. */
function box(rates: readonly number[], config = configOf()) {
  const frr = simFrr({ config });
  let [at, seen, looks, isLooking] = [0, 0n, 0, false];
  const plain = frrHost(frr);
  const host: Host = {
    ...plain,
    uptime: () => at,
    async sleep(ms, limited) {
      // The pause after a look; all other sleeps are limits, or FRR's.
      if (!isLooking || ms > 5000) return plain.sleep(ms, limited);
      isLooking = false;
      at += ms;
      seen += BigInt(Math.round(((rates[looks] ?? rates.at(-1) ?? 0) * ms) / 1000));
      looks += 1;
    },
  };
  const reconcilers = { frr: frrPlane({ sockets: "/run/frr" }) } as unknown as Reconcilers;
  const draining: Draining = {
    host,
    reconcilers,
    committed: { config },
    packets: async () => {
      isLooking = true;
      return seen;
    },
    limitMs: 30_000,
    quietPackets: 100,
  };
  const running = async () => (await reconcilers.frr.observe(host, signal)) as { readonly config: string };
  return { draining, running };
}

describe("draining before a reboot", () => {
  it("waits until traffic is gone", async () => {
    const { draining, running } = box([9000, 5000, 800, 40]);
    const drained = await drain(draining, signal);
    expect(drained).toEqual({ ended: "quiet", waitedMs: 20_000, packets: 40 });
    expect((await running()).config).toContain("bgp graceful-shutdown");
    expect(drainText(drained)).toBe("Traffic was gone after 20 s, with 40 packets a second.");
  });

  it("goes on after its time, whatever still comes", async () => {
    const { draining } = box([9000]);
    expect(await drain(draining, signal)).toEqual({ ended: "limit", waitedMs: 30_000, packets: 9000 });
    const blind = box([0]).draining;
    const packets = async () => {
      await blind.packets(signal);
      return undefined;
    };
    const ended = await drain({ ...blind, packets }, signal);
    expect(ended).toEqual({ ended: "limit", waitedMs: 30_000 });
  });

  it("waits for nobody where nobody can be asked", async () => {
    const { draining } = box([9000], "hostname r1\n");
    expect(await drain(draining, signal)).toEqual({ ended: "none", waitedMs: 0 });
  });

  it("is undone, and leaves what somebody else changed alone", async () => {
    const { draining, running } = box([0], `${configOf()}ip route 203.0.113.0/24 blackhole\n`);
    const before = linesOf((await running()).config);
    await drain({ ...draining, committed: { config: configOf() } }, signal);
    await undrain({ ...draining, committed: { config: configOf() } }, signal);
    expect(linesOf((await running()).config)).toEqual(before);
  });

  it("that fails leaves nothing drained", async () => {
    const { draining, running } = box([0]);
    const broken = { ...draining, packets: () => Promise.reject(new Problem("VPP_UNREACHABLE", "gone")) };
    await expect(drain(broken, signal)).rejects.toThrow("gone");
    expect((await running()).config).not.toContain("graceful-shutdown");
  });
});

describe("packets that came in", () => {
  it("are counted of what VPP prints", () => {
    const text = `              Name               Idx    State  MTU (L3/IP4/IP6/MPLS)     Counter          Count
external                          1      up          9000/0/0/0     rx packets               1200
                                                                    rx bytes               100000
                                                                    tx packets                  7
internal                          2      up          9000/0/0/0     rx packets                 34
local0                            0     down          0/0/0/0
`;
    expect(packetsIn(text)).toBe(1234n);
    expect(packetsIn("unknown command")).toBeUndefined();
  });
});
