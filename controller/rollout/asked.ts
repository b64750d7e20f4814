/**
 * What a commit asks of appliances as anybody can tell who has the repository and none of their keys: so one agent knows
 * what another has been told to be, and both call it by the same digest.
 */
import { createHash } from "node:crypto";
import type { Predecessor, Rollout, SharedSession } from "../../reconcilers/generation.ts";
import type { Loaded } from "../../schemas/assemble.ts";
import { valueAt } from "../../schemas/json.ts";
import type { Other, Place } from "../../schemas/load-rollout.ts";
import { secretPath } from "../../schemas/secret-file.ts";
import { secretUses } from "../../schemas/secret-uses.ts";
import type { SecretUse } from "../../schemas/secrets.ts";
import type { End } from "../../schemas/semantics/fleet-ends.ts";
import type { Tree } from "../../schemas/tree.ts";
import { canonicalJson } from "../canonical-json.ts";
import { digestOf } from "../generation.ts";

/** Versions of secrets by the bytes of their encrypted files: 64 hex digits each, zeros for one that is not used. */
export async function fileVersions(
  tree: Tree,
  uses: readonly Pick<SecretUse, "name">[],
): Promise<(name: string) => string> {
  const versions = new Map<string, string>();
  for (const name of new Set(uses.map((use) => use.name))) {
    const bytes = (await tree.read(secretPath(name))) ?? new Uint8Array();
    versions.set(name, createHash("sha256").update(`${name}\0`).update(bytes).digest("hex"));
  }
  return (name) => versions.get(name) ?? "0".repeat(64);
}

/** The order of a commit as its generation keeps it. */
export async function rolloutOf(own: Loaded, place: Place, tree: Tree): Promise<Rollout> {
  const after: Predecessor[] = [];
  for (const other of place.before) after.push(await predecessorOf(other, tree));
  const sessions: SharedSession[] = [];
  for (const { key, near, far, other, isLater } of place.ends) {
    sessions.push({ key, near: await endDigest(own, near, tree), far: await endDigest(other, far, tree), isLater });
  }
  return {
    asked: await askedOf(own, tree),
    image: own.image?.digest ?? "",
    after,
    ...(place.canary && { canary: await predecessorOf(place.canary, tree) }),
    sessions,
  };
}

async function predecessorOf({ name, loaded }: Other, tree: Tree): Promise<Predecessor> {
  const status = loaded?.machine.status;
  return { machine: name, asked: loaded ? await askedOf(loaded, tree) : "", ...(status && { status }) };
}

/** 64 hex digits over what a commit asks of an appliance. */
export async function askedOf(loaded: Loaded, tree: Tree): Promise<string> {
  return digestOf(loaded, { version: await fileVersions(tree, loaded.secrets) });
}

/** Over what is written, not over what it means with defaults: a newer agent sees no change where nobody made one. */
async function endDigest({ written }: Loaded, { paths }: End, tree: Tree): Promise<string> {
  const values = paths.map((path) => valueAt(written, path) ?? null);
  const names = [...new Set(secretUses(values, () => undefined).map(({ name }) => name))].sort();
  const version = await fileVersions(
    tree,
    names.map((name) => ({ name })),
  );
  return createHash("sha256")
    .update(canonicalJson([values, names.map(version)]))
    .digest("hex");
}
