/**
 * Reads a git directory through isomorphic-git and checks every object against its id, so that a damaged cache can
 * never pass for a commit: from the signed commit down to a file, each id vouches for what it names.
 */
import fs from "node:fs";
import * as git from "isomorphic-git";
import { objectId, parseCommit, type Commit } from "./commit.ts";

/** A git directory that is being read. Reads reject with a plain Error when something is missing or damaged. */
export interface Repository {
  readonly gitdir: string;
  /** Commits whose parents are not here. */
  readonly shallow: ReadonlySet<string>;
  has(id: string): Promise<boolean>;
  commit(id: string): Promise<Commit>;
  /** The commit's bytes. */
  raw(id: string): Promise<Uint8Array>;
  /** An annotated tag's bytes; undefined when it is not here. */
  tag(id: string): Promise<Uint8Array | undefined>;
  blob(id: string): Promise<Uint8Array>;
  tree(id: string): Promise<readonly GitTreeEntry[]>;
}

export interface GitTreeEntry {
  readonly name: string;
  /** Six octal digits. */
  readonly mode: string;
  readonly id: string;
}

/** Packs that were read stay in memory as long as the repository does. */
export async function openRepository(gitdir: string): Promise<Repository> {
  const cache = {};
  const commits = new Map<string, Commit>();
  const read = async (id: string, type: "blob" | "tree" | "commit" | "tag"): Promise<Uint8Array> => {
    const found = await git.readObject({ fs, gitdir, oid: id, format: "content", cache });
    const bytes = found.object as Uint8Array;
    if (found.type !== type || objectId(type, bytes) !== id) throw new Error(`object ${id} is damaged`);
    return bytes;
  };
  return {
    gitdir,
    shallow: await readShallow(gitdir),
    raw: (id) => read(id, "commit"),
    tag: (id) => read(id, "tag").catch(absent),
    blob: (id) => read(id, "blob"),
    tree: async (id) => parseTree(await read(id, "tree")),
    async commit(id) {
      const known = commits.get(id);
      if (known) return known;
      const commit = parseCommit(await read(id, "commit"));
      commits.set(id, commit);
      return commit;
    },
    async has(id) {
      return (await read(id, "commit").catch(absent)) !== undefined;
    },
  };
}

function absent(error: unknown): undefined {
  if (!(error instanceof git.Errors.NotFoundError)) throw error;
}

async function readShallow(gitdir: string): Promise<ReadonlySet<string>> {
  try {
    const text = await fs.promises.readFile(`${gitdir}/shallow`, "utf8");
    return new Set(text.split("\n").filter((line) => line !== ""));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Set();
    throw error;
  }
}

/** A tree object is a run of "<mode> <name>\0<20 bytes of id>". */
function parseTree(bytes: Uint8Array): readonly GitTreeEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: GitTreeEntry[] = [];
  for (let at = 0; at < buffer.length;) {
    const space = buffer.indexOf(0x20, at);
    const nul = buffer.indexOf(0, space);
    if (space === -1 || nul === -1 || nul + 21 > buffer.length) throw new Error("a tree object is cut off");
    entries.push({
      mode: buffer.toString("latin1", at, space).padStart(6, "0"),
      name: buffer.toString("utf8", space + 1, nul),
      id: buffer.toString("hex", nul + 1, nul + 21),
    });
    at = nul + 21;
  }
  return entries;
}
