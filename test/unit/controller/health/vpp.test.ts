import { describe, expect, it } from "vitest";
import { vpp } from "../../../../controller/health/checks/vpp.ts";
import { startRates } from "../../../../controller/health/rates.ts";
import { errorsIn, threadsIn, type VppSight } from "../../../../controller/health/vpp-sight.ts";
import type { VppCheck } from "../../../../schemas/health.ts";

const core: VppSight = {
  links: new Map([
    ["external", { isEnabled: true, hasCarrier: true }],
    ["internal", { isEnabled: true, hasCarrier: false }],
    ["memif1/0", { isEnabled: true, hasCarrier: false }],
    ["spare", { isEnabled: false, hasCarrier: true }],
  ]),
  routes: new Set(["203.0.113.0/29"]),
  mappings: new Set(["10.0.0.0/24 203.0.113.0/29"]),
  lostThreads: [],
  errors: 7,
  incarnation: "boot: vpp 812@5310",
};

/** "is up", with "+" in front where that is well, "-" where it is not, "?" where nobody can tell. */
function found(check: VppCheck, sight: VppSight | string | undefined = core, rate?: number): string {
  const { ok, detail } = vpp(check, sight === undefined ? {} : { core: sight, nat: sight }, rate);
  return `${ok === undefined ? "?" : ok ? "+" : "-"}${detail}`;
}

const on = (name: string): VppCheck => ({ check: "vpp-interface", on: name, instance: "core", required: true });
const answers: VppCheck = { check: "vpp", instance: "core", required: true };
const route = (prefix: string): VppCheck => ({ check: "vpp-route", prefix, instance: "core", required: true });
const mapping = (inside: string): VppCheck => ({
  check: "det44-mapping",
  inside,
  outside: "203.0.113.0/29",
  required: true,
});

describe("the checks of VPP", () => {
  it("see whether it answers, with all of its threads", () => {
    expect(found(answers)).toBe("+answers");
    expect(found(answers, { ...core, lostThreads: ["vpp_wk_0"] })).toBe("-lost 1 thread: vpp_wk_0");
    expect(found(answers, "VPP does not answer on /run/vpp/core-api.sock.")).toMatch(/^-VPP does not answer/);
  });

  it("see interfaces up and with a carrier, and memifs connected", () => {
    expect(["external", "internal", "memif1/0", "spare", "gone"].map((name) => found(on(name)))).toEqual([
      "+is up",
      "-has no carrier",
      "-is not connected",
      "-is administratively down",
      "-is not there",
    ]);
  });

  it("see routes and mappings", () => {
    expect([found(route("203.0.113.0/29")), found(route("10.0.0.0/8"))]).toEqual(["+is there", "-is not there"]);
    expect([found(mapping("10.0.0.0/24")), found(mapping("10.9.0.0/24"))]).toEqual(["+is there", "-is not there"]);
  });

  it("say nothing of what an instance has that does not answer, or is not asked", () => {
    expect(found(on("external"), "gone")).toBe("?gone");
    expect(vpp(answers, undefined, undefined)).toEqual({ ok: undefined, detail: "VPP is not asked here" });
  });

  it("tell how fast errors are counted", () => {
    const errors: VppCheck = { check: "vpp-errors", instance: "core", required: false };
    expect([found(errors), found(errors, core, 12.34)]).toEqual(["+7 since it started", "+12.3 a second"]);
  });
});

describe("what VPP prints", () => {
  it("are threads, the main one without a type", () => {
    const text = `ID     Name                Type        LWP     Sched Policy (Priority)  lcore  Core   Socket State
0      vpp_main                        4711    other (0)                1      1      0
1      vpp_wk_0            workers     4712    other (0)                2      2      0
`;
    expect(threadsIn(text)).toEqual([
      { name: "vpp_main", number: 4711 },
      { name: "vpp_wk_0", number: 4712 },
    ]);
  });

  it("are counters, of which some only inform", () => {
    const text = `   Count                    Node                              Reason               Severity
        12             null-node                     blackholed packets             error
         5             ip4-input                     ip4 ttl <= 1                    warn
       900             ip4-arp                       ARP requests sent               info
`;
    expect(errorsIn(text)).toBe(17);
    expect(errorsIn("")).toBe(0);
  });
});

describe("the rate of errors", () => {
  const seen = (errors: number, incarnation = core.incarnation) => ({ core: { ...core, errors, incarnation } });

  it("is known after ten seconds, and is that of the last ones", () => {
    const rates = startRates();
    rates.saw(seen(0), 0);
    rates.saw(seen(50), 5000);
    expect(rates.of("core")).toBeUndefined();
    rates.saw(seen(100), 10_000);
    expect(rates.of("core")).toBe(10);
    for (const second of [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]) rates.saw(seen(100), second * 1000);
    expect(rates.of("core")).toBe(0);
  });

  it("begins anew with another run of VPP, and skips looks without an answer", () => {
    const rates = startRates();
    rates.saw(seen(5000), 0);
    rates.saw({ core: "does not answer" }, 5000);
    rates.saw(seen(10, "boot: vpp 900@6000"), 10_000);
    expect(rates.of("core")).toBeUndefined();
    rates.saw(seen(20, "boot: vpp 900@6000"), 20_000);
    expect([rates.of("core"), rates.of("nat")]).toEqual([1, undefined]);
  });
});
