/**
 * The other end of VPP's binary API, for tests of the client alone: it numbers messages as it is told, answers what its
 * `answer` says, and can misbehave on the wire in every way. What VPP does with its objects is not its business.
 */
import type { Connection } from "../../reconcilers/core.ts";
import { Reader, Writer } from "../../reconcilers/vpp/api/bytes.ts";
import { Codecs, framingOf } from "../../reconcilers/vpp/api/codec.ts";
import { type Definitions, known } from "../../reconcilers/vpp/api/definitions.ts";
import { FrameDecoder, putFrame } from "../../reconcilers/vpp/api/frames.ts";
import type { VppHost } from "../../reconcilers/vpp/api/open.ts";

export interface Asked {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly context: number;
}

/** What goes back: messages by name, raw frames, or the end of the connection. */
export type Answer = readonly [string, object] | Uint8Array | "close";

export interface WireOptions {
  readonly definitions?: Definitions;
  /** "name_crc" of what it does not have. */
  readonly without?: (name: string) => boolean;
  /** Answers to a request; undefined: none, as VPP does to what it cannot read. control_ping and show_version are answered anyway. */
  readonly answer?: (asked: Asked) => readonly Answer[] | undefined;
  readonly files?: Readonly<Record<string, string>>;
  readonly pid?: number;
}

export interface Wire {
  readonly host: VppHost;
  /** Everything that was asked, in order, without the pings behind. */
  readonly asked: Asked[];
  /** How many requests went out in each write. */
  readonly writes: number[];
  /** Sends bytes that nobody asked for. */
  send(bytes: Uint8Array): void;
  message(name: string, fields: object, context?: number): Uint8Array;
  close(): void;
  /** Lets virtual time pass. */
  pass(ms: number): void;
}

export function vppWire(options: WireOptions = {}): Wire {
  const definitions = options.definitions ?? known();
  const codecs = new Codecs(definitions);
  const names = [...definitions.message.values()].filter(({ name }) => !options.without?.(name));
  // 15 and 16 are the handshake's in every VPP.
  const ids = new Map(names.map(({ name }, index) => [name, 100 + index]));
  ids.set("sockclnt_create", 15).set("sockclnt_create_reply", 16);
  const byId = new Map([...ids].map(([name, id]) => [id, name]));
  const asked: Asked[] = [];
  const writes: number[] = [];
  const clock = virtualClock();
  let pipe = new Pipe();

  function message(name: string, fields: object, context = 0): Uint8Array {
    const writer = new Writer();
    putFrame(writer, (to) => codecs.message(name).encode(to, ids.get(name) ?? 0, 0, context, fields));
    return writer.take();
  }

  function hear(bytes: Uint8Array): void {
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0);
    const name = byId.get(id) ?? "";
    const { contextAt = 2 } = framingOf(definitions.message.get(name)?.fields ?? []);
    const context = new Reader(bytes).view.getUint32(contextAt);
    if (!byId.has(id)) return;
    const fields = codecs.message(name).decode(bytes) as Readonly<Record<string, unknown>>;
    if (name !== "control_ping" && name !== "sockclnt_delete") asked.push({ message: name, fields, context });
    for (const answer of options.answer?.({ message: name, fields, context }) ?? byItself(name)) {
      if (answer === "close") pipe.end();
      else if (answer instanceof Uint8Array) pipe.put(answer);
      else pipe.put(message(answer[0], answer[1], context));
    }
  }

  function byItself(name: string): readonly Answer[] {
    const table = [
      ...names,
      ...["sockclnt_create", "sockclnt_create_reply"].flatMap((one) => definitions.message.get(one) ?? []),
    ];
    if (name === "sockclnt_create") {
      const entries = table.map((one) => ({ index: ids.get(one.name) ?? 0, name: `${one.name}_${one.crc}` }));
      return [["sockclnt_create_reply", { index: 0x80000001, message_table: entries }]];
    }
    if (name === "sockclnt_delete") return ["close"];
    if (name === "control_ping") return [["control_ping_reply", { vpe_pid: options.pid ?? 4711 }]];
    if (name === "show_version") return [["show_version_reply", { version: "26.06-release" }]];
    return [];
  }

  function connection(): Connection {
    pipe = new Pipe();
    const mine = pipe;
    const frames = new FrameDecoder();
    return {
      async write(bytes) {
        let count = 0;
        await Promise.resolve();
        frames.push(bytes.slice(), (one) => {
          count += 1;
          hear(one);
        });
        writes.push(count);
      },
      read: (signal) => mine.take(signal),
      close: () => mine.end(),
    };
  }

  return {
    host: {
      bootId: () => "boot",
      connect: () => Promise.resolve(connection()),
      readFile: (path) => Promise.resolve(options.files?.[path]),
      readFolder: (path) => Promise.resolve(inFolder(options.files ?? {}, path)),
      ...clock,
    },
    asked,
    writes,
    message,
    send: (bytes) => pipe.put(bytes),
    close: () => pipe.end(),
    pass: (ms) => clock.pass(ms),
  };
}

function inFolder(files: Readonly<Record<string, string>>, folder: string): readonly string[] {
  const below = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
  return [...new Set(below.map((path) => path.slice(folder.length + 1).split("/")[0] ?? ""))].sort();
}

/** What one side puts in, in the pieces in which the other takes it out. */
class Pipe {
  private readonly chunks: (Uint8Array | undefined)[] = [];
  private wake: (() => void) | undefined;

  put(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.wake?.();
  }

  end(): void {
    this.chunks.push(undefined);
    this.wake?.();
  }

  async take(signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.chunks.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.wake = resolve;
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    }
    return this.chunks.shift();
  }
}

function virtualClock(): Pick<VppHost, "sleep" | "uptime"> & { pass(ms: number): void } {
  let now = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    uptime: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    pass(ms) {
      now += ms;
      for (const sleeper of [...sleepers].filter(({ at }) => at <= now)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
