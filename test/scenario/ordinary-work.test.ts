/** What operators do every day must pass: each from the machine file on, on a whole agent with a simulated FRR. */
import { describe, expect, it } from "vitest";
import { derive } from "../../reconcilers/derive.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { healthChecks } from "../../reconcilers/health-checks.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { simLinks, type SimLinks } from "../lab/sim-links.ts";
import { generation, story, type Story } from "../lab/story.ts";

type Peers = NonNullable<NonNullable<NonNullable<MachineInput["routing"]>["bgp"]>["peers"]>;
type Routing = Partial<NonNullable<MachineInput["routing"]>>;

const [a, b] = ["192.0.2.1", "192.0.2.5"];
const policied = { "route-map": { in: "from-a" } };
const peerA: Peers[string] = { address: a, "remote-as": 64501, ipv4: policied };
const peerB: Peers[string] = { address: b, "remote-as": 64502, ipv4: { "route-map": { in: "from-b" } } };

interface Wanted {
  readonly peers: Peers;
  readonly routing?: Routing;
  readonly interfaces?: MachineInput["interfaces"];
  readonly policy?: MachineInput["policy"];
}

/** A router with a transit behind `external.25` and another behind `external.26`. */
function router({ peers, routing = {}, interfaces = {}, policy = {} }: Wanted): Generation {
  const machine = Machine.parse({
    interfaces: {
      external: {
        pci: "0000:03:00.0",
        "sub-interfaces": { 25: { addresses: ["192.0.2.2/30"] }, 26: { addresses: ["192.0.2.6/30"] } },
      },
      ...interfaces,
    },
    routing: {
      "prefix-lists": {
        "a-only": { entries: { 10: { prefix: "0.0.0.0/0", le: 24 } } },
        "b-only": { entries: { 10: { prefix: "0.0.0.0/0", le: 24 } } },
      },
      "route-maps": {
        "from-a": { entries: { 10: { match: { "prefix-list": "a-only" } } } },
        "from-b": { entries: { 10: { match: { "prefix-list": "b-only" } } } },
      },
      ...routing,
      bgp: { asn: 64500, peers },
    },
  });
  const desired = derive(machine, { frr: "8.4.4" }, () => "", { system: true, vpp: true, incus: true });
  return generation([], {
    desired,
    health: healthChecks(machine, { frr: "8.4.4" }, { system: true }),
    policy,
  });
}

interface Played extends Story {
  readonly frr: SimFrr;
  readonly links: SimLinks;
  /** What a peer announces from now on; undefined: it is away. */
  announce(peer: string, prefixes: number | undefined, isSending?: boolean): void;
}

const asOf: Readonly<Record<string, number>> = { [a]: 64501, [b]: 64502 };

/** A box on which `base` is committed, with the sessions that it asks for up. */
async function running(base: Generation): Promise<Played> {
  const frr = simFrr();
  const s = story({ frr });
  const links = simLinks(s.sim, ["external", "external.25", "external.26"]);
  const announce: Played["announce"] = (peer, prefixes, isSending = false) => {
    if (prefixes === undefined) frr.peers.delete(peer);
    else frr.peers.set(peer, { as: asOf[peer] ?? 0, prefixes: { ipv4Unicast: prefixes }, isSending });
    frr.settle();
  };
  announce(a, 1000);
  announce(b, 1000);
  s.push("one", base);
  s.start();
  await s.rest();
  expect(s.status().committed?.generation).toBe(base.digest);
  return Object.assign(s, { frr, links, announce });
}

const proving = (s: Story) => s.sim.until(() => s.status().state === "proving", "proving");
const rolledBack = (s: Story) => s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");
const committed = (s: Story, one: Generation) =>
  s.sim.until(() => s.status().committed?.generation === one.digest, "committed");
const last = (s: Story) => s.status().lastDeployment;

const both = router({ peers: { a: peerA, b: peerB } });
const onlyA = router({ peers: { a: peerA } });

describe("turning up a transit, our side first,", () => {
  it("passes although the other side is not there yet", async () => {
    const s = await running(onlyA);
    s.announce(b, undefined);
    s.push("two", both);

    await s.rest();

    expect(s.status().committed?.generation).toBe(both.digest);
    expect(s.frr.config()).toContain(`neighbor ${b} remote-as 64502`);
  });

  it("counts from the moment on at which it was seen up", async () => {
    const s = await running(onlyA);
    s.push("two", both);
    await proving(s);
    await s.sim.pass(2000);
    s.announce(b, undefined);

    await rolledBack(s);

    expect(last(s)).toMatchObject({ trigger: "health", generation: both.digest });
    expect(last(s)?.reason).toContain(b);
  });
});

