/** The appliance itself: the only implementation of Host that touches files, programs, sockets and the clock. */
import { constants, readFileSync } from "node:fs";
import { access, mkdir, open, readdir, readFile, readlink, rename, rm, stat, statfs, symlink } from "node:fs/promises";
import { connect as connectSocket, type NetConnectOpts, type Socket } from "node:net";
import { uptime } from "node:os";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Host, RunOptions, RunResult, Secrets, WriteOptions } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";

/** The host that this program runs on. `secrets` seals and reveals with this box's key. */
export function linuxHost(secrets: Secrets): Host {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return {
    now: () => Date.now(),
    uptime: () => uptime() * 1000,
    bootId: () => boot,
    async sleep(ms, signal) {
      try {
        await sleep(ms, undefined, { signal });
      } catch {
        signal.throwIfAborted();
      }
    },
    run,
    readFile: (path) => absentAsUndefined(path, readFile(path, "utf8")),
    readFolder: async (path) => ((await absentAsUndefined(path, readdir(path))) ?? []).sort(),
    readLink: (path) => absentAsUndefined(path, readlink(path)),
    writeFile: (path, text, options) => onFile(path, writeWhole(path, text, options)),
    appendFile: (path, text) => onFile(path, append(path, text)),
    writeLink: (path, target) => onFile(path, replaceLink(path, target)),
    freeBytes,
    remove: (path) => onFile(path, removeDurably(path)),
    connect: (path, signal) => connect({ path }, signal),
    async reach(address, port, signal) {
      (await connect({ host: address, port }, signal)).close();
    },
    secrets,
  };
}

async function run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
  const { execa } = await import("execa"); // most of its import cost is paid only by boxes that run programs
  const [program, ...args] = argv;
  const result = await execa(program, args, {
    reject: false,
    timeout: options.timeoutMs,
    cancelSignal: options.signal,
    env: { ...options.env },
    maxBuffer: options.maxBytes ?? 64 * 1024 * 1024,
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
  });
  options.signal.throwIfAborted();
  if (result.timedOut) {
    throw new Problem("HOST_COMMAND", `${program} did not end within ${options.timeoutMs / 1000} s.`, {
      transient: true,
    });
  }
  if (result.isMaxBuffer) throw new Problem("HOST_COMMAND", `${program} printed too much.`, { transient: true });
  if (result.exitCode === undefined) {
    throw new Problem("HOST_COMMAND", `${program} could not be run: ${result.shortMessage ?? "unknown reason"}`, {
      remedy: `Check that ${program} is installed.`,
      cause: result,
    });
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

let temporaries = 0;
function temporary(path: string): string {
  temporaries += 1;
  return `${dirname(path)}/.${basename(path)}.${process.pid}.${temporaries}.tmp`;
}

async function writeWhole(path: string, text: string, { mode = 0o644, owner }: WriteOptions = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const name = temporary(path);
  const whose = owner === "as-before" ? await absentAsUndefined(path, stat(path)) : owner;
  try {
    const file = await open(name, "wx", mode);
    try {
      if (whose && process.getuid?.() === 0) await file.chown(whose.uid, whose.gid);
      await file.chmod(mode); // the umask must not take away what the owner asked for
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(name, path);
  } catch (thrown) {
    await rm(name, { force: true });
    throw thrown;
  }
  await syncFolder(dirname(path));
}

async function append(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "a", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

async function replaceLink(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const name = temporary(path);
  await symlink(target, name);
  await rename(name, path);
  await syncFolder(dirname(path));
}

async function removeDurably(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await absentAsUndefined(dirname(path), syncFolder(dirname(path)));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Of the nearest folder that is there. Nothing is written to find it out. */
async function freeBytes(path: string): Promise<number> {
  const found = await absentAsUndefined(path, statfs(path));
  if (!found) return freeBytes(dirname(path));
  await onFile(path, access(path, constants.W_OK));
  return found.bavail * found.bsize;
}

function errorCode(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}

async function absentAsUndefined<T>(path: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (errorCode(thrown) === "ENOENT" || errorCode(thrown) === "ENOTDIR") return undefined;
    throw fileProblem(path, thrown);
  }
}

async function onFile(path: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    throw fileProblem(path, thrown);
  }
}

function fileProblem(path: string, thrown: unknown): Problem {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem("HOST_FILE", `${path}: ${why}`, { cause: thrown });
}

/** Opens a stream socket; what arrives is kept until it is read. */
async function connect(to: NetConnectOpts, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  const socket = connectSocket(to);
  const name = "path" in to ? to.path : `${to.host}:${to.port}`;
  try {
    await settled(socket, "connect", signal);
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("HOST_COMMAND", `${name} does not answer: ${why}`, { transient: true, cause });
  }
  return connection(socket);
}

async function settled(socket: Socket, event: "connect", signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve).once("error", reject);
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true, signal: done.signal });
    });
  } finally {
    done.abort();
    socket.removeAllListeners(event).removeAllListeners("error");
  }
}

function connection(socket: Socket): Connection {
  const arrived: Uint8Array[] = [];
  const ended = new AbortController();
  let wake: () => void = () => undefined;
  // An error ends the stream like a close does: the reader sees that nothing more comes.
  socket
    .on("data", (chunk: Uint8Array) => {
      arrived.push(chunk);
      wake();
    })
    .on("error", () => undefined)
    .on("close", () => {
      ended.abort();
      wake();
    })
    .on("end", () => {
      ended.abort();
      wake();
    });
  return {
    async write(bytes) {
      await new Promise<void>((resolve, reject) => {
        socket.write(bytes, (cause) => {
          if (cause)
            reject(new Problem("HOST_COMMAND", "The other side closed the socket.", { transient: true, cause }));
          else resolve();
        });
      });
    },
    async read(signal) {
      while (arrived.length === 0 && !ended.signal.aborted) {
        signal.throwIfAborted();
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        signal.addEventListener("abort", wake, { once: true });
        await promise;
        signal.removeEventListener("abort", wake);
      }
      if (arrived.length === 0) return undefined;
      return Buffer.concat(arrived.splice(0));
    },
    close: () => socket.destroy(),
  };
}
