import { describe, expect, it } from "vitest";
import { bootFile, generation, shown, story, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "neighbor 192.0.2.2"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);

describe("a deployment", () => {
  it("brings an empty box to the first commit and commits it", async () => {
    const s = story();
    s.push("one", base);
    s.start();

    await s.rest();

    expect(shown(s.plane.live)).toBe("neighbor 192.0.2.1\nrouter bgp 64500");
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: base.digest } });
    expect(s.states).toEqual([
      "idle",
      "planning",
      "staging",
      "armed",
      "applying",
      "verifying",
      "proving",
      "committing",
      "idle",
    ]);
    expect(s.sim.files.get(bootFile)).toMatchObject({ text: "neighbor 192.0.2.1\nrouter bgp 64500\n", mode: 0o640 });
  });

  it("shows a commit only when it is whole: what is committed, the last deployment and the boot files agree", async () => {
    const seen: unknown[] = [];
    const boot = (s: Story) => {
      const node = s.sim.files.get(bootFile);
      return node && "text" in node ? node.text : "";
    };
    const s: Story = story({
      observer({ committed, lastDeployment: last }) {
        if (last?.outcome !== "committed") return;
        const holds = boot(s).includes("192.0.2.2") === (committed?.generation === better.digest);
        if (committed?.generation !== last.generation || !holds) seen.push({ committed, last, boot: boot(s) });
      },
    });
    s.push("one", base);
    s.start();
    await s.rest();
    s.push("two", better);
    await s.rest();

    expect(s.status().committed?.generation).toBe(better.digest);
    expect(seen).toEqual([]);
  });

  it("applies a second commit and keeps the sessions that were up", async () => {
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", base);
    s.start();
    await s.rest();

    s.push("two", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: better.digest } });
    expect(s.accepted).toEqual([
      { commit: "one", from: undefined, vouched: [] },
      { commit: "two", from: "one", vouched: [] },
    ]);
  });

  it("rolls back and holds a commit that takes down a session which was up", async () => {
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", base);
    s.start();
    await s.rest();

    s.push("two", worse);
    await s.rest();

    expect(shown(s.plane.live)).toBe("neighbor 192.0.2.1\nrouter bgp 64500");
    expect(s.status()).toMatchObject({
      state: "held",
      inSync: false,
      committed: { generation: base.digest },
      held: { generation: worse.digest },
      lastDeployment: { outcome: "rolled-back", trigger: "health" },
    });
  });
});
