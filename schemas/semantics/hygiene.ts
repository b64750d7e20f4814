/** Which rules of hygiene hold for a peer, which do not and why, and what is this network's own. For rules, rendering and explain. */
import type { Bgp } from "../bgp.ts";
import { type HygieneKind, type HygieneRule, type HygieneSetting, hygieneRules, rulesOfKind } from "../hygiene.ts";
import type { Machine } from "../machine.ts";
import type { Session } from "./session.ts";

export interface HygieneVerdict {
  readonly rule: HygieneRule;
  readonly isOn: boolean;
  /** Why it is off, where somebody switched it off. */
  readonly reason?: string;
  /** Whose word that is. */
  readonly by: "peer" | "group" | "all peers";
}

/** The kind by which a peer is judged; undefined: it is of none, or of the own AS, and nothing is refused. */
export function hygieneKind(session: Session): HygieneKind | undefined {
  const kind = session.get("kind");
  return kind !== undefined && kind in rulesOfKind && !session.internal ? (kind as HygieneKind) : undefined;
}

/** Of all rules that are about its kind. */
export function hygieneOf(bgp: Bgp, session: Session): readonly HygieneVerdict[] {
  const kind = hygieneKind(session);
  if (kind === undefined) return [];
  return rulesOfKind[kind].map((rule) => {
    const own = session.peer.hygiene?.[rule];
    const shared = session.group?.hygiene?.[rule];
    const setting: HygieneSetting | undefined = own ?? shared ?? bgp.hygiene[rule];
    const by = own ? "peer" : shared ? "group" : "all peers";
    if (setting === true) return { rule, isOn: true, by };
    return { rule, isOn: false, by, ...(setting && { reason: setting.off }) };
  });
}

/** Whether a rule is on for the peer. */
export function isRefused(bgp: Bgp, session: Session, rule: HygieneRule): boolean {
  return hygieneOf(bgp, session).some((one) => one.rule === rule && one.isOn);
}

/** What the machine originates, and what it is told to be of this network; a default route is nobody's own. */
export function ownPrefixes(machine: Machine): readonly string[] {
  const { bgp } = machine.routing;
  if (!bgp) return [];
  const pools = [machine.nat?.det44, machine.nat?.nat64].flatMap((module) => Object.values(module?.pools ?? {}));
  const all = [
    ...bgp["own-prefixes"],
    ...Object.keys(bgp.announce),
    ...Object.keys(bgp.aggregates),
    ...pools.map(({ prefix }) => prefix),
  ];
  return [...new Set(all)].filter((prefix) => !prefix.endsWith("/0"));
}

/** One line for each rule, as explain prints them. */
export function hygieneLines(bgp: Bgp, session: Session): readonly string[] {
  return hygieneOf(bgp, session).map(({ rule, isOn, reason, by }) => {
    const says = isOn ? "on" : reason === undefined ? "off" : `off for ${by}: ${reason}`;
    return `hygiene ${rule}: ${says}. ${hygieneRules[rule]}`;
  });
}
