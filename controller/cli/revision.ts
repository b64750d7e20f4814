/** One side of a comparison: a revision of the checkout that the user stands in, or its files as they are. */
import { folderTree } from "../folder.ts";
import type { Side } from "./compare.ts";
import { gitTree } from "../git/checkout.ts";
import { findSites } from "./sites.ts";
import type { Terminal } from "./terminal.ts";

export interface OpenSide extends Side {
  /** What to put before a file's path so that the user finds it. */
  readonly prefix: string;
}

/** `revision` undefined: the files as they are. `named`: the folder with fleet.yaml, which may not exist any more there. */
export async function openRevision(
  revision: string | undefined,
  named: string | undefined,
  terminal: Terminal,
): Promise<OpenSide> {
  const sites = await findSites(named, terminal.folder);
  if (revision === undefined) return { name: "working tree", tree: folderTree(sites.path), prefix: sites.prefix };
  const tree = await gitTree(sites.path, revision, terminal.signal);
  return { name: tree.revision?.commit ?? revision, tree, prefix: sites.prefix };
}
