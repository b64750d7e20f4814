import { emptyDesired } from "../../controller/planes.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Tale } from "../lab/crash.ts";
import { frrGround } from "../lab/crash-ground.ts";
import { tell, untilActed, untilProving } from "../lab/crash-tales.ts";
import { generation, sealedHere } from "../lab/story.ts";

const password = "correct-horse";
const sealed = sealedHere(password);
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);
const asOf = (peer: number): number => 64500 + peer;
const ground = frrGround(password, sealed, new Map(numbers(12).map((n) => [`192.0.2.${n}`, asOf(n)])));

interface Router {
  readonly peers: number;
  /** Where its static routes begin. */
  readonly routes: number;
  /** How many lists of customers. */
  readonly customers: number;
  /** The AS of the first peer. */
  readonly first?: number;
}

/** An edge router: transits with a password each, lists of customers, static routes, OSPF. */
function router({ peers, routes, customers, first = asOf(1) }: Router): Generation {
  const lists = numbers(customers).map(
    (n) => `ip prefix-list customer-${n} seq 5 permit 203.0.${n}.0/24
ip prefix-list customer-${n} seq 10 permit 203.0.${100 + n}.0/24 le ${25 + (peers % 4)}
`,
  );
  const maps = numbers(customers).map(
    (n) => `route-map out permit ${10 * n}\n match ip address prefix-list customer-${n}\nexit\n`,
  );
  const statics = numbers(24).map((n) => `ip route 198.51.${routes + n}.0/24 Null0\n`);
  const ospf = numbers(peers).map((n) => `interface external.${n}\n ip ospf area 0\n ip ospf cost ${10 * n}\nexit\n`);
  const neighbors = numbers(peers).map(
    (n) => ` neighbor 192.0.2.${n} remote-as ${n === 1 ? first : asOf(n)}
 neighbor 192.0.2.${n} description transit ${n} of ${peers}
 neighbor 192.0.2.${n} password ${sealed}
`,
  );
  const active = numbers(peers).map(
    (n) =>
      `  neighbor 192.0.2.${n} activate\n  neighbor 192.0.2.${n} route-map out out\n  neighbor 192.0.2.${n} route-map in in\n`,
  );
  const config = `ip prefix-list any seq 5 permit 0.0.0.0/0 le 32
${lists.join("")}route-map in permit 10
 match ip address prefix-list any
exit
${maps.join("")}${statics.join("")}${ospf.join("")}router ospf
 ospf router-id 192.0.2.254
exit
router bgp 64500
 bgp router-id 192.0.2.254
 no bgp default ipv4-unicast
${neighbors.join("")} !
 address-family ipv4 unicast
${active.join("")} exit-address-family
exit
`;
  return generation([], {
    digest: [peers, routes, customers, first].map((n) => `${n}`.padStart(16, "0")).join(""),
    desired: { ...emptyDesired, frr: { config } },
    health: numbers(peers).map((n) => ({ check: "bgp-session", peer: `192.0.2.${n}`, required: true })),
  });
}

const base = router({ peers: 7, routes: 0, customers: 8 });
const better = router({ peers: 10, routes: 20, customers: 10 });
const worse = router({ peers: 10, routes: 20, customers: 10, first: 64999 });

const bad = { ground, committed: base, candidate: worse, candidateIsBad: true } as const;
const tales: readonly Tale[] = [
  { ground, name: "the first convergence", committed: undefined, candidate: base },
  { ground, name: "a good change", committed: base, candidate: better },
  { ...bad, name: "a bad change that is rolled back" },
  { ...bad, name: "a rollback by FRR's file", begin: untilProving(worse), find: (box) => box.jam() },
  {
    ...bad,
    name: "a start after the failsafe acted",
    begin: untilActed(worse),
  },
];

tell("an agent with FRR", tales, { steps: 60, points: 350 });
