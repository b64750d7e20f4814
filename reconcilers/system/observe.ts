/** Reads what stands at the places of the catalogue, whoever wrote it. */
import type { Host } from "../core.ts";
import { chain, type Managed } from "./catalogue.ts";
import { fileAt } from "./file-at.ts";
import type { SystemFile, SystemObserved } from "./model.ts";
import { hasStrayParameters, parametersUnit } from "./parameters.ts";
import { isUp, pendingUnits } from "./pending.ts";

export async function observeSystem(host: Host, managed: readonly Managed[], run: string): Promise<SystemObserved> {
  const files: SystemFile[] = [];
  const odd: string[] = [];
  for (const { path } of managed) {
    const found = await fileAt(host, path);
    if (found === "odd") odd.push(path);
    else if (found) files.push(found);
  }
  const missing: string[] = [];
  const down: string[] = [];
  for (const { unit } of managed.length > 0 ? chain : []) {
    if (!(await isInstalled(host, unit))) missing.push(unit);
    else if (!(await isUp(host, unit))) down.push(unit);
  }
  const pending = await pendingUnits(host, run);
  const isStray = managed.length > 0 && (await hasStrayParameters(host, run));
  const more = isStray && !pending.some(({ unit }) => unit === parametersUnit);
  return {
    files,
    odd,
    missing,
    down,
    pending: more ? [...pending, { unit: parametersUnit, isAsked: false }] : pending,
  };
}

/** Where systemd looks for units: systemd.unit(5). */
const unitFolders = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

async function isInstalled(host: Host, unit: string): Promise<boolean> {
  for (const folder of unitFolders) if (await host.attributes(`${folder}/${unit}`)) return true;
  return false;
}
