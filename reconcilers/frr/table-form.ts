/**
 * A file as FRR 8.4 would print it, by a table of what it does not print or spells otherwise. Only where no scratch FRR
 * can be asked: what is not in the table stays as it is written, and shows as a difference.
 */
import type { SourceLine } from "./source.ts";
import { sourceText } from "./source.ts";
import { mergeConfigs, printConfig } from "./tree.ts";

/** What FRR has on by itself with the traditional defaults, and does not print. [context, line]. */
const unprinted: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^router bgp/,
    /^(?:timers bgp 60 180|bgp default (?:local-preference 100|ipv4-unicast)|bgp (?:fast-external-failover|ebgp-requires-policy|network import-check|client-to-client reflection|suppress-duplicates|graceful-restart (?:restart-time 120|stalepath-time 360))|distance bgp 20 200 200|no (?:auto-summary|synchronization|bgp log-neighbor-changes|bgp deterministic-med))$/,
  ],
  [/^router bgp/, /^neighbor \S+ send-community(?: (?:both|all))?$/],
  [/^router ospf\b/, /^(?:timers throttle spf 0 50 5000|auto-cost reference-bandwidth 100000|ospf abr-type cisco)$/],
  [
    /^interface /,
    /^(?:(?:ip ospf|ipv6 ospf6) (?:priority 1|hello-interval 10|retransmit-interval 5|transmit-delay 1)|ipv6 ospf6 dead-interval 40|no shutdown)$/,
  ],
  [/^bfd$/, /^(?:detect-multiplier 3|receive-interval 300|transmit-interval 300|no shutdown|minimum-ttl 254)$/],
];

/** Policy that older files have outside of a family: FRR takes it for IPv4 unicast. */
const ofFamily =
  /^(?:no )?(?:neighbor \S+ (?:route-map|prefix-list|filter-list|distribute-list|next-hop-self|route-reflector-client|route-server-client|default-originate|maximum-prefix|activate|allowas-in|weight|remove-private-AS|unsuppress-map|attribute-unchanged|as-override|soft-reconfiguration)|network \S+\/|redistribute |aggregate-address |maximum-paths )/;

/** Canonical configuration text, as far as the table goes. */
export function tableForm(lines: readonly SourceLine[]): string {
  const without = lines.filter(({ context, line }) => !isUnprinted(context, line)).map(inFamily);
  const explicit = new Set(
    without.flatMap(({ context, line }) => (line === "no bgp default ipv4-unicast" ? [context.join("\n")] : [])),
  );
  const printed = without.filter(({ context, line }) => {
    const isDefault = context[1] === "address-family ipv4 unicast" && /^neighbor \S+ activate$/.test(line);
    return !isDefault || explicit.has(context[0] ?? "");
  });
  return printConfig(mergeConfigs([sourceText(numbered(printed.map(spelled)))]));
}

function isUnprinted(context: readonly string[], line: string): boolean {
  const root = context[0] ?? "";
  return unprinted.some(([where, what]) => where.test(root) && what.test(line));
}

function inFamily(one: SourceLine): SourceLine {
  const { context, line } = one;
  if (context.length !== 1 || !(context[0] ?? "").startsWith("router bgp ") || !ofFamily.test(line)) return one;
  return { ...one, context: [...context, "address-family ipv4 unicast"] };
}

function spelled(one: SourceLine): SourceLine {
  const { context } = one;
  const line = one.line
    .replace(/(?<=^(?:ip|ipv6) route .*)\bnull0\b/i, "Null0")
    .replace(/(?<=\barea )(\d+)(?= |$)/, (area) => dotted(Number(area)))
    .replace(/^(ip prefix-list .* )(le \d+) (ge \d+)$/, "$1$3 $2")
    .replace(/(?<=^(?:ip route|ip prefix-list \S+ (?:seq \d+ )?(?:permit|deny)|network) )[\d.]+\/\d+/, masked);
  const vrf = context.length === 0 ? /^(ip(?:v6)? route .*) vrf (\S+)(.*)$/.exec(line) : undefined;
  return vrf ? { ...one, context: [`vrf ${vrf[2]}`], line: `${vrf[1]}${vrf[3]}` } : { ...one, line };
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** Without host bits. */
function masked(prefix: string): string {
  const [address = "", length = "32"] = prefix.split("/");
  const value = address.split(".").reduce((sum, octet) => ((sum << 8) | Number(octet)) >>> 0, 0);
  const bits = Number(length);
  return `${dotted(bits === 0 ? 0 : (value & (0xffffffff << (32 - bits))) >>> 0)}/${length}`;
}

const list =
  /^((?:ip|ipv6) prefix-list \S+|bgp as-path access-list \S+|bgp \S*community-list (?:standard|expanded) \S+|(?:ipv6 )?access-list \S+) (?:seq (\d+) )?((?:permit|deny) .*)$/;

/** Entries without a number get the next multiple of five, as FRR gives it. */
function numbered(lines: readonly SourceLine[]): readonly SourceLine[] {
  const last = new Map<string, number>();
  return lines.map((one) => {
    const match = one.context.length === 0 ? list.exec(one.line) : undefined;
    const [, head = "", given, rest = ""] = match ?? [];
    if (!match) return one;
    const sequence = given === undefined ? Math.floor((last.get(head) ?? 0) / 5) * 5 + 5 : Number(given);
    last.set(head, Math.max(sequence, last.get(head) ?? 0));
    return { ...one, line: `${head} seq ${sequence} ${rest}` };
  });
}
