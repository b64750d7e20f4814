/** What differs on a box that nobody deploys to: a plane that started anew, or somebody's hand. */
import { emptyDesired } from "../../controller/planes.ts";
import { describe, expect, it } from "vitest";
import type { LivePatch } from "../../controller/live-patch.ts";
import type { Status } from "../../controller/report/status.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { mergeOver } from "../../schemas/merge.ts";
import { parseYaml } from "../../schemas/yaml.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { memoryTree } from "../lab/memory-tree.ts";
import { ask } from "../lab/ask.ts";
import { committedStory, bootFile, generation, shown, story, type Story } from "../lab/story.ts";

const [bgp, peer, route] = ["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"];
const base = generation([bgp, peer, route]);

async function committed(first = base): Promise<Story> {
  const s = await committedStory(first);
  expect(s.status()).toMatchObject({ state: "idle", inSync: true });
  return s;
}

/** Two polls later. */
async function later(s: Story): Promise<void> {
  await s.sim.pass(70_000);
  await s.rest();
}

function live(s: Story): readonly string[] {
  return [...s.plane.live].sort();
}

describe("what somebody changed by hand", () => {
  it("is reported and left alone, with the steps that would take it back", async () => {
    const s = await committed();
    s.plane.live.delete(route);
    await later(s);

    expect(live(s)).toEqual([peer, bgp].sort());
    expect(s.status()).toMatchObject({
      state: "idle",
      inSync: false,
      reason: expect.stringMatching(/Somebody changed what is live: frr \(nobody decided.*add ip route/) as string,
      planes: { frr: { drift: 1, cause: "somebody", fate: "report", steps: [`add ${route}`] } },
    });
  });

  it("is still known as such when the agent starts anew", async () => {
    const s = await committed();
    s.plane.live.delete(route);
    s.sim.kill();
    s.start();
    await later(s);

    expect(live(s)).not.toContain(route);
    expect(s.status().planes.frr).toMatchObject({ cause: "somebody" });
  });

  it("is taken back at once where the policy says so", async () => {
    const s = await committed(generation([bgp, peer, route], { policy: { drift: { frr: "correct" } } }));
    s.plane.live.delete(route);
    await later(s);

    expect(live(s)).toContain(route);
    expect(s.status()).toMatchObject({ inSync: true, lastDeployment: { outcome: "committed" } });
  });

  it("is taken back when an operator discards it, and the next one is reported again", async () => {
    const s = await committed();
    s.plane.live.delete(route);
    await later(s);
    await ask(s.agent(), "discard-drift", { reason: "left over" });
    await later(s);
    expect(live(s)).toContain(route);

    s.plane.live.delete(route);
    await later(s);
    expect(live(s)).not.toContain(route);
    expect(s.status().planes.frr).toMatchObject({ fate: "report" });
  });

  it("is taken back by an operator's word more than three times an hour", async () => {
    const s = await committed();
    for (let i = 0; i < 5; i += 1) {
      s.plane.live.delete(route);
      await later(s);
      await ask(s.agent(), "discard-drift", { reason: "left over" });
      await later(s);
      expect(live(s)).toContain(route);
    }
  });

  it("has nothing to discard where nothing differs, and needs a reason", async () => {
    const s = await committed();
    await expect(ask(s.agent(), "discard-drift", { reason: "why not" })).rejects.toThrow(/nothing differs/);
    await expect(ask(s.agent(), "discard-drift", {})).rejects.toThrow(/reason/);
  });

  it("is shown with what is foreign", async () => {
    const s = await committed();
    s.plane.live.delete(route);
    s.plane.live.add("ip route 203.0.113.0/24");
    expect(await ask(s.agent(), "drift")).toMatchObject({
      planes: {
        frr: {
          cause: "somebody",
          steps: [`add ${route}`],
          foreign: 1,
          difference: [`- ${route}`, "+ ip route 203.0.113.0/24"],
        },
      },
    });
  });
});

describe("a deployment that would take back what somebody changed", () => {
  it("waits, and says for what", async () => {
    const s = await committed();
    s.plane.live.delete(route);
    s.push("two", generation([bgp, peer, route, "ip route 203.0.113.0/24"]));
    await s.rest();

    expect(s.status()).toMatchObject({
      state: "waiting",
      reason: expect.stringMatching(/take back what somebody changed by hand: add ip route 198/) as string,
    });
    expect(live(s)).toEqual([bgp, peer].sort());
  });

  it("goes ahead once it is discarded", async () => {
    const s = await committed();
    const next = generation([bgp, peer, route, "ip route 203.0.113.0/24"]);
    s.plane.live.delete(route);
    s.push("two", next);
    await s.rest();
    await ask(s.agent(), "discard-drift", { reason: "left over" });

    await s.sim.until(() => s.status().committed?.generation === next.digest, "committed");
    expect(live(s)).toContain(route);
  });

  it("passes when it brings in just what is live", async () => {
    const s = await committed();
    const next = generation([bgp, peer]);
    s.plane.live.delete(route);
    s.push("two", next);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: next.digest } });
  });

  it("passes where the plane started anew, which nobody wanted", async () => {
    const s = await committed();
    const next = generation([bgp, peer, route, "ip route 203.0.113.0/24"]);
    s.plane.live.delete(route);
    s.plane.restarts += 1;
    s.push("two", next);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: next.digest } });
  });
});

