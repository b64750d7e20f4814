import { expect, it } from "vitest";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const unreachable = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });

/** A box that committed `base`, whose agent starts anew while no remote answers. */
async function startedAlone(before?: (s: Story) => Promise<void>): Promise<Story> {
  const s = story();
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start();
  await s.rest();
  await before?.(s);
  s.outage = unreachable;
  s.cached = true;
  s.start();
  await s.rest();
  return s;
}

it("knows after a start without the repository what was accepted last, and is not in sync", async () => {
  const s = await startedAlone();

  expect(s.status()).toMatchObject({
    state: "idle",
    desired: { commit: "one", generation: base.digest },
    inSync: false,
    git: { lastError: { code: "GIT_UNREACHABLE" } },
  });
  const { loads } = s;
  await s.sim.pass(300_000);
  expect(s.loads).toBe(loads);
});

it("is in sync again once the repository answers, without loading the commit again", async () => {
  const s = await startedAlone();
  const { loads } = s;

  s.outage = undefined;
  await s.sim.until(() => s.status().inSync, "in sync");

  expect(s.loads).toBe(loads);
});

it("goes on with what was accepted and not yet committed", async () => {
  const s = await startedAlone(async (before) => {
    before.push("two", generation(["router bgp 64500", "neighbor 192.0.2.1"], { policy: { pause: "Not now." } }));
    await before.rest();
    before.push("three", better);
    await before.sim.until(() => before.status().state === "proving", "proving");
  });

  await s.sim.until(() => s.status().committed?.commit === "three", "committed");

  expect(shown(s.plane.live)).toContain("ip route 198.51.100.0/24");
  expect(s.status().inSync).toBe(false);
});

it("only says why when the cache is gone too, and tries again", async () => {
  const s = await startedAlone();
  s.cached = false;
  s.start();
  await s.rest();
  expect(s.status()).toMatchObject({ desired: { commit: "one" }, problems: [{ code: "GIT_UNREACHABLE" }] });
  expect(s.status().desired?.generation).toBeUndefined();

  s.cached = true;
  await s.sim.until(() => s.status().desired?.generation === base.digest, "loaded");
});

it("goes on with the accepted commit also where it starts with a newer one that is refused", async () => {
  const s = await startedAlone();
  s.outage = undefined;
  s.push("two", better);
  s.refusal = new Problem("TRUST_UNSIGNED", "commit two is not signed");
  s.start();
  await s.rest();

  expect(s.status()).toMatchObject({
    desired: { commit: "one", generation: base.digest },
    inSync: false,
    git: { lastError: { code: "TRUST_UNSIGNED" } },
  });
});
