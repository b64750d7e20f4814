/** Typed requests on one connection: encoded, sent, answered, judged by their return value. Made by open.ts. */
import { Problem } from "../../../schemas/problem.ts";
import type { Writer } from "./bytes.ts";
import type { Catalogue, CatalogueEntry } from "./catalogue.ts";
import type { VppConnection } from "./connection.ts";
import type { DumpName, Dumps, Fields, RequestName, Requests } from "./messages.ts";
import { isDelicate, refusal, refusalOfCommand, Standing } from "./refuse.ts";
import { again, meaningOf, retvalName } from "./retvals.ts";
import type { Vpp } from "./vpp.ts";

type Put = (writer: Writer, context: number) => void;

/** How many dumps go out with one control_ping behind them, which is a sign of life. */
const together = 1024;

/** What is expected of a dump, and where it goes. */
interface Details {
  readonly id: number;
  readonly decode: (bytes: Uint8Array) => object;
  readonly gathered: object[];
}

export class Session implements Vpp {
  version = "";
  incarnation = "";
  private readonly connection: VppConnection;
  private readonly catalogue: Catalogue;
  private readonly client: number;
  /** What waits until it is known whether a delicate request before it may be sent. */
  private held: ((standing: Standing) => Promise<void>)[] = [];
  private isHeld = false;

  constructor(connection: VppConnection, catalogue: Catalogue, client: number) {
    this.connection = connection;
    this.catalogue = catalogue;
    this.client = client;
  }

  get ended(): AbortSignal {
    return this.connection.ended;
  }

  close(): void {
    this.connection.close();
  }

  has(message: RequestName | DumpName): boolean {
    return this.catalogue.has(message);
  }

  call<M extends RequestName>(
    message: M,
    fields: Fields<Requests[M]["request"]>,
    accepted: readonly number[] = [],
  ): Promise<Requests[M]["reply"]> {
    if (!isDelicate(message)) return this.inOrder(() => this.request(message, fields, accepted));
    return this.hold(async (standing) => {
      this.catalogue.service(message);
      const why = await refusal(message, fields, standing);
      if (why) throw why;
      const reply = this.request(message, fields, accepted);
      standing.forget(message);
      // Not awaited where it is held: what waits behind it goes out now.
      return { reply };
    });
  }

  dump<M extends DumpName>(
    message: M,
    fields: Fields<Dumps[M]["request"]> = {},
  ): Promise<readonly Dumps[M]["details"][]> {
    return this.inOrder(() => this.gather(message, [fields]));
  }

  dumpMany<M extends DumpName, K extends keyof Dumps[M]["details"]>(
    message: M,
    asked: readonly Fields<Dumps[M]["request"]>[],
    only: readonly K[],
  ): Promise<readonly Pick<Dumps[M]["details"], K>[]> {
    return this.inOrder(() => this.gather(message, asked, only));
  }

  cli(command: string): Promise<string> {
    const why = refusalOfCommand(command);
    return why ? Promise.reject(why) : this.inOrder(() => this.command(command));
  }

  private inOrder<T>(send: () => Promise<T>): Promise<T> {
    return this.isHeld ? this.hold(() => Promise.resolve({ reply: send() })) : send();
  }

