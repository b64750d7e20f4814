/** Paths below a root that somebody else made: a link in it leads to a place in it, never out of it. */
import { lstat, readlink } from "node:fs/promises";

const mostLinks = 40;

/** Where `path` (absolute, as whoever boots the root sees it) is on this box; undefined: it is not there. */
export async function inRoot(root: string, path: string): Promise<string | undefined> {
  let [walked, rest] = ["", path.split("/")];
  for (let links = 0; rest.length > 0;) {
    const [name = "", ...others] = rest;
    rest = others;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      walked = walked.slice(0, Math.max(0, walked.lastIndexOf("/")));
      continue;
    }
    const found = await lstat(`${root}${walked}/${name}`).catch(() => undefined);
    if (!found) return undefined;
    if (!found.isSymbolicLink()) {
      walked = `${walked}/${name}`;
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    const target = await readlink(`${root}${walked}/${name}`);
    if (target.startsWith("/")) walked = "";
    rest = [...target.split("/"), ...rest];
  }
  return `${root}${walked}`;
}
