/**
 * Nothing strands the router: the agent is killed at any moment of a deployment, the repository goes away, the change cuts
 * the box off from all that it could be reached by, and the agent dies with it. Real FRR, real processes, real time.
 */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AgentProcess } from "../lab/agent-process.ts";
import { whyNoBird } from "../lab/bird.ts";
import { whyNoFrr } from "../lab/frr.ts";
import { interfaces, neighbours, noc, startRouter, type Router } from "../lab/router.ts";
import type { Status } from "../../controller/report/status.ts";

const why = whyNoFrr() ?? whyNoBird();
const deadlineSeconds = 8;
const fleet = `defaults: 1
policy:
  soak-seconds: 0.5
  grace-seconds: 1
  deadline-seconds: ${deadlineSeconds}
  anchors: [${noc.anchor}]
`;

interface Asked {
  /** How the operators' network is reached. */
  readonly office?: string;
  /** Names of prefix lists that are there beside the others. */
  readonly lists?: readonly string[];
  /** Drops what is for it: nothing that proving has to wait for, as for a list. */
  readonly dropped?: string;
  readonly asOfA?: number;
}

function machine({ office = `via: [${noc.via}]`, lists = [], dropped, asOfA = 64496 }: Asked = {}): string {
  const timers = "timers: { keepalive-seconds: 3, hold-seconds: 9, connect-seconds: 2 }";
  const named = lists.map((name) => `    ${name}: { entries: { 10: { prefix: 203.0.113.0/24 } } }\n`).join("");
  return `${interfaces}routing:
  router-id: 198.51.100.1
  static:
    ${noc.network}: { ${office} }
${dropped === undefined ? "" : `    ${dropped}: { discard: blackhole }\n`}  prefix-lists:
    own: { entries: { 10: { prefix: 203.0.113.0/24 } } }
${named}  bgp:
    asn: 64500
    ebgp-requires-policy: false
    announce: { 203.0.113.0/24: {} }
    peers:
      a: { address: ${neighbours.a}, remote-as: ${asOfA}, ${timers} }
      b: { address: ${neighbours.b}, remote-as: 64497, ${timers} }
`;
}

const files = (asked?: Asked) => ({ "fra1/r1.yaml": machine(asked) });

