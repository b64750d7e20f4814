import { describe, expect, it } from "vitest";
import { emptyLedger, type Ledger } from "../../../controller/ledger.ts";
import { withVerdict } from "../../../controller/verdicts.ts";
import type { Words } from "../../../controller/source.ts";
import { retriedBy, withAccepted, withoutWords } from "../../../controller/words.ts";

const none: Words = { retries: [], ignored: [] };
const generation = (digit: string) => digit.repeat(64);
const retry = (digits: string) => ({ generation: digits, reason: "", commit: "c2", signer: "nora" });
const removal = (commit: string): Words => ({ ...none, allowRemoval: { reason: "old site", commit } });

/** Verdicts of generations "aaa…" (bad), "bbb…" (inconclusive) and "ccc…" (good). */
function tried(): Ledger {
  const bad = withVerdict(emptyLedger, generation("a"), "d1", "bad", "It was bad.", 1);
  const unclear = withVerdict(bad, generation("b"), "d2", "inconclusive", "?", 2);
  return withVerdict(unclear, generation("c"), "d3", "good", "Proven.", 3);
}

describe("a retry in a commit", () => {
  it("takes back the verdicts that it names, of what was tried here and failed", () => {
    const words = { ...none, retries: [retry("a".repeat(12)), retry("b".repeat(64)), retry("c".repeat(12))] };

    expect(retriedBy(tried(), words).map((one) => one.generation)).toEqual([generation("a"), generation("b")]);
    const after = withAccepted(tried(), "c2", words);
    expect(Object.keys(after.verdicts)).toEqual([generation("c")]);
    expect(after.accepted).toBe("c2");
  });

  it("takes back nothing of another box", () => {
    expect(retriedBy(tried(), { ...none, retries: [retry("0".repeat(12))] })).toEqual([]);
  });
});

describe("words in the ledger", () => {
  it("gather over commits until one is committed", () => {
    const first = withAccepted(emptyLedger, "c1", removal("c1"));
    const second = withAccepted(first, "c2", {
      ...none,
      emergency: { reason: "now", commit: "c2", signer: "nora" },
      ignored: ["One is ignored."],
    });

    expect(second.words).toMatchObject({
      allowRemoval: { commit: "c1" },
      emergency: { commit: "c2" },
      ignored: ["One is ignored."],
    });
    expect(withAccepted(second, "c3", undefined).words).toEqual(second.words);
    expect(withoutWords(second).words).toEqual({});
  });

  it("that were heard while a deployment was in flight are not used up by it, but by the next", () => {
    const before = withAccepted(emptyLedger, "c1", {
      ...none,
      emergency: { reason: "now", commit: "c1", signer: "n" },
    });
    const during = withAccepted(before, "c2", removal("c2"), "d1");

    const after = withoutWords(during, "d1");
    expect(after.words).toEqual({ allowRemoval: { reason: "old site", commit: "c2", during: "d1" } });
    expect(withoutWords(after, "d2").words).toEqual({});
  });

  it("that are ignored do not grow in number", () => {
    let ledger = emptyLedger;
    for (let at = 0; at < 20; at += 1) ledger = withAccepted(ledger, `c${at}`, { ...none, ignored: [`No. ${at}.`] });

    expect(ledger.words.ignored).toEqual(["No. 19.", "No. 18.", "No. 17.", "No. 16.", "No. 15."]);
  });
});
