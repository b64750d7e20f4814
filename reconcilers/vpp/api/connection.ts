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
  /** Appends what a client says that leaves (sockclnt_delete). */
  leave: ((writer: Writer, context: number) => void) | undefined;
}

/** How long VPP may take to let a client go, and to say what it calls one that goes already. */
export const patienceMs = 2000;

export class VppConnection {
  /** Aborts once the connection has ended, with a Problem as its reason. */
  readonly ended: AbortSignal;
  private readonly ending = new AbortController();
  private readonly connection: Connection;
  private readonly host: Pick<Host, "sleep" | "uptime">;
  private readonly deadlineMs: number;
  /** Nothing is known before the handshake. */
  numbers: Numbers = { contextAt: () => undefined, event: () => undefined, ping: undefined, leave: undefined };
  private readonly waiting = new Waiting();
  private readonly frames = new FrameDecoder();
  private writer = new Writer();
  private isFlushing = false;
  private isWatched = false;
  private heardAt = 0;
  private readonly listening: Promise<void>;

  /** Takes the connection over. The deadline is in milliseconds, and counts while VPP answers nothing, whatever else it says. */
  constructor(connection: Connection, host: Pick<Host, "sleep" | "uptime">, deadlineMs: number) {
    this.connection = connection;
    this.host = host;
    this.deadlineMs = deadlineMs;
    this.ended = this.ending.signal;
    this.listening = this.listen();
  }

  /**
   * Sends the requests of an exchange with the others of this turn. Each of `puts` appends one, with that context; what it
   * throws is thrown here, with nothing sent.
   */
  send(exchange: Exchange, puts: Iterable<(writer: Writer, context: number) => void>): void {
    if (this.ended.aborted) return exchange.fail(this.ended.reason as Problem);
    const context = this.waiting.next;
    const from = this.writer.at;
    try {
      for (const put of puts) putFrame(this.writer, (writer) => put(writer, context));
    } catch (thrown) {
      this.writer.cut(from);
      throw thrown;
    }
    if (this.waiting.size === 0) this.heardAt = this.host.uptime();
    this.waiting.add(exchange);
    if (!this.isFlushing) void this.flush();
    if (!this.isWatched) void this.watch();
  }

  /** Ends it; what is not answered fails. */
  close(why = new Problem("VPP_UNREACHABLE", "The connection to VPP was closed.", { transient: true })): void {
    if (this.end(why)) void this.leave();
  }

  /** False: it had ended already. */
  private end(why: Problem): boolean {
    if (this.ended.aborted) return false;
    this.ending.abort(why);
    for (const exchange of this.waiting.takeAll()) exchange.fail(why);
    return true;
  }

  /**
   * Has VPP close its end first. VPP 26.06 does not notice every client that just goes: where an earlier system call of its
   * left EAGAIN behind (linux-nl's do) it keeps the socket for ever, and with 16 of them its main thread does nothing but look
   * at them any more: vl_socket_read_ready and vlib_file_poll. (Seen on a running one, which forwarded nothing then.)
   */
  private async leave(): Promise<void> {
    const clock = new AbortController();
    try {
      await this.listening;
      const { leave } = this.numbers;
      if (!leave) return;
      const farewell = new Writer();
      putFrame(farewell, (writer) => leave(writer, this.waiting.next));
      // One that hangs does not take the word either.
      const late = this.host.sleep(patienceMs, clock.signal).then(() => this.connection.close());
      late.catch(() => undefined);
      await this.connection.write(farewell.take());
      while ((await this.connection.read(clock.signal)) !== undefined);
    } catch {
      // It is gone already.
    } finally {
      clock.abort();
      this.connection.close();
    }
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
      this.drop(lost("VPP's API socket takes nothing any more.", cause));
    } finally {
      this.isFlushing = false;
    }
  }

  /** Asks for a sign of life behind the last request, so that one that VPP ignores does not hang. */
  private ask(): void {
    const { ping } = this.numbers;
    if (!ping) return;
    putFrame(this.writer, (writer) => ping(writer, this.waiting.next));
    this.waiting.add({ name: "control_ping", hear: () => true, fail: () => undefined });
  }

  private async listen(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.connection.read(this.ended);
        if (bytes === undefined) {
          const where = this.waiting.size > 0 || this.frames.isInside ? " in the middle of an answer" : "";
          throw lost(`VPP closed its API socket${where}: it was stopped, or crashed.`, undefined);
        }
        this.frames.push(bytes, (message) => this.hear(message));
      }
    } catch (thrown) {
      this.drop(thrown instanceof Problem ? thrown : lost("VPP's API socket cannot be read.", thrown));
    }
  }

  /** Ends one that is of no use any more, also for leaving. */
  private drop(why: Problem): void {
    if (this.end(why)) this.connection.close();
  }

  private hear(bytes: Uint8Array): void {
    if (bytes.length < 2) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const id = view.getUint16(0);
    const at = this.numbers.contextAt(id);
    if (at === undefined) return this.unasked(id, bytes);
    if (bytes.length < at + 4) return;
    const context = view.getUint32(at);
    if (!this.waiting.has(context)) return;
    this.heardAt = this.host.uptime();
    // What was sent before what is answered now was ignored.
    for (const skipped of this.waiting.takeBefore(context)) skipped.fail(ignored(skipped.name));
    const { first } = this.waiting;
    try {
      if (first?.hear(id, bytes)) this.waiting.takeFirst();
    } catch (cause) {
      this.waiting.takeFirst();
      first?.fail(garbled(first.name, cause));
    }
  }

  private unasked(id: number, bytes: Uint8Array): void {
    try {
      this.numbers.event(id, bytes);
    } catch {
      // An event is a hint: one that cannot be read is worth no connection.
    }
  }

  /** Ends a connection on which VPP answers nothing for too long although it is asked. */
  private async watch(): Promise<void> {
    this.isWatched = true;
    try {
      while (this.waiting.size > 0) {
        const left = this.heardAt + this.deadlineMs - this.host.uptime();
        if (left <= 0) {
          const { first } = this.waiting;
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

/** What is not answered yet, by contexts, which count up: the oldest is found at once, however many there are. */
class Waiting {
  private exchanges: Exchange[] = [];
  private head = 0;
  /** Context of the oldest. */
  private oldest = 1;

  get size(): number {
    return this.exchanges.length - this.head;
  }

  get first(): Exchange | undefined {
    return this.exchanges[this.head];
  }

  /** The context of the one that is added next. */
  get next(): number {
    return (this.oldest + this.size) >>> 0;
  }

  add(exchange: Exchange): void {
    this.exchanges.push(exchange);
  }

  has(context: number): boolean {
    return (context - this.oldest) >>> 0 < this.size;
  }

  takeFirst(): void {
    this.head += 1;
    this.oldest = (this.oldest + 1) >>> 0;
    if (this.head < 1024 || this.head * 2 < this.exchanges.length) return;
    this.exchanges = this.exchanges.slice(this.head);
    this.head = 0;
  }

  takeBefore(context: number): readonly Exchange[] {
    const count = (context - this.oldest) >>> 0;
    const taken = this.exchanges.slice(this.head, this.head + count);
    for (const _ of taken) this.takeFirst();
    return taken;
  }

  takeAll(): readonly Exchange[] {
    return this.takeBefore(this.next);
  }
}

function ignored(name: string): Problem {
  return new Problem("VPP_MESSAGE", `VPP ignored ${name}, and went on.`, {
    remedy: "VPP's log says why it could not read it.",
  });
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
