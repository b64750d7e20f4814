import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Host } from "../../../../reconcilers/core.ts";
import { readMemory, Remembered } from "../../../../reconcilers/vpp/memory.ts";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { AdvertisedPrefix, VppDesired, VppObject } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";
import { addRoute, pathOf, removeRoute } from "../../../lab/vpp/routes.ts";
import { source } from "../../../lab/vpp/state.ts";

const det44 = { kind: "det44" } as const;
const use = { kind: "policer-use", on: "external", direction: "in", policer: "guests" } as const;

function read(text: string | undefined, incarnation = "run 1") {
  return readMemory({ readFile: () => Promise.resolve(text) }, "/run/imp/vpp-nat.jsonl", incarnation);
}

describe("what VPP does not show", () => {
  it("is read as it was written", async () => {
    const remembered = new Remembered(true);
    remembered.note(undefined, det44);
    remembered.note(undefined, use);
    remembered.note(use, { ...use, policer: "office" });
    const again = await read(remembered.text("run 1"));
    expect(again?.isWhole).toBe(true);
    expect(again?.isChanged).toBe(false);
    expect([again?.all("det44"), again?.all("policer-use")]).toEqual([[det44], [{ ...use, policer: "office" }]]);
  });

  it("is read as a shell wrote it, line by line, without one that was cut off", async () => {
    const text = '{"incarnation":"run 1"}\n{"kind":"det44"}\n{"kind":"nat6';
    expect((await read(text))?.all("det44")).toEqual([det44]);
  });

  it.each([undefined, "", "garbage", "[]", '{"incarnation":"run 0"}\n{"kind":"det44"}\n'])(
    "is unknown where the file is %j",
    async (text) => {
      expect(await read(text)).toBeUndefined();
    },
  );

  it("may lack what was set before somebody began to remember", async () => {
    const text = new Remembered(false).text("run 1");
    expect(text).toBe('{"incarnation":"run 1","partial":true}\n');
    expect((await read(text))?.isWhole).toBe(false);
  });

  it("is forgotten with what is removed", () => {
    const remembered = new Remembered(true, [det44, use]);
    remembered.note(use, undefined);
    expect(remembered.text("run 1")).toBe('{"incarnation":"run 1"}\n{"kind":"det44"}\n');
  });

  it("does not hold what VPP shows", () => {
    const remembered = new Remembered(true, []);
    remembered.note(undefined, { kind: "loopback", name: "loop0" });
    expect(remembered.isChanged).toBe(false);
  });
});

