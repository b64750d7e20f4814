/** Real sessions with BIRD while the plane changes what they export: BIRD writes down every route that it ever hears. */
import * as fc from "fast-check";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { bgpSessions } from "../../reconcilers/frr/sessions.ts";
import { mergeConfigs, printConfig } from "../../reconcilers/frr/tree.ts";
import { type Bird, startBird, whyNoBird } from "../lab/bird.ts";
import { configs, ours } from "../lab/frr-configs.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { makeNamespace, makeWire } from "../lab/netns.ts";

const missing = whyNoFrr() ?? whyNoBird();
const secrets = testSecrets();
const host = frrHost(undefined, secrets);
const signal = new AbortController().signal;

const routeCount = 10_000;
const routes = Array.from({ length: routeCount }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
const blockOf = (prefix: string) => Number(prefix.split(".")[1]);

/** Entries of the one list by which the peer is exported to: what is first said of a block of 256 routes holds. */
type Policy = readonly (readonly [seq: number, action: "permit" | "deny", from: number, size: number])[];

/** Some steps between two of them would let more out if entries were changed one after the other. */
const policies: readonly Policy[] = [
  [
    [5, "deny", 0, 16],
    [10, "permit", 0, 32],
  ],
  [
    [5, "permit", 0, 4],
    [10, "deny", 0, 32],
  ],
  [
    [5, "deny", 0, 32],
    [10, "permit", 0, 64],
  ],
  [
    [5, "permit", 4, 4],
    [7, "deny", 0, 64],
    [10, "permit", 8, 8],
  ],
  [
    [5, "deny", 4, 4],
    [10, "permit", 0, 8],
    [15, "deny", 0, 64],
  ],
];

function permitted(policy: Policy): ReadonlySet<string> {
  return new Set(
    routes.filter((route) => {
      const block = blockOf(route);
      return policy.find(([, , from, size]) => block >= from && block < from + size)?.[1] === "permit";
    }),
  );
}

function desired(policy: Policy, more = ""): FrrDesired {
  const entries = policy.map(([seq, action, from, size]) => {
    return `ip prefix-list EXPORTED seq ${seq} ${action} 10.${from}.0.0/${16 - Math.log2(size)} le 24`;
  });
  const text = `bgp route-map delay-timer 1
ip prefix-list ANY seq 5 permit any
${entries.join("\n")}
route-map OUT permit 10
 match ip address prefix-list EXPORTED
 set community 64500:1
exit
router bgp 64500
 no bgp default ipv4-unicast
 neighbor 172.20.0.1 remote-as 64510
 neighbor 172.20.1.1 remote-as 64511
 neighbor 172.20.2.1 remote-as 64512
 address-family ipv4 unicast
  neighbor 172.20.0.1 activate
  neighbor 172.20.0.1 prefix-list ANY in
  neighbor 172.20.1.1 activate
  neighbor 172.20.1.1 route-map OUT out
  neighbor 172.20.2.1 activate
  neighbor 172.20.2.1 prefix-list ANY out
 exit-address-family
exit
`;
  return { config: printConfig(mergeConfigs([text, more])) };
}

describe.skipIf(missing !== undefined)(`policies under load, heard by BIRD (${missing ?? "all here"})`, () => {
  let stack: AsyncDisposableStack;
  let real: RealFrr;
  let bird: Bird;
  let owned: FrrDesired = { config: "" };

  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    const appliance = stack.use(makeNamespace("swp"));
    const far = stack.use(makeNamespace("swf"));
    [0, 1, 2].forEach((link) => {
      makeWire(
        { namespace: appliance, name: `link${link}`, addresses: [`172.20.${link}.2/30`] },
        { namespace: far, name: `far${link}`, addresses: [`172.20.${link}.1/30`] },
      );
    });
    real = stack.use(await startFrr(appliance, ["zebra", "staticd", "ospfd", "bgpd"]));
    const session = (name: string, link: number, announces: readonly string[]) => ({
      name,
      localAddress: `172.20.${link}.1`,
      localAs: 64510 + link,
      peerAddress: `172.20.${link}.2`,
      peerAs: 64500,
      announces,
      isHeard: link === 1,
    });
    bird = stack.use(
      await startBird(far, "172.20.0.1", [
        session("feeder", 0, routes),
        session("peer", 1, []),
        session("bystander", 2, []),
      ]),
    );
    await bring(desired(policies[0] ?? []));
    await until("bystander", new Set(routes));
  });

  afterAll(async () => {
    await stack?.disposeAsync();
  });

  async function bring(to: FrrDesired): Promise<readonly string[]> {
    const { steps, problems } = planFrr(to, await observeFrr(host, real.sockets, signal), [owned]);
    expect(problems).toEqual([]);
    for await (const _ of applyFrr(steps, host, real.sockets, signal));
    const again = planFrr(to, await observeFrr(host, real.sockets, signal), [owned, to]);
    expect(again.steps.map(({ id }) => id)).toEqual([]);
    owned = to;
    return steps.map(({ object }) => object);
  }

  async function until(session: string, expected: ReadonlySet<string>): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const received = new Set(await bird.received(session));
      if (received.symmetricDifference(expected).size === 0) return;
      if (tries === 300) throw new Error(`${session} has ${received.size} routes, not those ${expected.size}`);
      await pause(200);
    }
  }

  it("lets no route out that neither the policy before nor the one after permits", async () => {
    await until("peer", permitted(policies[0] ?? []));
    let before = policies[0] ?? [];
    let at = 0;
    for (const next of [...policies.slice(1), ...policies.toReversed()]) {
      at = bird.heard("peer").length;
      const objects = await bring(desired(next));
      await until("peer", permitted(next));
      const allowed = permitted(before).union(permitted(next));
      expect({
        objects,
        leaked: bird
          .heard("peer")
          .slice(at)
          .filter((route) => !allowed.has(route)),
      }).toEqual({
        objects,
        leaked: [],
      });
      before = next;
    }
    expect(bird.heard("peer").length).toBeGreaterThan(0);
  });

  it("keeps unrelated sessions up over a hundred edits", async () => {
    const before = await bgpSessions(host, real.sockets, signal);
    const edits = fc.sample(configs(secrets.known("sekrit"), ours), { numRuns: 100, seed: 7 });
    for (const { config } of edits) {
      // What belongs to the instance as a whole resets all of it, and is said to.
      await bring(desired(policies[0] ?? [], config.replaceAll(/^ bgp router-id .*\n/gm, "")));
    }
    const named = (sessions: typeof before) =>
      sessions
        .filter(({ peer }) => peer.startsWith("172.20."))
        .map(({ peer, state, connectionsDropped }) => ({ peer, state, connectionsDropped }));
    expect(named(await bgpSessions(host, real.sockets, signal))).toEqual(named(before));
    expect(new Set(await bird.received("bystander")).isSupersetOf(new Set(routes))).toBe(true);
  });
});
