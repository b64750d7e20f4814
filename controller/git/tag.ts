/** An annotated tag, read byte for byte: what it says, and what exactly its signature is over. */
import { printable } from "../../schemas/printable.ts";
import type { Signed } from "../trust.ts";
import { objectId } from "./commit.ts";

export interface Tag {
  /** 40 hex digits. */
  readonly id: string;
  /** As it was signed: a ref of another name may point at it. */
  readonly name: string;
  /** What it tags directly, and of which type that is. */
  readonly object: string;
  readonly type: string;
  /** The first line of its message. */
  readonly subject: string;
  readonly signed: Signed & { readonly payload: Buffer };
}

const begin = "-----BEGIN SSH SIGNATURE-----";

/** Total: a malformed tag gives empty fields, which nothing later believes. */
export function parseTag(raw: Uint8Array): Tag {
  const text = Buffer.from(raw).toString("latin1");
  const end = text.indexOf("\n\n");
  const head = (end === -1 ? text : text.slice(0, end)).split("\n");
  const first = (name: string) => head.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
  // A signature is the last thing in a tag; git looks for the last line that begins one.
  const at = text.lastIndexOf(`\n${begin}`) + 1;
  const signature = at > 0 && at > end ? text.slice(at) : undefined;
  const payload = signature === undefined ? text : text.slice(0, at);
  const message = end === -1 ? "" : payload.slice(end + 2);
  const name = utf8(first("tag"));
  return {
    id: objectId("tag", raw),
    name,
    object: first("object"),
    type: first("type"),
    subject: utf8(message.trim().split("\n", 1)[0] ?? ""),
    signed: {
      name: `tag ${printable(name.slice(0, 100))} by ${printable(
        utf8(first("tagger"))
          .replace(/ \d+ [+-]\d{4}$/, "")
          .slice(0, 100),
      )}`,
      claimedAt: Number(/ (\d{1,11}) [+-]\d{4}$/.exec(first("tagger"))?.[1] ?? 0) * 1000,
      signature,
      payload: Buffer.from(payload, "latin1"),
      instead: 'use "impctl approve"',
    },
  };
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
