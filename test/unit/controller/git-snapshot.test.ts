import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folderTree } from "../../../controller/folder.ts";
import { gitSource } from "../../../controller/git.ts";
import { linuxHost } from "../../../controller/host/linux.ts";
import { rolloutOf } from "../../../controller/rollout/asked.ts";
import { noOverrides } from "../../../controller/source.ts";
import { listMachines, loadMachine } from "../../../schemas/load.ts";
import { loadPlace } from "../../../schemas/load-rollout.ts";
import { Settings } from "../../../schemas/settings.ts";
import { makeSitesRepository } from "../../lab/sites-repository.ts";

const example = new URL("../../../sites", import.meta.url).pathname;
const hasGit = spawnSync("git", ["--version"]).status === 0;

it.skipIf(!hasGit)("holds all that loading its machine and its place among the others reads (needs git)", async () => {
  const top = mkdtempSync(join(tmpdir(), "imp-snapshot-"));
  try {
    const sites = makeSitesRepository(top);
    cpSync(example, sites.clone, { recursive: true });
    const commit = sites.push("Example", {});
    const machines = await listMachines(folderTree(example));
    expect(machines).not.toHaveLength(0);

    for (const machine of machines) {
      const repository = { remotes: [{ url: sites.bare }] };
      const settings = Settings.parse({ machine, repository, paths: { cache: join(top, machine) } });
      const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
      const source = gitSource(settings, host);
      const tree = await source.accept(commit, undefined, noOverrides, new AbortController().signal);

      const [snapshot, folder] = [await loadMachine(tree, machine), await loadMachine(folderTree(example), machine)];
      expect(snapshot.problems).toEqual(folder.problems);
      expect(snapshot.loaded?.written).toEqual(folder.loaded?.written);
      const { loaded } = snapshot;
      expect(loaded && (await rolloutOf(loaded, await loadPlace(tree, loaded), tree))).toEqual(
        loaded && (await rolloutOf(loaded, await loadPlace(folderTree(example), loaded), folderTree(example))),
      );
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
