import { describe, expect, it } from "vitest";
import { orderOf, type Order } from "../../../../schemas/semantics/order.ts";
import type { Rollout } from "../../../../schemas/rollout.ts";

const names = ["ber1/r1", "fra1/r1", "fra1/r2", "fra1/r3"];

function order(rollout?: Rollout, afters: Record<string, string[]> = {}): Order {
  return orderOf(new Set(names), rollout, new Map(Object.entries(afters)));
}
const all = (found: Order) => Object.fromEntries(names.map((name) => [name, found.before(name)]));

describe("the order of appliances", () => {
  it("is none where nobody says one", () => {
    expect(all(order())).toEqual({ "ber1/r1": [], "fra1/r1": [], "fra1/r2": [], "fra1/r3": [] });
    expect([...order().followed]).toEqual([]);
  });

  it("puts each wave after all before it; who is named twice counts where he is named first, who is not goes last", () => {
    expect(all(order({ waves: [["fra1/r1"], ["fra1/r1", "fra1/r2"]] }))).toEqual({
      "fra1/r1": [],
      "fra1/r2": ["fra1/r1"],
      "ber1/r1": ["fra1/r1", "fra1/r2"],
      "fra1/r3": ["fra1/r1", "fra1/r2"],
    });
  });

  it("knows all of a site and all that are left", () => {
    const found = order({ waves: [["ber1/*"], ["fra1/r3"], ["*"]] });

    expect(found.before("fra1/r1")).toEqual(["ber1/r1", "fra1/r3"]);
    expect(found.ranked).toEqual(["ber1/r1", "fra1/r3", "fra1/r1", "fra1/r2"]);
    expect([...found.followed.keys()].sort()).toEqual(["ber1/r1", "fra1/r3"]);
  });

  it("keeps waves apart between which one turned out empty", () => {
    expect(order({ waves: [["fra1/r1"], ["muc1/*"], ["ber1/r1"]] }).before("ber1/r1")).toEqual(["fra1/r1"]);
  });

  it("goes on over those in between, whom a commit may leave as they are", () => {
    const found = order(undefined, { "fra1/r2": ["fra1/r1"], "fra1/r3": ["fra1/r2"] });

    expect(found.before("fra1/r3")).toEqual(["fra1/r1", "fra1/r2"]);
  });

  it("leaves an appliance out of what its site says of all of them", () => {
    const site = ["fra1/r1"];
    const found = order(undefined, { "fra1/r1": site, "fra1/r2": site, "fra1/r3": site });

    expect(found.before("fra1/r1")).toEqual([]);
    expect(found.before("fra1/r2")).toEqual(["fra1/r1"]);
    expect(found.circles).toEqual([]);
  });

  it("has the canary for images before all others", () => {
    expect(order({ canary: "fra1/r2" }).ranked).toEqual(["fra1/r2", "ber1/r1", "fra1/r1", "fra1/r3"]);
  });

  it("names a circle all the way round, and which steps come from waves", () => {
    const found = order({ waves: [["fra1/r1"], ["fra1/r2"], ["*"]] }, { "fra1/r1": ["fra1/r3"] });

    expect(found.circles).toEqual([
      [
        { name: "fra1/r1", after: "fra1/r3", byWaves: false },
        { name: "fra1/r3", after: "fra1/r1", byWaves: true },
      ],
    ]);
  });

  it("follows a chain of any length", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `s/r${index}`);
    const chain = new Map(many.slice(1).map((name, index) => [name, [`s/r${index}`]]));
    const found = orderOf(new Set(many), undefined, chain);

    expect(found.before("s/r19999")).toHaveLength(19_999);
    expect(found.ranked.at(-1)).toBe("s/r19999");
  });
});
