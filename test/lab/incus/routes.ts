/** What the parts of the simulated Incus have in common. */

/** Something that Incus refuses, as it says it. */
export class Refused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What comes of a request: what it answers, or an operation. */
export type Outcome = { readonly sync: unknown; readonly status?: number } | Work;

/** An operation on an instance. */
export interface Work {
  /** "Creating instance" */
  readonly doing: string;
  readonly instance: string;
  /** What is seen of it once it has what it needs of elsewhere. */
  begin?(): void;
  /** The rest; what it returns is what its end says. */
  run(): unknown;
  /** Of what protocol the server is from which it fetches an image. */
  readonly fetches?: string | undefined;
}

/** Path without "/1.0", method and body → outcome; undefined: not this one's. */
export type Route = (method: string, path: readonly string[], body: Body) => Outcome | undefined;
export type Body = Readonly<Record<string, unknown>>;
