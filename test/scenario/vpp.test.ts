/** The agent with VPP and FRR together, both simulated: in which order they change, and what comes back when VPP starts anew. */
import { describe, expect, it } from "vitest";
import { emptyDesired } from "../../controller/planes.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { vppChecks } from "../../reconcilers/vpp/health.ts";
import type { VppDesired, VppObject } from "../../reconcilers/vpp/model.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { generation, story, type Story } from "../lab/story.ts";
import { type SimVpp, simVpp } from "../lab/vpp/sim-vpp.ts";

const settings = (on: string): VppObject => ({ kind: "settings", on, up: true, mtu: 1500 });
const pair = (on: string): VppObject => ({ kind: "linux-pair", on, name: on });
const base: readonly VppObject[] = [{ kind: "physical", name: "external" }, settings("external"), pair("external")];

/** A VLAN with an address and its tap. */
function vlan(number: number, address: string): readonly VppObject[] {
  const name = `external.${number}`;
  return [
    { kind: "vlan", name, parent: "external", number, encapsulation: "dot1q", outer: number },
    settings(name),
    pair(name),
    { kind: "address", on: name, address },
  ];
}

/** Sessions by the VLAN that they run over. */
function router(vlans: Readonly<Record<number, string>>): Generation {
  const peers = Object.entries(vlans).map(([number, peer]) => ({ number: Number(number), peer }));
  const lines = peers.map(({ peer }) => ` neighbor ${peer} remote-as 64501\n`).join("");
  const config = `router bgp 64500\n no bgp ebgp-requires-policy\n${lines}exit\n`;
  const reach = Object.fromEntries(peers.map(({ number, peer }) => [peer, `external.${number}`]));
  const objects = [...base, ...peers.flatMap(({ number, peer }) => vlan(number, `${peer.replace(/\.1$/, ".2")}/24`))];
  const vpp: VppDesired = { core: { objects } };
  const sessions = peers.map(({ peer }) => ({ check: "bgp-session", peer, required: true }) as const);
  return generation([config], {
    desired: { ...emptyDesired, vpp, frr: { config, reach } },
    health: [...sessions, ...vppChecks(vpp, new Set())],
  });
}

function vlansOf({ state }: SimVpp): readonly string[] {
  return [...state.interfaces.values()].map(({ name }) => name).filter((name) => name.startsWith("external."));
}

interface Played extends Story {
  readonly frr: SimFrr;
  readonly core: SimVpp;
  /** "vpp: add VLAN external.26: dot1q 26" of each step, in the order in which they were done. */
  done(): readonly string[];
}

/** A box on which `first` is committed. */
async function committed(first: Generation): Promise<Played> {
  const frr = simFrr();
  for (const peer of ["192.0.2.1", "198.51.100.1", "203.0.113.1"]) frr.peers.set(peer, { as: 64501 });
  const linuxCp = { sync: true, autoSubint: false, namespace: "dataplane" };
  const core = simVpp({ physical: ["external"], linuxCp });
  const nat = simVpp();
  nat.stop();
  const s = story({ frr, vpp: { core, nat } });
  s.push("one", first);
  s.start();
  await s.rest();
  expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { commit: "one" } });
  const done = () => s.events.flatMap((event) => (event.type === "step-done" ? [`${event.plane}: ${event.text}`] : []));
  s.events.length = 0;
  return Object.assign(s, { frr, core, done });
}

const [one, two] = [router({ 25: "192.0.2.1" }), router({ 25: "192.0.2.1", 26: "198.51.100.1" })];

describe("a push", () => {
  it("that adds a VLAN with a session has the tap there before FRR hears of it, and is proven", async () => {
    const s = await committed(one);
    s.push("two", two);
    await s.rest();

    expect(s.status()).toMatchObject({ inSync: true, committed: { commit: "two" } });
    expect(s.done()).toEqual([
      "vpp: core: add VLAN external.26: dot1q 26",
      "vpp: core: add linux-cp pair of external.26: external.26 in Linux",
      "vpp: core: add address 198.51.100.2/24 on external.26",
      "vpp: core: set external.26 up with an mtu of 1500",
      "frr: add router bgp 64500/neighbor 198.51.100.1: remote-as 64501",
    ]);
  });

  it("that moves a session to another VLAN takes it out of FRR before its VLAN leaves VPP, and back in at the end", async () => {
    const s = await committed(two);
    s.push("two", router({ 25: "192.0.2.1", 27: "203.0.113.1" }));
    await s.rest();

    expect(s.status()).toMatchObject({ inSync: true, committed: { commit: "two" } });
    const planes = s.done().map((step) => step.slice(0, step.indexOf(":")));
    expect(planes[0]).toBe("frr");
    expect(s.done()[0]).toBe("frr: remove router bgp 64500/neighbor 198.51.100.1 (resets 198.51.100.1)");
    expect(new Set(planes.slice(1, -1))).toEqual(new Set(["vpp"]));
    expect(s.done().at(-1)).toBe("frr: add router bgp 64500/neighbor 203.0.113.1: remote-as 64501");
  });

  it("that VPP refuses in the middle is taken back in both, and held", async () => {
    const s = await committed(one);
    s.core.refuse(/^sw_interface_add_del_address$/, -105);
    s.push("two", two);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", committed: { commit: "one" }, planes: { vpp: { drift: 0 } } });
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back", trigger: "apply" });
    expect(s.status().lastDeployment?.reason).toContain("add address 198.51.100.2/24 on external.26: VPP refused");
    expect(vlansOf(s.core)).toEqual(["external.25"]);
    expect(s.frr.sessions().map(({ peer }) => peer)).toEqual(["192.0.2.1"]);
  });

  it("that takes a session down is taken back: FRR and VPP are as they were", async () => {
    const s = await committed(one);
    s.frr.peers.delete("198.51.100.1");
    const candidate = router({ 26: "198.51.100.1" });
    const watched = { ...candidate, health: [...one.health, ...candidate.health] };
    s.push("two", watched);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", committed: { commit: "one" }, planes: { vpp: { drift: 0 } } });
    expect(vlansOf(s.core)).toEqual(["external.25"]);
  });
});

