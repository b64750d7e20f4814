/**
 * Which lines FRR's configuration may not hold from here: raw blocks refuse them, and the FRR plane neither wants nor
 * misses those that are FRR's own.
 */

/** What FRR prints of itself, or what belongs to the system and not to routing. At the top of a configuration. */
export function isAmbientLine(line: string): boolean {
  return /^(?:no )?(?:frr (?:version|defaults)|hostname|domainname|log(?!-)|service|password|enable password|username|line vty|agentx|banner motd|ip(?:v6)? forwarding|Building configuration|Current configuration)\b/.test(
    line,
  );
}

// FRR takes any beginning of a word that is not ambiguous, as in "wr". No line of a configuration begins with one of
// these, or with a beginning of one: what FRR prints, it prints in full.

/** Commands of FRR's vty that are no configuration. */
const vtyCommands = "clear configure copy disable do enable end exit list quit show write".split(" ");
/** First words of ambient lines. */
const ambientWords = "agentx banner domainname frr hostname line log password service username".split(" ");

/** Whether FRR takes a line, or may take it, for no configuration at all or for ambient, also from within a context. */
export function isSystemLine(line: string): boolean {
  const positive = line.replace(/^no? /, "");
  return isVtyCommand(positive) || setsAmbient(positive);
}

function isVtyCommand(line: string): boolean {
  return !isAmbientLine(line) && (begins(line, vtyCommands) || /^(?:exit-|XFRR_)/.test(line));
}

function setsAmbient(line: string): boolean {
  return isAmbientLine(line) || begins(line, ambientWords) || /^ip(?:v6)? fo?r?w?\w*$/.test(line);
}

function begins(line: string, words: readonly string[]): boolean {
  const [first = ""] = line.split(" ", 1);
  return first !== "" && words.some((word) => word.startsWith(first));
}

/** Negations that `show running-config` prints, so that they can be wanted: of settings that are on by themselves. */
const printedNegations: readonly RegExp[] = [
  /^bgp (?:client-to-client reflection|default \S+|deterministic-med|ebgp-requires-policy|fast-external-failover)$/,
  /^bgp (?:graceful-restart notification|hard-administrative-reset|log-neighbor-changes|network import-check)$/,
  /^bgp (?:reject-as-sets|retain route-target all|suppress-duplicates)$/,
  /^(?:neighbor \S+ capability extended-nexthop|advertise-pip|dup-addr-detection|use-es-l3nhg)$/,
  /^(?:log-adjacency-changes|proactive-arp|link-detect|graceful-restart helper strict-lsa-checking)$/,
  /^(?:ip ospf mpls ldp-sync|ipv6 nd (?:suppress-ra|ra-fast-retrans))$/,
];

/** Where a raw line stands: a context, among its lines, or among the commands that take them back. */
export type RawPlace = "context" | "lines" | "undo";

/** Why FRR may not be given this raw line, or undefined. */
export function wrongRawLine(text: string, place: RawPlace): string | undefined {
  const line = text.trim().replaceAll(/\s+/g, " ");
  const positive = line.replace(/^no? /, "");
  const [word = ""] = positive.split(" ");
  if (/^[!#]/.test(line)) return "must not be a comment, which FRR drops: write it in YAML, or as the description";
  if (isVtyCommand(positive))
    return `must be configuration, not the command "${word}": where lines stand is told by context`;
  if (setsAmbient(positive))
    return `must not set "${word}": that is FRR's own or the system's, and never compared with what is live`;
  const wanted = place === "undo" || (place === "lines" && printedNegations.some((one) => one.test(positive)));
  if (positive !== line && !wanted)
    return "must not begin with no: leave out of the file what is to go; commands that remove belong into undo";
  return undefined;
}
