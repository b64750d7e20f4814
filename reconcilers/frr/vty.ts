/**
 * The vty socket protocol of FRR's daemons, as vtysh speaks it (lib/vty.c, vtysh_read): a request is a command and one
 * NUL; a reply is text, three NULs and a status byte. Requests may be pipelined; replies come in their order.
 */
import { Problem } from "../../schemas/problem.ts";
import { joined } from "../bytes.ts";
import type { Connection, Host } from "../core.ts";
import type { Daemon } from "./model.ts";

/** What a daemon answered to one command. Status: lib/command.h (0 success, 1 warning, 2 no match, 13 failed …). */
export interface Reply {
  readonly text: string;
  readonly status: number;
}

/** A daemon reads a command into 4096 bytes. */
const longestCommand = 4000;
/** More than a full table's worth of `show` output: a daemon that sends more than this is not to be trusted. */
const longestReply = 256 * 1024 * 1024;
/** Commands on their way at once: enough to hide the round trip, few enough to stop early after a failure. */
const window = 64;

/** Whether it can be one command. */
export function isCommand(text: string): boolean {
  if (text.length * 3 >= longestCommand && new TextEncoder().encode(text).length >= longestCommand) return false;
  return !/[\0\r\n]/.test(text);
}

/** The bytes of one request. Throws INTERNAL on what cannot be one command. */
export function encodeCommand(command: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${command}\0`);
  if (!isCommand(command)) {
    throw new Problem("INTERNAL", `A command for FRR of ${bytes.length} bytes is too long or no single line.`);
  }
  return bytes;
}

/** Cuts what arrives, in whatever pieces, into replies. */
export class ReplyDecoder {
  private pieces: Uint8Array[] = [];
  private size = 0;
  private nuls = 0;

  /** The replies that these bytes complete. Throws FRR_UNREACHABLE when a reply grows without end. */
  push(chunk: Uint8Array): readonly Reply[] {
    const replies: Reply[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.nuls === 0) {
        const nul = chunk.indexOf(0, at);
        this.keep(chunk.subarray(at, nul === -1 ? chunk.length : nul));
        if (nul === -1) break;
        this.nuls = 1;
        at = nul + 1;
        continue;
      }
      const byte = chunk[at] ?? 0;
      if (this.nuls === 3) {
        replies.push({ text: this.take(), status: byte });
        this.nuls = 0;
        at += 1;
      } else if (byte === 0) {
        this.nuls += 1;
        at += 1;
      } else {
        // Fewer than three NULs were text after all.
        this.keep(new Uint8Array(this.nuls));
        this.nuls = 0;
      }
    }
    return replies;
  }

  private keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.size += piece.length;
    if (this.size > longestReply) {
      throw new Problem("FRR_UNREACHABLE", "An FRR daemon sent a reply without end.", { transient: true });
    }
    this.pieces.push(piece);
  }

  private take(): string {
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const piece of this.pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    this.pieces = [];
    this.size = 0;
    return new TextDecoder().decode(all);
  }
}

/** Why a reply means that the command had no effect, or undefined when it had. */
export function rejection(reply: Reply): string | undefined {
  const text = reply.text.trim();
  if (reply.status !== 0) return text === "" ? `status ${reply.status}` : text;
  // A rejected group of lines is reported with status 0. Other text is a remark, even behind a "%".
  if (/Configuration failed|dynamically grouped/i.test(text)) return text;
  return undefined;
}

/** One open session with one daemon. Every exchange has a deadline, in milliseconds of the host's clock. */
export class VtySession {
  readonly daemon: Daemon;
  private readonly connection: Connection;
  private readonly host: Host;
  private readonly decoder = new ReplyDecoder();
  private waiting: Reply[] = [];

  constructor(daemon: Daemon, connection: Connection, host: Host) {
    this.daemon = daemon;
    this.connection = connection;
    this.host = host;
  }

  /** One command and its reply. */
  async ask(command: string, signal: AbortSignal, deadlineMs = 30_000): Promise<Reply> {
    const replies = await this.send([command], signal, deadlineMs);
    return replies[0] ?? { text: "", status: 0 };
  }

  /**
   * Sends commands pipelined. Stops sending when `stop` says so of a reply (those on their way are still awaited; where
   * they stay out the session is closed), so that the replies are those of the first commands, all of them when nothing
   * stopped it. The deadline only counts while the daemon says nothing.
   */
  async send(
    commands: readonly string[],
    signal: AbortSignal,
    deadlineMs = 30_000,
    stop: (reply: Reply, index: number) => boolean = () => false,
  ): Promise<readonly Reply[]> {
    const replies: Reply[] = [];
    let sent = 0;
    let limit = commands.length;
    let isStopped = false;
    while (replies.length < Math.min(sent, limit) || sent < limit) {
      const until = Math.min(limit, replies.length + window);
      // Several with each write, and not one for each reply.
      if (sent < until && (until === limit || until - sent >= window / 2)) {
        const requests = commands.slice(sent, until).map(encodeCommand);
        sent = until;
        await this.connection.write(joined(requests));
      }
      const reply = await this.next(signal, deadlineMs).catch((thrown: unknown) => {
        // Where a context was not taken, each `exit` from it leaves one more, and the last one the session.
        if (!isStopped || signal.aborted) throw thrown;
        // What may still arrive would be taken for the answer to something else.
        this.close();
        return undefined;
      });
      if (!reply) break;
      replies.push(reply);
      if (!isStopped && stop(reply, replies.length - 1)) {
        isStopped = true;
        limit = sent;
      }
    }
    return replies;
  }

  /** Leaves; whatever was configured stays. */
  close(): void {
    this.connection.close();
  }

  private async next(signal: AbortSignal, deadlineMs: number): Promise<Reply> {
    const ready = this.waiting.shift();
    if (ready) return ready;
    return deadline(this.host, deadlineMs, signal, `FRR's ${this.daemon}`, async (limited) => {
      for (;;) {
        const bytes = await this.connection.read(limited);
        if (bytes === undefined) {
          throw new Problem("FRR_UNREACHABLE", `FRR's ${this.daemon} closed its vty socket in the middle of a reply.`, {
            remedy: `See whether ${this.daemon} was restarted; the agent observes anew.`,
            transient: true,
          });
        }
        const [first, ...rest] = this.decoder.push(bytes);
        if (first) {
          this.waiting.push(...rest);
          return first;
        }
      }
    });
  }
}

