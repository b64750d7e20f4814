import { emptyDesired } from "../../../../controller/planes.ts";
import { system } from "../../../../reconcilers/system/system.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withApproval } from "../../../../controller/gate/allowed.ts";
import { removals, type Removal } from "../../../../controller/gate/removal.ts";
import { emptyLedger } from "../../../../controller/ledger.ts";
import { linePlane } from "../../../lab/line-plane.ts";
import { incusOff } from "../../../../reconcilers/incus/incus.ts";
import { vppOff } from "../../../../reconcilers/vpp/off.ts";
import { ask, candidate, named } from "../../../lab/question.ts";

function losing(gone: number, of: number, kind: Removal["kind"] = "sessions"): Removal {
  return { plane: "frr", kind, gone: Array.from({ length: gone }, (_, index) => `192.0.2.${index + 1}`), of };
}

describe("a plan that removes much", () => {
  it.each([
    [0, 0, undefined],
    [2, 2, undefined],
    [3, 3, "removal"],
    [2, 9, undefined],
    [3, 10, "removal"],
    [3, 15, undefined],
    [4, 15, "removal"],
    [20, 100, undefined],
    [21, 100, "removal"],
  ])("%s of %s: %s", (gone, of, expected) => {
    for (const kind of ["sessions", "interfaces", "lists"] as const) {
      expect(ask({ facts: { removals: [losing(gone, of, kind)] } })?.why).toBe(expected);
    }
  });

  it("is told with how many of how many there are, and a few names", () => {
    const facts = { removals: [losing(14, 16), losing(1, 9, "interfaces"), losing(4, 4, "lists")] };

    expect(ask({ facts })).toEqual({
      why: "removal",
      reason:
        "It removes 14 of 16 sessions (192.0.2.1, 192.0.2.2, 192.0.2.3 and 11 more), and 4 of 4 lists (192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4).",
      unblock: `If that is meant, say "Imp-Allow-Removal: <reason>" in a commit's message, or \`impctl approve ${named}\`.`,
    });
  });

  it("passes when a commit says so, or after an approval of this generation", () => {
    const facts = { removals: [losing(14, 16)] };
    const word = { ...emptyLedger, words: { allowRemoval: { reason: "moved", commit: "c".repeat(40) } } };
    const approved = (generation: string) =>
      withApproval(emptyLedger, generation, { reason: "moved", at: 1, by: "operator" });

    expect(ask({ facts, ledger: word })).toBeUndefined();
    expect(ask({ facts, ledger: approved(candidate.digest) })).toBeUndefined();
    expect(ask({ facts, ledger: approved("b".repeat(64)) })?.why).toBe("removal");
  });

  it("is stopped in an emergency too, and when it is no more than the same question rendered anew", () => {
    const facts = { removals: [losing(14, 16)] };
    const emergency = { ...emptyLedger, words: { emergency: { reason: "attack", commit: "c".repeat(40) } } };

    expect(ask({ facts, ledger: emergency })?.why).toBe("removal");
    expect(ask({ facts, purpose: "correct" })?.why).toBe("removal");
  });
});

describe("what a candidate removes", () => {
  const reconcilers = {
    system: system({ managed: [], run: "/run/imp" }),
    vpp: vppOff,
    frr: linePlane().reconciler,
    incus: incusOff,
  };
  const anyLines = fc.uniqueArray(
    fc
      .tuple(fc.constantFrom("neighbor", "interface", "prefix-list", "router"), fc.nat(6))
      .map(([kind, number]) => `${kind} ${number}`),
  );
  const desired = (lines: readonly string[]) => ({
    ...emptyDesired,
    frr: { config: lines.map((line) => `${line}\n`).join("") },
  });

  it("is what the committed generation has and it has not, of each kind", () => {
    fc.assert(
      fc.property(anyLines, anyLines, (before, after) => {
        const found = removals(reconcilers, desired(before), desired(after));
        for (const [kind, word] of [
          ["sessions", "neighbor"],
          ["interfaces", "interface"],
          ["lists", "prefix-list"],
        ] as const) {
          const [had, has] = [before, after].map((lines) => lines.filter((line) => line.startsWith(`${word} `)));
          const gone = had?.filter((line) => !has?.includes(line)).map((line) => line.slice(word.length + 1));
          expect(found).toContainEqual({ plane: "frr", kind, gone, of: had?.length });
        }
      }),
    );
  });
});
