/** What all benchmarks share: medians, and a line that says the ratio first. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs the two in turn, A B A B …, so that both see the same machine; milliseconds of each. */
export async function inTurn(
  rounds: number,
  ours: () => unknown,
  baseline: () => unknown,
): Promise<{ readonly ours: readonly number[]; readonly baseline: readonly number[] }> {
  const times = { ours: [] as number[], baseline: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    times.ours.push(await timed(ours));
    times.baseline.push(await timed(baseline));
  }
  return times;
}

async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** "  what: 1.8x of <baseline> (median 420 ms | 230 ms)". */
export function ratioLine(
  what: string,
  baselineName: string,
  times: { readonly ours: readonly number[]; readonly baseline: readonly number[] },
): string {
  const [ours, baseline] = [median(times.ours), median(times.baseline)];
  return `  ${what}: ${(ours / baseline).toFixed(2)}x of ${baselineName} (median ${ours.toFixed(1)} ms | ${baseline.toFixed(1)} ms)`;
}
