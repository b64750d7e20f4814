/** What a machine file must say so that it is for this box: its identity, and the key that secrets are encrypted to. */
import type { JsonObject } from "../../schemas/json.ts";
import { withValue, type Patch } from "../../schemas/patch.ts";
import { identityOf, type Nic } from "../hardware.ts";
import type { Box } from "../identity.ts";
import type { Examined } from "./examine.ts";

/** Empty where it says so already. null takes away. */
export function boxPatch(
  { files, identity, mismatch }: Pick<Examined, "files" | "identity" | "mismatch">,
  { box, nics }: { readonly box: Pick<Box, "uuid">; readonly nics: readonly Nic[] },
  recipient: string,
): Patch {
  const declared = files.map(({ value }) => value["age-key"]).find((key) => key !== undefined);
  let patch: Patch = new Map();
  const own = identityOf(box, nics);
  if (own && (mismatch || !identity)) {
    const old = { "dmi-uuid": identity?.["dmi-uuid"], macs: identity?.macs, replaces: identity?.replaces };
    // What the other box had and this one is not known by would refuse it.
    const gone = Object.entries(old).flatMap(([key, value]) => (value === undefined ? [] : [[key, null] as const]));
    const value: JsonObject = { ...Object.fromEntries(gone), ...own };
    patch = withValue(patch, files, ["identity"], value);
  } else if (mismatch && identity) {
    // Nothing tells this box from another one.
    patch = withValue(patch, files, ["identity"], null);
  }
  if (declared !== recipient) patch = withValue(patch, files, ["age-key"], recipient);
  return patch;
}
