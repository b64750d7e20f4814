import { describe, expect, it } from "vitest";
import { standingOf } from "../../../../controller/boot-environments.ts";
import { chosenByHand } from "../../../../reconcilers/bootenv/standing.ts";
import { simHost } from "../../../lab/host.ts";
import { ask } from "../../../lab/question.ts";
import { bootPool, must, runFrom } from "../../../lab/zfs/boot-pool.ts";

async function found() {
  const sim = simHost();
  const pool = bootPool(["a", "b"]);
  must(pool, "zpool set bootfs=tank/ROOT/b tank");
  runFrom(sim, pool, "tank/ROOT/a");
  const standing = await standingOf({ host: sim.start(), state: "/state" }, new AbortController().signal);
  return { chosenByHand: standing && chosenByHand(standing) };
}

describe("a boot environment that was chosen by hand", () => {
  it("is left alone until somebody says what is to become of it", async () => {
    expect(ask({ facts: await found() })).toMatchObject({
      why: "boot-environment",
      reason: "Boot environment a was chosen by hand: b boots next.",
      unblock: "Reboot to be back in b, or `impctl be activate a` to go on in a.",
    });
    expect(ask({ facts: await found(), committed: undefined })?.unblock).toMatch(
      /or `impctl approve [0-9a-f]{12}` to go on/,
    );
  });

  it("is brought back to what it committed, by correction and by an operator's word", async () => {
    expect(ask({ facts: await found(), purpose: "correct" })).toBeUndefined();
    expect(ask({ facts: await found(), purpose: "roll-back" })).toBeUndefined();
  });
});
