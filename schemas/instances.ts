/** What Incus runs services in: instances, the profiles that they share, where their images come from, where their data is. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Ipv4Address, Line, Name, whole } from "./primitives.ts";

const Size = z
  .string()
  .regex(/^[1-9]\d{0,12}(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/, "must be a size with its unit, as in 512MiB")
  .meta({ description: "Bytes with a unit, as Incus writes them: 512MiB, 10GiB." });

/** Marks of impctl, and what Incus keeps for itself. */
const ownKeys = /^(user\.imp($|\.)|volatile\.|image\.)/;

const Key = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,100}$/, "must be a key of Incus, as in security.nesting")
  .refine((key) => !ownKeys.test(key), "is not for the machine file: Incus or impctl keep it");

const Value = z.union([z.string().max(65_536), z.number(), z.boolean()]);

const Config = z
  .record(Key, Value)
  .default({})
  .meta({ description: "Keys of Incus, as they are: security.nesting: true." });

const Devices = z
  .record(Name, z.record(Key, Value))
  .default({})
  .meta({ description: "Devices of Incus, as they are, beside root, eth0 and the data volumes." });

const Limits = z
  .strictObject({
    cpu: whole(1, 1024, "a number of CPUs").optional(),
    memory: Size.optional(),
    disk: Size.optional().meta({ description: "Of the instance's own file system; data volumes are beside it." }),
  })
  .default({})
  .meta({ description: "What it may use at most; left out: no limit." });

export const Profiles = z
  .record(
    Name.refine((name) => name !== "default", "is the profile that every instance has: give this one another name"),
    z.strictObject({ description: Line.optional(), config: Config, devices: Devices }),
  )
  .default({})
  .meta({ description: "What instances have in common, by name." });

export const Remotes = z
  .record(
    Name,
    z.strictObject({
      url: z
        .string()
        .max(500)
        .regex(/^https:\/\/[A-Za-z0-9.:[\]-]+(\/[!#-;=?-Z_a-z~%]*)?$/, "must be https://…, without user")
        .meta({ description: "https://…" }),
      protocol: z.enum(["simplestreams", "incus"]).default("simplestreams").meta({ description: "What it speaks." }),
    }),
  )
  .default({})
  .meta({ description: "Servers of images, by name." });

export function storageSchema(d: Defaults) {
  return z
    .strictObject({
      pool: Name.default(d.containers.storage.pool).meta({ description: "Name of the storage pool in Incus." }),
      driver: z.enum(["zfs", "dir"]).default(d.containers.storage.driver).meta({ description: "What keeps it." }),
      source: z
        .string()
        .max(200)
        .regex(/^[A-Za-z0-9/][A-Za-z0-9/_.:-]*[A-Za-z0-9]$/, "must be a ZFS dataset, or the absolute path of a folder")
        .default(d.containers.storage.source)
        .meta({ description: "The dataset (zfs), or the folder (dir). It must outlive images: docs/services.md." }),
    })
    .prefault({})
    .meta({ description: "Where instances and their data are; made with the first instance." });
}

const Data = z
  .record(
    Name,
    z.strictObject({
      path: z
        .string()
        .max(200)
        .regex(/^\/[^\0\r\n]*[^\0\r\n/]$/, "must be an absolute path without a / at its end")
        .meta({ description: "Where the instance has it." }),
      size: Size.optional().meta({ description: "At most; left out: as much as the pool has." }),
      volume: Name.optional().meta({
        description: "Name of the volume, by default <instance>-<name>: for an instance that was renamed.",
      }),
    }),
  )
  .default({})
  .meta({ description: "Volumes with data, which no plan ever deletes." });

const Image = z
  .strictObject({
    alias: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9/._-]{0,100}$/, "must be the alias of an image, as in debian/12/cloud")
      .optional()
      .meta({ description: "Alias of the image." }),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{12,64}$/, "must be the fingerprint of an image: 12 to 64 hex digits")
      .optional()
      .meta({ description: "Fingerprint of the image, or its beginning." }),
    remote: Name.optional().meta({ description: "Name under containers.remotes; left out: an image that is here." }),
  })
  .refine((image) => (image.alias === undefined) !== (image.fingerprint === undefined), "needs alias or fingerprint")
  .meta({ description: "What it is made of. Another one makes its file system anew, and keeps its data volumes." });

export const Instance = z
  .strictObject({
    type: z.enum(["container", "virtual-machine"]).default("container").meta({ description: "What it is." }),
    image: Image,
    profiles: z
      .array(Name)
      .max(20)
      .default([])
      .meta({ description: "Names under containers.profiles, the later ones count; default comes first." }),
    address: Ipv4Address.optional().meta({ description: "What the bridge's DHCP server gives it; left out: any." }),
    limits: Limits,
    "user-data": z
      .string()
      .max(65_536)
      .optional()
      .meta({ description: "For cloud-init, where the image has it. No secrets: it is as readable as this file." }),
    data: Data,
    config: Config,
    devices: Devices,
  })
  .meta({ description: "An instance of Incus: docs/services.md." });
export type Instance = z.infer<typeof Instance>;
