/** A build file: what an image is made of. `impctl image build` reads it; docs/image-build.md is for people. */
import { z } from "zod";
import { Line, Tag } from "./primitives.ts";

const uri = z.string().regex(/^https?:\/\/[^\s[\]]+$/, "must be a URL, as in an apt source");

const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9./_-]{0,62}$/, "must be a word of an apt source");

const path = z
  .string()
  .regex(/^[A-Za-z0-9./_~+-]+$/, "must be a path of letters, digits and . / _ ~ + -, from the build file's folder");

const packageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]+$/, "must be the name of a Debian package: lower case letters, digits, + . and -");

export const Build = z
  .strictObject({
    suite: z.literal("bookworm", "must be bookworm: nothing else is built").default("bookworm"),
    mirror: uri.optional().meta({ description: "Debian's archive; by default where this machine has it from." }),
    "security-mirror": uri
      .optional()
      .meta({ description: "Debian's security archive, beside `mirror`; without it there are no security updates." }),
    components: z.array(word).min(1).max(8).default(["main", "contrib"]),
    sources: z
      .array(
        z.strictObject({
          uri,
          suite: word.meta({ description: "Suite, or a folder that ends in / where the archive is flat." }),
          components: z.array(word).max(8).default([]),
          key: path.meta({ description: "File with the key that signs it, as gpg --armor --export writes it." }),
        }),
      )
      .max(16)
      .default([])
      .meta({ description: "Further apt sources, which the image has too." }),
    backports: z
      .array(
        z
          .string()
          .regex(/^(src:)?[a-z0-9][a-z0-9+.-]+$/, "must be the name of a package, or src: and that of a source"),
      )
      .max(64)
      .default([])
      .meta({ description: "Packages that come from backports; src:NAME: all of that source." }),
    packages: z
      .array(packageName)
      .max(512)
      .default([])
      .meta({ description: "Packages beside those that every appliance has." }),
    debs: z.array(path).min(1).max(64).meta({ description: "Packages as files; our own among them." }),
    overlay: path.optional().meta({ description: "Folder whose files are laid over the root, as root's." }),
    exclude: z
      .array(z.string().regex(/^\/[^\s,'"$`\\]+$/, "must be a path in the image, which may have *"))
      .max(64)
      .default([])
      .meta({ description: "Files of packages that are left out." }),
    epoch: z.int().min(0).meta({ description: "Grows with each image that must not be gone back from." }),
    hardware: z
      .array(Tag)
      .max(64)
      .default([])
      .meta({ description: "Boxes that it runs on: those with one of these tags. Empty: every box." }),
    description: Line.optional(),
    base: path.optional().meta({
      description: "Manifest of an image before, beside its whole stream: a stream on top of it is made too.",
    }),
    "sign-key": path
      .optional()
      .meta({ description: "Private SSH key that signs the manifest, or a public one of the SSH agent." }),
  })
  .refine((build) => build.mirror !== undefined || build["security-mirror"] === undefined, {
    path: ["security-mirror"],
    message: "stands beside mirror only: without it, both are this machine's",
  })
  .meta({ description: "Build file of an image." });
export type Build = z.infer<typeof Build>;