  /** Has everything that is asked for meanwhile wait for `decide`, so that requests stay in their order. */
  private hold<T>(decide: (standing: Standing) => Promise<{ readonly reply: Promise<T> }>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.held.push(async (standing) => {
        try {
          (await decide(standing)).reply.then(resolve, reject);
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        }
      });
      if (!this.isHeld) void this.release();
    });
  }

  private async release(): Promise<void> {
    this.isHeld = true;
    const standing = new Standing({
      has: (message) => this.has(message),
      call: (message, fields) => this.request(message, fields, []),
      dump: (message, fields = {}) => this.gather(message, [fields]),
      cli: (command) => this.command(command),
    });
    // More may come while these go.
    for (const go of this.held) await go(standing);
    this.held = [];
    this.isHeld = false;
  }

  private async command(command: string): Promise<string> {
    const { retval, reply } = await this.request("cli_inband", { cmd: command }, "all");
    if (retval === 0) return reply;
    throw new Problem("VPP_REFUSED", `VPP refused "${command}": ${reply.trim() || retvalName(retval)}.`);
  }

  private request<M extends RequestName>(
    message: M,
    fields: Fields<Requests[M]["request"]>,
    accepted: readonly number[] | "all",
  ): Promise<Requests[M]["reply"]> {
    return new Promise((resolve, reject) => {
      const reply = this.catalogue.entry(this.catalogue.service(message).reply ?? "");
      const hear = (id: number, bytes: Uint8Array): boolean => {
        if (id !== reply.id) throw another(message);
        const value = reply.codec.decode(bytes) as { readonly retval?: number };
        const { retval = 0 } = value;
        if (retval === 0 || accepted === "all" || accepted.includes(retval)) resolve(value as Requests[M]["reply"]);
        else reject(refused(message, fields, retval));
        return true;
      };
      this.send(message, hear, reject, [this.put(message, fields)]);
    });
  }

  private async gather<M extends DumpName>(
    message: M,
    asked: readonly object[],
    only?: readonly (keyof Dumps[M]["details"])[],
  ): Promise<readonly Dumps[M]["details"][]> {
    const service = this.catalogue.service(message);
    const { id, codec } = this.catalogue.entry(service.details ?? "");
    const gathered: object[] = [];
    const decode = only ? codec.picking(only.map(String)) : (bytes: Uint8Array) => codec.decode(bytes);
    const details: Details = { id, decode, gathered };
    const end = this.catalogue.entry(service.reply ?? "control_ping_reply");
    if (service.reply === undefined) {
      const parts: Promise<unknown>[] = [];
      for (let at = 0; at < asked.length; at += together) {
        parts.push(this.page(message, asked.slice(at, at + together), details, end));
      }
      await Promise.all(parts);
    } else for (const fields of asked) await this.pages(message, fields, details, end);
    return gathered as readonly Dumps[M]["details"][];
  }

  private async pages(message: string, fields: object, details: Details, end: CatalogueEntry): Promise<void> {
    const seen = new Set<number | undefined>([undefined]);
    for (let asked = fields; ;) {
      const { retval = 0, cursor } = await this.page(message, [asked], details, end);
      if (retval === 0) return;
      if (retval !== again) throw refused(message, asked, retval);
      if (seen.has(cursor)) throw goesRound(message);
      seen.add(cursor);
      asked = { ...fields, cursor };
    }
  }

  /** Requests and the details that come of them; gives what ended them. */
  private page(
    message: string,
    asked: readonly object[],
    { id: expected, decode, gathered }: Details,
    end: CatalogueEntry,
  ): Promise<{ readonly retval?: number; readonly cursor?: number }> {
    return new Promise((resolve, reject) => {
      const hear = (id: number, bytes: Uint8Array): boolean => {
        if (id === expected) {
          gathered.push(decode(bytes));
          return false;
        }
        if (id !== end.id) throw another(message);
        resolve(end.codec.decode(bytes));
        return true;
      };
      const puts = asked.map((fields) => this.put(message, fields));
      // A dump has no end of its own: the answer to what stands behind it is its end.
      if (end.codec.name === "control_ping_reply") puts.push(this.put("control_ping", {}));
      this.send(message, hear, reject, puts);
    });
  }

  private put(message: string, fields: object): Put {
    const { id, codec } = this.catalogue.entry(message);
    return (writer, context) => codec.encode(writer, id, this.client, context, fields);
  }

  private send(
    name: string,
    hear: (id: number, bytes: Uint8Array) => boolean,
    fail: (problem: Problem) => void,
    puts: readonly Put[],
  ): void {
    try {
      this.connection.send({ name, hear, fail }, puts);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      fail(new Problem("VPP_MESSAGE", `${name} cannot be sent: ${why}.`, { cause }));
    }
  }
}

function another(message: string): Problem {
  return new Problem("VPP_MESSAGE", `VPP answered ${message} with another message.`);
}

function goesRound(message: string): Problem {
  return new Problem(
    "VPP_MESSAGE",
    `VPP says of ${message} that there is more, and names a place where it was already.`,
  );
}

function refused(message: string, fields: object, retval: number): Problem {
  const meaning = meaningOf(message, retval);
  return new Problem(
    "VPP_REFUSED",
    `VPP refused ${message}${brief(fields)}: ${retvalName(retval)}${meaning === undefined ? "" : `, ${meaning}`}.`,
    { remedy: 'VPP\'s log may say more ("show logging").' },
  );
}

/** What a request was about, without what is long or nobody's business. */
function brief(fields: object): string {
  const said = Object.entries(fields).flatMap(([name, value]: readonly [string, unknown]) =>
    name !== "secret" && (typeof value === "number" || typeof value === "boolean" || typeof value === "string")
      ? [`${name} ${value}`]
      : [],
  );
  return said.length === 0 ? "" : ` (${said.join(", ")})`;
}
