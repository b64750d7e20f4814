import { describe, expect, it } from "vitest";
import { generation, story } from "../../../lab/story.ts";
import { ask } from "../../../lab/ask.ts";

describe("what an operator asks", () => {
  it.each([
    ["retry", {}, /reason is missing/],
    ["retry", { reason: "  " }, /reason is missing/],
    ["accept", {}, /"commit" is missing/],
    ["accept", { commit: "HEAD; reboot" }, /40 hex digits/],
  ])("%s %j is refused before it is recorded", async (name, asked, message) => {
    const s = story();
    s.push("one", generation(["router bgp 64500"]));
    s.start();
    await s.rest();
    const effects = s.sim.effects().length;

    await expect(ask(s.agent(), name, asked)).rejects.toMatchObject({ code: "USAGE", message });

    expect(s.sim.effects().length).toBe(effects);
  });
});
