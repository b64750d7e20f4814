/**
 * The files of a sites repository as documents: each is read and parsed once however many machines it serves, and what
 * must not be read (links, devices, files that are too large) is refused by what the listing says of it.
 */
import { Problem } from "./problem.ts";
import type { Tree, TreeEntry } from "./tree.ts";
import { maxFileBytes, parseYaml, tooLarge, type YamlDocument, type YamlResult } from "./yaml.ts";

/** Entries of one folder. A site of 10,000 appliances fits; a folder made to exhaust the reader does not. */
export const maxEntries = 20_000;

export interface Sites {
  readonly tree: Tree;
  /** The document of a file; neither document nor problems where there is no such file. */
  file(path: string): Promise<YamlResult>;
  /** The raw text of a file that `file` would parse, to look into without parsing it. */
  text(path: string): Promise<string | undefined>;
  /** The entries of a folder ("" is the top). */
  folder(path: string): Promise<Folder>;
}

export interface Folder {
  readonly byName: ReadonlyMap<string, TreeEntry>;
  readonly entries: readonly TreeEntry[];
  readonly problems: readonly Problem[];
}

/** Opens a tree for one load: what was read is kept until the load is forgotten. */
export function openSites(tree: Tree): Sites {
  const folders = new Map<string, Promise<Folder>>();
  const files = new Map<string, Promise<YamlResult>>();

  async function open(path: string): Promise<Folder> {
    const slash = path.lastIndexOf("/");
    const parent = path === "" ? undefined : await folder(path.slice(0, Math.max(0, slash)));
    const kind = parent?.byName.get(path.slice(slash + 1))?.kind;
    if (kind !== "link" && kind !== "other") return listFolder(tree, path);
    // Not an empty folder: what should be in it would silently be gone.
    return { byName: new Map(), entries: [], problems: [notFile(path, kind)] };
  }

  function folder(path: string): Promise<Folder> {
    const known = folders.get(path) ?? open(path);
    folders.set(path, known);
    return known;
  }

  async function bytes(path: string): Promise<Uint8Array | Problem | undefined> {
    const slash = path.lastIndexOf("/");
    const { byName } = await folder(path.slice(0, Math.max(0, slash)));
    const entry = byName.get(path.slice(slash + 1));
    if (!entry) return undefined;
    if (entry.kind !== "file") return notFile(path, entry.kind);
    if ((entry.size ?? 0) > maxFileBytes) return tooLarge(path, entry.size ?? 0);
    return await tree.read(path);
  }

  async function parse(path: string): Promise<YamlResult> {
    const read = await bytes(path);
    if (read === undefined) return { document: undefined, problems: [] };
    return read instanceof Problem ? { document: undefined, problems: [read] } : parseYaml(path, read);
  }

  return {
    tree,
    folder,
    file(path) {
      const known = files.get(path) ?? parse(path);
      files.set(path, known);
      return known;
    },
    async text(path) {
      const read = await bytes(path);
      return read instanceof Uint8Array && read.length <= maxFileBytes ? new TextDecoder().decode(read) : undefined;
    },
  };
}

async function listFolder(tree: Tree, path: string): Promise<Folder> {
  const entries = await tree.list(path);
  const byName = new Map(entries.slice(0, maxEntries).map((entry) => [entry.name, entry]));
  if (entries.length <= maxEntries) return { byName, entries, problems: [] };
  const problem = new Problem("YAML_HOSTILE", `the folder has ${entries.length} entries, more than ${maxEntries}`, {
    at: { file: path === "" ? "." : path, line: 1, column: 1 },
    remedy: "Split it.",
  });
  return { byName, entries: entries.slice(0, maxEntries), problems: [problem] };
}

/** The problem of an entry that should be a file, or a folder of files, and is not. */
export function notFile(path: string, kind: TreeEntry["kind"]): Problem {
  const what = kind === "link" ? "a symbolic link" : kind === "folder" ? "a folder" : "neither file nor folder";
  return new Problem("YAML_HOSTILE", `this is ${what}`, {
    at: { file: path, line: 1, column: 1 },
    remedy: kind === "link" ? "Links are never followed: put the file itself here." : "Put a file here.",
  });
}

/** The documents of several files, and all their problems. */
export async function readAll(
  sites: Sites,
  paths: readonly string[],
): Promise<{ readonly documents: readonly YamlDocument[]; readonly problems: readonly Problem[] }> {
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const result = await sites.file(path);
    if (result.document) documents.push(result.document);
    problems.push(...result.problems);
  }
  return { documents, problems };
}
