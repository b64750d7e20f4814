/** A sites repository with nothing but one appliance: how a machine file is judged before it is in one. */
import { newestDefaults } from "../schemas/defaults.ts";
import type { Tree } from "../schemas/tree.ts";

/** `name`: "import/router". */
export function loneTree(name: string, text: string): Tree {
  const [site = "", appliance = ""] = name.split("/");
  const files: Readonly<Record<string, string>> = {
    "fleet.yaml": `defaults: ${newestDefaults}\n`,
    [`${name}.yaml`]: text,
  };
  const folders: Readonly<Record<string, Awaited<ReturnType<Tree["list"]>>>> = {
    "": [
      { name: "fleet.yaml", kind: "file" },
      { name: site, kind: "folder" },
    ],
    [site]: [{ name: `${appliance}.yaml`, kind: "file" }],
  };
  return {
    revision: undefined,
    read: async (path) => (files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    list: async (folder) => folders[folder] ?? [],
  };
}
