/** Where bundles of evidence stand: a folder a deployment, the newest of them kept. */
import type { Host } from "../../reconcilers/core.ts";
import { canonicalJson } from "../canonical-json.ts";

export interface Shelf {
  /** The folder of a deployment's evidence. */
  home(deployment: string): string;
  /** Whether it is there, and whole. */
  has(deployment: string): Promise<boolean>;
  /** A file of it as it was put, undefined where it is not there. */
  read(deployment: string, name: string): Promise<string | undefined>;
  /** How many there are. */
  count(): Promise<number>;
  /** Writes the files in their order, and removes the oldest bundles beyond those that are kept. */
  put(deployment: string, files: ReadonlyMap<string, string>): Promise<void>;
}

export const keptBundles = 20;
/** The file without which a bundle is not whole. */
const last = "story.txt";

/** The shelf in the state folder. */
export function openShelf(host: Pick<Host, "readFile" | "readFolder" | "writeFile" | "remove">, folder: string): Shelf {
  const top = `${folder}/evidence`;
  const orderFile = `${top}/order.json`;
  const home = (deployment: string): string => `${top}/${deployment}`;

  const read = async (deployment: string, name: string): Promise<string | undefined> =>
    host.readFile(`${home(deployment)}/${name}`);

  async function present(): Promise<readonly string[]> {
    return (await host.readFolder(top)).filter((name) => name !== "order.json" && !name.startsWith("."));
  }
  /** Oldest first. Kept in a file, since ids begin with a wall clock that may have been wrong. */
  async function order(): Promise<readonly string[]> {
    try {
      const known: unknown = JSON.parse((await host.readFile(orderFile)) ?? "[]");
      return Array.isArray(known) ? known.filter((one) => typeof one === "string") : [];
    } catch {
      return []; // only the order of what is old is lost
    }
  }

  return {
    home,
    read,
    has: async (deployment) => (await read(deployment, last)) !== undefined,
    count: async () => (await present()).length,
    async put(deployment, files) {
      for (const [name, text] of files) await host.writeFile(`${home(deployment)}/${name}`, text, { mode: 0o600 });
      const [known, found] = [await order(), await present()];
      const others = [...found.filter((one) => !known.includes(one)), ...known.filter((one) => found.includes(one))];
      const kept = [...others.filter((one) => one !== deployment), deployment].slice(-keptBundles);
      for (const one of found) if (!kept.includes(one)) await host.remove(home(one));
      await host.writeFile(orderFile, canonicalJson(kept), { mode: 0o600 });
    },
  };
}