describe("a push that says to prune all", () => {
  const hand = ["create loopback interface instance 7", "set interface ip address loop7 10.7.7.7/32"];
  const pruning = (to: Generation): Generation => ({
    ...to,
    desired: { ...to.desired, vpp: { ...to.desired.vpp, prune: "all" } },
  });
  const loopsOf = (core: SimVpp) =>
    [...core.state.interfaces.values()].map(({ name }) => name).filter((name) => name === "loop7");

  async function withHand(): Promise<Played> {
    const s = await committed(one);
    for (const line of hand) s.core.cli(line);
    return s;
  }

  it("removes what somebody made by hand, and also what comes later", async () => {
    const s = await withHand();
    s.push("two", pruning(two));
    await s.rest();

    expect(s.status()).toMatchObject({ inSync: true, committed: { commit: "two" }, planes: { vpp: { foreign: 0 } } });
    expect(s.done()).toContain("vpp: core: remove loopback loop7");
    expect(loopsOf(s.core)).toEqual([]);
    s.core.cli(hand[0] ?? "");
    await s.sim.until(() => s.status().planes.vpp?.drift === 1, "drift");
    expect(s.status().planes.vpp).toMatchObject({ steps: ["core: remove loopback loop7"] });
  });

  it("makes it again when it is rolled back", async () => {
    const s = await withHand();
    s.core.refuse(/^create_subif$/);
    s.push("two", pruning(two));
    await s.rest();

    expect(s.done()).toContain("vpp: core: remove loopback loop7");
    expect(s.status()).toMatchObject({ state: "held", committed: { commit: "one" }, planes: { vpp: { drift: 0 } } });
    expect(loopsOf(s.core)).toEqual(["loop7"]);
    expect([...(s.core.state.byName("loop7")?.addresses ?? [])]).toEqual(["10.7.7.7/32"]);
  });
});

describe("VPP", () => {
  it("that starts anew has what was committed again, as a correction, although nobody pushes", async () => {
    const s = await committed(one);
    s.core.restart();
    expect(vlansOf(s.core)).toEqual([]);
    s.agent().polls.nudge();
    await s.sim.until(() => s.status().planes.vpp?.drift === 0 && s.done().length > 0, "corrected");

    expect(vlansOf(s.core)).toEqual(["external.25"]);
    expect(s.status()).toMatchObject({ state: "idle", lastDeployment: { outcome: "committed", purpose: "correct" } });
    expect(new Set(s.done().map((step) => step.slice(0, 4)))).toEqual(new Set(["vpp:"]));
  });

  it("that is changed by hand is reported, and left alone", async () => {
    const s = await committed(one);
    s.core.cli("set interface state external.25 down");
    await s.sim.until(() => s.status().planes.vpp?.drift === 1, "drift");

    expect(s.status().planes.vpp).toMatchObject({
      cause: "somebody",
      fate: "report",
      steps: ["core: set external.25 up"],
    });
    expect(s.done()).toEqual([]);
  });

  it("has a prefix renewed whose lifetimes it counted down, whatever the policy says of drift", async () => {
    const lives = { valid: 2_592_000, preferred: 604_800, onLink: true, autonomous: true } as const;
    const on = "external.25";
    const advertised = [
      { kind: "address", on, address: "2001:db8::1/64" },
      { kind: "advertised-prefix", on, prefix: "2001:db8::/64", ...lives },
    ] as const;
    const vpp: VppDesired = { core: { objects: [...(one.desired.vpp.core?.objects ?? []), ...advertised] } };
    const s = await committed({ ...one, desired: { ...one.desired, vpp } });
    s.core.cli(`ip6 nd ${on} prefix 2001:db8::/64 2289600 302400`);
    s.agent().polls.nudge();
    await s.sim.until(() => s.done().length > 0 && s.status().inSync, "renewed");

    expect(s.done()).toEqual([
      `vpp: core: set advertised prefix 2001:db8::/64 on ${on}: lifetimes anew, half of them is gone`,
    ]);
  });

  it("is not written to when the agent starts anew", async () => {
    const s = await committed(one);
    const before = s.core.history.length;
    await s.close();
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true });
    expect(s.core.history).toHaveLength(before);
  });

  it("that starts anew while a change is proven is no fault of the change", async () => {
    const s = await committed(one);
    s.push("two", two);
    await s.sim.until(() => s.status().state === "proving", "proving");
    await s.sim.pass(2000);
    s.core.restart();
    await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");

    // It is tried again.
    expect(s.status().held).toBeUndefined();
    await s.sim.until(() => s.status().committed?.commit === "two", "tried again");
  });
});