/** Opens a session in enable mode. Rejects with FRR_UNREACHABLE (transient) when nobody listens. */
export async function openVty(
  host: Host,
  folder: string,
  daemon: Daemon,
  signal: AbortSignal,
  deadlineMs = 10_000,
): Promise<VtySession> {
  const session = await tryVty(host, folder, daemon, signal, deadlineMs);
  if (session) return session;
  throw new Problem("FRR_UNREACHABLE", `FRR's ${daemon} does not listen on ${folder}/${daemon}.vty.`, {
    remedy: `Check "systemctl status frr" and that ${daemon} is enabled in /etc/frr/daemons.`,
    transient: true,
  });
}

/** The same, but undefined when nobody listens. */
export async function tryVty(
  host: Host,
  folder: string,
  daemon: Daemon,
  signal: AbortSignal,
  deadlineMs = 10_000,
): Promise<VtySession | undefined> {
  const connection = await deadline(host, deadlineMs, signal, `FRR's ${daemon}`, async (limited) => {
    try {
      return await host.connect(`${folder}/${daemon}.vty`, limited);
    } catch {
      limited.throwIfAborted();
      return undefined;
    }
  });
  if (!connection) return undefined;
  const session = new VtySession(daemon, connection, host);
  try {
    const reply = await session.ask("enable", signal, deadlineMs);
    if (reply.status === 0) return session;
    throw new Problem("FRR_UNREACHABLE", `FRR's ${daemon} refused "enable": ${reply.text.trim()}`);
  } catch (thrown) {
    session.close();
    throw thrown;
  }
}

/** Runs work that must end in time by the host's clock; after that its signal aborts with a transient FRR_UNREACHABLE. */
async function deadline<T>(
  host: Host,
  ms: number,
  signal: AbortSignal,
  who: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  const done = new AbortController();
  host.sleep(ms, done.signal).then(
    () =>
      late.abort(new Problem("FRR_UNREACHABLE", `${who} did not answer within ${ms / 1000} s.`, { transient: true })),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    // With a reason of its own: an error would be made for each reply otherwise.
    done.abort("done");
  }
}
