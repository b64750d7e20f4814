/** The disk of a simulated appliance: what is read from it, and what of that a power cut leaves. */

/** Whose a file is; not said where nobody cared. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export type Node =
  | { readonly text: string; readonly mode: number; readonly owner?: Owner }
  | { readonly target: string };

export interface Disk {
  /** What is read, by absolute path. */
  readonly files: Map<string, Node>;
  /** Replaces or removes what is read; a power cut takes that back until it is synced. */
  put(path: string, node: Node | undefined): void;
  /** These will be there whatever happens; without any: all. */
  sync(paths?: readonly string[]): void;
  /** The power goes: what was put and not synced never was. */
  cut(): void;
}

export function simDisk(from: ReadonlyMap<string, Node> = new Map()): Disk {
  const files = new Map(from);
  /** What comes back by a power cut. */
  const before = new Map<string, Node | undefined>();
  const set = (path: string, node: Node | undefined): void => void (node ? files.set(path, node) : files.delete(path));
  return {
    files,
    put(path, node) {
      if (!before.has(path)) before.set(path, files.get(path));
      set(path, node);
    },
    sync(paths = [...before.keys()]) {
      for (const path of paths) before.delete(path);
    },
    cut() {
      for (const [path, node] of before) set(path, node);
      before.clear();
    },
  };
}
