/** images.yaml: the catalogue of images that machine files may name. */
import { z } from "zod";
import { Line, Name } from "./primitives.ts";

const version = z
  .string()
  .regex(/^\d+(\.\d+){0,3}([^\s\d.][^\s]*)?$/, 'must be a version in quotes, as in "8.4.4"')
  .meta({ description: 'Version, in quotes: "24.10" is not 24.1.' });

export const ImageEntry = z
  .strictObject({
    description: Line.optional(),
    manifest: z
      .string()
      .regex(/^(https?:\/\/\S+|\/\S+)$/, "must be a URL or an absolute path")
      .meta({ description: "Where the image's manifest is; the stream lies beside it." }),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits in lower case')
      .meta({ description: "Digest of the manifest: what is staged is this and nothing else." }),
    versions: z
      .strictObject({ vpp: version.optional(), frr: version.optional(), agent: version.optional() })
      .prefault({})
      .meta({ description: "Programs in the image, for `when:` and for what a pull request shows." }),
  })
  .meta({ description: "Image." });
export type ImageEntry = z.infer<typeof ImageEntry>;

/** The whole file. */
export const Images = z.record(Name, ImageEntry).meta({ description: "The image catalogue: images by name." });
export type Images = z.infer<typeof Images>;
