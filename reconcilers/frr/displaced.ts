/**
 * Which lines have to go before what takes their place comes, although they are not one line with another value: FRR 8.4
 * refuses the new one beside the old, or would take the new one along with the old. Both are sent in one batch.
 */
import { contextKeys, type Entry, isAddress } from "./entries.ts";
import { isIdentity, isRoute, listContent, neighborOf, objectOf, withoutBfd } from "./grammar.ts";
import type { Operation } from "./impact.ts";

/** The lines that leave first, by key, each with the object whose step takes them along. */
export function displacedEntries(operations: readonly Operation[]): ReadonlyMap<string, string> {
  // Of each place, what comes in each form: the first of them speaks for all.
  const coming = new Map<string, Map<string, string>>();
  const retagged = new Set<string>();
  const contents = new Map<string, Entry>();
  for (const { kind, entry, old } of operations) {
    if (old && isRoute(entry.path, entry.line) && withoutBfd(old.line) !== withoutBfd(entry.line))
      retagged.add(objectOf(entry.path, entry.line));
    const before = kind === "remove" ? entry : old;
    const content = before && listContent(before.path, before.line);
    if (before && content !== undefined) contents.set(content, before);
    const place = kind === "remove" ? undefined : placeOf(entry);
    if (!place) continue;
    const object = objectOf(entry.path, entry.line);
    const forms = coming.get(place.slot) ?? new Map<string, string>();
    coming.set(place.slot, forms);
    if (!forms.has(place.form)) forms.set(place.form, object);
  }
  const displaced = new Map<string, string>();
  for (const { kind, entry } of operations) {
    const object = objectOf(entry.path, entry.line);
    // Of two entries of a list that say the same FRR drops the newer one, or removes the wrong one.
    const same = kind === "remove" ? undefined : contents.get(listContent(entry.path, entry.line) ?? "");
    if (same && same.key !== entry.key) displaced.set(same.key, object);
    // The next hops of a static route share a tag for as long as one of them is there.
    if (kind !== "add" && isRoute(entry.path, entry.line) && retagged.has(object)) displaced.set(entry.key, object);
    const place = kind === "remove" ? placeOf(entry) : undefined;
    const forms = place && [...(coming.get(place.slot)?.keys() ?? [])];
    const other = forms?.find((form) => form !== place?.form);
    if (place && other !== undefined) {
      const instead = coming.get(place.slot)?.get(other) ?? object;
      displaced.set(entry.key, isIdentity(entry.path, entry.line) ? object : instead);
    }
  }
  return displaced;
}

/** What a line occupies, and as what: lines of other forms cannot be in the same place. [context, line, place]. */
const places: readonly (readonly [RegExp, RegExp, string])[] = [
  [/^$/, /^bgp (\S*community-list) (?:standard|expanded) (\S+) .*$/, "$1 $2"],
  [/^router bgp /, /^neighbor (\S+) send-community\b.*$/, "$1 send-community"],
  [/^router bgp /, /^neighbor (\S+) (?:distribute-list|prefix-list) \S+ (in|out)$/, "$1 $2"],
  [
    /^router bgp /,
    /^(?:import vrf (?!route-map )\S+|(?:rd|rt|label|nexthop|route-map) vpn .*|(?:import|export) vpn)$/,
    "leak",
  ],
  [/^bfd$/, /^peer (\S+)\b.*$/, "$1"],
];

/**
 * Of a neighbour that goes, and those that come: bgpd knows an unnumbered peer by the address that it found, and refuses
 * it, or removes it, while another peer has that address.
 */
function neighborPlace({ path, line }: Pick<Entry, "path" | "line">) {
  const name = isIdentity(path, line) && !line.endsWith(" peer-group") ? neighborOf(path, line) : undefined;
  if (name === undefined) return undefined;
  return { slot: `${contextKeys(path).join("\n")}\nneighbor`, form: isAddress(name) ? "address" : "interface" };
}

function placeOf({ path, line }: Entry): { readonly slot: string; readonly form: string } | undefined {
  const positive = line.replace(/^no /, "");
  const context = contextKeys(path).join("\n");
  if (isRoute(path, positive)) return { slot: `${context}\n${nextHop(positive)}`, form: positive };
  if (isIdentity(path, line)) return neighborPlace({ path, line });
  for (const [where, what, place] of places) {
    if (!where.test(path[0] ?? "") || !what.test(positive)) continue;
    return { slot: `${context}\n${positive.replace(what, place)}`, form: formOf(positive) };
  }
  return undefined;
}

/** A route without tag, distance and BFD: FRR has one for a next hop, and `no` takes it whatever its distance. */
function nextHop(line: string): string {
  return withoutBfd(line)
    .replace(/ tag \d+/, "")
    .replace(/(?<! table| label) \d+(?= |$)/, "")
    .replace(/ (?:blackhole|reject|Null0)(?= |$)/, " blackhole");
}

/** Entries of a list, filters of a kind, and ways to bring routes from VRF to VRF are of one form whatever they say. */
function formOf(line: string): string {
  const leak = /^import vrf |^\S+ vpn(?: |$)/.exec(line)?.[0];
  if (leak !== undefined) return leak.startsWith("import vrf") ? "vrf" : "vpn";
  return /(?<=^bgp \S*community-list )\S+|(?:distribute|prefix)-list(?= \S+ (?:in|out)$)/.exec(line)?.[0] ?? line;
}
