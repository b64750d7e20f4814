/** Files below /etc that say how a box is set up: read, never changed. */
import type { Host } from "../../reconcilers/core.ts";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import { fileAt } from "../../reconcilers/system/file-at.ts";
import type { Found } from "./found.ts";

const single = ["/etc/systemd/resolved.conf", "/etc/systemd/timesyncd.conf"] as const;
const folders = [
  ["/etc/systemd/network", ".network"],
  ["/etc/systemd/resolved.conf.d", ".conf"],
  ["/etc/systemd/timesyncd.conf.d", ".conf"],
] as const;

export async function readEtc(host: Host): Promise<Pick<Found, "system" | "files">> {
  const own = await Promise.all(catalogue.map(({ path }) => fileAt(host, path)));
  const system = own.filter((file) => file !== undefined && file !== "odd");
  const inFolders = await Promise.all(
    folders.map(async ([folder, ending]) =>
      (await host.readFolder(folder)).flatMap((name) => (name.endsWith(ending) ? [`${folder}/${name}`] : [])),
    ),
  );
  const others = await Promise.all(
    [...single, ...inFolders.flat()].map(async (path) => [path, await host.readFile(path)] as const),
  );
  return {
    system,
    files: new Map([
      ...system.map(({ path, text }) => [path, text] as const),
      ...others.flatMap(([path, text]) => (text === undefined ? [] : [[path, text] as const])),
    ]),
  };
}
