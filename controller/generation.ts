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
    digest: digestOf(loaded, secrets),
    machine: name,
    commit,
    desired: derive(machine, versions, (secret) => secrets.sealed(secret)),
    health: healthChecks(machine, versions),
    ...(drained.length > 0 && { drained }),
    policy: machine.policy,
    notManaged: notManaged(machine),
  };
}

/** 64 hex digits over what is asked: the machine as written, its image's manifest, the versions of its secrets. */
function digestOf({ written, image, secrets: uses }: Loaded, secrets: ResolvedSecrets): string {
  const names = [...new Set(uses.map((use) => use.name))].sort();
  const versions = Object.fromEntries(names.map((name) => [name, secrets.version(name)]));
  const asked = { written, image: image?.digest ?? "", secrets: versions };
  return createHash("sha256").update(canonicalJson(asked)).digest("hex");
}
