/** FRR is changed by one at a time: the agent, or somebody who runs `impctl frr apply`. */
import { describe, expect, it } from "vitest";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const one = generation(["router bgp 64500"]);
const two = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const busy = new Problem("FRR_BUSY", "Another `impctl frr apply` is changing this FRR.", {
  remedy: "Wait until it has ended.",
  transient: true,
});

/** Holds FRR in the story, and counts by whom it is held. */
function holding(s: Story): { held: number; refuses: boolean } {
  const here = { held: 0, refuses: false };
  s.hold = async () => {
    if (here.refuses) throw busy;
    here.held += 1;
    return { [Symbol.asyncDispose]: async () => void (here.held -= 1) };
  };
  return here;
}

describe("an FRR that is changed by one at a time", () => {
  it("is held while a deployment is under way, and let go of when it has ended", async () => {
    const s = story();
    const here = holding(s);
    const seen: number[] = [];
    s.plane.changing = () => seen.push(here.held);
    s.push("commit 1", one);
    s.start();
    await s.rest();

    expect(seen).toEqual([1]);
    expect({ ...here, committed: s.status().committed?.generation }).toMatchObject({ held: 0, committed: one.digest });
  });

  it("is not touched while somebody else changes it: the agent waits, and says for whom", async () => {
    const s = story();
    const here = holding(s);
    here.refuses = true;
    s.push("commit 1", one);
    s.start();
    await s.rest();
    expect(shown(s.plane.live)).toBe("");
    expect(s.status()).toMatchObject({ state: "waiting", waiting: { reason: busy.message } });

    here.refuses = false;
    await s.sim.until(() => s.status().committed?.generation === one.digest, "committed");
  });

  it("is planned for anew where it was changed between the plan and the moment at which it is held", async () => {
    const s = story();
    const wider = generation(["router bgp 64500", "prefix-list a"]);
    s.push("commit 1", one);
    s.start();
    await s.sim.until(() => s.status().committed?.generation === one.digest, "committed");
    const sent: string[] = [];
    s.plane.changing = (line) => sent.push(line);
    let takes = 0;
    s.hold = async () => {
      // By whoever held it before, and let go of it now.
      if ((takes += 1) === 1) s.plane.live.add("prefix-list b");
      return { [Symbol.asyncDispose]: async () => undefined };
    };
    s.push("commit 2", wider);
    await s.sim.until(() => takes === 1, "held once");
    await s.sim.until(() => s.status().state === "waiting", "waiting");
    expect({ sent, state: s.status() }).toMatchObject({
      sent: [],
      state: { waiting: { reason: "FRR was changed since it was looked at." } },
    });

    await s.sim.until(() => s.status().committed?.generation === wider.digest, "committed");
    expect(shown(s.plane.live)).toBe(shown(["router bgp 64500", "prefix-list a", "prefix-list b"]));
  });

  it("is brought back after a restart of the agent even where somebody does not let go of it", async () => {
    const s = story();
    const here = holding(s);
    s.push("commit 1", one);
    s.start();
    await s.sim.until(() => s.status().committed?.generation === one.digest, "committed");
    s.push("commit 2", two); // its neighbour never answers
    await s.sim.until(() => s.status().state === "proving", "proving");
    await s.close();

    here.refuses = true;
    s.start();
    await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");
    expect(shown(s.plane.live)).toBe(shown(["router bgp 64500"]));
  });
});
