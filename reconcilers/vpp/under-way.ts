/** Steps that were sent and are not known to be done, in their order. Used by apply.ts. */

interface Entry<S> {
  readonly step: S;
  readonly kept: Promise<void>;
  isKept: boolean;
  failure?: { readonly thrown: unknown };
}

export class UnderWay<S> {
  readonly #entries: Entry<S>[] = [];
  /** How many were taken from the front. */
  #taken = 0;
  /** By what comes into being with a step: how many steps it takes until that is known. */
  readonly #makers = new Map<string, number>();
  #isRefused = false;

  get length(): number {
    return this.#entries.length;
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  add(step: S, makes: string | undefined, promise: Promise<void>): void {
    const entry: Entry<S> = { step, isKept: false, kept: promise.then(keep, fail) };
    function keep(): void {
      entry.isKept = true;
    }
    const refuse = () => (this.#isRefused = true);
    function fail(thrown: unknown): void {
      entry.failure = { thrown };
      refuse();
    }
    this.#entries.push(entry);
    if (makes !== undefined) this.#makers.set(makes, this.#taken + this.#entries.length);
  }

  /** How many from the front have to be done until all of these are there. */
  until(mentioned: readonly string[]): number {
    return Math.max(0, ...mentioned.map((key) => (this.#makers.get(key) ?? 0) - this.#taken));
  }

  /** Yields that many from the front as each is done, and what stands behind them and is done too. Throws what one failed with. */
  async *finish(count: number): AsyncIterable<S> {
    for (let left = count; ; left -= 1) {
      const [first] = this.#entries;
      if (first === undefined || (left <= 0 && !first.isKept)) return;
      await first.kept;
      if (first.failure) throw first.failure.thrown;
      this.#entries.shift();
      this.#taken += 1;
      yield first.step;
    }
  }

  /** Resolves once nothing is under way any more, whatever became of it. */
  async rest(): Promise<void> {
    for (const { kept } of this.#entries) await kept;
  }
}
