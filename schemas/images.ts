/** images.yaml: the catalogue of images and of packages of the agent that machine files may name. */
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

export const AgentPackage = z
  .strictObject({
    description: Line.optional(),
    package: z
      .string()
      .regex(/^(https?:\/\/\S+|\/\S+)$/, "must be a URL or an absolute path")
      .meta({ description: "Where the Debian package of the agent is." }),
    version: z
      .string()
      .regex(/^\d[A-Za-z0-9.+~-]*$/, 'must be the version of a Debian package in quotes, as in "0.2.0+20261129103000"')
      .meta({ description: "Its version, as dpkg knows it." }),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits in lower case')
      .meta({ description: "Digest of the package: what is installed is this and nothing else." }),
    signature: z
      .string()
      .regex(
        /^-----BEGIN SSH SIGNATURE-----\n[\w+/=\n]+-----END SSH SIGNATURE-----\s*$/,
        'must be one SSH signature: what "ssh-keygen -Y sign -n imp-package" wrote',
      )
      .meta({ description: "SSH signature of the package for the namespace imp-package: docs/package.md." }),
  })
  .meta({ description: "Package of the agent." });
export type AgentPackage = z.infer<typeof AgentPackage>;

/** The whole file. */
export const Images = z
  .record(Name, z.union([AgentPackage, ImageEntry]))
  .meta({ description: "The catalogue: images, and packages of the agent, by name." });
export type Images = z.infer<typeof Images>;

/** What the catalogue has of either kind. */
export function isAgentPackage(entry: ImageEntry | AgentPackage): entry is AgentPackage {
  return "package" in entry;
}
