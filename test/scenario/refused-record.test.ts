import { expect, it } from "vitest";
import { generation, shown, story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const next = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);

it("changes nothing when the failsafe does not take the record that arms it", async () => {
  const s = story();
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start();
  await s.rest();
  const before = shown(s.plane.live);
  let changes = 0;
  s.plane.refuse = () => {
    changes += 1;
    return undefined;
  };
  // Its self-test passes as long as nothing is armed.
  Object.defineProperty(s.failsafe, "broken", {
    get: () => (s.sim.files.has("/run/imp/armed") ? "/run/imp/armed is not used: it has an unknown line." : undefined),
  });

  s.push("two", next);
  await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");

  expect(changes).toBe(0);
  expect(shown(s.plane.live)).toBe(before);
  expect(s.status().lastDeployment).toMatchObject({
    trigger: "apply",
    reason: "The failsafe says: /run/imp/armed is not used: it has an unknown line.",
  });
  expect(s.sim.files.has("/run/imp/armed")).toBe(false);
});