describe("de-peering", () => {
  it("passes: what is removed is not expected", async () => {
    const s = await running(both);
    s.push("two", onlyA);

    await s.rest();

    expect(s.status().committed?.generation).toBe(onlyA.digest);
    expect(s.frr.config()).not.toContain(b);
  });

  it("passes for a peer of which nothing was expected, and that was up", async () => {
    const s = await running(router({ peers: { a: peerA, b: { ...peerB, expect: "any" } } }));
    s.push("two", onlyA);

    await s.rest();

    expect(s.status().committed?.generation).toBe(onlyA.digest);
  });

  it("passes by shutdown, which leaves the session configured", async () => {
    const s = await running(both);
    const shut = router({ peers: { a: peerA, b: { ...peerB, shutdown: true } } });
    s.push("two", shut);

    await s.rest();

    expect(s.status().committed?.generation).toBe(shut.digest);
  });
});

describe("tightening an import filter", () => {
  const tighter = router({
    peers: { a: peerA, b: peerB },
    routing: {
      "prefix-lists": {
        "a-only": { entries: { 10: { prefix: "198.51.100.0/24" } } },
        "b-only": { entries: { 10: { prefix: "0.0.0.0/0", le: 24 } } },
      },
    },
  });
  /** The filter has its effect on these peers. */
  const filtering = (s: Played, peers: readonly string[]) => {
    s.frr.watch = (daemon, line) => {
      if (daemon === "bgpd" && line.includes("prefix-list a-only")) for (const peer of peers) s.announce(peer, 10);
    };
  };

  it("passes: fewer prefixes come from the peer whose policy it is", async () => {
    const s = await running(both);
    filtering(s, [a]);
    s.push("two", tighter);

    await s.rest();

    expect(s.frr.sessions().find(({ peer }) => peer === a)?.prefixes).toEqual({ ipv4Unicast: 10 });
    expect(s.status().committed?.generation).toBe(tighter.digest);
  });

  it("does not pass when another peer, whose policy it leaves alone, brings less too", async () => {
    const s = await running(both);
    filtering(s, [a, b]);
    s.push("two", tighter);

    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", committed: { generation: both.digest } });
    expect(last(s)?.reason).toContain(`${b} sent 1000 accepted prefixes before and 10 now.`);
  });
});

describe("a session that the commit changes at both ends, here first,", () => {
  const rollout = (near: string, far: string) => ({
    rollout: {
      asked: near,
      image: "",
      after: [],
      sessions: [{ key: `bgp-session ${b}`, near, far, isLater: true }],
    },
  });
  const rekeyed: Peers[string] = { ...peerB, "ebgp-multihop": 2 };
  const before = { ...both, ...rollout("1", "1") };
  const after = router({ peers: { a: peerA, b: rekeyed } });
  /** The other end does not take the session any more until it has changed too. */
  async function changed(candidate: Generation): Promise<Played> {
    const s = await running(before);
    s.frr.watch = (_, line) => {
      if (line.includes(`${b} ebgp-multihop`)) s.announce(b, undefined);
    };
    s.push("two", candidate);
    await s.rest();
    return s;
  }

  it("may be down until the other end has followed", async () => {
    const s = await changed({ ...after, ...rollout("2", "2") });
    expect(s.status().committed?.generation).toBe(after.digest);
  });

  it("may not when the other end stays as it is", async () => {
    const s = await changed({ ...after, ...rollout("2", "1") });
    expect(s.status()).toMatchObject({ state: "held", held: { generation: after.digest } });
  });
});

describe("a neighbour's maintenance while a change is proven", () => {
  const changed = router({
    peers: { a: peerA, b: peerB },
    routing: { static: { "203.0.113.0/24": { discard: "blackhole" } } },
  });

  it("is not blamed on the change, which is tried again and passes", async () => {
    const s = await running(both);
    s.push("two", changed);
    await proving(s);
    s.frr.ceased.add(b);
    s.announce(b, undefined);

    await rolledBack(s);

    expect(last(s)?.reason).toContain("The peer's operator took it down");
    expect(s.status().held).toBeUndefined();
    await committed(s, changed);
  });

  it("is blamed on nobody when it is a cable, at a port that the change leaves alone", async () => {
    const s = await running(both);
    s.push("two", changed);
    await proving(s);
    s.links.carrier("external.26", false);
    s.announce(b, undefined);

    await rolledBack(s);

    expect(last(s)?.reason).toContain("external.26 lost its carrier, and the plan leaves it alone");
    expect(s.status().held).toBeUndefined();
    await committed(s, changed);
  });

  it("does not excuse a session on another port", async () => {
    const s = await running(both);
    s.push("two", changed);
    await proving(s);
    s.links.carrier("external.26", false);
    s.announce(a, undefined);
    s.announce(b, undefined);

    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", held: { generation: changed.digest } });
    expect(last(s)?.reason).toContain(a);
  });
});

