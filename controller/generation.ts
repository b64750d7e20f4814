/** From a valid machine to a generation: a pure function, so that a pull request renders what the appliance will. */
import { createHash } from "node:crypto";
import { derive, notManaged, type LeftOut } from "../reconcilers/derive.ts";
import type { Generation, Rollout } from "../reconcilers/generation.ts";
import { drainedIn, healthChecks } from "../reconcilers/health-checks.ts";
import type { Loaded } from "../schemas/load.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { ResolvedSecrets } from "./secrets.ts";

/** All that a digest knows of secrets. */
type Versions = Pick<ResolvedSecrets, "version">;

/** Keys that say when a commit is taken, and by which agent, and not what it asks for. */
const apart: ReadonlySet<string> = new Set(["after", "status", "agent"]);

/** Renders `loaded` as `commit` asks for it. Program versions come from the image's entry, never from a running box. */
export function render(
  loaded: Loaded,
  commit: string,
  secrets: ResolvedSecrets,
  rollout?: Rollout,
  leftOut?: LeftOut,
): Generation {
  const { machine, name } = loaded;
  const versions = loaded.image?.versions ?? {};
  const desired = derive(machine, versions, (secret) => secrets.sealed(secret), leftOut);
  const drained = drainedIn(machine, versions).peers;
  return {
    format: 1,
    digest: digestOf(loaded, secrets),
    secrets: hash(versionsOf(loaded, secrets)),
    machine: name,
    commit,
    desired,
    health: healthChecks(machine, versions, leftOut, desired.vpp),
    ...(drained.length > 0 && { drained }),
    policy: machine.policy,
    notManaged: notManaged(machine, leftOut),
    ...(machine.image !== undefined &&
      loaded.image && { image: { name: machine.image, manifest: loaded.image.digest } }),
    ...(rollout && { rollout }),
  };
}

/** 64 hex digits over what is asked: the machine as written, its image's manifest, the versions of its secrets. */
export function digestOf(loaded: Loaded, secrets: Versions): string {
  const written = Object.fromEntries(Object.entries(loaded.written).filter(([key]) => !apart.has(key)));
  return hash({ written, image: loaded.image?.digest ?? "", secrets: versionsOf(loaded, secrets) });
}

function versionsOf({ secrets: uses }: Loaded, secrets: Versions): Readonly<Record<string, string>> {
  const names = [...new Set(uses.map((use) => use.name))].sort();
  return Object.fromEntries(names.map((name) => [name, secrets.version(name)]));
}

/** 64 hex digits. */
function hash(what: object): string {
  return createHash("sha256").update(canonicalJson(what)).digest("hex");
}
