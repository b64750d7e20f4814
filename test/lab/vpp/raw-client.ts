/**
 * A client of the binary API that refuses nothing: what the product's own client would not send, this one does. It speaks
 * with the simulator's codec, in memory or with a real VPP, one request at a time.
 */
import { connect } from "node:net";
import type { DumpName, Dumps, Fields, RequestName, Requests } from "../../../reconcilers/vpp/api/messages.ts";
import type { Connection } from "../../../reconcilers/core.ts";
import { frame } from "./codec.ts";
import { forms, table } from "./messages.ts";

type Values = Readonly<Record<string, unknown>>;

/** The connection ended before the answer came: VPP fell over, or was told to. */
export const gone = Symbol("gone");
/** Nothing came within the time that the client waits. */
export const silence = Symbol("silence");

export interface RawClient {
  /** The reply's fields; retval is among them. */
  call<M extends RequestName>(
    message: M,
    fields?: Fields<Requests[M]["request"]>,
  ): Promise<(Requests[M]["reply"] & { readonly retval: number }) | typeof gone | typeof silence>;
  /** Its return value alone. */
  retval<M extends RequestName>(
    message: M,
    fields?: Fields<Requests[M]["request"]>,
  ): Promise<number | typeof gone | typeof silence>;
  /** All pages. Throws when the connection ends. */
  dump<M extends DumpName>(message: M, fields?: Fields<Dumps[M]["request"]>): Promise<readonly Dumps[M]["details"][]>;
  /** The same, without knowing the message's type: what came, or that the connection ended. */
  dumped(message: DumpName): Promise<readonly Values[] | typeof gone>;
  /** Whether this VPP has the message in the form that the table says. */
  has(message: string): boolean;
  /** This VPP's number of it. Throws when it has none. */
  idOf(message: string): number;
  /** The next message, whatever it is. */
  anything(): Promise<Uint8Array | typeof gone | typeof silence>;
  /** Tells VPP, which then closes. */
  close(): void;
}

/** Over a real unix socket. */
export function connectUnix(path: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.on("error", () => socket.destroy());
      const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      resolve({
        write: (bytes) => new Promise((done) => void socket.write(bytes, () => done())),
        read: async () => {
          try {
            const { value, done } = await chunks.next();
            return done ? undefined : value;
          } catch {
            return undefined;
          }
        },
        close: () => socket.destroy(),
      });
    });
  });
}

/** Shakes hands. `waitMs`: how long a request may stay without an answer. */
export async function rawClient(connection: Connection, waitMs = 30_000): Promise<RawClient> {
  const frames = readFrames(connection);
  let pending: Promise<Uint8Array | undefined> | undefined;
  const next = async (): Promise<Uint8Array | undefined | typeof silence> => {
    pending ??= frames.next().then(({ value }) => value);
    const got = await within(pending, waitMs);
    if (got !== silence) pending = undefined;
    return got;
  };
  await connection.write(frame(form("sockclnt_create").encode(15, { context: 1, name: "raw" })));
  const hello = await next();
  if (!(hello instanceof Uint8Array)) throw new Error("no handshake");
  const { index, message_table } = form("sockclnt_create_reply").decode(hello) as {
    readonly index: number;
    readonly message_table: readonly { readonly index: number; readonly name: string }[];
  };
  const ids = new Map(message_table.map((entry) => [entry.name, entry.index]));
  return new Client(connection, next, ids, index);
}

function form(name: string): NonNullable<ReturnType<typeof forms.get>> {
  const one = forms.get(name);
  if (!one) throw new Error(`messages.def has no ${name}`);
  return one;
}

/** What the table says to send when nothing is said. */
const defaults = new Map(
  table.messages.map(({ name, fields }) => [
    name,
    Object.fromEntries(
      fields.flatMap((field) =>
        field.byDefault === undefined ? [] : [[field.name, JSON.parse(field.byDefault) as unknown]],
      ),
    ),
  ]),
);

class Client implements RawClient {
  private readonly connection: Connection;
  private readonly next: () => Promise<Uint8Array | undefined | typeof silence>;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly index: number;
  private context = 1;

  constructor(
    connection: Connection,
    next: () => Promise<Uint8Array | undefined | typeof silence>,
    ids: ReadonlyMap<string, number>,
    index: number,
  ) {
    this.connection = connection;
    this.next = next;
    this.ids = ids;
    this.index = index;
  }

  has(message: string): boolean {
    return this.ids.has(`${message}_${form(message).crc}`);
  }

