import { describe, expect, it } from "vitest";
import { openPeers, type Ask } from "../../../../controller/rollout/peers.ts";
import type { Heard } from "../../../../controller/rollout/decide.ts";
import type { Predecessor } from "../../../../reconcilers/generation.ts";
import type { PeerStatus } from "../../../../schemas/peer-status.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { simHost } from "../../../lab/host.ts";

const well: PeerStatus = { machine: "fra1/r1", state: "idle" };
const r1 = predecessor(1);
const pollMs = 30_000;
const { signal } = new AbortController();

function predecessor(number: number): Predecessor {
  const status = { address: `192.0.2.${number}:9710`, fingerprint: `SHA256:${"A".repeat(43)}` };
  return { machine: `fra1/r${number}`, asked: "a".repeat(64), status };
}

function lab(ask: Ask) {
  const sim = simHost();
  const asked: string[] = [];
  const peers = openPeers((place, limited) => {
    asked.push(place.address);
    return ask(place, limited);
  }, sim.start());
  const hear = async (...of: Predecessor[]) => {
    let heard: ReadonlyMap<string, Heard> | undefined;
    void peers.hear(of, pollMs, signal).then((result) => (heard = result));
    const from = sim.uptime();
    await sim.until(() => heard !== undefined, "heard");
    return { heard: heard ?? new Map<string, Heard>(), ms: sim.uptime() - from };
  };
  return { sim, asked, hear };
}

/** Ends only when it is told to. */
const silent: Ask = async (_place, limited) =>
  new Promise((_, reject) => limited.addEventListener("abort", () => reject(limited.reason), { once: true }));

describe("asking others", () => {
  it("gives what they say, without a pause", async () => {
    const { hear } = lab(async () => well);

    const { heard, ms } = await hear(r1);

    expect(heard.get("fra1/r1")).toEqual({ said: well, isFresh: true });
    expect(ms).toBe(0);
  });

  it("asks again only after half a poll interval", async () => {
    const { sim, asked, hear } = lab(async () => well);
    await hear(r1);
    await hear(r1);
    expect(asked).toHaveLength(1);

    await sim.pass(pollMs / 2);
    await hear(r1);
    expect(asked).toHaveLength(2);
  });

  it("tells why one cannot be asked, and does not ask one whose place is not known", async () => {
    const { asked, hear } = lab(async () => {
      throw new Problem("PEER", "192.0.2.1:9710 does not answer.");
    });
    const { heard } = await hear(r1, { machine: "fra1/r2", asked: "" });

    expect([...heard]).toEqual([["fra1/r1", { said: { failed: "192.0.2.1:9710 does not answer." }, isFresh: true }]]);
    expect(asked).toHaveLength(1);
  });

  it("waits a moment for one that is silent, and gives it up after five seconds", async () => {
    const { sim, hear } = lab(silent);

    const { heard, ms } = await hear(r1);
    expect(heard.size).toBe(0);
    expect(ms).toBe(2000);

    await sim.pass(4000);
    expect((await hear(r1)).heard.get("fra1/r1")?.said).toEqual({ failed: "Asking it took longer than 5 s." });
  });

  it("asks a few at a time, each once, however many are silent", async () => {
    const many = Array.from({ length: 40 }, (_, index) => predecessor(index + 1));
    const { sim, asked, hear } = lab(silent);

    await hear(...many);
    await hear(...many);
    expect(asked).toHaveLength(16);
    await sim.pass(2000);
    expect(asked).toHaveLength(32);
    await sim.pass(20_000);
    expect(new Set(asked).size).toBe(40);
  });

  it("forgets what was said when the repository names another key", async () => {
    const { asked, hear } = lab(async () => well);
    await hear(r1);
    const renewed = { ...r1, status: { address: "192.0.2.1:9710", fingerprint: `SHA256:${"B".repeat(43)}` } };

    await hear(renewed);

    expect(asked).toHaveLength(2);
  });

  it("does not rely on what was said long ago", async () => {
    let answers = true;
    const { sim, hear } = lab(async (place, limited) => (answers ? well : silent(place, limited)));
    await hear(r1);
    answers = false;
    await sim.pass(3 * pollMs);

    expect((await hear(r1)).heard.get("fra1/r1")).toEqual({ said: well, isFresh: false });
  });
});