describe("a deployment that fails", () => {
  it("goes back to what is committed, whatever was changed by hand meanwhile", async () => {
    const s = await committed();
    s.push("two", generation([bgp, peer, route, "shutdown 192.0.2.1"]));
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.plane.live.delete(route);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held" });
    expect(shown(s.plane.live)).toBe(shown([bgp, peer, route]));
  });
});

describe("FRR", () => {
  const config = `router bgp 64500
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 64501
exit
ip route 198.51.100.0/24 Null0
`;

  async function router() {
    const frr = simFrr();
    const s = story({ frr });
    s.push("one", generation([config], { desired: { ...emptyDesired, frr: { config } }, health: [] }));
    s.start();
    await s.rest();
    return { s, frr };
  }

  it("is brought back at once when a daemon started anew without all of it", async () => {
    const { s, frr } = await router();
    frr.stop("bgpd");
    frr.start("bgpd");
    await later(s);

    expect(frr.config()).toContain("neighbor 192.0.2.1 remote-as 64501");
    expect(s.status()).toMatchObject({ inSync: true });
  });

  it("is brought back while a repository sends a commit that never ends", async () => {
    const { s, frr } = await router();
    s.stalls = true;
    s.push("two", generation([`${config}!`], { desired: { ...emptyDesired, frr: { config } }, health: [] }));
    await s.sim.pass(35_000);
    frr.stop("bgpd");
    frr.start("bgpd");
    await s.sim.pass(60_000);

    expect(frr.config()).toContain("neighbor 192.0.2.1 remote-as 64501");
  });

  it("is brought back although the agent was not there when the daemon started", async () => {
    const { s, frr } = await router();
    s.sim.kill();
    frr.stop("bgpd");
    frr.start("bgpd");
    s.start();
    await later(s);

    expect(frr.config()).toContain("neighbor 192.0.2.1 remote-as 64501");
  });

  it("is brought back when a daemon started anew between the commit and the first look after it", async () => {
    const frr = simFrr();
    let atCommit: Status | undefined;
    const observer = (status: Status): void => {
      if (!status.committed || atCommit) return;
      atCommit = status;
      frr.stop("bgpd");
      frr.start("bgpd");
    };
    const s = story({ frr, observer });
    s.push("one", generation([config], { desired: { ...emptyDesired, frr: { config } }, health: [] }));
    s.start();
    await later(s);

    expect(atCommit?.planes.frr).not.toHaveProperty("drift");
    expect(frr.config()).toContain("neighbor 192.0.2.1 remote-as 64501");
    expect(s.status()).toMatchObject({ inSync: true });
  });

  it("is brought back after a reboot from whatever its file held", async () => {
    const { s, frr } = await router();
    s.sim.reboot();
    for (const daemon of ["bgpd", "staticd"] as const) frr.stop(daemon);
    const node = s.sim.files.get(bootFile);
    expect(node).toBeDefined();
    for (const daemon of ["bgpd", "staticd"] as const) frr.start(daemon);
    s.start();
    await later(s);

    expect(frr.config()).toContain("neighbor 192.0.2.1 remote-as 64501");
    expect(s.status()).toMatchObject({ inSync: true });
  });

  it("is left alone where somebody took a line away, and shows which", async () => {
    const { s, frr } = await router();
    frr.load("router bgp 64500\n no neighbor 192.0.2.1 remote-as 64501\n neighbor 192.0.2.9 remote-as 64509\n");
    await later(s);

    expect(frr.config()).not.toContain("192.0.2.1 remote-as");
    expect(await ask(s.agent(), "drift")).toMatchObject({
      planes: {
        frr: {
          cause: "somebody",
          difference: [
            "  router bgp 64500",
            "-   neighbor 192.0.2.1 remote-as 64501",
            "?   neighbor 192.0.2.9 remote-as 64509",
          ],
        },
      },
    });
  });
});

