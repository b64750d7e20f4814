/** What an adopted appliance does as it always did, and would better do otherwise: a sentence each. */
import type { Found } from "./found.ts";
import type { Valid } from "./judge.ts";
import type { Machine } from "../../schemas/machine.ts";

export function adviceOn({ machine, foreign, system }: Valid, { frr }: Found): readonly string[] {
  const isOfVpp = foreign.some(({ id }) => id.startsWith("vpp/"));
  const files = system.steps.flatMap((step) => ("path" in step ? [step.path] : []));
  const units = system.steps.flatMap((step) => ("unit" in step ? [`${step.unit} (${step.impact})`] : []));
  return [
    ...(files.length > 0
      ? [
          `The agent would write its own ${files.join(", ")}${units.length > 0 ? `, for ${units.join(", ")}` : ""}. \`impctl plan --live\` shows them; each has to be allowed by its id, or \`system: { mode: off }\` in agent.yaml leaves them as they are.`,
        ]
      : []),
    ...ofRouting(machine, frr.config),
    ...(isOfVpp
      ? [
          "What VPP has and this file does not is gone when VPP starts anew from the files that impctl writes. Until it is said in the machine file, or in raw-vpp, keep your own: `system: { mode: off }` in agent.yaml.",
        ]
      : []),
  ];
}

function ofRouting({ routing }: Machine, config: string): readonly string[] {
  const { bgp, ospf, ospf3 } = routing;
  const peers = Object.entries(bgp?.peers ?? {}).map(([name, peer]) => {
    const group = bgp?.["peer-groups"][peer.group ?? ""];
    const families = [peer.ipv4, peer.ipv6, group?.ipv4, group?.ipv6].filter((one) => one !== undefined);
    const asn = peer["remote-as"] ?? group?.["remote-as"];
    return { name, peer, families, isExternal: asn !== undefined && asn !== bgp?.asn && asn !== "internal" };
  });
  const external = peers.filter(({ isExternal }) => isExternal);
  const named = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).join(", ");
  const open = external.filter(({ families }) =>
    (["in", "out"] as const).some((way) =>
      families.every(
        (one) => (one["route-map"]?.[way] ?? one["prefix-list"]?.[way] ?? one["as-path-list"]?.[way]) === undefined,
      ),
    ),
  );
  const boundless = external.filter(({ families }) => families.every((one) => one["max-prefix"] === undefined));
  const kindless = external.filter(
    ({ peer }) => (peer.kind ?? bgp?.["peer-groups"][peer.group ?? ""]?.kind) === undefined,
  );
  const nameless = peers.filter(({ peer }) => peer.description === "");
  return [
    ...(bgp?.["ebgp-requires-policy"] === false
      ? ["bgp.ebgp-requires-policy is false: an eBGP peer without a policy takes and gives everything (RFC 8212)."]
      : []),
    ...(open.length > 0 ? [`No policy in one or both directions: ${named(open)}. Give them route-maps.`] : []),
    ...(boundless.length > 0 ? [`No limit of prefixes: ${named(boundless)}. Give them max-prefix.`] : []),
    ...(kindless.length > 0
      ? [
          `No kind: ${named(kindless)}. With kind (upstream, peer or customer) bogons, own prefixes and more are refused from them (docs/sites.md, Hygiene): add it peer by peer, and read each plan.`,
        ]
      : []),
    ...(nameless.length > 0
      ? [`No description in FRR: ${named(nameless)}. Without the empty one they are described by their names here.`]
      : []),
    ...(bgp && !bgp["log-neighbor-changes"] ? ["bgp.log-neighbor-changes is off: sessions go down in silence."] : []),
    ...([ospf, ospf3].some((one) => one?.["log-adjacency-changes"] === false)
      ? ["log-adjacency-changes is off in OSPF: adjacencies go down in silence."]
      : []),
    ...(/^router bgp \d+$/m.test(config) && bgp === undefined
      ? [
          "BGP is a raw block: bring `no bgp default ipv4-unicast` and an `activate` for each neighbour to FRR by hand, and adopt again.",
        ]
      : []),
    ...(Object.keys(routing.raw).length > 0
      ? [
          "Raw blocks have impact session-reset, since nobody here knows what undoing them disturbs: correct it where you do.",
        ]
      : []),
  ];
}
