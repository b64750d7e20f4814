/** From a name in images.yaml to a manifest that counts here: fetched, pinned, signed, and read. Before that nothing of it is used. */
import { mostManifestBytes } from "../../schemas/manifest-file.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { TrustOptions } from "../trust.ts";
import { checkManifest, mostSignatureBytes, type SignedManifest } from "./manifest.ts";
import { paced } from "./pace.ts";
import { fileName, placesOf, type Place } from "./place.ts";
import { readWhole, type Reading } from "./reader.ts";
import { signatureOf } from "./signature.ts";

/** An image of the catalogue. */
export interface WantedImage {
  /** In images.yaml; undefined: whatever the manifest calls itself. */
  readonly name?: string;
  /** Address or absolute path of the manifest. */
  readonly manifest: string;
  /** Of the manifest: "sha256:…"; undefined: only its signature says that it is right. */
  readonly digest?: string;
}

export interface FoundImage extends SignedManifest {
  /** Where its streams are. */
  readonly places: readonly Place[];
}

const idleMs = 30_000;

/**
 * Asks each place in turn until one has the manifest that counts. Rejects with what was wrong at the last one: IMAGE_UNREACHABLE,
 * IMAGE_MANIFEST, TRUST_…; with an AggregateError where its content is wrong.
 */
export async function findImage(
  wanted: WantedImage,
  settings: Settings["images"],
  options: TrustOptions & { readonly pace?: Reading["pace"] },
): Promise<FoundImage> {
  const places = await placesOf(wanted.manifest, settings);
  const file = fileName(wanted.manifest);
  const unlimited = paced({ uptime: () => 0, sleep: async () => undefined }, undefined);
  const reading = { signal: options.signal, idleMs, pace: options.pace ?? unlimited };
  let last: unknown;
  for (const place of places) {
    try {
      const bytes = await readWhole(place, file, mostManifestBytes, reading);
      const signature = await readSignature(place, signatureOf(file), reading);
      const read = { location: `${place.label}/${file}`, bytes, signature };
      const signed = await checkManifest(read, wanted.digest, options);
      mustBeNamed(wanted, signed);
      return { ...signed, places };
    } catch (thrown) {
      options.signal.throwIfAborted();
      last = thrown;
    }
  }
  throw last;
}

/** undefined: it has none, which is for the one who checks it to say. */
async function readSignature(place: Place, file: string, reading: Reading): Promise<string | undefined> {
  try {
    return (await readWhole(place, file, mostSignatureBytes, reading)).toString("latin1");
  } catch (thrown) {
    if (thrown instanceof Problem && !thrown.transient) return undefined;
    throw thrown;
  }
}

/** A boot environment has the name of its image: it must be the one that the repository means. */
function mustBeNamed({ name, manifest: location }: WantedImage, { manifest }: SignedManifest): void {
  if (name === undefined || manifest.name === name) return;
  throw new Problem("IMAGE_MANIFEST", `${location} is of ${manifest.name}, and images.yaml calls it ${name}.`, {
    remedy: "Give it the name of its manifest in images.yaml.",
  });
}
