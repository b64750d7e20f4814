import { expect, it } from "vitest";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import type { VppDesired, VppObject } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";

/** A NIC and a VLAN on it, with these MTUs. */
function objects(nic: number, vlan: number | undefined): readonly VppObject[] {
  return [
    { kind: "physical", name: "external" },
    { kind: "settings", on: "external", up: true, mtu: nic },
    { kind: "vlan", name: "external.25", parent: "external", number: 25, encapsulation: "dot1q", outer: 25 },
    { kind: "settings", on: "external.25", up: true, ...(vlan !== undefined && { mtu: vlan }) },
  ];
}

function steps(live: readonly VppObject[], desired: readonly VppObject[]): readonly string[] {
  const wanted: VppDesired = { core: { objects: desired } };
  const observed = { core: { objects: live, version: "26.06", unknown: [], missing: {} } };
  return planVpp(wanted, observed, [wanted]).steps.map(describeStep);
}

it("takes the MTU of its interface that linux-cp wrote into a VLAN for inherited, and no other", () => {
  expect(steps(objects(1500, 1500), objects(1500, undefined))).toEqual([]);
  expect(steps(objects(1500, 1400), objects(1500, undefined))).toEqual([
    "core: set mtu of external.25 from 1400 to that of its interface",
  ]);
  expect(steps(objects(1500, 1500), objects(9000, undefined))).toEqual([
    "core: set mtu of external from 1500 to 9000, for which it may go down",
    "core: set mtu of external.25 from 1500 to that of its interface",
  ]);
  expect(steps(objects(1500, 1500), objects(1500, 1400))).toEqual(["core: set mtu of external.25 from 1500 to 1400"]);
});

it("takes a VLAN that has none of its own for one that has its interface's, and sets only another", () => {
  expect(steps(objects(1500, undefined), objects(1500, 1500))).toEqual([]);
  expect(steps(objects(1500, undefined), objects(1500, 1400))).toEqual(["core: set mtu of external.25 to 1400"]);
  expect(steps(objects(1500, undefined), objects(9000, 9000))).toEqual([
    "core: set mtu of external from 1500 to 9000, for which it may go down",
  ]);
});
