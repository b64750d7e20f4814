/** JSON with one spelling: what digests are over and what stands on disk. */

/** Keys sorted, no spaces, `undefined` members left out, a newline at the end. */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(sorted(value))}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
