/** From a valid machine to a generation: a pure function, so that a pull request renders what the appliance will. */
import { createHash } from "node:crypto";
import { derive, drainedIn, healthChecks, notManaged } from "../reconcilers/derive.ts";
import type { Generation } from "../reconcilers/generation.ts";
import type { Loaded } from "../schemas/load.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { ResolvedSecrets } from "./secrets.ts";

/** Renders `loaded` as `commit` asks for it. Program versions come from the image's entry, never from a running box. */
export function render(loaded: Loaded, commit: string, secrets: ResolvedSecrets): Generation {
  const { machine, name } = loaded;
  const versions = loaded.image?.versions ?? {};
  const drained = drainedIn(machine, versions).peers;
  return {
    format: 1,
    digest: hash(whatIsAsked(loaded, secrets)),
    secrets: hash(versionsOf(loaded, secrets)),
    machine: name,
    commit,
    desired: derive(machine, versions, (secret) => secrets.sealed(secret)),
    health: healthChecks(machine, versions),
    ...(drained.length > 0 && { drained }),
    policy: machine.policy,
    notManaged: notManaged(machine),
  };
}

/** The machine as written, its image's manifest, the versions of its secrets. */
function whatIsAsked(loaded: Loaded, secrets: ResolvedSecrets): object {
  const { written, image } = loaded;
  return { written, image: image?.digest ?? "", secrets: versionsOf(loaded, secrets) };
}

function versionsOf({ secrets: uses }: Loaded, secrets: ResolvedSecrets): Readonly<Record<string, string>> {
  const names = [...new Set(uses.map((use) => use.name))].sort();
  return Object.fromEntries(names.map((name) => [name, secrets.version(name)]));
}

/** 64 hex digits. */
function hash(what: object): string {
  return createHash("sha256").update(canonicalJson(what)).digest("hex");
}