describe.skipIf(why !== undefined)(`a router that cannot be stranded (${why ?? "FRR and BIRD are here"})`, () => {
  let router: Router;
  let agent: AgentProcess | undefined;

  beforeAll(async () => {
    router = await startRouter("st", { "fleet.yaml": fleet, "fra1/site.yaml": "", ...files() });
    await run();
    await router.until("it is committed", () => router.committed() !== "");
    await router.until("both sessions are up", isWell);
    await rest("the first commit");
  });
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]();
    await router?.[Symbol.asyncDispose]();
  });

  async function run(): Promise<AgentProcess> {
    await agent?.[Symbol.asyncDispose]();
    agent = router.agent();
    return agent;
  }
  /** As systemd would find it: dead, at once. */
  async function kill(): Promise<void> {
    const child = agent?.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  async function isWell(): Promise<boolean> {
    const sessions = await router.sessions();
    return sessions.length === 2 && sessions.every(({ state }) => state === "Established");
  }
  const rest = (what: string) =>
    agent?.until(`at rest after ${what}`, ({ state }) => ["idle", "held", "waiting"].includes(state), 60);
  /** On this commit, so that nothing of an earlier one is still to come. */
  const settled = (commit: string) => {
    const isThere = ({ state, committed, desired }: Status) =>
      state === "idle" && desired?.commit === commit && committed?.generation === desired.generation;
    return agent?.until("on the newest commit", isThere, 60);
  };
  /** Established how often, since the daemon knows the peer. */
  const flaps = async (peer: string) =>
    (await router.sessions()).find((one) => one.peer === peer)?.connectionsEstablished;

  it("ends in the old or the new generation, whole, when the agent is killed at 50 random moments", async () => {
    const moments = Array.from({ length: 50 }, (_, round) => ((round * 7919) % 50) / 50);
    const daemons = router.daemons();
    const unrelated = await flaps(neighbours.b);
    const before = { generation: router.committed(), running: router.running() };
    const ends = { old: 0, new: 0 };
    for (const [round, share] of moments.entries()) {
      const dropped = `198.18.0.${round}/32`;
      const commit = router.sites.push(`Round ${round}`, files({ dropped }));
      await delay(300 + share * 2200);
      await kill();
      const atKill = router.running();
      await run();
      // Whatever it was in the middle of: first it ends that, then the commit is tried again.
      const status = await agent?.until(
        `round ${round} is over`,
        ({ state, desired }) => ["idle", "held", "waiting"].includes(state) && desired?.commit === commit,
        60,
      );
      const generation = router.committed();
      const isNew = generation !== before.generation;
      const whole = isNew === router.running().includes(`ip route ${dropped} `);
      const boot = isNew === router.bootFile().includes(`ip route ${dropped} `);
      ends[isNew ? "new" : "old"] += 1;
      expect({
        round,
        share,
        whole,
        boot,
        state: status?.state,
        armed: router.armedUntil(),
        atKill: atKill !== "",
      }).toEqual({ round, share, whole: true, boot: true, state: status?.state, armed: undefined, atKill: true });
      Object.assign(before, { generation, running: router.running() });
    }
    console.log(`50 kills: ended in the new generation at once ${ends.new} times, in the old one ${ends.old} times`);
    expect(router.daemons()).toEqual(daemons);
    expect(await flaps(neighbours.b)).toBe(unrelated);
  }, 900_000);

  it("goes back at the deadline when the change cuts off the repository and every anchor", async () => {
    await settled(router.sites.push("Something else", files({ lists: ["else"] })));
    const before = router.running();
    const generation = router.committed();
    const commit = router.sites.push("Cut off", files({ office: "discard: blackhole" }));
    const status = await agent?.until(
      "it was rolled back",
      ({ lastDeployment: last }) => last?.commit === commit && last.outcome === "rolled-back",
      60,
    );
    const took = ((status?.lastDeployment?.endedAt ?? 0) - (status?.lastDeployment?.startedAt ?? 0)) / 1000;
    console.log(`cut off, agent alive: back ${(took - deadlineSeconds).toFixed(1)} s after the deadline`);
    expect(status?.lastDeployment).toMatchObject({ trigger: "reachability" });
    expect(status?.held?.reason).toBeDefined();
    expect(router.running()).toBe(before);
    expect(router.committed()).toBe(generation);
    expect(took).toBeLessThanOrEqual(deadlineSeconds + 10);
  });

  it.each(["applying", "proving"])(
    "is put back by the failsafe when the change cuts it off and the agent dies while %s",
    async (when) => {
      const before = router.running();
      const generation = router.committed();
      router.sites.push(`Cut off, ${when}`, files({ office: "discard: blackhole", lists: [`cut-${when}`] }));
      if (when === "applying") await router.until("it is armed", () => router.armedUntil() !== undefined);
      else await router.until("the route is gone", () => router.running().includes("10.77.1.0/24 blackhole"));
      await kill();
      const deadline = (router.armedUntil() ?? 0) - 3;
      expect(deadline).toBeGreaterThan(0);

      await router.until("it acted", () => router.acted() !== undefined);
      const late = router.uptime() - deadline;
      console.log(`cut off and killed while ${when}: told ${late.toFixed(1)} s after the deadline`);
      await router.until("FRR is as before", () => router.running() === before, 10);
      expect(late).toBeLessThanOrEqual(10);
      expect(router.committed()).toBe(generation);
      expect(router.armedUntil()).toBeUndefined();

      await router.until("both sessions are up", isWell);
      await run();
      const status = await agent?.until(
        "it was looked at",
        ({ state, committed, git }) => {
          return ["idle", "held", "waiting"].includes(state) && committed !== undefined && git.lastPollAt !== undefined;
        },
        60,
      );
      expect(status?.committed?.generation).toBe(generation);
      expect(status?.inSync).toBe(false);
      expect(router.running()).toBe(before);
    },
  );

  it("calls it inconclusive when only the repository goes away", async () => {
    const before = router.running();
    const commit = router.sites.push("While git is away", files({ lists: ["away"] }));
    await agent?.until("it proves", ({ state }) => state === "proving", 60);
    await router.stopGit();
    const status = await agent?.until(
      "it was rolled back",
      ({ lastDeployment: last }) => last?.commit === commit && last.outcome === "rolled-back",
      60,
    );
    await router.startGit();
    expect(status?.lastDeployment).toMatchObject({ trigger: "reachability" });
    expect(status?.held).toBeUndefined();
    expect(router.running()).toBe(before);
  });
});