  async call<M extends RequestName>(
    message: M,
    fields: Fields<Requests[M]["request"]> = {},
  ): Promise<(Requests[M]["reply"] & { readonly retval: number }) | typeof gone | typeof silence> {
    const context = await this.send(message, fields);
    const reply = serviceOf(message).reply ?? "";
    const answer = await this.answer(context);
    if (typeof answer === "symbol") return answer;
    return form(reply).decode(answer) as unknown as Requests[M]["reply"] & { readonly retval: number };
  }

  async retval<M extends RequestName>(
    message: M,
    fields: Fields<Requests[M]["request"]> = {},
  ): Promise<number | typeof gone | typeof silence> {
    const reply = await this.call(message, fields);
    return typeof reply === "symbol" ? reply : reply.retval;
  }

  async dump<M extends DumpName>(
    message: M,
    fields: Fields<Dumps[M]["request"]> = {},
  ): Promise<readonly Dumps[M]["details"][]> {
    const found = await this.collect(message, fields);
    if (found === gone) throw new Error(`VPP went away at ${message}`);
    return found as readonly Dumps[M]["details"][];
  }

  dumped(message: DumpName): Promise<readonly Values[] | typeof gone> {
    return this.collect(message, {});
  }

  close(): void {
    const leave = async (): Promise<void> => {
      await this.send("sockclnt_delete", { index: this.index });
      while ((await this.next()) instanceof Uint8Array);
      this.connection.close();
    };
    void leave();
  }

  async anything(): Promise<Uint8Array | typeof gone | typeof silence> {
    return (await this.next()) ?? gone;
  }

  private async collect(message: DumpName, fields: Values): Promise<readonly Values[] | typeof gone> {
    const { reply, details = "" } = serviceOf(message);
    const found: Values[] = [];
    let cursor = 0;
    for (;;) {
      const context = await this.send(message, { ...fields, cursor });
      const end = reply === undefined ? await this.send("control_ping", {}) : context;
      const endId = this.idOf(reply ?? "control_ping_reply");
      for (;;) {
        const answer = await this.next();
        if (!(answer instanceof Uint8Array)) return gone;
        const [id, about] = headOf(answer);
        if (id === endId && about === end) {
          const values = form(reply ?? "control_ping_reply").decode(answer);
          cursor = values["retval"] === -165 ? Number(values["cursor"]) : 0;
          break;
        }
        if (id === this.idOf(details) && about === context) found.push(form(details).decode(answer));
      }
      if (cursor === 0) return found;
    }
  }

  private async send(message: string, fields: Values): Promise<number> {
    this.context += 1;
    const head = { client_index: this.index, context: this.context };
    const body = form(message).encode(this.idOf(message), { ...defaults.get(message), ...fields, ...head });
    // Whether it went away shows where the answer is read.
    await this.connection.write(frame(body)).catch(() => undefined);
    return this.context;
  }

  private async answer(context: number): Promise<Uint8Array | typeof gone | typeof silence> {
    for (;;) {
      const answer = await this.next();
      if (answer === undefined) return gone;
      if (answer === silence) return silence;
      if (headOf(answer)[1] === context || headOf(answer)[2] === context) return answer;
    }
  }

  idOf(message: string): number {
    const id = this.ids.get(`${message}_${form(message).crc}`);
    if (id === undefined) throw new Error(`this VPP has no ${message}`);
    return id;
  }
}

function serviceOf(request: string): (typeof table.services)[number] {
  const service = table.services.find((one) => one.request === request);
  if (!service) throw new Error(`messages.def has no ${request}`);
  return service;
}

/** Id, context, and what is the context of the few replies that have a client_index before it. */
function headOf(body: Uint8Array): readonly [number, number, number] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return [view.getUint16(0), view.getUint32(2), body.length >= 10 ? view.getUint32(6) : 0];
}

async function* readFrames(connection: Connection): AsyncGenerator<Uint8Array, undefined> {
  const signal = new AbortController().signal;
  let buffer = new Uint8Array(0);
  for (;;) {
    const bytes = await connection.read(signal).catch(() => undefined);
    if (bytes === undefined) return undefined;
    buffer = concat(buffer, bytes);
    while (buffer.length >= 16) {
      const end = 16 + new DataView(buffer.buffer).getUint32(8);
      if (buffer.length < end) break;
      yield buffer.slice(16, end);
      buffer = buffer.slice(end);
    }
  }
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof silence> {
  const { promise: late, resolve } = Promise.withResolvers<typeof silence>();
  const timer = setTimeout(() => resolve(silence), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
