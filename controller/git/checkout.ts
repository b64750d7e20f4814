/** Any revision of the repository that somebody works in, through the system's git: what `impctl diff` compares. */
import { spawn } from "node:child_process";
import { Problem } from "../../schemas/problem.ts";
import type { Tree, TreeEntry } from "../../schemas/tree.ts";
import { parseCommit } from "./commit.ts";
import { largestFile } from "./snapshot.ts";

/** Bytes of all files of one revision. */
const largestTree = 256 << 20;

interface Entry extends TreeEntry {
  readonly path: string;
  readonly id: string;
}

/**
 * The tree of `revision` (anything that git understands) as seen from `folder`: a bare repository, a work tree or a folder
 * in one, whose own path is then the top. Files above a mebibyte are listed and not handed out. Rejects with USAGE when
 * there is no such repository, revision or folder in it.
 */
export async function gitTree(folder: string, revision: string, signal?: AbortSignal): Promise<Tree> {
  const git = (argv: readonly string[], input = "") => runGit(folder, argv, input, signal);
  // Says "not a repository" by itself, so that a wrong folder is not taken for a wrong revision.
  const prefix = text(await git(["rev-parse", "--show-prefix"]));
  const name = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const commit = text(await git(name).catch((cause: unknown) => Promise.reject(unknownRevision(revision, cause))));
  const listing = await git(["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", `${commit}:${prefix}`]);
  const entries = parseListing(listing.toString("utf8"));
  const held = entries.filter(({ kind, size = 0 }) => kind === "file" && size <= largestFile);
  const total = held.reduce((sum, { size = 0 }) => sum + size, 0);
  if (total > largestTree) {
    throw new Problem("YAML_HOSTILE", `revision ${revision} holds ${total >> 20} MiB of files`, {
      remedy: "A sites repository holds text only.",
    });
  }
  const ids = [...new Set(held.map(({ id }) => id))];
  const blobs = parseBatch(await git(["cat-file", "--batch"], ids.map((id) => `${id}\n`).join("")));
  const raw = await git(["cat-file", "commit", commit]);
  return tree(parseCommit(raw), entries, blobs);
}

function tree(commit: ReturnType<typeof parseCommit>, all: readonly Entry[], blobs: ReadonlyMap<string, Buffer>): Tree {
  const byPath = new Map(all.map((entry) => [entry.path, entry]));
  const folders = Map.groupBy(all, ({ path, name }) => path.slice(0, Math.max(path.length - name.length - 1, 0)));
  const { id, subject, author, committedAt } = commit;
  return {
    revision: { commit: id, signedBy: undefined, subject, author, committedAt },
    list: (folder) =>
      Promise.resolve(
        (folders.get(folder) ?? [])
          .map(({ name, kind, size }) => ({ name, kind, ...(size !== undefined && { size }) }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    async read(path) {
      const entry = byPath.get(path);
      if (entry?.kind !== "file") return undefined;
      const bytes = blobs.get(entry.id);
      if (bytes !== undefined) return bytes;
      throw new Problem("YAML_HOSTILE", `has ${entry.size} bytes; at most ${largestFile} are read`, {
        at: { file: path, line: 1, column: 1 },
        remedy: "Sites files are text; split it, or keep it elsewhere.",
      });
    },
  };
}

/** "<mode> <type> <id> <size>\t<path>\0" for each entry. */
function parseListing(listing: string): readonly Entry[] {
  return listing
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const tab = line.indexOf("\t");
      const [mode = "", , id = "", size = "-"] = line.slice(0, tab).split(/ +/);
      const path = line.slice(tab + 1);
      const name = path.slice(path.lastIndexOf("/") + 1);
      return { path, name, id, kind: kindOf(mode), ...(size !== "-" && { size: Number(size) }) };
    });
}

function kindOf(mode: string): TreeEntry["kind"] {
  if (mode === "040000") return "folder";
  if (mode === "120000") return "link";
  return mode.startsWith("100") ? "file" : "other";
}

/** "<id> blob <size>\n<bytes>\n" for each. */
function parseBatch(output: Buffer): ReadonlyMap<string, Buffer> {
  const blobs = new Map<string, Buffer>();
  for (let at = 0; at < output.length;) {
    const end = output.indexOf("\n", at);
    const [id = "", , size = "0"] = output.toString("latin1", at, end).split(" ");
    blobs.set(id, output.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return blobs;
}

function text(output: Buffer): string {
  return output.toString("utf8").trimEnd();
}

function unknownRevision(revision: string, cause: unknown): Problem {
  return new Problem("USAGE", `there is no revision "${revision}" here`, {
    remedy: 'Check its name; a shallow clone does not have older ones ("git fetch --unshallow").',
    cause,
  });
}

async function runGit(folder: string, argv: readonly string[], input: string, signal?: AbortSignal): Promise<Buffer> {
  const deadline = AbortSignal.timeout(60_000);
  const child = spawn("git", ["-C", folder, ...argv], {
    stdio: ["pipe", "pipe", "pipe"],
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
  });
  // It may fail before it has read everything: its exit code says so.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [out, err]: readonly [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    signal?.throwIfAborted();
    throw new Problem("USAGE", cause.code === "ENOENT" ? "the git program is missing" : "git did not answer in time", {
      cause,
    });
  });
  if (code === 0) return Buffer.concat(out);
  const why = text(Buffer.concat(err)).replace(/^fatal: /, "");
  throw new Problem("USAGE", `git: ${why}`, {
    ...(why.startsWith("not a git repository") && {
      remedy: "Revisions are compared in a clone of the sites repository: run it there, or name one with --sites.",
    }),
  });
}
