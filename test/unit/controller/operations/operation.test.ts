import { describe, expect, it } from "vitest";
import { generation, story } from "../../../lab/story.ts";
import { ask } from "../../../lab/ask.ts";
import { allOperations } from "../../../../controller/operations/all.ts";

describe("what an operator asks", () => {
  it.each([
    ["retry", {}, /reason is missing/],
    ["retry", { reason: "  " }, /reason is missing/],
    ["accept", {}, /"commit" is missing/],
    ["accept", { commit: "HEAD; reboot" }, /40 hex digits/],
    ["approve", {}, /"generation" is missing/],
    ["approve", { generation: "c0ffee" }, /first 12 hex digits/],
    ["pause", { for: "4h" }, /reason is missing/],
    ["pause", { reason: "fibre work" }, /not said for how long/],
    ["pause", { reason: "fibre work", for: "for ever" }, /not how long it may last/],
  ])("%s %j is refused before it is recorded", async (name, asked, message) => {
    const s = story();
    s.push("one", generation(["router bgp 64500"]));
    s.start();
    await s.rest();
    const effects = s.sim.effects().length;

    await expect(ask(s.agent(), name, asked)).rejects.toMatchObject({ code: "USAGE", message });

    expect(s.sim.effects().length).toBe(effects);
  });

  it("changes nothing where it only looks: that is all that the socket for readers has", () => {
    const looking = allOperations.filter(({ changes }) => !changes).map(({ name }) => name);
    expect(looking).toEqual(expect.arrayContaining(["status", "why", "plan"]));
    expect(looking).not.toEqual(expect.arrayContaining(["approve", "pause", "resume", "sync"]));
  });
});
