/** Files that only this user may read or write: keys, secrets, settings. One that others could have read or written is refused. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { Problem, type ProblemCode } from "../schemas/problem.ts";

const limit = 64 * 1024;

/**
 * The text of a private file, or undefined when there is none. It must be a regular file of root or of this user, with no
 * permission for anybody else, in a folder of theirs that nobody else can write to; else a Problem with `code`.
 */
export async function readPrivate(path: string, code: ProblemCode): Promise<string | undefined> {
  return (await read(path, code, { mask: 0o077, what: "is open to other users" }))?.toString("utf8");
}

/** The bytes of a file that others may read, but not write; as readPrivate in everything else. */
export async function readOwn(path: string, code: ProblemCode): Promise<Uint8Array | undefined> {
  return read(path, code, { mask: 0o022, what: "can be written by other users" });
}

async function read(
  path: string,
  code: ProblemCode,
  { mask, what }: { readonly mask: number; readonly what: string },
): Promise<Buffer | undefined> {
  // Not blocking on a pipe, not following a link: either would let another user choose what is read.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "ENOENT") return undefined;
      throw new Problem(code, `${path} cannot be opened (${thrown.code ?? "unknown reason"}).`, {
        remedy: "It must be a plain file that the agent's user owns.",
      });
    },
  );
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refuse(code, path, "is not a plain file", `ls -l ${path}`);
    if (!isOurs(found.uid)) throw refuse(code, path, "belongs to another user", `chown root: ${path}`);
    if ((found.mode & mask) !== 0) throw refuse(code, path, what, `chmod 0600 ${path}`);
    if (found.size > limit) throw refuse(code, path, `is larger than ${limit} bytes`, `ls -l ${path}`);
    await checkFolder(dirname(path), code);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Makes a private file (0600) with this text, durable, unless it is there already; says whether it was made. */
export async function createPrivate(path: string, text: string, code: ProblemCode): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, a link never replaces: of two that start at the same time one wins, and both read that one.
    const made = await link(temporary, path).then(
      () => true,
      (thrown: NodeJS.ErrnoException) => {
        if (thrown.code === "EEXIST") return false;
        throw thrown;
      },
    );
    await unlink(temporary);
    await syncFolder(dirname(path));
    return made;
  } catch (thrown) {
    throw new Problem(code, `${path} cannot be written.`, {
      cause: thrown,
      remedy: "The agent's user must be able to write there.",
    });
  }
}

/** A folder that another user can write to could be made to hold another file tomorrow. */
async function checkFolder(folder: string, code: ProblemCode): Promise<void> {
  const found = await lstat(folder);
  if (!found.isDirectory()) throw refuse(code, folder, "is not a folder", `ls -ld ${folder}`);
  if (!isOurs(found.uid)) throw refuse(code, folder, "belongs to another user", `chown root: ${folder}`);
  if ((found.mode & 0o022) !== 0) throw refuse(code, folder, "can be written by other users", `chmod 0700 ${folder}`);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}

function refuse(code: ProblemCode, path: string, what: string, command: string): Problem {
  return new Problem(code, `${path} ${what}; it is not used.`, { remedy: `See to it: ${command}.` });
}
