/** Whom a change announces more to than before, by what its filters permit: said in the plan, since nothing in it looks odd. */
import { type FilterName } from "./filter-lists.ts";
import { chainOf, exportersIn, type Filters, reach } from "./filters.ts";
import { kindsOf, permits, type Route } from "./policy.ts";

/** One sentence for each set of filters. Of neighbours that are there before and after. */
export function widened(before: Filters, after: Filters, touched: ReadonlySet<FilterName>): readonly string[] {
  const said = new Map<string, { readonly peers: string[]; readonly text: string }>();
  for (const neighbor of new Set([...exportersIn(before), ...exportersIn(after)])) {
    const [first, last] = [chainOf(before, neighbor), chainOf(after, neighbor)];
    const key = JSON.stringify([first, last]);
    const peer = /neighbor (\S+) out$/.exec(neighbor)?.[1] ?? "";
    const known = said.get(key);
    if (known) known.peers.push(peer);
    else said.set(key, { peers: [peer], text: sentence(before, after, first, last, touched) });
  }
  return [...said.values()].flatMap(({ peers, text }) => (text === "" ? [] : [`${named(peers)} ${text}`]));
}

function sentence(
  before: Filters,
  after: Filters,
  first: readonly FilterName[],
  last: readonly FilterName[],
  touched: ReadonlySet<FilterName>,
): string {
  // A neighbour that comes, goes, or gets its first filter is plain to see.
  if (first.length === 0 || last.length === 0) return "";
  const names = reach([before, after], [...first, ...last]);
  if (first.join("\n") === last.join("\n") && ![...names].some((name) => touched.has(name))) return "";
  const more = kindsOf([before, after], names, touched)?.find(
    (route) => permits(after, last, route) && !permits(before, first, route),
  );
  return more === undefined ? "" : `may be announced more than before: ${example(more)}, by ${last.join(" and ")}.`;
}

function named(peers: readonly string[]): string {
  const more = peers.length > 3 ? ` and ${peers.length - 3} more` : "";
  return `${peers.slice(0, 3).join(", ")}${more}`;
}

/** "for example 10.0.2.0/23" */
function example({ family, bits, facts }: Route): string {
  const some = facts.size > 0 ? ` that has ${[...facts].join(" and ")}` : "";
  const all = bits.padEnd(family === "ip" ? 32 : 128, "0");
  const groups = all.match(family === "ip" ? /.{8}/g : /.{16}/g) ?? [];
  const words = groups.map((group) => Number.parseInt(group, 2).toString(family === "ip" ? 10 : 16));
  const address = family === "ip" ? words.join(".") : words.join(":").replace(/(?:^|:)0(?::0)+$/, "::");
  return `for example ${address}/${bits.length}${some}`;
}
