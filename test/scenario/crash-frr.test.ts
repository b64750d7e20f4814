import { describe, expect, it } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { generation, sealedHere, story, type Story } from "../lab/story.ts";

const open = `ip prefix-list any seq 5 permit 0.0.0.0/0 le 32
route-map in permit 10
 match ip address prefix-list any
exit
`;

const password = "correct-horse";
const sealed = sealedHere(password);

function router(peers: readonly (readonly [string, number])[], more = ""): Generation {
  const neighbors = peers
    .map(([peer, asn]) => ` neighbor ${peer} remote-as ${asn}\n neighbor ${peer} password ${sealed}\n`)
    .join("");
  const active = peers
    .map(
      ([peer]) =>
        `  neighbor ${peer} activate\n  neighbor ${peer} route-map in in\n  neighbor ${peer} route-map in out\n`,
    )
    .join("");
  const bgp = `router bgp 64500
 bgp router-id 192.0.2.254
 no bgp default ipv4-unicast
${neighbors} !
 address-family ipv4 unicast
${active} exit-address-family
exit
`;
  return generation([], {
    digest: `${peers.length}${more.length}`.padEnd(64, peers.map(([, asn]) => asn % 10).join("")),
    desired: { frr: { config: `${open}${more}${bgp}` } },
    health: peers.map(([peer]) => ({ check: "bgp-session", peer, required: true })),
  });
}

const base = router([["192.0.2.1", 64501]]);
const better = router(
  [
    ["192.0.2.1", 64501],
    ["192.0.2.2", 64502],
  ],
  "ip route 198.51.100.0/24 Null0\n",
);
const worse = router([["192.0.2.1", 64509]], "ip route 198.51.100.0/24 Null0\n");

interface Tale {
  readonly name: string;
  readonly committed: Generation | undefined;
  readonly candidate: Generation;
  readonly isBad: boolean;
}
const tales: readonly Tale[] = [
  { name: "the first convergence", committed: undefined, candidate: base, isBad: false },
  { name: "a good change", committed: base, candidate: better, isBad: false },
  { name: "a change that kills a session and is rolled back", committed: base, candidate: worse, isBad: true },
];

interface Played extends Story {
  readonly frr: SimFrr;
}

async function play(tale: Tale, killAt?: number): Promise<Played> {
  const frr = simFrr();
  frr.peers.set("192.0.2.1", { as: 64501, password });
  frr.peers.set("192.0.2.2", { as: 64502, password });
  const s = story({ frr });
  s.secrets.set(sealed, password);
  if (tale.committed) {
    s.push("one", tale.committed);
    s.start();
    await s.rest();
    s.sim.kill();
  }
  s.push("two", tale.candidate);
  s.start(killAt === undefined ? {} : { killAt });
  await s.rest();
  return Object.assign(s, { frr });
}

/** Files that hold the password in clear and are not among the few, closed ones that must. */
function leaks(s: Played): readonly string[] {
  const mayHold = /\/files\/secrets\.json$|\/frr\.conf$|\/\.temporary$/;
  return [...s.sim.files].flatMap(([path, node]) =>
    "text" in node && node.text.includes(password) && !(mayHold.test(path) && node.mode <= 0o640) ? [path] : [],
  );
}

/** What FRR holds when nothing but this generation is on it. */
async function pristine(one: Generation | undefined): Promise<string> {
  if (!one) return simFrr().config();
  return (await play({ name: "", committed: undefined, candidate: one, isBad: false })).frr.config();
}

function neighbors(config: string): string {
  return config
    .split("\n")
    .filter((line) => line.includes(" neighbor "))
    .sort()
    .join("\n");
}

/** The neighbors in the boot file, as FRR would start with them. */
function bootNeighbors(s: Played): string {
  const node = s.sim.files.get("/etc/frr/frr.conf");
  return neighbors(node && "text" in node ? node.text : "");
}

function summary(s: Played, when: string): object {
  const { committed, state, planes } = s.status();
  return {
    when,
    generation: committed?.generation,
    frr: s.frr.config(),
    sessionUp: s.frr.sessions().some(({ peer, state }) => peer === "192.0.2.1" && state === "Established"),
    atRest: ["idle", "held"].includes(state),
    drift: planes.frr?.drift ?? 0,
    leaks: leaks(s),
    boot: bootNeighbors(s),
  };
}

describe("an agent with FRR, killed just before any durable effect and started again", () => {
  it.each(tales)("$name ends with FRR in the committed generation or the proven candidate", async (tale) => {
    const undisturbed = await play(tale);
    const effects = undisturbed.sim.effects();
    const pristineConfig = new Map([
      [tale.committed?.digest, await pristine(tale.committed)],
      ...(tale.isBad ? [] : [[tale.candidate.digest, await pristine(tale.candidate)] as const]),
    ]);
    const ended = tale.isBad ? tale.committed?.digest : tale.candidate.digest;
    expect(undisturbed.status().committed?.generation).toBe(ended);
    expect(effects.filter((effect) => effect.startsWith("send")).length).toBeGreaterThan(10);

    for (let k = 1; k <= effects.length; k += 1) {
      const when = `killed before effect ${k}: ${effects[k - 1]}`;
      const s = await play(tale, k);
      s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
      s.start();
      await s.rest();

      const generation = s.status().committed?.generation;
      const config = pristineConfig.get(generation);
      expect(summary(s, when)).toEqual({
        when,
        generation,
        frr: config ?? "neither generation",
        sessionUp: generation !== undefined,
        atRest: true,
        drift: 0,
        leaks: [],
        boot: neighbors(config ?? ""),
      });
      await s.close();
    }
  });
});
