/** An operator who works on the box by hand, and says so: what the agent leaves alone, records, and does afterwards. */
import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { bootFile, generation, story, type Story } from "../lab/story.ts";

const [bgp, peer, route] = ["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"];
const base = generation([bgp, peer, route]);
const hour = 3_600_000;

async function broken(first = base): Promise<Story> {
  const s = story();
  s.answering.add("192.0.2.1");
  s.push("one", first);
  s.start();
  await s.rest();
  await ask(s.agent(), "breakglass", { for: "2h", reason: "transit floods us" });
  return s;
}

/** Two polls later. */
async function later(s: Story): Promise<void> {
  await s.sim.pass(70_000);
}

function history(s: Story, asked: string): readonly unknown[] {
  const node = s.sim.files.get("/persistent/config/imp/journal/history.jsonl");
  const lines = node && "text" in node ? node.text.trim().split("\n") : [];
  return lines
    .map((line) => JSON.parse(line) as { asked?: string; details?: unknown })
    .flatMap((one) => (one.asked === asked ? [one.details] : []));
}

describe("while an operator works on the box by hand", () => {
  it("nothing is corrected, not even where the policy says so or a daemon started anew", async () => {
    const s = await broken(generation([bgp, peer, route], { policy: { drift: { frr: "correct" } } }));
    const { changes } = s.plane;
    s.plane.live.delete(route);
    await later(s);
    s.plane.restarts += 1;
    await later(s);

    expect(s.plane.live.has(route)).toBe(false);
    expect(s.plane.changes).toBe(changes);
    expect(s.status()).toMatchObject({
      inSync: false,
      breakGlass: { reason: "transit floods us" },
      waiting: { why: "break-glass" },
      planes: { frr: { drift: 1, steps: [`add ${route}`] } },
    });
  });

  it("no commit is armed, and it says why and until when", async () => {
    const s = await broken();
    s.push("two", generation([bgp, peer]));
    await s.rest();

    expect(s.plane.live.has(route)).toBe(true);
    expect(s.status()).toMatchObject({
      state: "waiting",
      waiting: { why: "break-glass", reason: expect.stringContaining("transit floods us") as string },
    });
    expect((s.status().waiting?.againAt ?? 0) - s.sim.now()).toBeGreaterThan(hour);
  });

  it("what differs is recorded when it changes, and shown against the repository", async () => {
    const s = await broken();
    s.plane.live.delete(route);
    await later(s);
    await later(s);
    s.plane.live.add("shutdown 192.0.2.1");
    await later(s);

    expect(history(s, "deviation")).toEqual([
      { difference: [`frr: - ${route}`] },
      { difference: [`frr: - ${route}`, "frr: + shutdown 192.0.2.1"] },
    ]);
    expect(s.status().breakGlass?.deviations).toBe(2);
    expect(await ask(s.agent(), "drift")).toMatchObject({
      planes: { frr: { difference: [`- ${route}`, "+ shutdown 192.0.2.1"] } },
    });
  });

  it("what the box starts with is left as it is", async () => {
    const s = await broken();
    s.sim.files.set(bootFile, { text: "by hand\n", mode: 0o640 });
    await later(s);

    expect(s.sim.files.get(bootFile)).toMatchObject({ text: "by hand\n" });
  });

  it("an agent that is killed and a reboot change nothing of it", async () => {
    const s = await broken();
    s.plane.live.delete(route);
    await later(s);
    const { until } = s.status().breakGlass ?? {};
    for (const reboot of [false, true]) {
      if (reboot) s.sim.reboot();
      else s.sim.kill();
      s.start();
      await later(s);

      expect(s.plane.live.has(route)).toBe(false);
      expect(Math.abs((s.status().breakGlass?.until ?? 0) - (until ?? 0))).toBeLessThan(1000);
    }
    expect(history(s, "deviation")).toHaveLength(1);
  });
});

describe("afterwards", () => {
  it("what differs is reported like any drift, since it ended by itself, restarted daemons or not", async () => {
    const s = await broken();
    s.plane.live.delete(route);
    s.plane.restarts += 1;
    await s.sim.pass(2 * hour + 70_000);

    expect(s.plane.live.has(route)).toBe(false);
    expect(s.status()).toMatchObject({ state: "idle", planes: { frr: { cause: "somebody", fate: "report" } } });
    expect(s.status().breakGlass).toBeUndefined();
    expect(history(s, "break-glass-ended")).toEqual([{ why: "over", reason: "transit floods us", deviations: 1 }]);
    expect(s.events).toContainEqual({ type: "break-glass-ended", why: "over", reason: "transit floods us" });
  });

  it("what differs is taken back where the policy says so", async () => {
    const s = await broken(generation([bgp, peer, route], { policy: { drift: { frr: "correct" } } }));
    s.plane.live.delete(route);
    await later(s);
    await ask(s.agent(), "end-breakglass");
    await later(s);

    expect(s.plane.live.has(route)).toBe(true);
    expect(s.status()).toMatchObject({ inSync: true });
  });

  it("what waited goes ahead, unless it would take back what was changed", async () => {
    const s = await broken();
    const next = generation([bgp, peer]);
    s.push("two", next);
    await s.rest();
    s.plane.live.delete(route);
    await ask(s.agent(), "end-breakglass");
    await s.sim.until(() => s.status().committed?.generation === next.digest, "committed");

    s.push("three", generation([bgp, peer, "neighbor 192.0.2.2"]));
    s.plane.live.delete(bgp);
    await s.rest();
    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "drift" } });
  });
});

describe("asking for it", () => {
  it("is refused while a deployment is in flight, which would be worked against", async () => {
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", base);
    s.start();
    await s.sim.until(() => s.status().state === "proving", "proving");

    await expect(ask(s.agent(), "breakglass", { for: "1h", reason: "now" })).rejects.toThrow(/in flight/);
    await s.rest();
    await expect(ask(s.agent(), "end-breakglass")).rejects.toThrow(/nobody works/);
    await expect(ask(s.agent(), "breakglass", { for: "1h" })).rejects.toThrow(/reason/);
  });
});
