/** Numbers and MAC addresses that VPP needs and nobody writes down: the same each time, for one name. Pure. */

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The first of our numbers: beyond what anybody would count up to by hand. */
const first = 0x40000000;
const size = 0x40000000;

/**
 * A number for each name, which does not depend on what else there is: but where it is `given` to something, or two names fall on
 * it, on that, or on the earlier of the two.
 */
export function numbersFor(names: Iterable<string>, given: Iterable<number> = []): ReadonlyMap<string, number> {
  const taken = new Set(given);
  const numbers = new Map<string, number>();
  for (const name of [...new Set(names)].toSorted()) {
    let number = first + (hashOf(name) % size);
    while (taken.has(number)) number = first + ((number - first + 1) % size);
    taken.add(number);
    numbers.set(name, number);
  }
  return numbers;
}

/** A locally administered unicast address, for what has none of its own. */
export function macFor(text: string): string {
  const hash = hashOf(text);
  const bytes = [0x02, 0x69, ...[24, 16, 8, 0].map((shift) => (hash >>> shift) & 0xff)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
