import { describe, expect, it } from "vitest";
import type { Probe } from "../../../../controller/health/judge.ts";
import { prove, type Proof, type Proving } from "../../../../controller/health/prove.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { simHost } from "../../../lab/host.ts";
import { generation } from "../../../lab/story.ts";

const healthy: Probe = { results: new Map(), sessions: new Map(), silent: [] };
const candidate = generation([]);

/** Proves on a box where nothing is wrong but what `more` says. */
async function proven(more: Partial<Proving>): Promise<Proof> {
  const sim = simHost();
  const host = sim.start();
  let proof: Proof | undefined;
  const proving = prove(
    {
      host,
      before: { probe: healthy, candidate, committed: undefined, prefixTolerance: 0.1 },
      probe: async () => healthy,
      reach: undefined,
      readBack: async () => undefined,
      since: host.uptime(),
      deadline: host.uptime() + 60_000,
      soakMs: 5000,
      looked: () => undefined,
      ...more,
    },
    new AbortController().signal,
  ).then((result) => (proof = result));
  await sim.until(() => proof !== undefined, "over");
  return proving;
}

describe("proving", () => {
  it("ends well where nothing is wrong", async () => {
    expect(await proven({})).toEqual({ failure: undefined, resets: [] });
  });

  it("has no verdict on a change when nothing can be seen", async () => {
    const probe = () => Promise.reject(new Problem("HOST_COMMAND", "It hangs."));
    expect((await proven({ probe })).failure).toEqual({
      trigger: "health",
      reason: "It hangs.",
      verdict: "inconclusive",
    });
  });

  it("believes nothing when what was applied cannot be read back", async () => {
    const readBack = () => Promise.reject(new Problem("HOST_COMMAND", "It hangs."));
    expect((await proven({ readBack })).failure).toEqual({
      trigger: "read-back",
      reason: "Whether what was applied is still there cannot be read: It hangs.",
      verdict: "inconclusive",
    });
  });
});
