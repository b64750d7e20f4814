/** What failed half way: a bond whose name another interface had. */
import { expect, it } from "vitest";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { VppObject } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;

it("is seen, and made anew, once the other one goes", async () => {
  const boot = [
    "create host-interface name w0",
    "set interface name host-w0 backbone",
    "create bond mode lacp load-balance l34 id 3",
    "set interface name BondEthernet3 backbone",
  ];
  const { host, sims } = vppHost({ boot: { core: boot } });
  const old: VppObject = { kind: "host-interface", name: "backbone", device: "w0" };
  const bond: VppObject = { kind: "bond", name: "backbone", id: 3, mode: "lacp", balance: "l34" };
  const objects: readonly VppObject[] = [bond, { kind: "settings", on: "backbone", up: true, mtu: 1500 }];
  const plan = async () =>
    planVpp({ core: { objects } }, await observeVpp(host, places, signal), [{ core: { objects: [old, bond] } }]);
  const { steps, problems } = await plan();

  expect(problems).toEqual([]);
  expect(steps.map(describeStep)).toEqual([
    "core: remove bond BondEthernet3",
    "core: remove host-interface backbone",
    "core: add bond backbone: lacp, l34",
    "core: set backbone up with an mtu of 1500",
  ]);
  for await (const _ of applyVpp(steps, host, places, signal));
  expect((await plan()).steps.map(describeStep)).toEqual([]);
  expect([...sims.core.state.bonds.values()].map(({ id }) => id)).toEqual([3]);
});
