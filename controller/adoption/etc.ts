/** Files below /etc that say how a box is set up: read, never changed. */
import type { Host } from "../../reconcilers/core.ts";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import { fileAt } from "../../reconcilers/system/file-at.ts";
import type { Found } from "./found.ts";

export interface Etc extends Pick<Found, "system" | "files"> {
  /** Where something else than a file stands in the place of one of the agent's. */
  readonly odd: readonly string[];
}

const single = ["/etc/systemd/resolved.conf", "/etc/systemd/timesyncd.conf"] as const;
const folders = [
  ["/etc/systemd/network", ".network"],
  ["/etc/systemd/resolved.conf.d", ".conf"],
  ["/etc/systemd/timesyncd.conf.d", ".conf"],
] as const;

export async function readEtc(host: Host): Promise<Etc> {
  const own = await Promise.all(catalogue.map(({ path }) => fileAt(host, path)));
  const system = own.filter((file) => file !== undefined && file !== "odd");
  const odd = catalogue.flatMap(({ path }, at) => (own[at] === "odd" ? [path] : []));
  const inFolders = await Promise.all(
    folders.map(async ([folder, ending]) =>
      (await host.readFolder(folder)).flatMap((name) => (name.endsWith(ending) ? [`${folder}/${name}`] : [])),
    ),
  );
  const others = await Promise.all(
    [...single, ...inFolders.flat(), ...odd].map(async (path) => [path, await textAt(host, path)] as const),
  );
  return {
    system,
    odd,
    files: new Map([
      ...system.map(({ path, text }) => [path, text] as const),
      ...others.flatMap(([path, text]) => (text === undefined ? [] : [[path, text] as const])),
    ]),
  };
}

/** Of a link what it leads to; undefined: no text. */
async function textAt(host: Host, path: string): Promise<string | undefined> {
  const kind = (await host.attributes(path))?.kind;
  if (kind !== "link") return kind === "file" ? host.readFile(path) : undefined;
  return host.readFile(path).catch(() => undefined);
}