describe("what somebody changed by hand and an operator accepts", () => {
  const files = (appliance: JsonObject) => ({
    "fleet.yaml": "defaults: 1\npolicy: { soak-seconds: 5, deadline-seconds: 60 }\n",
    "fra1/site.yaml": "",
    "fra1/r1.yaml": yamlText(appliance),
  });
  const peer = { address: "192.0.2.1", "remote-as": 64501, "ebgp-multihop": 2, expect: "any" };
  const machine = (more: JsonObject = {}): JsonObject => ({
    routing: {
      "router-id": "198.51.100.1",
      static: { "203.0.113.0/24": { discard: "blackhole" } },
      bgp: { asn: 64500, "ebgp-requires-policy": false, peers: { a: { ...peer, description: "transit" } } },
      ...more,
    },
  });
  const change = "router bgp 64500\n neighbor 192.0.2.1 description by hand\n";

  async function changed() {
    const frr = simFrr();
    const s = story({ frr, settings: { identity: "if-declared", system: { mode: "off" } } });
    s.pushTree("one", memoryTree(files(machine())));
    s.start();
    await s.sim.until(() => s.status().committed !== undefined && s.status().state === "idle", "committed");
    frr.load(change);
    await later(s);
    expect(s.status().planes.frr).toMatchObject({ drift: 1, fate: "report" });
    const answer = (await ask(s.agent(), "accept-drift", { reason: "their wish" })) as LivePatch;
    await later(s);
    return { s, frr, answer };
  }

  it("stays, is not reported any more, and is still known after a restart of the agent", async () => {
    const { s, frr, answer } = await changed();
    expect(answer).toMatchObject({ left: [], foreign: 0, files: [{ file: "fra1/r1.yaml" }] });
    expect(s.status()).toMatchObject({ inSync: false, planes: { frr: { drift: 1, fate: "accepted" } } });

    s.sim.kill();
    s.start();
    await later(s);
    expect(s.status().planes.frr).toMatchObject({ fate: "accepted" });
    expect(frr.config()).toContain("description by hand");
  });

  it("is reported again when something else differs", async () => {
    const { s, frr } = await changed();
    frr.load("router bgp 64500\n neighbor 192.0.2.1 description once more\n");
    await later(s);

    expect(s.status().planes.frr).toMatchObject({ fate: "report" });
  });

  it("holds up a deployment that would take it back", async () => {
    const { s, frr } = await changed();
    s.pushTree("two", memoryTree(files(machine({ static: {} }))));
    await s.rest();

    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "drift" } });
    expect(frr.config()).toContain("description by hand");
  });

  it("plans nothing once the patch is committed, and is drift no more", async () => {
    const { s, frr, answer } = await changed();
    const { file = "", yaml = "" } = answer.files[0] ?? {};
    const patch = parseYaml(file, new TextEncoder().encode(yaml)).document?.value ?? {};
    const told = frr.history.length;
    s.pushTree("two", memoryTree(files(mergeOver(machine(), patch))));
    await s.sim.until(() => s.status().committed?.commit === "two" && s.status().state === "idle", "committed");
    await later(s);

    expect(s.status().lastDeployment).toMatchObject({ commit: "two", outcome: "committed", steps: 0 });
    expect(frr.history.length).toBe(told);
    expect(s.status().planes.frr).toMatchObject({ drift: 0 });
  });

  it("is nothing where nothing differs", async () => {
    const s = await committed();
    await expect(ask(s.agent(), "accept-drift", { reason: "x" })).rejects.toThrow(/nothing to accept/);
  });
});
