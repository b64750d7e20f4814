/** A box that somebody configured by hand before the agent came: what an adoption that fails, or succeeds, leaves of it. */
import { describe, expect, it } from "vitest";
import { operationsOn } from "../../controller/operations.ts";
import { Problem } from "../../schemas/problem.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { generation, sealedHere, story, type Story } from "../lab/story.ts";

const signal = new AbortController().signal;

function bgp(password: string): string {
  return `router bgp 64500
 bgp router-id 192.0.2.254
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 64501
 neighbor 192.0.2.1 password ${password}
exit
`;
}

const byHand = "set-by-hand";
const other = "from-the-repository";
const candidate = generation([], {
  digest: "a".repeat(64),
  desired: { frr: { config: bgp(sealedHere(other)) } },
  health: [{ check: "bgp-session", peer: "192.0.2.1", required: true }],
});

/** A box on which the session is up with `byHand`, and an agent that waits to be allowed to take it over. */
async function configuredByHand(): Promise<Story & { readonly frr: SimFrr }> {
  const frr = simFrr({ config: `${bgp(byHand)}ip route 198.51.100.0/24 Null0\n` });
  frr.peers.set("192.0.2.1", { as: 64501, password: byHand });
  frr.settle();
  const s = story({ frr });
  s.secrets.set(sealedHere(other), other);
  s.push("one", candidate);
  s.start();
  await s.rest();
  expect(s.status().state).toBe("waiting");
  return Object.assign(s, { frr });
}

function established(frr: SimFrr): boolean {
  return frr.sessions().some(({ peer, state }) => peer === "192.0.2.1" && state === "Established");
}

describe("an adoption that kills a session", () => {
  it("brings back the password that somebody had set by hand", async () => {
    const s = await configuredByHand();
    const before = s.frr.config();

    await operationsOn(s.agent()).adopt(signal);
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.frr.config()).toBe(before);
    expect(established(s.frr)).toBe(true);
  });

  it("brings it back also when the agent was restarted in between", async () => {
    const s = await configuredByHand();
    const before = s.frr.config();
    await operationsOn(s.agent()).adopt(signal);
    await s.sim.until(() => s.status().state === "proving", "proving");
    expect(established(s.frr)).toBe(false);

    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.start();
    await s.sim.until(() => s.status().lastDeployment?.trigger === "crash", "rolled back");

    expect(s.frr.config()).toBe(before);
    expect(established(s.frr)).toBe(true);
  });

  it("keeps that password in the one closed file that is for it", async () => {
    const s = await configuredByHand();
    await operationsOn(s.agent()).adopt(signal);
    await s.sim.until(() => s.status().state === "held", "held");

    const holders = [...s.sim.files].filter(([, node]) => "text" in node && node.text.includes(byHand));
    expect(holders.map(([path, node]) => [path, "mode" in node && node.mode])).toEqual([
      [`/persistent/config/imp/generations/${candidate.digest}/files/secrets.json`, 0o600],
    ]);
    expect(JSON.stringify([s.status(), s.events])).not.toContain(byHand);
  });
});
