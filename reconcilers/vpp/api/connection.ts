/**
 * One socket of VPP's binary API: requests go out together, answers are found by their context. VPP handles the requests of a
 * connection in their order, and does not answer what it cannot read: behind what is sent goes a control_ping, and what is
 * not answered before its reply never will be.
 */
import { Problem } from "../../../schemas/problem.ts";
import type { Connection, Host } from "../../core.ts";
import { Writer } from "./bytes.ts";
import { FrameDecoder, putFrame } from "./frames.ts";

/** A request on its way. */
export interface Exchange {
  /** For people. */
  readonly name: string;
  /** What comes with its context. True: that was all of it. What it throws ends this exchange alone. */
  hear(id: number, bytes: Uint8Array): boolean;
  /** Called instead, once. */
  fail(problem: Problem): void;
}

/** What the connection has to know of messages to tell whose they are. */
export interface Numbers {
  /** Where messages of this number have their context; undefined: not a message that answers anything. */
  contextAt(id: number): number | undefined;
  /** A message that answers nothing. */
  event(id: number, bytes: Uint8Array): void;
  /** Appends a control_ping; undefined as long as its number is not known. */
  ping: ((writer: Writer, context: number) => void) | undefined;
}

export class VppConnection {
  /** Aborts once the connection has ended, with a Problem as its reason. */
  readonly ended: AbortSignal;
  private readonly ending = new AbortController();
  private readonly connection: Connection;
  private readonly host: Pick<Host, "sleep" | "uptime">;
  private readonly deadlineMs: number;
  /** Nothing is known before the handshake. */
  numbers: Numbers = { contextAt: () => undefined, event: () => undefined, ping: undefined };
  private readonly waiting = new Map<number, Exchange>();
  private readonly frames = new FrameDecoder();
  private writer = new Writer();
  private isFlushing = false;
  private isWatched = false;
  private context = 0;
  private heardAt = 0;

  /** Takes the connection over. The deadline is in milliseconds, and counts while VPP says nothing. */
  constructor(connection: Connection, host: Pick<Host, "sleep" | "uptime">, deadlineMs: number) {
    this.connection = connection;
    this.host = host;
    this.deadlineMs = deadlineMs;
    this.ended = this.ending.signal;
    void this.listen();
  }

  /**
   * Sends one request with the others of this turn. `put` appends its frames, every one with that context; what it throws
   * is thrown here, with nothing sent.
   */
  send(exchange: Exchange, ...puts: readonly ((writer: Writer, context: number) => void)[]): void {
    if (this.ended.aborted) return exchange.fail(this.ended.reason as Problem);
    this.context = this.context === 0xffffffff ? 1 : this.context + 1;
    const context = this.context;
    const from = this.writer.at;
    try {
      for (const put of puts) putFrame(this.writer, (writer) => put(writer, context));
    } catch (thrown) {
      this.writer.cut(from);
      throw thrown;
    }
    if (this.waiting.size === 0) this.heardAt = this.host.uptime();
    this.waiting.set(context, exchange);
    if (!this.isFlushing) void this.flush();
    if (!this.isWatched) void this.watch();
  }

  /** Ends it; what is not answered fails. */
  close(why = new Problem("VPP_UNREACHABLE", "The connection to VPP was closed.", { transient: true })): void {
    if (this.ended.aborted) return;
    this.ending.abort(why);
    this.connection.close();
    const failed = [...this.waiting.values()];
    this.waiting.clear();
    for (const exchange of failed) exchange.fail(why);
  }

  /** Writes as long as there is something; what is sent meanwhile goes together. */
  private async flush(): Promise<void> {
    this.isFlushing = true;
    try {
      await Promise.resolve();
      while (this.writer.at > 0 && !this.ended.aborted) {
        this.ask();
        await this.connection.write(this.writer.take());
      }
    } catch (cause) {
      this.close(lost("VPP's API socket takes nothing any more.", cause));
    } finally {
      this.isFlushing = false;
    }
  }

  /** Asks for a sign of life behind the last request, so that one that VPP ignores does not hang. */
  private ask(): void {
    const { ping } = this.numbers;
    if (!ping) return;
    this.context = this.context === 0xffffffff ? 1 : this.context + 1;
    const context = this.context;
    putFrame(this.writer, (writer) => ping(writer, context));
    this.waiting.set(context, { name: "control_ping", hear: () => true, fail: () => undefined });
  }

  private async listen(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.connection.read(this.ended);
        if (bytes === undefined) {
          const where = this.waiting.size > 0 || this.frames.isInside ? " in the middle of an answer" : "";
          throw lost(`VPP closed its API socket${where}: it was stopped, or crashed.`, undefined);
        }
        this.heardAt = this.host.uptime();
        this.frames.push(bytes, (message) => this.hear(message));
      }
    } catch (thrown) {
      this.close(thrown instanceof Problem ? thrown : lost("VPP's API socket cannot be read.", thrown));
    }
  }

  private hear(bytes: Uint8Array): void {
    if (bytes.length < 2) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const id = view.getUint16(0);
    const at = this.numbers.contextAt(id);
    if (at === undefined) return this.unasked(id, bytes);
    if (bytes.length < at + 4) return;
    const context = view.getUint32(at);
    const exchange = this.waiting.get(context);
    if (!exchange) return;
    this.skipTo(context);
    try {
      if (exchange.hear(id, bytes)) this.waiting.delete(context);
    } catch (cause) {
      this.waiting.delete(context);
      exchange.fail(garbled(exchange.name, cause));
    }
  }

  private unasked(id: number, bytes: Uint8Array): void {
    try {
      this.numbers.event(id, bytes);
    } catch {
      // An event is a hint: one that cannot be read is worth no connection.
    }
  }

  /** What was sent before what is answered now was ignored. */
  private skipTo(context: number): void {
    for (const [earlier, exchange] of this.waiting) {
      if (earlier === context) return;
      this.waiting.delete(earlier);
      exchange.fail(
        new Problem("VPP_MESSAGE", `VPP ignored ${exchange.name}, and went on.`, {
          remedy: "VPP's log says why it could not read it.",
        }),
      );
    }
  }

  /** Ends a connection on which VPP says nothing for too long although it is asked. */
  private async watch(): Promise<void> {
    this.isWatched = true;
    try {
      while (this.waiting.size > 0) {
        const left = this.heardAt + this.deadlineMs - this.host.uptime();
        if (left <= 0) {
          const [first] = this.waiting.values();
          return this.close(
            new Problem(
              "VPP_UNREACHABLE",
              `VPP did not answer ${first?.name ?? ""} within ${this.deadlineMs / 1000} s.`,
              {
                remedy: "Whether it was done is not known: observe anew.",
                transient: true,
              },
            ),
          );
        }
        await this.host.sleep(left, this.ended);
      }
    } catch {
      // The connection ended.
    } finally {
      this.isWatched = false;
    }
  }
}

function lost(message: string, cause: unknown): Problem {
  return new Problem("VPP_UNREACHABLE", message, {
    remedy: "The agent connects again and observes anew.",
    transient: true,
    ...(cause !== undefined && { cause }),
  });
}

function garbled(name: string, cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Problem("VPP_MESSAGE", `VPP's answer to ${name} cannot be read: ${why}.`, { cause });
}