describe("a port without optics", () => {
  const port = (more: object = {}) => ({ spare: { pci: "0000:03:00.1", ...more } });

  it.each([
    ["new, and expected up", port()],
    ["new, and known to be down", port({ expect: "down" })],
  ])("passes: %s", async (_, interfaces) => {
    const s = await running(both);
    const wanted = router({ peers: { a: peerA, b: peerB }, interfaces });
    s.push("two", wanted);

    await s.rest();

    expect(s.status().committed?.generation).toBe(wanted.digest);
  });

  it("that was dark before may stay dark", async () => {
    const s = await running(router({ peers: { a: peerA, b: peerB }, interfaces: port() }));
    s.links.carrier("spare", false);
    const wanted = router({ peers: { a: peerA }, interfaces: port() });
    s.push("two", wanted);

    await s.rest();

    expect(s.status().committed?.generation).toBe(wanted.digest);
  });
});

describe("a restart with a full table", () => {
  const policy = { "max-impact": "reboot", "deadline-seconds": 600 } as const;
  const base = router({ peers: { a: peerA, b: peerB }, policy });
  const restarting = router({
    peers: { a: peerA, b: peerB },
    policy,
    routing: { raw: { delay: { context: ["router bgp 64500"], lines: ["update-delay 30"], impact: "restart" } } },
  });

  /** bgpd restarts with the change; `loading` is what its peers do from then on, a second at a time. */
  async function restarted(loading: (s: Played, second: number) => void): Promise<Played> {
    const s = await running(base);
    s.announce(a, 900_000);
    s.announce(b, 500_000);
    s.frr.watch = (_, line) => {
      if (!line.startsWith("update-delay")) return;
      s.frr.watch = undefined;
      s.announce(a, undefined);
      s.announce(b, undefined);
      s.frr.bounce("bgpd");
    };
    s.push("two", restarting);
    await proving(s);
    for (let second = 1; second < 500 && s.status().state === "proving"; second += 1) {
      loading(s, second);
      await s.sim.pass(1000);
    }
    return s;
  }

  it("passes once all peers have sent what they have, and the kernel has it", async () => {
    let kernelAt = 0;
    const s = await restarted((s, second) => {
      if (second >= 20) s.announce(a, Math.min(900_000, second * 10_000), second < 90);
      if (second >= 40) s.announce(b, 500_000);
      s.frr.notInKernel = second < 120 ? 300_000 : 0;
      if (second === 120) kernelAt = s.sim.uptime();
    });

    await committed(s, restarting);
    expect(kernelAt).toBeGreaterThan(0);
    expect(s.sim.uptime()).toBeGreaterThan(kernelAt + 5000);
    expect(last(s)).toMatchObject({ outcome: "committed", soakSeconds: 5, deadlineSeconds: 600 });
  });

  it("goes back at the deadline when a peer does not come back", async () => {
    const s = await restarted((s, second) => {
      if (second === 20) s.announce(a, 900_000);
    });

    await s.sim.until(() => last(s)?.outcome === "rolled-back", "rolled back");
    expect(last(s)).toMatchObject({ trigger: "deadline" });
    expect(last(s)?.reason).toContain(`After the restart the BGP session with ${b} is not back yet.`);
  });

  it("goes back at the deadline when the kernel does not get the routes", async () => {
    const s = await restarted((s, second) => {
      if (second === 20) s.announce(a, 900_000);
      if (second === 20) s.announce(b, 500_000);
      s.frr.notInKernel = 100_000;
    });

    await s.sim.until(() => last(s)?.outcome === "rolled-back", "rolled back");
    expect(last(s)?.reason).toContain("the kernel lacks 100000 of 1400000 ipv4 routes");
  });

  it("is judged like any other change once it has settled", async () => {
    const s = await restarted((s, second) => {
      if (second === 20) s.announce(a, 100_000);
      if (second === 20) s.announce(b, 500_000);
    });

    await s.sim.until(() => last(s)?.outcome === "rolled-back", "rolled back");
    expect(last(s)).toMatchObject({ trigger: "health" });
    expect(last(s)?.reason).toContain("sent 900000 accepted prefixes before and 100000 now");
  });
});
