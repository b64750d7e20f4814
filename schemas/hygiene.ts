/**
 * BGP hygiene: what is refused from a peer because of its `kind`, rule by rule. A rule is on, or off with a reason, for a
 * peer, its group, or all of them; a peer without a kind has none of it. reconcilers/frr/render/hygiene.ts carries it out.
 */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Line } from "./primitives.ts";

/** The rules, in the order in which they are tried, with what each refuses. */
export const hygieneRules = {
  "missing-policy": "Everything, either way, while no policy is written for that way (RFC 8212).",
  "default-route": "A default route from a peer or customer (RFC 7454, 6.1.6).",
  "bogon-prefixes": "Prefixes that are not routed on the internet (RFC 6890).",
  "own-prefixes": "What this network originates; from customers not what is inside of it (RFC 7454, 6.1.4).",
  "long-prefixes": "Prefixes longer than /24, of IPv6 than /48 (RFC 7454, 6.1.3).",
  "bogon-asns": "Paths with AS numbers that nobody has on the internet (RFC 7607, 6793, 5398, 6996, 7300).",
  "route-leaks": "Announcing to peers and upstreams what came from one: marked by large communities (RFC 8195, 3.2).",
  "unlimited-prefixes": "Nothing: it is a warning while there is no max-prefix (RFC 7454, 8).",
} as const;
export type HygieneRule = keyof typeof hygieneRules;

/** Those that hold for a kind; for other kinds none. */
export const rulesOfKind = {
  upstream: without("default-route"),
  peer: without(),
  "route-server": without(),
  customer: without(),
} as const satisfies Readonly<Record<string, readonly HygieneRule[]>>;
export type HygieneKind = keyof typeof rulesOfKind;

function without(...left: readonly HygieneRule[]): readonly HygieneRule[] {
  return (Object.keys(hygieneRules) as HygieneRule[]).filter((rule) => !left.includes(rule));
}

const Setting = z.union(
  [z.literal(true), z.strictObject({ off: Line.meta({ description: "Why: shown in plans." }) })],
  { error: 'must be true, or why it is off: {off: "why"}' },
);
/** Of a rule: on, or off for a reason. */
export type HygieneSetting = z.infer<typeof Setting>;

/** For a peer or a group: what it leaves out is as the next one above says. */
export const Hygiene = z
  .strictObject(shape((rule) => Setting.optional().meta({ description: hygieneRules[rule] })))
  .meta({ description: "What is refused because of the kind, where it is not as everywhere: true, or {off: why}." });
export type Hygiene = z.infer<typeof Hygiene>;

/** For all peers. */
export function hygieneSchema(d: Defaults) {
  const isOn = (rule: HygieneRule) => (d.bgp.hygiene as readonly string[]).includes(rule);
  return z
    .strictObject(
      shape((rule) => {
        const setting = isOn(rule) ? Setting.optional().default(true) : Setting.optional();
        return setting.meta({ description: hygieneRules[rule] });
      }),
    )
    .prefault({})
    .meta({ description: "What is refused from peers because of their kind: true, or {off: why}." });
}

function shape<S extends z.ZodType>(of: (rule: HygieneRule) => S): Record<HygieneRule, S> {
  const rules = Object.keys(hygieneRules) as HygieneRule[];
  return Object.fromEntries(rules.map((rule) => [rule, of(rule)])) as Record<HygieneRule, S>;
}
