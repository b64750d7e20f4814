/** Opens a connection to VPP's binary API: handshake, numbers of messages, definitions where they are needed, version. */
import { Problem } from "../../../schemas/problem.ts";
import type { Host } from "../../core.ts";
import { Catalogue, type Numbering, strangers } from "./catalogue.ts";
import { Codecs } from "./codec.ts";
import { patienceMs, VppConnection } from "./connection.ts";
import { type Definitions, indexed, known, readDefinitions } from "./definitions.ts";
import { Session } from "./session.ts";
import type { MessageTable } from "./table.ts";
import type { Vpp } from "./vpp.ts";

export interface OpenOptions {
  /** Path of the socket: "/run/vpp/api.sock". */
  readonly socket: string;
  /** Where *.api.json are installed, for a VPP (before 24.06) that cannot tell itself; /usr/share/vpp/api unless given. */
  readonly apiFolder?: string;
  /** How long VPP may answer nothing while it is asked; 30 s unless given. */
  readonly deadlineMs?: number;
  /** What to know of messages, instead of what this program does. */
  readonly known?: Definitions;
  /** Hears what VPP sends unasked, after a want_… request. */
  readonly event?: (message: string, fields: object) => void;
}

/** What is needed of a Host. */
export type VppHost = Pick<Host, "bootId" | "connect" | "sleep" | "uptime" | "readFile" | "readFolder">;

/** These two have the same number in every VPP; all others differ from one start to the next. */
const numberOfCreate = 15;
const numberOfCreateReply = 16;

/**
 * Rejects with VPP_UNREACHABLE (transient) where nobody listens or the handshake does not succeed in time. The connection
 * ends when the signal aborts.
 */
export async function openVpp(host: VppHost, options: OpenOptions, signal: AbortSignal): Promise<Vpp> {
  const ours = options.known ?? known();
  const connection = await connect(host, options, signal);
  const { client, numbering } = await untilAborted(handshake(connection, ours, options), connection, host, signal);
  const abandon = () => connection.close(unreachable(options.socket, signal.reason));
  signal.addEventListener("abort", abandon, { once: true });
  connection.ended.addEventListener("abort", () => signal.removeEventListener("abort", abandon), { once: true });
  try {
    signal.throwIfAborted();
    let catalogue = new Catalogue(numbering, undefined, ours);
    take(connection, catalogue, client, options);
    if (strangers(numbering, ours).length > 0) {
      const running = await ownDefinitions(host, new Session(connection, catalogue, client), options);
      catalogue = new Catalogue(numbering, running, ours);
      take(connection, catalogue, client, options);
    }
    const session = new Session(connection, catalogue, client);
    const [{ version }, { vpe_pid: pid }] = await Promise.all([
      session.call("show_version", {}),
      session.call("control_ping", {}),
    ]);
    catalogue.version = version;
    session.version = version;
    session.incarnation = await incarnationOf(host, pid);
    return session;
  } catch (thrown) {
    connection.close();
    signal.throwIfAborted();
    throw thrown;
  }
}

/** What a VPP calls its messages. Rejects as openVpp does. */
export async function askNumbering(host: VppHost, options: OpenOptions, signal: AbortSignal): Promise<Numbering> {
  const connection = await connect(host, options, signal);
  const { numbering } = await untilAborted(handshake(connection, known(), options), connection, host, signal);
  connection.close();
  return numbering;
}

async function connect(host: VppHost, options: OpenOptions, signal: AbortSignal): Promise<VppConnection> {
  signal.throwIfAborted();
  const { socket, deadlineMs = 30_000 } = options;
  try {
    return new VppConnection(await host.connect(socket, signal), host, deadlineMs);
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(socket, cause);
  }
}

function unreachable(socket: string, cause: unknown): Problem {
  return new Problem("VPP_UNREACHABLE", `VPP does not answer on ${socket}.`, {
    remedy: "See that VPP runs, and that its startup.conf has socksvr { socket-name … }.",
    transient: true,
    cause,
  });
}

interface Handshake {
  /** What VPP calls this connection in every request. */
  readonly client: number;
  readonly numbering: Numbering;
}

