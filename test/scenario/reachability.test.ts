/** Management is cut off, by the change or by others: what a whole agent makes of it. */
import { describe, expect, it } from "vitest";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500"]);
const next = generation(["router bgp 64500", "vlan 20"]);
const gateway = "10.0.0.1";

interface Played extends Story {
  /** Addresses that answer a ping. */
  readonly pinged: Set<string>;
}

/** A box with a repository and a gateway in its management network, on which `base` is committed. */
async function committed(): Promise<Played> {
  const s = story();
  const pinged = new Set([gateway]);
  s.sim.reachable.add("git.example.net:443");
  s.sim.answer((argv) => {
    if (argv.join(" ") === "ip -4 -j route show default") {
      return { exitCode: 0, stdout: JSON.stringify([{ dst: "default", gateway }]), stderr: "" };
    }
    return argv[0] === "ping" ? { exitCode: pinged.has(argv.at(-1) ?? "") ? 0 : 1, stdout: "", stderr: "" } : undefined;
  });
  s.push("one", base);
  s.start();
  await s.rest();
  return Object.assign(s, { pinged });
}

const away = new Problem("GIT_UNREACHABLE", "nobody answers", { transient: true });

/** Nothing at all answers from the moment on at which the change is made. */
function cutBy(s: Played): void {
  s.plane.changing = (line) => {
    if (line !== "vlan 20") return;
    s.pinged.clear();
    s.sim.reachable.clear();
    s.outage = away;
  };
}

const rolledBack = (s: Story) => s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");

describe("a change that cuts management off", () => {
  it("says what it waits for while it is proven", async () => {
    const s = await committed();
    cutBy(s);
    s.push("two", next);

    const told = () => s.status().checks?.red.join(" ") ?? "";
    await s.sim.until(() => told().includes("Nothing outside answers any more"), "told");

    expect(s.status().state).toBe("proving");
    expect(told()).toContain(`the gateway ${gateway}`);
    await rolledBack(s);
  });

  it("is rolled back at the deadline, without any network, and never tried here again", async () => {
    const s = await committed();
    cutBy(s);
    const armedAt = s.sim.uptime();
    s.push("two", next);

    await rolledBack(s);

    expect(s.status().lastDeployment).toMatchObject({ trigger: "reachability", generation: next.digest });
    expect(s.status().lastDeployment?.reason).toContain(`the sites repository, the gateway ${gateway}`);
    expect(shown(s.plane.live)).toBe("router bgp 64500");
    expect(s.sim.uptime() - armedAt).toBeLessThan(60_000 + 40_000);
    s.outage = undefined;
    s.sim.reachable.add("git.example.net:443");
    await s.rest();
    expect(s.status()).toMatchObject({ state: "held", held: { generation: next.digest } });
  });

  it("that only lasts for a moment is not believed", async () => {
    const s = await committed();
    s.push("two", next);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.reachable.clear();
    s.pinged.clear();
    await s.sim.pass(1500);
    s.sim.reachable.add("git.example.net:443");
    s.pinged.add(gateway);

    await s.rest();

    expect(s.status().committed?.generation).toBe(next.digest);
  });
});

describe("what was away before the change", () => {
  it("is not missed after it", async () => {
    const s = await committed();
    s.pinged.clear();
    s.push("two", next);

    await s.rest();

    expect(s.status().committed?.generation).toBe(next.digest);
    expect(s.status().lastDeployment?.reason).toBeUndefined();
  });
});

describe("a repository that goes away while a change is proven", () => {
  it("leaves the change without a verdict as long as an anchor answers, and it is tried again", async () => {
    const s = await committed();
    s.push("two", next);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.reachable.clear();

    await rolledBack(s);

    expect(s.status().lastDeployment).toMatchObject({ trigger: "reachability" });
    expect(s.status().held).toBeUndefined();
    s.sim.reachable.add("git.example.net:443");
    await s.sim.until(() => s.status().committed?.generation === next.digest, "committed");
  });
});

describe("an anchor that goes away while the repository and another one answer", () => {
  it("is named, and holds nothing up", async () => {
    const s = await committed();
    s.pinged.add("10.0.0.53");
    const policy = { anchors: ["10.0.0.53"], "soak-seconds": 10 };
    const anchored = generation(["router bgp 64500", "vlan 20"], { policy });
    s.push("two", anchored);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.pinged.delete("10.0.0.53");

    await s.rest();

    expect(s.status().committed?.generation).toBe(anchored.digest);
    expect(s.status().lastDeployment?.reason).toBe("Answered before the change, and not after it: 10.0.0.53.");
  });
});
