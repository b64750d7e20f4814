import { expect, it } from "vitest";
import { rankOf } from "../../../reconcilers/vpp/kinds/table.ts";
import { vppLaw } from "../../lab/vpp-law.ts";
import { kindsOfStates } from "../../lab/vpp-states.ts";

it("tries VPP's plane with every kind of object", () => {
  const kinds = Object.keys(rankOf);
  expect(kinds.filter((kind) => !new Set<string>(kindsOfStates).has(kind))).toEqual([]);
});

vppLaw(0, 2);
