/** Reads what stands at the places of the catalogue, whoever wrote it. */
import type { Host } from "../core.ts";
import type { Managed } from "./catalogue.ts";
import type { SystemFile, SystemObserved } from "./model.ts";
import { pendingUnits } from "./pending.ts";

export async function observeSystem(host: Host, managed: readonly Managed[], run: string): Promise<SystemObserved> {
  const files: SystemFile[] = [];
  const odd: string[] = [];
  for (const { path } of managed) {
    const found = await host.attributes(path);
    if (!found) continue;
    const text = found.kind === "file" ? await host.readFile(path) : undefined;
    if (found.kind !== "file") odd.push(path);
    else if (text !== undefined) files.push({ path, text, mode: found.mode, owner: found.owner });
  }
  return { files, odd, pending: await pendingUnits(host, run) };
}
