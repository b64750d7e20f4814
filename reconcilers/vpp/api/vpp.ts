/**
 * An open connection to one VPP, as the plane sees it: typed requests by name, pipelined. What is behind it (definitions,
 * codec, frames, deadlines) is open.ts.
 *
 * Values are what TypeScript makes of VPP's types: numbers for all integers up to 32 bits, enums and flags; bigint for u64 and
 * i64; text for strings, addresses ("192.0.2.1"), prefixes with length ("192.0.2.0/24") and MAC addresses
 * ("02:00:00:00:00:01"), always in canonical form; Uint8Array for other bytes.
 */
import type { DumpName, Dumps, Fields, RequestName, Requests } from "./messages.ts";

export interface Vpp {
  /** As `show version` says: "26.06-release". */
  readonly version: string;
  /** Names this run of VPP: it changes when VPP starts anew, and is the same for every connection to one run. */
  readonly incarnation: string;
  /** Whether this VPP knows the message in a form that we know: another CRC with fields that fit counts. */
  has(message: RequestName | DumpName): boolean;
  /**
   * One request, one reply. Requests that are made before any is awaited go out in one write, and are answered in order.
   * A field that is left out is sent as the definition's default, or zero. Rejects with a Problem: VPP_REFUSED where the
   * return value is neither 0 nor in `accepted` (its name, and what it means), VPP_MESSAGE where this VPP does not know the
   * message, VPP_REFUSED without sending where VPP would crash of it or leave a ghost behind, VPP_UNREACHABLE (transient) where
   * the connection ended or nothing came within the deadline: whether it was done is not known then.
   */
  call<M extends RequestName>(
    message: M,
    fields: Fields<Requests[M]["request"]>,
    accepted?: readonly number[],
  ): Promise<Requests[M]["reply"]>;
  /** Everything that a dump or a paged get answers. Rejects as `call` does. */
  dump<M extends DumpName>(message: M, fields?: Fields<Dumps[M]["request"]>): Promise<readonly Dumps[M]["details"][]>;
  /** Of what there may be thousands, or of what VPP tells an interface at a time only: all that these dumps answer, as far as `only` names it. */
  dumpMany<M extends DumpName, K extends keyof Dumps[M]["details"]>(
    message: M,
    asked: readonly Fields<Dumps[M]["request"]>[],
    only: readonly K[],
  ): Promise<readonly Pick<Dumps[M]["details"], K>[]>;
  /**
   * One line of VPP's CLI, and what it printed: only for what no message does (cli.ts lists them) and for what an operator wrote
   * raw. Rejects with VPP_REFUSED where VPP says that it failed; not every failure is said.
   */
  cli(command: string): Promise<string>;
  /** Aborts once the connection has ended, by either side. */
  readonly ended: AbortSignal;
  close(): void;
}
