import { emptyDesired } from "../../controller/planes.ts";
import { describe, expect, it } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { bootFile, generation, story, type Story } from "../lab/story.ts";

const [a, b] = ["192.0.2.1", "192.0.2.2"];

function router(peers: readonly string[], more = ""): Generation {
  const config = `${more}router bgp 64500
 no bgp ebgp-requires-policy
${peers.map((peer) => ` neighbor ${peer} remote-as 64501\n`).join("")}exit
`;
  const health = peers.map((peer) => ({ check: "bgp-session", peer, required: true }) as const);
  return generation([config], { desired: { ...emptyDesired, frr: { config } }, health });
}

const base = router([a]);
const withRoute = router([a], "ip route 198.51.100.0/24 Null0\n");
const withPeer = router([a, b]);

interface Played extends Story {
  readonly frr: SimFrr;
  /** bgpd starts with what it finds in its boot file. */
  startBgpd(): void;
}

/** A box with a session to `a`, on which `candidate` is being proven. */
async function proving(candidate: Generation, answering: readonly string[] = [a, b]): Promise<Played> {
  const frr = simFrr();
  for (const peer of answering) frr.peers.set(peer, { as: 64501 });
  const s = story({ frr });
  s.push("one", base);
  s.start();
  await s.rest();
  s.push("two", candidate);
  await s.sim.until(() => s.status().state === "proving", "proving");
  await s.sim.pass(2000);
  const startBgpd = (): void => {
    const boot = s.sim.files.get(bootFile);
    frr.start("bgpd");
    const lines = boot && "text" in boot ? boot.text.split("\n") : [];
    frr.load(lines.slice(lines.findIndex((line) => line.startsWith("router bgp"))).join("\n"));
  };
  return Object.assign(s, { frr, startBgpd });
}

async function rolledBack(s: Story): Promise<void> {
  await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");
}

/** It was nobody's fault: it is tried again, and succeeds. */
async function triedAgain(s: Story, candidate: Generation): Promise<void> {
  expect(s.status().held).toBeUndefined();
  await s.sim.until(() => s.status().committed?.generation === candidate.digest, "committed");
}

describe("bgpd, while a change is proven,", () => {
  it("dies and stays away for a while: the change is not blamed", async () => {
    const s = await proving(withPeer);

    s.frr.stop("bgpd");
    await s.sim.until(() => s.status().state === "rolling-back", "rolling back");
    await s.sim.pass(20_000);
    s.startBgpd();

    await rolledBack(s);
    expect(s.status().lastDeployment?.reason).toMatch(/^FRR's bgpd does not answer/);
    await triedAgain(s, withPeer);
  });

  it("restarts at once, and an added session that was up is gone: the change is not blamed", async () => {
    const s = await proving(withPeer);

    s.frr.stop("bgpd");
    s.startBgpd();

    await rolledBack(s);
    expect(s.status().lastDeployment?.reason).toMatch(
      /192\.0\.2\.2 is not configured.*VPP or a daemon of FRR restarted meanwhile/,
    );
    await triedAgain(s, withPeer);
  });

  it("is away at the deadline: the change is not blamed", async () => {
    const s = await proving({ ...withPeer, policy: { ...withPeer.policy, "grace-seconds": 600 } });

    s.frr.stop("bgpd");
    await s.sim.until(() => s.status().state === "rolling-back", "rolling back");
    s.startBgpd();

    await rolledBack(s);
    expect(s.status().lastDeployment?.reason).toMatch(/^Not healthy at the deadline: FRR's bgpd does not answer/);
    await triedAgain(s, withPeer);
  });

  it("restarts at once without what was added: nothing is committed that is not there", async () => {
    const s = await proving(withPeer, [a]);

    s.frr.stop("bgpd");
    s.startBgpd();

    await rolledBack(s);
    expect(s.status().committed?.generation).toBe(base.digest);
    expect(s.status().lastDeployment).toMatchObject({ trigger: "read-back" });
    expect(s.status().lastDeployment?.reason).toMatch(/^What was applied did not stay.*192\.0\.2\.2/);
    await triedAgain(s, withPeer);
  });

  it("restarts with all that it had, and a peer takes long to come back: the change is not blamed", async () => {
    const s = await proving(withRoute);

    s.frr.peers.delete(a);
    s.frr.stop("bgpd");
    s.startBgpd();

    await rolledBack(s);
    expect(s.status().lastDeployment?.reason).toMatch(/192\.0\.2\.1.*VPP or a daemon of FRR restarted meanwhile/);
    await triedAgain(s, withRoute);
  });

  it("keeps running, and loses a session: the change is blamed", async () => {
    const s = await proving(withPeer);

    s.frr.peers.delete(a);
    s.frr.settle();

    await rolledBack(s);
    expect(s.status().held?.reason).toMatch(/192\.0\.2\.1/);
  });
});