/**
 * Who goes before VPP said what it calls him cannot take leave of it: after an abort that is waited for a little, out of sight.
 */
function untilAborted(
  shaken: Promise<Handshake>,
  connection: VppConnection,
  host: VppHost,
  signal: AbortSignal,
): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
      const clock = new AbortController();
      const close = () => connection.close();
      host.sleep(patienceMs, clock.signal).then(close, () => undefined);
      const end = () => {
        clock.abort();
        close();
      };
      shaken.then(end, end);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    shaken.catch(() => connection.close());
    shaken.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function handshake(connection: VppConnection, ours: Definitions, options: OpenOptions): Promise<Handshake> {
  const codecs = new Codecs(ours);
  const create = codecs.message("sockclnt_create");
  const created = codecs.message("sockclnt_create_reply");
  connection.numbers.contextAt = (id) => (id === numberOfCreateReply ? created.contextAt : undefined);
  return new Promise((resolve, reject) => {
    connection.send(
      {
        name: "sockclnt_create",
        hear(_id, bytes) {
          const { index, message_table: entries } = created.decode(bytes) as {
            readonly index: number;
            readonly message_table: readonly { readonly index: number; readonly name: string }[];
          };
          const numbering = new Map(entries.map(({ name, index: id }) => [name, id]));
          // So that it can take leave.
          take(connection, new Catalogue(numbering, undefined, ours), index, options);
          resolve({ client: index, numbering });
          return true;
        },
        fail: reject,
      },
      [(writer, context) => create.encode(writer, numberOfCreate, 0, context, { name: "impctl" })],
    );
  });
}

/** From now on the connection knows whose a message is. */
function take(connection: VppConnection, catalogue: Catalogue, client: number, options: OpenOptions): void {
  const ping = catalogue.entry("control_ping");
  const leave = catalogue.entry("sockclnt_delete");
  connection.numbers = {
    contextAt: (id) => catalogue.contextAt(id),
    event(id, bytes) {
      const event = options.event && catalogue.event(id);
      if (event) options.event?.(event.codec.name, event.codec.decode(bytes));
    },
    ping: (writer, context) => ping.codec.encode(writer, ping.id, client, context, {}),
    leave: (writer, context) => leave.codec.encode(writer, leave.id, client, context, { index: client }),
  };
}

/** What VPP itself says of its messages, or what its package installed says. */
async function ownDefinitions(host: VppHost, vpp: Session, options: OpenOptions): Promise<Definitions> {
  if (vpp.has("get_api_json")) {
    const { json } = await vpp.call("get_api_json", {});
    return indexed(readDefinitions(json, "What VPP answers to get_api_json"));
  }
  return installedDefinitions(host, options.apiFolder ?? "/usr/share/vpp/api");
}

/** Of the folder itself and those in it: VPP's package has core/ and plugins/. */
export async function installedDefinitions(host: VppHost, folder: string): Promise<Definitions> {
  const names = await host.readFolder(folder);
  const isDefinition = (name: string) => name.endsWith(".api.json");
  const inside = names.filter((name) => !name.includes("."));
  const below = await Promise.all(
    inside.map(async (name) => (await host.readFolder(`${folder}/${name}`)).map((file) => `${name}/${file}`)),
  );
  const paths = [...names, ...below.flat()].filter(isDefinition).map((name) => `${folder}/${name}`);
  const tables = await Promise.all(
    paths.map(async (path): Promise<MessageTable> => readDefinitions((await host.readFile(path)) ?? "[]", path)),
  );
  return indexed({
    types: tables.flatMap(({ types }) => types),
    services: tables.flatMap(({ services }) => services),
    messages: tables.flatMap(({ messages }) => messages),
  });
}

/** Boot, process and its start in clock ticks, which no later process shares; without the start where /proc does not show it. */
async function incarnationOf(host: VppHost, pid: number): Promise<string> {
  const stat = await host.readFile(`/proc/${pid}/stat`).catch(() => undefined);
  // The name in parentheses may hold anything; state is the field after it, the start is field 22.
  const start = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${host.bootId()}: vpp ${pid}${start === undefined ? "" : `@${start}`}`;
}
