/** What is read back is what was written, of every kind: the plane against simulated instances. */
import { describe, expect, it } from "vitest";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { asDesired } from "../../../../reconcilers/vpp/difference.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { Kind, VppDesired } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { writers } from "../../../../reconcilers/vpp/wire/writers.ts";
import { altered, applianceIn, pushed } from "../../../lab/vpp-appliance.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;
const timing = { interval: 100, preempt: true, accept: false, peers: [], track: [["loop8", 10]] } as const;
const appliance = applianceIn("/run/vpp");

function plane() {
  const made = vppHost();
  const plan = async (desired: VppDesired, ...owned: VppDesired[]) => {
    const { steps, problems } = planVpp(desired, await observeVpp(made.host, places, signal), owned);
    expect(problems).toEqual([]);
    return steps;
  };
  const reconcile = async (desired: VppDesired, ...owned: VppDesired[]) => {
    const steps = await plan(desired, ...owned);
    const done: string[] = [];
    for await (const step of applyVpp(steps, made.host, places, signal)) done.push(step.id);
    expect(done).toEqual(steps.map(({ id }) => id));
    return (await plan(desired, ...owned)).map(describeStep);
  };
  return { ...made, plan, reconcile };
}

describe("VPP's plane", () => {
  it("has something of every kind in its appliance that is made over the API", () => {
    const kinds = new Set([...appliance.core.objects, ...appliance.nat.objects].map(({ kind }) => kind));
    const without = (Object.keys(writers) as Kind[]).filter((kind) => !kinds.has(kind));
    expect(without).toEqual(["physical"]);
  });

  it("finds nothing to do after it made everything of nothing", async () => {
    expect(await plane().reconcile(appliance)).toEqual([]);
  });

  it("finds nothing to do after a push, nor after it is taken back", async () => {
    const { reconcile } = plane();
    await reconcile(appliance);
    expect(await reconcile(pushed(appliance), appliance)).toEqual([]);
  });

  it("finds nothing to do after nearly everything changed, nor after it is taken back", async () => {
    const { reconcile } = plane();
    await reconcile(appliance);
    expect(await reconcile(altered(appliance), appliance)).toEqual([]);
    expect(await reconcile(appliance, altered(appliance))).toEqual([]);
  });

  it("leaves nothing of what it made", async () => {
    const { host, reconcile } = plane();
    await reconcile(appliance);
    const nothing = { core: { objects: [] }, nat: { objects: [] } };
    await reconcile(nothing, appliance);
    const left = asDesired(await observeVpp(host, places, signal));
    expect(left).toEqual(nothing);
  });

  it("reads without changing anything", async () => {
    const { host, reconcile, sims } = plane();
    await reconcile(appliance);
    const before = [sims.core.history.length, sims.nat.history.length];
    await observeVpp(host, places, signal);
    expect([sims.core.history.length, sims.nat.history.length]).toEqual(before);
  });

  it("brings VLANs up only once Linux's word of the interface has been heard", async () => {
    const { reconcile, sims } = plane();
    sims.core.cli("create loopback interface instance 1");
    sims.core.cli("create sub-interfaces loop1 10 dot1q 10 exact-match");
    const up = { kind: "settings", up: true } as const;
    const objects = [
      { kind: "loopback", name: "loop1" },
      { kind: "vlan", name: "loop1.10", parent: "loop1", number: 10, encapsulation: "dot1q", outer: 10 },
      { kind: "linux-pair", on: "loop1", name: "lo1" },
      { ...up, on: "loop1", mtu: 9000 },
      { ...up, on: "loop1.10" },
    ] as const;
    expect(await reconcile({ core: { objects } })).toEqual([]);
  });

  it("leaves nothing that rejects where the connection is lost at any of its requests", async () => {
    const { host, reconcile, sims } = plane();
    await reconcile(appliance);
    const before = sims.core.requests;
    await observeVpp(host, places, signal);
    const count = sims.core.requests - before;
    const lost: unknown[] = [];
    const hear = (reason: unknown) => void lost.push(reason);
    process.on("unhandledRejection", hear);
    try {
      for (let at = 1; at < count; at += 16) {
        let left = at;
        sims.core.dropWhere(() => (left -= 1) === 0);
        const seen = await observeVpp(host, places, signal).catch((thrown: unknown) => thrown);
        // What ends while it shakes hands is an instance that does not run.
        expect(seen).toMatchObject(at > 10 ? { code: "VPP_UNREACHABLE" } : {});
        sims.core.calm();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      process.off("unhandledRejection", hear);
    }
    expect(lost).toEqual([]);
  });

  it("reads NICs as it is told to, and leaves them as they are where nothing is said", async () => {
    const { plan, reconcile, sims } = plane();
    sims.core.cli("create loopback interface instance 1");
    const read = (rxMode?: "interrupt" | "polling"): VppDesired => {
      const settings = { kind: "settings", on: "loop1", up: true, mtu: 9000, ...(rxMode && { rxMode }) } as const;
      return { core: { objects: [{ kind: "loopback", name: "loop1" }, settings] } };
    };
    await reconcile(read("polling"));
    expect((await plan(read("interrupt"))).map(describeStep)).toEqual(["core: set rx mode of loop1 to interrupt"]);
    expect(await reconcile(read("interrupt"))).toEqual([]);
    expect(await plan(read())).toEqual([]);
    expect(sims.core.state.byName("loop1")?.rxMode).toBe(2);
  });

  it("steers again after somebody removed where to, and another interface got its number", async () => {
    const { reconcile, plan, sims } = plane();
    const next = { kind: "loopback", name: "loop8" } as const;
    const here = { kind: "loopback", name: "loop9" } as const;
    const rule = { action: "permit", source: "0.0.0.0/0", destination: "0.0.0.0/0", protocol: 0 } as const;
    const ports = { from: [0, 65_535], to: [0, 65_535], tcpMask: 0, tcpValue: 0 } as const;
    const objects = [
      next,
      here,
      { kind: "acl", tag: "a", rules: [{ ...rule, ...ports }] },
      { kind: "abf-policy", id: 7, acl: "a", paths: [{ via: "10.8.0.2", interface: "loop8" }] },
      { kind: "abf-attachment", policy: 7, on: "loop9", family: "ipv4", priority: 10 },
      { kind: "vrrp", on: "loop9", id: 3, family: "ipv4", addresses: ["10.9.0.9"], priority: 100, ...timing },
      { kind: "address", on: "loop9", address: "10.9.0.1/24" },
    ] as const;
    const desired = { core: { objects } };
    await reconcile(desired);
    sims.core.cli("delete loopback interface intfc loop8");

    expect((await plan(desired, desired)).map(describeStep)).toEqual([
      "core: remove VRRP 3 for ipv4 on loop9 (made anew: somebody removed an interface of it)",
      "core: remove ABF policy 7 on loop9 (made anew: abf-policy 7 comes again)",
      "core: remove steering of ACL a (ABF policy 7) (made anew: somebody removed an interface of it)",
      "core: add loopback loop8",
      "core: add steering of ACL a (ABF policy 7): via 10.8.0.2 loop8 (anew)",
      "core: add ABF policy 7 on loop9: ipv4, priority 10 (anew)",
      "core: add VRRP 3 for ipv4 on loop9: 10.9.0.9, priority 100 (anew)",
    ]);
    expect(await reconcile(desired, desired)).toEqual([]);

    sims.core.cli("delete loopback interface intfc loop9");
    expect(await reconcile(desired, desired)).toEqual([]);
    expect(sims.core.deaths).toEqual([]);
  });

  it("takes no policer off that nobody put on, where nothing is remembered", async () => {
    const { reconcile, sims } = plane();
    sims.core.cli("create loopback interface instance 1");
    const limit = { kind: "policer", name: "p", rateKbps: 1000, burstBytes: 15_000, exceed: "drop" } as const;
    const objects = [
      { kind: "loopback", name: "loop1" },
      limit,
      { kind: "policer-use", on: "loop1", direction: "out", policer: "p" },
    ] as const;

    expect(await reconcile({ core: { objects: [objects[0], limit] } })).toEqual([]);
    expect(await reconcile({ core: { objects } })).toEqual([]);
    expect(
      await reconcile({ core: { objects: [objects[0], { ...limit, name: "q" }] } }, { core: { objects } }),
    ).toEqual([]);
    expect(sims.core.deaths).toEqual([]);
  });

  it("advertises behind a tap that comes in the same go", async () => {
    const { reconcile } = plane();
    const times = { maxInterval: 60, minInterval: 20, lifetime: 180 } as const;
    const objects = [
      { kind: "loopback", name: "loop1" },
      { kind: "linux-pair", on: "loop1", name: "lo1" },
      { kind: "address", on: "loop1", address: "2001:db8::1/64" },
      { kind: "router-advertisements", on: "loop1", sends: true, managed: false, other: false, ...times },
      { kind: "settings", on: "loop1", up: true, mtu: 9000 },
    ] as const;
    expect(await reconcile({ core: { objects } })).toEqual([]);
  });

  it("renews a prefix that runs out, and says that nobody changed it", async () => {
    const { plan, reconcile, sims } = plane();
    const lives = { valid: 2_592_000, preferred: 604_800, onLink: true, autonomous: true } as const;
    const objects = [
      { kind: "loopback", name: "loop1" },
      { kind: "address", on: "loop1", address: "2001:db8::1/64" },
      { kind: "advertised-prefix", on: "loop1", prefix: "2001:db8::/64", ...lives },
    ] as const;
    const desired = { core: { objects } };
    await reconcile(desired);
    sims.core.cli("ip6 nd loop1 prefix 2001:db8::/64 2289600 302400");

    const steps = await plan(desired, desired);
    expect(steps.map(describeStep)).toEqual([
      "core: set advertised prefix 2001:db8::/64 on loop1: lifetimes anew, half of them is gone",
    ]);
    expect(steps.map(({ renews }) => renews)).toEqual([true]);
    expect(await reconcile(desired, desired)).toEqual([]);
  });

  it("leaves out an instance that does not run", async () => {
    const { host, sims } = plane();
    sims.nat.stop();
    expect(Object.keys(await observeVpp(host, places, signal))).toEqual(["core"]);
  });
});
