/** Where the files of an image can be had: mirrors first, in the owner's order, then where images.yaml says. */
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { httpRemote, remoteLabel } from "../git/remote.ts";

/** A folder that has the manifest and the streams of an image. */
export type Place =
  | { readonly kind: "path"; readonly label: string; readonly folder: string }
  | {
      readonly kind: "http";
      /** The address without credentials, the only form that people see. */
      readonly label: string;
      /** Without a slash at its end. */
      readonly folder: string;
      /** What stands behind "?" in the address. */
      readonly query: string;
      readonly authorization?: string;
      /** PEM, beside the system's authorities. */
      readonly ca?: string;
    };

/** The folders to look in for what lies beside a manifest. Rejects with SETTINGS when a file of the settings cannot be used. */
export async function placesOf(location: string, settings: Settings["images"]): Promise<readonly Place[]> {
  const mirrors = await Promise.all(settings.mirrors.map((mirror) => placeOf(mirror)));
  const ca = settings["ca-file"];
  if (location.startsWith("/")) return [...mirrors, pathPlace(dirname(location))];
  const url = new URL(location);
  const query = url.search;
  url.search = "";
  url.pathname = url.pathname.replace(/\/[^/]*$/, "");
  // An address in a repository brings no credentials along.
  url.username = "";
  url.password = "";
  const folder = url.href.replace(/\/+$/, "");
  const own = { kind: "http", label: folder, folder, query } as const;
  return [...mirrors, ca === undefined ? own : { ...own, ca: await readAuthority(ca) }];
}

/** The name of a manifest's file. */
export function fileName(location: string): string {
  return basename(location.startsWith("/") ? location : new URL(location).pathname);
}

async function placeOf(mirror: Settings["images"]["mirrors"][number]): Promise<Place> {
  if (mirror.url.startsWith("/")) return pathPlace(mirror.url);
  const { url, label, authorization, ca } = await httpRemote(mirror);
  return {
    kind: "http",
    label: remoteLabel(label),
    folder: url,
    query: "",
    ...(authorization !== undefined && { authorization }),
    ...(ca !== undefined && { ca }),
  };
}

function pathPlace(folder: string): Place {
  return { kind: "path", label: folder, folder };
}

async function readAuthority(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new Problem("SETTINGS", `${file} cannot be read, and images are fetched with the authority in it.`, {
      remedy: "agent.yaml names it as images.ca-file.",
      cause,
    });
  });
}
