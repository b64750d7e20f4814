/** The appliance itself: the only implementation of Host that touches files, programs, sockets and the clock. */
import { constants, readFileSync } from "node:fs";
import {
  access,
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  statfs,
  symlink,
} from "node:fs/promises";
import { uptime } from "node:os";
import { basename, dirname } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attributes, Host, RunOptions, RunResult, Secrets, WriteOptions } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { connect } from "./socket.ts";

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
    attributes,
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
  const { inputPieces } = options;
  const running = execa(program, args, {
    reject: false,
    timeout: options.timeoutMs,
    cancelSignal: options.signal,
    env: { ...options.env },
    maxBuffer: options.maxBytes ?? 64 * 1024 * 1024,
    ...(options.inputFile !== undefined
      ? { inputFile: options.inputFile }
      : options.input === undefined && !inputPieces
        ? { stdin: "ignore" as const }
        : inputPieces
          ? { stdin: "pipe" as const }
          : { input: options.input ?? "" }),
  });
  const feeding = inputPieces && running.stdin ? feed(inputPieces, running.stdin) : Promise.resolve();
  const [result, failed] = await Promise.all([
    running,
    feeding.then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    ),
  ]);
  options.signal.throwIfAborted();
  // What goes wrong with the input says more than what the program makes of its end.
  if (failed) throw failed.thrown;
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

/** Resolves when all was given, or the program takes no more; rejects with what the pieces reject with, once the input has ended. */
async function feed(pieces: AsyncIterable<Uint8Array>, stdin: Writable): Promise<void> {
  const source = pieces[Symbol.asyncIterator]();
  // A program that ends early closes it, with or without an error.
  stdin.on("error", () => undefined);
  const closed = new Promise<"closed">((resolve) => stdin.once("close", () => resolve("closed")));
  let drained = (): void => undefined;
  stdin.on("drain", () => drained());
  try {
    for (;;) {
      const next = await Promise.race([source.next(), closed]);
      if (next === "closed" || next.done === true) return;
      if (stdin.write(next.value)) continue;
      await Promise.race([new Promise<void>((resolve) => (drained = resolve)), closed]);
    }
  } finally {
    stdin.end();
    void source.return?.().catch(() => undefined);
  }
}

let temporaries = 0;
function temporary(path: string): string {
  temporaries += 1;
  return `${dirname(path)}/.${basename(path)}.${process.pid}.${temporaries}.tmp`;
}

async function attributes(path: string): Promise<Attributes | undefined> {
  const found = await absentAsUndefined(path, lstat(path));
  if (!found) return undefined;
  const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : found.isSymbolicLink() ? "link" : "other";
  return { kind, mode: found.mode & 0o7777, owner: { uid: found.uid, gid: found.gid } };
}

async function writeWhole(path: string, text: string, options: WriteOptions = {}): Promise<void> {
  const { mode = 0o644, owner, folderMode = 0o700 } = options;
  await makeFolder(dirname(path), folderMode);
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

/** The umask must not take away what was asked for. */
async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, mode);
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
