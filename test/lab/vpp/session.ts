/** One client of the simulated VPP: frames in, frames out, in order. What VPP does not understand it does not answer. */
import { runLines } from "./cli.ts";
import { frame } from "./codec.ts";
import { apiJson } from "./definitions.ts";
import { hasLink, hearLinux } from "./interfaces.ts";
import { calls, dumps, forms, known, pages, services, table } from "./messages.ts";
import { Died, type Interface, type State } from "./state.ts";

/** Ids that never change. */
const createId = 15;
const createReplyId = 16;
const mostBytes = 2 ** 26;

type Values = Readonly<Record<string, unknown>>;

/** What a session wants of its VPP. */
export interface Owner {
  readonly state: State;
  readonly pid: number;
  readonly starts: number;
  readonly history: string[];
  requests: number;
  readonly options: { readonly lacks?: RegExp; readonly pieces?: number };
  /** Of this start. */
  readonly ids: ReadonlyMap<string, number>;
  fault(
    message: string,
  ): { readonly kind: "refuse" | "drop" | "drop-after" | "silent"; readonly retval: number } | undefined;
  die(reason: string): void;
  /** A client went without a word. */
  abandoned(): void;
}

const serviceOf = new Map(services.map((service) => [service.request, service]));

/** Numbers of messages differ from start to start, as they do with other plugins. */
export function idsOf({ starts, options }: Pick<Owner, "starts" | "options">): ReadonlyMap<string, number> {
  const there = [...new Set(known)].filter((name) => !options.lacks?.test(name)).sort();
  const ids = new Map(there.map((name, i) => [name, 100 + starts * 7 + i]));
  ids.set("sockclnt_create", createId);
  return ids.set("sockclnt_create_reply", createReplyId);
}

const named = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<number, string>>();

function namesOf(ids: ReadonlyMap<string, number>): ReadonlyMap<number, string> {
  const known = named.get(ids) ?? new Map([...ids].map(([name, id]) => [id, name]));
  named.set(ids, known);
  return known;
}

export class Session {
  private readonly ids: ReadonlyMap<string, number>;
  private readonly names: ReadonlyMap<number, string>;
  private buffer = new Uint8Array(0);
  private output: Uint8Array[] = [];
  private isOpen = true;
  private wantsEvents = false;

  private readonly owner: Owner;
  private readonly client: number;
  private readonly reply: (bytes: Uint8Array) => void;
  private readonly closed: () => void;

