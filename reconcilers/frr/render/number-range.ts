/** Ranges of numbers as regular expressions, for AS path lists, which know no other way to say them. */

/** A POSIX extended expression, without anchors, of the decimal numbers from `low` to `high`. */
export function rangeExpression(low: number, high: number): string {
  const parts: string[] = [];
  for (let at = low; at <= high;) {
    const size = sizeAt(at, high);
    const digit = Math.floor(at / size) % 10;
    let last = digit;
    while (last < 9 && at + (last - digit + 2) * size - 1 <= high) last += 1;
    const head = at < size * 10 ? "" : String(Math.floor(at / (size * 10)));
    const free = Math.log10(size);
    const tail = free === 0 ? "" : free < 1.5 ? "[0-9]" : `[0-9]{${Math.round(free)}}`;
    parts.push(`${head}${last === digit ? digit : `[${digit}-${last}]`}${tail}`);
    at += (last - digit + 1) * size;
  }
  return parts.join("|");
}

/** 1, 10, 100 …: so many numbers from here on have as many last digits of which any fits. */
function sizeAt(at: number, high: number): number {
  let size = 1;
  for (let next = 10; next <= at && at % next === 0 && at + next - 1 <= high; next *= 10) size = next;
  return size;
}
