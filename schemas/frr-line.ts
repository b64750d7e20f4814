/**
 * Which lines FRR's configuration may not hold from here: raw blocks refuse them, and the FRR plane neither wants nor
 * misses those that are FRR's own.
 */

/** What FRR prints of itself, or what belongs to the system and not to routing. At the top of a configuration. */
export function isAmbientLine(line: string): boolean {
  return /^(?:frr (?:version|defaults)|hostname|domainname|log|(?:no )?service|password|enable password|username|line vty|agentx|(?:no )?banner motd|(?:no )?ip(?:v6)? forwarding|Building configuration|Current configuration)\b/.test(
    line,
  );
}

// FRR takes any beginning of a word that is not ambiguous, as in "wr". No line of a configuration begins with one of
// these, or with a beginning of one: what FRR prints, it prints in full.

/** Commands of FRR's vty that are no configuration. */
const vtyCommands = "clear configure copy disable do enable end exit list quit show write".split(" ");
/** First words of ambient lines. */
const ambientWords = "agentx domainname frr hostname line log password service username".split(" ");

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
  const begins = (words: readonly string[]) => word !== "" && words.some((one) => one.startsWith(word));
  const ambient = isAmbientLine(positive) && !positive.startsWith("log-");
  const command = begins(vtyCommands) || /^(?:exit-|XFRR_)/.test(word);
  if (/^[!#]/.test(line)) return "must not be a comment, which FRR drops: write it in YAML, or as the description";
  if (command && !ambient)
    return `must be configuration, not the command "${word}": where lines stand is told by context`;
  if (ambient || begins(ambientWords) || /^ip(?:v6)? fo?r?w?\w*$/.test(positive))
    return `must not set "${word}": that is FRR's own or the system's, and never compared with what is live`;
  const wanted = place === "undo" || (place === "lines" && printedNegations.some((one) => one.test(positive)));
  if (positive !== line && !wanted)
    return "must not begin with no: leave out of the file what is to go; commands that remove belong into undo";
  return undefined;
}
