/** The port through which schemas/ reads a sites repository: one commit, or a folder while somebody edits it. */

/** What stands in a folder. Links are reported, never followed. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  /** Bytes, where known without reading. */
  readonly size?: number;
}

export interface Tree {
  /** The commit, or undefined for a folder that is no commit. */
  readonly revision: Revision | undefined;
  /** The bytes of a file, or undefined when there is none. Paths use "/" and are relative to the top. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** The entries of a folder ("" is the top), sorted by name; empty when there is no such folder. */
  list(folder: string): Promise<readonly TreeEntry[]>;
}

export interface Revision {
  /** 40 hex digits. */
  readonly commit: string;
  /** The principal that signed it, when signatures were checked. */
  readonly signedBy: string | undefined;
  readonly subject: string;
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly committedAt: number;
}
