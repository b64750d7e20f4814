/** A commit object, read byte for byte: what it says, and what exactly its signature is over. */
import { createHash } from "node:crypto";

export interface Commit {
  /** 40 hex digits. */
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly subject: string;
  /** The whole message. */
  readonly message: string;
  /** Committer's time, milliseconds since 1970. It is the committer's claim, nothing more. */
  readonly committedAt: number;
  /** Armored, as it stands in the gpgsig header; several such headers one below the other. */
  readonly signature: string | undefined;
  /** The commit without its signatures: what was signed. */
  readonly payload: Buffer;
}

/** The id that git gives to an object: what a tree or a parent line must have promised for these bytes. */
export function objectId(type: "blob" | "tree" | "commit" | "tag", content: Uint8Array): string {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest("hex");
}

/** Total: a malformed commit gives empty fields, which nothing later believes. */
export function parseCommit(raw: Uint8Array): Commit {
  // latin1 keeps every byte as one character, so that the payload is exact whatever the message's encoding is.
  const text = Buffer.from(raw).toString("latin1");
  const end = text.indexOf("\n\n");
  const head = end === -1 ? text : text.slice(0, end);
  const message = end === -1 ? "" : text.slice(end);
  const headers = splitHeaders(head);
  const signatures = headers.filter(({ name }) => name === "gpgsig");
  const signed = headers.filter(({ name }) => name !== "gpgsig" && name !== "gpgsig-sha256");
  const first = (name: string) => headers.find((header) => header.name === name)?.lines[0] ?? "";
  return {
    id: objectId("commit", raw),
    tree: first("tree"),
    parents: headers.filter(({ name }) => name === "parent").map(({ lines }) => lines[0] ?? ""),
    author: utf8(first("author").replace(/ \d+ [+-]\d{4}$/, "")),
    subject: utf8(message.trim().split("\n", 1)[0] ?? ""),
    message: utf8(message.slice(2)),
    committedAt: Number(/ (\d{1,11}) [+-]\d{4}$/.exec(first("committer"))?.[1] ?? 0) * 1000,
    signature: signatures.length === 0 ? undefined : signatures.map(({ lines }) => lines.join("\n")).join("\n") + "\n",
    payload: Buffer.from(signed.map(({ text }) => text).join("\n") + message, "latin1"),
  };
}

interface Header {
  readonly name: string;
  /** The value; continuation lines without their leading space. */
  readonly lines: readonly string[];
  /** As it stands in the commit. */
  readonly text: string;
}

function splitHeaders(head: string): readonly Header[] {
  return head.split(/\n(?! )/).map((text) => {
    const space = text.indexOf(" ");
    if (space === -1) return { name: text, lines: [], text };
    return { name: text.slice(0, space), lines: text.slice(space + 1).split("\n "), text };
  });
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
