/** The machine that `impctl vpp` is about: a file by itself, a file of a sites repository, or an appliance of one. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { loadMachine, type LoadResult } from "../../schemas/load.ts";
import type { Machine } from "../../schemas/machine.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Tree } from "../../schemas/tree.ts";
import { folderTree } from "../folder.ts";
import { problemText } from "./problem-text.ts";
import { findSites, relocate } from "./sites.ts";
import type { Terminal } from "./terminal.ts";

/** Rejects with an AggregateError of what is wrong with it; warnings are shown. */
export async function readMachine(named: string, sites: string | undefined, terminal: Terminal): Promise<Machine> {
  const file = resolve(terminal.folder, named);
  const { result, prefix } = await ((await isFile(file, named))
    ? ofFile(file, terminal)
    : ofSites(named, sites, terminal));
  const problems = result.problems.map((problem) => relocate(problem, prefix));
  if (!result.loaded) throw new AggregateError(problems, `${named} is not valid`);
  for (const problem of problems) terminal.err(problemText(problem, terminal));
  return result.loaded.machine;
}

/** Whether it names a file; else it names an appliance. Rejects with USAGE where it is neither. */
async function isFile(file: string, named: string): Promise<boolean> {
  const found = await stat(file).catch((thrown: NodeJS.ErrnoException) => thrown);
  if (!(found instanceof Error) && found.isFile()) return true;
  const isAppliance = /^[^/.][^/]*\/[^/]+$/.test(named) && !/\.ya?ml$/.test(named);
  if (isAppliance && (found instanceof Error || found.isDirectory())) return false;
  const what =
    found instanceof Error
      ? found.code === "ENOENT"
        ? `There is no file ${named}.`
        : `${named} cannot be read: ${found.message}.`
      : `${named} is ${found.isDirectory() ? "a folder" : "no regular file"}.`;
  throw new Problem("USAGE", what, {
    remedy: 'Name a machine file (r1.yaml), or "<site>/<appliance>" of a sites repository.',
  });
}

interface Read {
  readonly result: LoadResult;
  /** What to put before the path of a file in it. */
  readonly prefix: string;
}

async function ofSites(name: string, sites: string | undefined, terminal: Terminal): Promise<Read> {
  const { path, prefix } = await findSites(sites, terminal.folder);
  return { result: await loadMachine(folderTree(path), name), prefix };
}

async function ofFile(file: string, terminal: Terminal): Promise<Read> {
  const top = await topOf(dirname(file));
  if (top !== undefined) {
    const [site = "", appliance = ""] = relative(top, file).split("/");
    const { prefix } = await findSites(top, terminal.folder);
    return { result: await loadMachine(folderTree(top), `${site}/${appliance.replace(/\.ya?ml$/, "")}`), prefix };
  }
  const name = basename(file)
    .replace(/\.ya?ml$/, "")
    .toLowerCase();
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    throw new Problem("USAGE", `${basename(file)} names no appliance.`, {
      remedy: "Call the file as the appliance, in letters, digits and hyphens: r1.yaml.",
    });
  }
  // Below a folder that is its site, as it would be in a repository: its problems name it as the user did.
  const folder = relative(terminal.folder, dirname(file));
  const prefix = folder === "" ? "" : `${folder.startsWith("..") ? dirname(file) : folder}/`;
  const result = await loadMachine(alone(name, await readFile(file)), `alone/${name}`);
  const problems = result.problems.map((problem) => inFile(problem, basename(file)));
  return { result: { ...result, problems }, prefix };
}

function inFile(problem: Problem, file: string): Problem {
  if (problem.at?.file.startsWith("alone/") !== true) return problem;
  const { code, message, remedy, transient, path, severity, at } = problem;
  return new Problem(code, message, {
    ...(remedy !== undefined && { remedy }),
    ...(path !== undefined && { path }),
    at: { ...at, file },
    severity,
    transient,
  });
}

/** The sites repository that a folder is in. */
async function topOf(folder: string): Promise<string | undefined> {
  const isTop = await stat(join(folder, "fleet.yaml")).then(
    () => true,
    () => false,
  );
  if (isTop) return folder;
  return dirname(folder) === folder ? undefined : topOf(dirname(folder));
}

/** The least that a machine file needs around it. */
function alone(name: string, text: Uint8Array): Tree {
  const empty = new TextEncoder();
  const files: Readonly<Record<string, Uint8Array>> = {
    "fleet.yaml": empty.encode("defaults: 1\n"),
    "alone/site.yaml": empty.encode("{}\n"),
    [`alone/${name}.yaml`]: text,
  };
  const entry = (path: string) => ({ name: path, kind: "file", size: files[path]?.length ?? 0 }) as const;
  return {
    revision: undefined,
    read: (path) => Promise.resolve(Object.hasOwn(files, path) ? files[path] : undefined),
    list: (folder) =>
      Promise.resolve(
        folder === ""
          ? [{ name: "alone", kind: "folder" }, entry("fleet.yaml")]
          : folder === "alone"
            ? ["site.yaml", `${name}.yaml`].sort().map((one) => ({ ...entry(`alone/${one}`), name: one }))
            : [],
      ),
  };
}
