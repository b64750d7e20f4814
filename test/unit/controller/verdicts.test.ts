import { describe, expect, it } from "vitest";
import { emptyLedger, type Ledger } from "../../../controller/ledger.ts";
import type { Verdict } from "../../../controller/machine.ts";
import { blamed, heldBy, verdictOn, withVerdict, withoutVerdicts } from "../../../controller/verdicts.ts";

function tried(ledger: Ledger, generation: string, verdict: Verdict, below?: string, deployment = generation): Ledger {
  return withVerdict(ledger, generation, deployment, verdict, `${generation} is ${verdict}.`, 1, below);
}

const bare = { generation: "two" };
const sum = { generation: "two+fix", below: "two" };
const other = { generation: "two+drain", below: "two" };

describe("a verdict", () => {
  it("holds a generation at once when it was bad, and after the third inconclusive end", () => {
    const bad = tried(emptyLedger, "g", "bad");
    expect(heldBy(bad, { generation: "g" })).toEqual({ generation: "g", reason: "g is bad." });
    expect(heldBy(bad, { generation: "another" })).toBeUndefined();

    let ledger = emptyLedger;
    for (const deployment of ["d1", "d1", "d2"]) ledger = tried(ledger, "g", "inconclusive", undefined, deployment);
    expect(heldBy(ledger, { generation: "g" })).toBeUndefined();
    const third = tried(ledger, "g", "inconclusive", undefined, "d3");
    expect(heldBy(third, { generation: "g" })?.reason).toMatch(/3 times/);
    expect(heldBy(tried(third, "g", "good"), { generation: "g" })).toBeUndefined();
  });

  it("of a commit alone is of it with anything above it", () => {
    expect(heldBy(tried(emptyLedger, "two", "bad"), sum)?.generation).toBe("two");
  });

  it("of a sum is of the sum, and of its commit only where that is to blame", () => {
    const own = tried(emptyLedger, "two+fix", "bad");
    expect([sum, bare, other].map((one) => heldBy(own, one)?.generation)).toEqual(["two+fix", undefined, undefined]);

    const both = tried(emptyLedger, "two+fix", "bad", "two");
    expect([sum, bare, other].map((one) => heldBy(both, one)?.generation)).toEqual(["two+fix", "two+fix", "two+fix"]);
    expect(verdictOn(both, bare)?.verdict).toBe("bad");
  });

  it("of a sum says nothing of its commit any more once that is proven", () => {
    const proven = tried(tried(emptyLedger, "two+fix", "bad", "two"), "two", "good");
    expect(heldBy(proven, other)).toBeUndefined();
    expect(heldBy(proven, sum)?.generation).toBe("two+fix");
  });

  it("blames the commit where it is another one than what stays", () => {
    expect(blamed(sum, { generation: "one+fix", below: "one" })).toBe("two");
    expect(blamed(sum, { generation: "one" })).toBe("two");
    expect(blamed(sum, bare)).toBeUndefined();
    expect(blamed(sum, other)).toBeUndefined();
    expect(blamed(bare, { generation: "one" })).toBeUndefined();
  });

  it("that is taken back takes back all that is said of the same commit", () => {
    const ledger = tried(tried(tried(emptyLedger, "two", "bad"), "two+fix", "bad", "two"), "three", "bad");
    for (const named of ["two", "two+fix"])
      expect(Object.keys(withoutVerdicts(ledger, [named]).verdicts)).toEqual(["three"]);
  });

  it("is not kept for ever", () => {
    let ledger = emptyLedger;
    for (let i = 0; i < 300; i += 1) ledger = tried(ledger, `g${i}`, "bad");
    expect(Object.keys(ledger.verdicts)).toHaveLength(201);
    expect(heldBy(ledger, { generation: "g299" })?.generation).toBe("g299");
  });
});