  constructor(owner: Owner, client: number, reply: (bytes: Uint8Array) => void, closed: () => void) {
    this.owner = owner;
    this.client = client;
    this.reply = reply;
    this.closed = closed;
    this.ids = owner.ids;
    this.names = namesOf(owner.ids);
  }

  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.closed();
  }

  /** Its client went without a word. */
  abandon(): void {
    if (!this.isOpen) return;
    this.end();
    this.owner.abandoned();
  }

  receive(bytes: Uint8Array): void {
    // It comes off its socket together with requests, and its turn is after them.
    const { state } = this.owner;
    const news = state.linuxNews.splice(0);
    this.receiveAll(bytes);
    hearLinux(state, news);
  }

  private receiveAll(bytes: Uint8Array): void {
    this.buffer = this.buffer.length === 0 ? Uint8Array.from(bytes) : concat([this.buffer, bytes]);
    let at = 0;
    while (this.isOpen && this.buffer.length - at >= 16) {
      const size = new DataView(this.buffer.buffer, at).getUint32(8);
      if (size > mostBytes) return this.end();
      if (this.buffer.length - at < 16 + size) break;
      this.message(this.buffer.subarray(at + 16, at + 16 + size));
      at += 16 + size;
    }
    this.buffer = this.buffer.slice(at);
    return this.flush();
  }

  /** An interface came, went or changed. */
  tell(itf: Interface, isDeleted: boolean): void {
    if (!this.wantsEvents) return;
    const flags = (itf.isUp ? 1 : 0) | (hasLink(this.owner.state, itf) ? 2 : 0);
    const event = { pid: this.owner.pid, sw_if_index: itf.index, flags, deleted: isDeleted };
    // Behind the reply to what made it.
    queueMicrotask(() => {
      this.send("sw_interface_event", event);
      this.flush();
    });
  }

  private flush(): void {
    if (this.output.length === 0 || !this.isOpen) return;
    const bytes = concat(this.output);
    this.output = [];
    const size = this.owner.options.pieces ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) this.reply(bytes.subarray(at, at + size));
  }

  private send(name: string, values: Values): void {
    const [form, id] = [forms.get(name), this.ids.get(name)];
    if (form && id !== undefined) this.output.push(frame(form.encode(id, values)));
  }

  private message(body: Uint8Array): void {
    if (body.length < 2) return;
    const name = this.names.get(new DataView(body.buffer, body.byteOffset).getUint16(0));
    const form = name === undefined ? undefined : forms.get(name);
    if (name === undefined || !form) return;
    let request: Values;
    try {
      request = form.decode(body);
    } catch (error) {
      if (error instanceof RangeError) return;
      throw error;
    }
    if (name === "sockclnt_create") return this.welcome(request["context"]);
    if (request["client_index"] !== this.client) return;
    this.handle(name, request);
  }

  private handle(name: string, request: Values): void {
    const { owner } = this;
    owner.requests += 1;
    const fault = owner.fault(name);
    if (fault?.kind === "drop") return this.end();
    if (fault?.kind === "silent") return;
    const context = request["context"];
    const service = serviceOf.get(name);
    try {
      if (fault?.kind === "refuse") {
        if (service?.reply !== undefined) this.send(service.reply, { context, retval: fault.retval });
      } else this.answer(name, request, context);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      return owner.die(error.message);
    }
    if (name === "sockclnt_delete") this.flush();
    if (fault?.kind === "drop-after" || name === "sockclnt_delete") this.end();
  }

  private answer(name: string, request: Values, context: unknown): void {
    const { owner } = this;
    const service = serviceOf.get(name);
    const [dump, page, call] = [dumps[name], pages[name], calls[name]];
    if (dump && service?.details !== undefined) {
      for (const details of dump(owner.state, request)) this.send(service.details, { context, ...details });
    } else if (page && service?.details !== undefined && service.reply !== undefined) {
      const { details, cursor, retval } = page(owner.state, request);
      for (const one of details) this.send(service.details, { context, ...one });
      this.send(service.reply, { context, cursor, retval });
    } else {
      const answer = call ? this.called(name, call, request) : this.own(name, request);
      const values = typeof answer === "number" ? { retval: answer } : answer;
      this.send(service?.reply ?? "", { context, client_index: this.client, ...values });
    }
  }

  private called(name: string, call: NonNullable<(typeof calls)[string]>, request: Values): number | Values {
    if (!/^show_|^api_versions|_get_|_get$|^feature_is_enabled|_lookup/.test(name)) this.owner.history.push(name);
    return call(this.owner.state, request);
  }

  /** What is about the session or VPP itself. */
  private own(name: string, request: Values): Values {
    if (name === "sockclnt_delete") return { response: 1 };
    if (name === "control_ping") return { vpe_pid: this.owner.pid };
    if (name === "get_api_json") return { json: apiJson(this.definitions()) };
    if (name === "want_interface_events") {
      const isWanted = request["enable_disable"] === 1;
      if (isWanted === this.wantsEvents) return { retval: isWanted ? -31 : -6 };
      this.wantsEvents = isWanted;
    }
    if (name === "cli_inband") {
      const command = String(request["cmd"]);
      if (!command.startsWith("show ")) this.owner.history.push(`cli ${command}`);
      const { isFailed, text } = runLines(this.owner.state, command);
      return { retval: isFailed ? -1 : 0, reply: text };
    }
    return {};
  }

  /** Of the messages that this VPP has. */
  private definitions(): typeof table {
    const has = (name: string): boolean => this.ids.has(name);
    return {
      types: table.types,
      services: services.filter(({ request }) => has(request)),
      messages: table.messages.filter(({ name }) => has(name)),
    };
  }

  private welcome(context: unknown): void {
    const entries = [...this.ids].map(([name, index]) => ({ index, name: `${name}_${forms.get(name)?.crc}` }));
    this.send("sockclnt_create_reply", { context, index: this.client, message_table: entries });
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
