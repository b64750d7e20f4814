/** Where a manifest is, and what lies beside it: on disk or on a server. Nothing of it is believed before its signature is checked. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { mostManifestBytes, parseManifest } from "../../schemas/manifest-file.ts";
import type { Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import type { TrustOptions } from "../trust.ts";
import { mustBeSigned, signatureOf } from "./signature.ts";

/** Bytes of a signature; a real one has some hundred. */
export const mostSignatureBytes = 64 * 1024;

/** A manifest as it was read: not checked. */
export interface ReadManifest {
  /** A path or an address. */
  readonly location: string;
  readonly bytes: Uint8Array;
  /** undefined: there is none. */
  readonly signature: string | undefined;
}

/** A manifest whose signature counts here. */
export interface SignedManifest {
  readonly manifest: Manifest;
  /** Of its bytes: "sha256:…". */
  readonly digest: string;
  readonly signer: string;
}

/** Reads a small file; undefined: there is none. Rejects with HOST_FILE. */
export async function readSmall(path: string, mostBytes: number): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path);
    try {
      // One more than what may be there tells that it is too much, whatever the file claims to be.
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new Problem(
      "HOST_FILE",
      `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Reads the manifest at a path, and its signature. Rejects with IMAGE_MANIFEST when there is none, HOST_FILE when it cannot be read. */
export async function readManifestFile(path: string): Promise<ReadManifest> {
  const bytes = await readSmall(path, mostManifestBytes);
  if (!bytes) {
    throw new Problem("IMAGE_MANIFEST", `There is no manifest ${path}.`, {
      remedy: "Name the file that `impctl image manifest` wrote.",
    });
  }
  const signature = await readSmall(signatureOf(path), mostSignatureBytes);
  return { location: path, bytes, signature: signature && Buffer.from(signature).toString("latin1") };
}

/** What the bytes say. Rejects with an AggregateError of every problem in them. */
export function parsed({ location, bytes }: Pick<ReadManifest, "location" | "bytes">): Manifest {
  const { manifest, problems } = parseManifest(location, bytes);
  if (!manifest) throw new AggregateError(problems, `${location} is wrong`);
  return manifest;
}

/**
 * Believes a manifest: first its digest where one is pinned, then its signature, then what stands in it. Rejects with IMAGE_MANIFEST
 * or TRUST_…; with an AggregateError where its content is wrong.
 */
export async function checkManifest(
  read: ReadManifest,
  pinned: string | undefined,
  options: TrustOptions,
): Promise<SignedManifest> {
  const digest = digestOf(read.bytes);
  if (pinned !== undefined && pinned !== digest) {
    throw new Problem("IMAGE_MANIFEST", `${read.location} is not what images.yaml names: its digest is ${digest}.`, {
      remedy: "Find out who changed it, or correct its digest in images.yaml.",
    });
  }
  const signer = await mustBeSigned(read.location, read.bytes, read.signature, options);
  return { manifest: parsed(read), digest, signer };
}

/** "sha256:…" */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
