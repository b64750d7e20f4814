/**
 * The agent's two sockets: how the command line asks the running agent, HTTP with JSON on it. Who may do what is decided by
 * who may open which. `agent.sock` is for the agent's user alone and takes everything; it is also what keeps a second agent
 * off the same box. `status.sock` may be opened by a group too and takes only what changes nothing.
 */
import { randomUUID } from "node:crypto";
import { chmod, chown, link, lstat, mkdir, rename, unlink } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { boundedServer, close, limits, open, respond, type Limits, type Listening } from "./http.ts";

const bodyLimit = 64 * 1024;
/** The longest that an operation may take; the loop keeps its own, shorter deadlines. */
const operationMs = 120_000;
/** The kernel's sun_path holds 108 bytes, the last one zero. */
const pathLimit = 107;

/** Where the agent with these settings can be asked. */
export function controlSocket(settings: { readonly paths: Pick<Settings["paths"], "run"> }): string {
  return join(settings.paths.run, "agent.sock");
}

/** Where those may ask who may only look. */
export function statusSocket(settings: { readonly paths: Pick<Settings["paths"], "run"> }): string {
  return join(settings.paths.run, "status.sock");
}

/** Who may open these sockets is trusted to ask, however slowly: the box may be too busy for them to be quick. */
const bounds: Limits = { ...limits, requestMs: 30_000, idleMs: operationMs + limits.idleMs };

/** Opens a socket for what is `offered`, to this user and, where one is given, to a group (by its number). Rejects with
 * AGENT_BUSY when another agent answers on it, else with SETTINGS. */
export async function serveControl(path: string, offered: readonly Askable[], group?: number): Promise<Listening> {
  if (Buffer.byteLength(path) > pathLimit)
    throw new Problem("SETTINGS", `${path} is too long for a socket.`, { remedy: 'Shorten "paths: run".' });
  await prepareFolder(dirname(path), group);
  await removeStale(path);
  const server = boundedServer(bounds, (request, response) => {
    void answer(request, response, offered).catch((thrown: unknown) => fail(response, asProblem(thrown)));
  });
  // Node binds before listen() returns, so that nobody else's file is made under this mask.
  const mask = process.umask(0o177);
  let opening: Promise<void>;
  try {
    opening = open(server, { path }, (cause) => (cause.code === "EADDRINUSE" ? busy(path) : cannotOpen(path, cause)));
  } finally {
    process.umask(mask);
  }
  await opening;
  try {
    if (group !== undefined) await chown(path, process.getuid?.() ?? 0, group);
    await chmod(path, group === undefined ? 0o600 : 0o660);
  } catch (cause) {
    await close(server);
    throw cannotOpen(path, cause as NodeJS.ErrnoException);
  }
  return { address: path, close: () => close(server) };
}

/** One thing that can be asked: GET /<name> where it changes nothing, else POST. */
export interface Askable {
  readonly name: string;
  readonly changes: boolean;
  answer(asked: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
}

async function answer(request: IncomingMessage, response: ServerResponse, offered: readonly Askable[]): Promise<void> {
  const paths = offered.map(({ name, changes }) => `${changes ? "POST" : "GET"} /${name}`);
  const askable = offered[paths.indexOf(`${request.method} ${request.url}`)];
  if (askable === undefined) {
    const problem = new Problem("USAGE", "the agent cannot be asked that.", {
      remedy: `It knows ${paths.join(", ")}; agent and command line may be of different versions.`,
    });
    return fail(response, problem, 404);
  }
  const body = await readBody(request);
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Problem("AGENT_UNREACHABLE", "the asker went away.")));
  const result = await askable.answer(body, AbortSignal.any([gone.signal, AbortSignal.timeout(operationMs)]));
  respond(response, 200, "application/json", `${JSON.stringify(result)}\n`);
}

/** A JSON object of bounded size; an empty body is an empty one. */
async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new Problem("USAGE", `the request is larger than ${bodyLimit} bytes.`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Problem("USAGE", "the request is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem("USAGE", "the request is not a JSON object.");
  return value as Readonly<Record<string, unknown>>;
}

function fail(response: ServerResponse, problem: Problem, status = problem.code === "USAGE" ? 400 : 422): void {
  respond(response, status, "application/json", `${JSON.stringify({ problem })}\n`);
}

/**
 * Makes the folder for this user alone, or checks that nobody else can put a socket into the one that is there. A group may
 * pass through it, where it could not already: neither list it nor replace what is in it.
 */
async function prepareFolder(folder: string, group: number | undefined): Promise<void> {
  const remedy = `It must belong to the agent's user: chmod 0700 ${folder}.`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    const { mode, uid, gid } = found;
    if (found.isDirectory() && uid === process.getuid?.() && (mode & 0o022) === 0) {
      if (group === undefined || (mode & 0o001) !== 0 || (gid === group && (mode & 0o010) !== 0)) return;
      await chown(folder, uid, group);
      return await chmod(folder, (mode & 0o700) | 0o010);
    }
  } catch (cause) {
    throw new Problem("SETTINGS", `the folder ${folder} cannot be made.`, { cause, remedy });
  }
  throw new Problem("SETTINGS", `other users can write to ${folder}; no socket is made there.`, { remedy });
}

/**
 * Removes a socket that nobody listens on any more. It is moved aside before it is judged a second time: another agent
 * that starts at this very moment may just have replaced the dead socket by its own, which is then put back.
 */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket())
    throw new Problem("SETTINGS", `${path} is there and is no socket.`, { remedy: "Remove it if it is not needed." });
  if (await isAnswered(path)) throw busy(path);
  const aside = `${dirname(path)}/.${randomUUID().slice(0, 8)}`;
  await rename(path, aside).catch(() => undefined);
  const alive = await isAnswered(aside);
  if (alive) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
  if (alive) throw busy(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  socket.once("connect", () => resolve(true));
  // EAGAIN: somebody listens, but does not keep up.
  socket.once("error", (fault: NodeJS.ErrnoException) => resolve(fault.code === "EAGAIN"));
  const answered = await promise;
  socket.destroy();
  return answered;
}

function busy(path: string): Problem {
  return new Problem("AGENT_BUSY", `another agent runs on this box (it answers on ${path}).`, {
    remedy: "Stop it first: systemctl stop imp-agent. Or give this one other paths in its settings.",
  });
}

function cannotOpen(path: string, cause: NodeJS.ErrnoException): Problem {
  return new Problem("SETTINGS", `the socket ${path} cannot be opened: ${cause.message}.`, {
    cause,
    remedy: 'See "paths: run" in the agent\'s settings.',
  });
}
