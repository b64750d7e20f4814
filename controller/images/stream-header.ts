/**
 * The beginning of a ZFS send stream: which snapshot it makes, and which one it builds on. Layout: dmu_replay_record_t in OpenZFS's
 * include/sys/zfs_ioctl.h; the same since 2009, also on other systems.
 */
import { Problem } from "../../schemas/problem.ts";

export interface StreamHeader {
  /** GUID of the snapshot that it makes. */
  readonly snapshot: string;
  /** GUID of the snapshot that it builds on; undefined: it is whole. */
  readonly base: string | undefined;
  /** "tank/build@img", where it was made. */
  readonly name: string;
}

/** Bytes that the header takes. */
export const headerBytes = 312;

const beginRecord = 0;
const magic = 0x2f5bacbacn;
/** DMU_GET_STREAM_HDRTYPE: a stream of one snapshot, as opposed to a package of several or with properties. */
const oneSnapshot = 1n;

/** Reads it from at least `headerBytes` bytes. Rejects with IMAGE_CORRUPT; `what` names the stream. */
export function parseHeader(bytes: Buffer, what: string): StreamHeader {
  const wrong = (why: string, remedy: string): Problem => new Problem("IMAGE_CORRUPT", `${what} ${why}.`, { remedy });
  const make = "Make it with `zfs send SNAPSHOT | zstd`.";
  if (bytes.length < headerBytes) throw wrong("is too short for a ZFS stream", make);
  // A stream is in the byte order of who made it; of all that an appliance runs on, that is this one.
  if (bytes.readUInt32LE(0) !== beginRecord || bytes.readBigUInt64LE(8) !== magic) {
    throw wrong("does not hold a ZFS stream", make);
  }
  if ((bytes.readBigUInt64LE(16) & 3n) !== oneSnapshot) {
    throw wrong("holds several snapshots, or properties", "Send one snapshot, without -R and -p.");
  }
  const base = bytes.readBigUInt64LE(48);
  const name = bytes.toString("utf8", 56, headerBytes);
  return {
    snapshot: String(bytes.readBigUInt64LE(40)),
    base: base === 0n ? undefined : String(base),
    name: name.slice(0, Math.max(0, name.indexOf("\0"))),
  };
}
