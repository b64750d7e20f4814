import { expect, it } from "vitest";
import type { Red } from "../../../../controller/health/judge.ts";
import { startTimeline } from "../../../../controller/health/timeline.ts";
import { simHost } from "../../../lab/host.ts";

const red = (key: string, reason = "It is red."): Red => ({ key, reason, weight: "regressed" });

it("notes what is red when that changes, as it was first seen", async () => {
  const sim = simHost();
  const host = sim.start();
  const timeline = startTimeline(host, host.uptime());
  timeline.note([]);
  await sim.pass(1000);
  timeline.note([red("a", "first")]);
  timeline.note([red("a", "second")]);
  await sim.pass(1000);
  timeline.note([]);

  expect(timeline.moments()).toEqual([
    { at: host.now() - 1000, afterMs: 1000, red: [{ key: "a", reason: "first" }] },
    { at: host.now(), afterMs: 2000, red: [] },
  ]);
});

it("keeps the beginning and the end of what goes on for long, and of what is red at once only some", () => {
  const host = simHost().start();
  const timeline = startTimeline(host, host.uptime());
  const many = Array.from({ length: 100 }, (_, index) => red(`many ${index}`));
  timeline.note(many);
  for (let change = 1; change <= 500; change += 1) timeline.note([red(`change ${change}`)]);

  const moments = timeline.moments();
  expect(moments).toHaveLength(100);
  expect(moments[0]?.red).toHaveLength(30);
  expect(moments[49]?.red[0]?.key).toBe("change 49");
  expect(moments[50]?.red[0]?.key).toBe("change 451");
  expect(moments.at(-1)?.red[0]?.key).toBe("change 500");
});
