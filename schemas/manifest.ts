/**
 * The manifest of an image: what is in it, which boxes it is for, and its streams, chunk by chunk. JSON beside the streams, signed
 * by the one who built them; docs/images.md is for people.
 */
import { z } from "zod";
import { Line, Name, Tag } from "./primitives.ts";

/**
 * Bytes of a chunk: what is fetched again at most when a connection is cut, and held in memory. The first one must have zstd's first
 * block whole, which is of 128 KiB at most (RFC 8878, 3.1.1.2.4): the header of the stream is in it.
 */
export const leastChunkBytes = 256 * 1024;
export const mostChunkBytes = 64 * 1024 * 1024;
/** Bytes of one stream: 1 TiB. */
const mostStreamBytes = 2 ** 40;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits in lower case');

const version = z
  .string()
  .regex(/^\d[A-Za-z0-9.+~:-]{0,62}$/, 'must be a version in quotes, as in "8.4.4"')
  .meta({ description: "Version, in quotes." });

/** ZFS prints it as a decimal number of 64 bits, which JSON's numbers cannot hold. */
const guid = z
  .string()
  .regex(/^[1-9]\d{0,19}$/, 'must be the GUID of a snapshot as "zfs get -Hp guid" prints it, in quotes');

export const ImageStream = z
  .strictObject({
    file: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/, "must be the name of a file, without a folder")
      .meta({ description: "Name of the file beside the manifest: a ZFS stream, compressed by zstd." }),
    base: guid.optional().meta({ description: "GUID of the snapshot that it builds on; left out: it is whole." }),
    snapshot: guid.meta({ description: "GUID of the snapshot that it makes." }),
    size: z.int().min(1).max(mostStreamBytes).meta({ description: "Bytes." }),
    sha256: digest.meta({ description: "Digest of the whole file." }),
    chunkBytes: z
      .int()
      .min(leastChunkBytes)
      .max(mostChunkBytes)
      .meta({ description: "Bytes of each chunk; the last one may be shorter." }),
    chunks: z.array(digest).min(1).meta({ description: "Digest of each chunk, in order." }),
  })
  .refine(
    ({ size, chunkBytes, chunks }) => chunks.length === Math.ceil(size / chunkBytes),
    "must have a digest for each chunk of the size: size / chunkBytes, rounded up",
  );
export type ImageStream = z.infer<typeof ImageStream>;

/** What was looked at when an image was tried, as `impctl image test` names it; docs/image-build.md says how. */
export const trialChecks = [
  "boots",
  "pool-imported",
  "persistent-datasets",
  "management-ssh",
  "agent-converged",
  "dataplane-namespace",
  "vpp-core",
  "vpp-nat",
  "frr-in-namespace",
  "bgp-session",
  "forwarding",
  "nat",
  "other-boot-environment",
] as const;
export type TrialCheck = (typeof trialChecks)[number];

const ImageTrial = z
  .strictObject({
    at: z.iso.datetime(),
    checks: z
      .array(
        z.strictObject({
          check: z.enum(trialChecks),
          result: z.enum(["passed", "failed", "not-tested"]),
          why: Line.optional().meta({ description: "What failed, or why it was not tested." }),
        }),
      )
      .max(trialChecks.length),
  })
  .meta({ description: "What came of trying the image in a virtual machine." });
export type ImageTrial = z.infer<typeof ImageTrial>;

export const Manifest = z
  .strictObject({
    format: z.literal(1, "must be 1: another format needs a newer agent"),
    name: Name.meta({ description: "Its name in images.yaml, and of its boot environment." }),
    version: version.meta({ description: "Version of the image." }),
    epoch: z.int().min(0).meta({ description: "Grows with each image that must not be gone back from." }),
    built: z.iso.datetime({ error: 'must be a time in UTC, as in "2027-01-10T09:30:00Z"' }),
    source: z
      .string()
      .regex(/^[0-9a-f]{7,64}(-dirty)?$/, "must be the revision that it was built from, in hex")
      .meta({ description: "Revision of what it was built from." }),
    description: Line.optional(),
    versions: z
      .strictObject({ kernel: version, vpp: version, frr: version, zfs: version, agent: version })
      .meta({ description: "Programs in it. The agent's as dpkg knows it, the kernel's as uname -r prints it." }),
    packages: digest.meta({ description: "Digest of the list of its packages." }),
    hardware: z
      .array(Tag)
      .max(64)
      .meta({ description: "Boxes that it runs on: those with one of these tags. Empty: every box." }),
    journal: z.int().min(1).meta({ description: "Oldest format of the agent's journal that its agent goes on from." }),
    streams: z.array(ImageStream).min(1).max(64),
    trial: ImageTrial.optional(),
  })
  .refine(({ streams }) => streams.some(({ base }) => base === undefined), {
    path: ["streams"],
    message: "must have a stream without base: a box without any of the bases needs it",
  })
  .refine(({ streams }) => new Set(streams.map(({ snapshot }) => snapshot)).size === 1, {
    path: ["streams"],
    message: "must all make the same snapshot",
  })
  .refine(({ streams }) => new Set(streams.map(({ file }) => file)).size === streams.length, {
    path: ["streams"],
    message: "must each have a file of its own",
  })
  .refine(({ streams }) => new Set(streams.map(({ base }) => base)).size === streams.length, {
    path: ["streams"],
    message: "must each have another base",
  })
  .meta({ description: "Manifest of an image." });
export type Manifest = z.infer<typeof Manifest>;

const { name, version: itsVersion, source } = Manifest.shape;
/** What is said of an image before it is built. */
export const ImageNames = z.object({ name, version: itsVersion, source });
export type ImageNames = z.infer<typeof ImageNames>;

/** GUID of the snapshot that every stream of it makes: what the image is, whatever it is called. */
export function snapshotOf({ streams }: Manifest): string {
  return streams[0]?.snapshot ?? "";
}
