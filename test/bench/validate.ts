/** Validating a generated fleet, compared with js-yaml only parsing the same files. */
import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { folderTree } from "../../controller/folder.ts";
import { loadFleet, loadMachine } from "../../schemas/load.ts";
import { fleetFiles, writeFleet } from "../lab/fleet.ts";
import { inTurn, median, ratioLine } from "./measure.ts";

export async function benchValidate(print: (line: string) => void): Promise<void> {
  for (const appliances of [200, 2000]) {
    const folder = mkdtempSync(join(tmpdir(), "imp-bench-validate-"));
    try {
      await writeFleet(folder, { appliances });
      const yaml = [...fleetFiles({ appliances }).keys()].filter((path) => path.endsWith(".yaml"));
      let problems = 0;
      const times = await inTurn(
        appliances > 1000 ? 3 : 5,
        async () => {
          problems = (await loadFleet(folderTree(folder))).problems.length;
        },
        () => {
          for (const path of yaml) load(readFileSync(join(folder, path), "utf8"));
        },
      );
      const perThousand = (median(times.ours) / yaml.length).toFixed(2);
      print(`validate: ${appliances} appliances, ${yaml.length} files, ${problems} problems`);
      print(`${ratioLine("the whole repository", "parsing the same YAML", times)}; ${perThousand} s per 1,000 files`);
      if (appliances === 2000) {
        const one = await inTurn(
          5,
          () => loadMachine(folderTree(folder), "s00/r0"),
          () => loadFleet(folderTree(folder)),
        );
        print(ratioLine("one appliance of it", "the whole repository", one));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
