/** What a commit asks of this box: its machine loaded, its identity guarded, its secrets resolved, and all rendered. */
import type { Host } from "../reconcilers/core.ts";
import { loadMachine } from "../schemas/load.ts";
import { loadPlace } from "../schemas/load-rollout.ts";
import type { LocalFile } from "../schemas/local.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Tree } from "../schemas/tree.ts";
import type { Wanted } from "./turn.ts";
import { render } from "./generation.ts";
import { checkIdentity, readBox } from "./identity.ts";
import { rolloutOf } from "./rollout/asked.ts";
import type { SecretStore } from "./secrets.ts";

/** What it takes beside the commit. */
export interface Loading {
  /** An agent that knows no Incus leaves out what it knows nothing of. */
  readonly settings: Pick<Settings, "machine" | "identity" | "system" | "vpp"> & Partial<Pick<Settings, "incus">>;
  readonly host: Pick<Host, "readFile" | "readFolder">;
  readonly secrets: Pick<SecretStore, "resolve">;
}

/** Resolves with every problem there is; the generation is undefined when one of them is an error. */
export async function loadWanted(
  tree: Tree,
  commit: string,
  local: readonly LocalFile[],
  { settings, host, secrets }: Loading,
): Promise<Wanted> {
  const { loaded, problems } = await loadMachine(tree, settings.machine, local);
  if (!loaded) return { generation: undefined, problems };
  const mismatch = checkIdentity(loaded.name, loaded.machine.identity, await readBox(host), settings.identity);
  if (mismatch) return { generation: undefined, problems: [...problems, mismatch] };
  const name = loaded.machine.agent;
  const agent = name !== undefined && loaded.agent && { agent: { name, ...loaded.agent } };
  const called = loaded.machine.image;
  const image = called !== undefined &&
    loaded.image && { image: { name: called, manifest: loaded.image.manifest, digest: loaded.image.digest } };
  const place = await loadPlace(tree, loaded);
  const resolution = await secrets.resolve(loaded.name, tree, loaded.secrets);
  const all = [...problems, ...place.problems, ...resolution.problems];
  if (all.some((problem) => problem.severity === "error")) return { generation: undefined, problems: all };
  const rollout = await rolloutOf(loaded, place, tree);
  const leftOut = {
    system: settings.system.mode === "off",
    vpp: settings.vpp.mode === "off",
    incus: settings.incus?.mode === "off",
  };
  return {
    generation: render(loaded, commit, resolution.secrets, rollout, leftOut),
    problems: all,
    ...agent,
    ...image,
  };
}