describe("a route that linux-cp has as well", () => {
  const loop: VppObject = { kind: "loopback", name: "loop0" };
  const address: VppObject = { kind: "address", on: "loop0", address: "192.0.2.1/24" };
  const route: VppObject = {
    kind: "route",
    prefix: "203.0.113.0/29",
    paths: [{ via: "192.0.2.9", interface: "loop0" }],
  };
  const desired: VppDesired = { core: { objects: [loop, address, route] } };

  const signal = new AbortController().signal;

  /** A box of which the plan is `left`, and on which `bring` carries it out. */
  function boxWith(owned: VppDesired) {
    const { host, sims } = vppHost();
    const left = async (to: VppDesired) => {
      const { steps, problems } = planVpp(to, await observeVpp(host, places, signal), [owned]);
      expect(problems).toEqual([]);
      return steps;
    };
    const bring = async (to: VppDesired) => {
      for await (const _ of applyVpp(await left(to), host, places, signal));
      expect((await left(to)).map(describeStep)).toEqual([]);
    };
    return { host, sims, left, bring };
  }

  it("is there, is removed, and is missed when both are gone", async () => {
    const { sims, left, bring } = boxWith(desired);
    await bring(desired);
    const mirrored = pathOf({ via: "192.0.2.9", isIpv6: false });
    addRoute(sims.core.state, { prefix: "203.0.113.0/29", paths: [mirrored], from: source.linuxCp + 1 });
    expect((await left(desired)).map(describeStep)).toEqual([]);

    await bring({ core: { objects: [loop, address] } });
    expect([...(sims.core.state.routes.get("0 203.0.113.0/29")?.keys() ?? [])]).toEqual([source.linuxCp + 1]);

    await bring(desired);
    sims.core.state.routes.delete("0 203.0.113.0/29");
    expect((await left(desired)).map(describeStep)).toEqual(["core: add route 203.0.113.0/29: via 192.0.2.9 loop0"]);
  });

  it.each([
    ["came", [loop, address], [loop, address, route], "add route 203.0.113.0/29: via 192.0.2.9 loop0"],
    ["went", [loop, address, route], [loop, address], "remove route 203.0.113.0/29"],
  ])("is what nobody knows when it %s and nobody came back to say so", async (_, from, to, step) => {
    const { sims, left, bring, host } = boxWith(desired);
    await bring({ core: { objects: from } });
    const mirrored = pathOf({ via: "192.0.2.9", isIpv6: false });
    addRoute(sims.core.state, { prefix: "203.0.113.0/29", paths: [mirrored], from: source.linuxCp + 1 });
    const steps = await left({ core: { objects: to } });
    expect(steps.map(describeStep)).toEqual([`core: ${step}`]);
    sims.core.dropAt(/^ip_route_add_del/, true);
    const isDone = () => sims.core.history.at(-1) === "ip_route_add_del_v2";
    sims.core.history.length = 0;
    const killed: Host = { ...host, writeFile: (...file) => (isDone() ? turn() : host.writeFile(...file)) };
    await expect(applyVpp(steps, killed, places, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "VPP_UNREACHABLE",
    });

    expect((await left(desired)).map(describeStep)).toEqual([
      "core: set route 203.0.113.0/29: via 192.0.2.9 loop0, whoever was at it did not come to its end",
    ]);
    expect((await left({ core: { objects: [loop, address] } })).map(describeStep)).toEqual([
      "core: remove route 203.0.113.0/29",
    ]);
    await bring(desired);
  });

  it("is remembered as it was where VPP refuses to change it", async () => {
    const { sims, left, bring } = boxWith(desired);
    await bring(desired);
    const other: VppDesired = { core: { objects: [loop, address, { ...route, paths: [] }] } };
    const steps = await left(other);
    sims.core.refuse(/^ip_route_add_del/);
    await expect(bring(other)).rejects.toMatchObject({ code: "VPP_REFUSED" });
    const mirrored = pathOf({ via: "192.0.2.9", isIpv6: false });
    addRoute(sims.core.state, { prefix: "203.0.113.0/29", paths: [mirrored], from: source.linuxCp + 1 });
    expect(await left(desired)).toEqual([]);
    expect(await left(other)).toEqual(steps);
  });

  it("is not taken for missing where VPP does not tell", async () => {
    const { sims, left, bring } = boxWith(desired);
    await bring(desired);
    sims.core.state.routes.delete("0 203.0.113.0/29");
    sims.core.refuse(/^ip_route_lookup/, -9);
    await expect(left(desired)).rejects.toMatchObject({ code: "VPP_REFUSED" });
  });

  it("is missed where only VPP's own way to nowhere is left", async () => {
    const way: VppObject = { ...route, prefix: "0.0.0.0/0" };
    const everywhere: VppDesired = { core: { objects: [loop, address, way] } };
    const { sims, left, bring } = boxWith(everywhere);
    await bring(everywhere);
    for (const from of [source.api, source.cli]) {
      removeRoute(sims.core.state, { prefix: "0.0.0.0/0", paths: [], from });
    }
    expect((await left(everywhere)).map(describeStep)).toEqual(["core: add route 0.0.0.0/0: via 192.0.2.9 loop0"]);
  });
});

describe("an advertised prefix, whose lifetimes VPP counts down", () => {
  const set: AdvertisedPrefix = {
    kind: "advertised-prefix",
    on: "internal",
    prefix: "2001:db8::/64",
    valid: 3600,
    preferred: 1800,
    onLink: true,
    autonomous: true,
  };
  const remembered = new Remembered(true, [set]);

  it("stands as it was set while more than half of them is left", () => {
    expect(remembered.advertised({ ...set, valid: 2800, preferred: 1000 })).toEqual(set);
  });

  it("runs out, with no word of how much is left, once half of them is gone", () => {
    expect(remembered.advertised({ ...set, valid: 2600, preferred: 900 })).toEqual({ ...set, runsOut: true });
  });

  it.each([
    { valid: 3601, preferred: 1800 },
    { valid: 4_294_967_295, preferred: 4_294_967_295 },
  ])("is seen as it is where they are %j, which nobody here set", (left) => {
    expect(remembered.advertised({ ...set, ...left })).toEqual({ ...set, ...left });
  });

  it("keeps other changes visible", () => {
    expect(remembered.advertised({ ...set, valid: 3000, onLink: false })).toEqual({ ...set, onLink: false });
  });
});
