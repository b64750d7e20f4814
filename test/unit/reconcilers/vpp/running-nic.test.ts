/** A NIC whose driver changes its frame size only while it is down: what the plan says of it, and what is done. */
import { expect, it } from "vitest";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { VppObject } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;
const vlans = [25, 26].map((number): VppObject => ({
  kind: "vlan",
  name: `external.${number}`,
  parent: "external",
  number,
  encapsulation: "dot1q",
  outer: number,
}));
const pair: VppObject = { kind: "linux-pair", on: "external", name: "external" };

function machine(mtu: number, isPaired: boolean): readonly VppObject[] {
  return [
    { kind: "physical", name: "external" },
    ...vlans,
    ...(isPaired ? [pair] : []),
    { kind: "settings", on: "external", up: true, mtu },
    { kind: "settings", on: "external.25", up: true, mtu: 1500 },
    { kind: "settings", on: "external.26", up: false, mtu: 1500 },
  ];
}

function plane() {
  const { host, sims } = vppHost({ nics: ["external"] });
  const reconcile = async (objects: readonly VppObject[]) => {
    const desired = { core: { objects } };
    const { steps, problems } = planVpp(desired, await observeVpp(host, places, signal), [desired]);
    expect(problems).toEqual([]);
    for await (const _ of applyVpp(steps, host, places, signal));
    expect(planVpp(desired, await observeVpp(host, places, signal), [desired]).steps.map(describeStep)).toEqual([]);
    return steps.map((step) => `${step.impact}: ${describeStep(step)}`);
  };
  return { reconcile, sims };
}

it.each([
  ["with a tap", true, 1500],
  ["of larger frames", false, 9200],
])("goes down for another MTU, %s, and comes up again with the VLANs that were up", async (_, isPaired, mtu) => {
  const { reconcile, sims } = plane();
  await reconcile(machine(9000, isPaired));

  expect(await reconcile(machine(mtu, isPaired))).toEqual([
    `flap: core: set mtu of external from 9000 to ${mtu}, for which it may go down`,
  ]);
  const { interfaces } = sims.core.state;
  const states = [...interfaces.values()].filter(({ name }) => name.startsWith("external"));
  expect(states.map(({ name, isUp, mtu: [l3] }) => `${name} ${isUp ? "up" : "down"} ${l3}`)).toEqual([
    `external up ${mtu}`,
    "external.25 up 1500",
    "external.26 down 1500",
  ]);
  expect(sims.core.state.byName("external")?.linkMtu).toBe(mtu);
});

it("stays up where its frames are large enough, and Linux does not see it", async () => {
  const { reconcile } = plane();
  await reconcile(machine(9000, false));

  expect(await reconcile(machine(1600, false))).toEqual(["hitless: core: set mtu of external from 9000 to 1600"]);
});
