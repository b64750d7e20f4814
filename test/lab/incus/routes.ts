/** What the parts of the simulated Incus have in common. */

/** Something that Incus refuses, as it says it. */
export class Refused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What comes of a request: what it answers, or, of an operation, what its end says. */
export type Outcome = { readonly sync: unknown; readonly status?: number } | { readonly run: () => unknown };

/** Path without "/1.0", method and body → outcome; undefined: not this one's. */
export type Route = (method: string, path: readonly string[], body: Body) => Outcome | undefined;
export type Body = Readonly<Record<string, unknown>>;
