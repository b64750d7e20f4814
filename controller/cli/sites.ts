/** Where the commands that work on files find the sites repository, and how they name its files to the user. */
import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { Problem } from "../../schemas/problem.ts";

export interface SitesFolder {
  /** Absolute. */
  readonly path: string;
  /** What to put before a file's path so that an editor or a CI annotation finds it: "" or "sites/". */
  readonly prefix: string;
}

/** The folder that was named, else the current one, else its `sites/`: whichever holds fleet.yaml. */
export async function findSites(named: string | undefined, current: string): Promise<SitesFolder> {
  for (const folder of named === undefined ? [".", "sites"] : [named]) {
    const path = resolve(current, folder);
    if (!(await isFile(resolve(path, "fleet.yaml")))) continue;
    const from = relative(current, path);
    // A place above the current folder is easier found by its whole path.
    return { path, prefix: from === "" ? "" : `${from.startsWith("..") ? path : from}/` };
  }
  const where = named === undefined ? "here nor in sites/" : `in ${named}`;
  throw new Problem("USAGE", `There is no fleet.yaml ${where}.`, {
    remedy: "Name the folder of the sites repository: the one that holds fleet.yaml.",
  });
}

/** The same problem with its file as seen from the current folder. */
export function relocate(problem: Problem, prefix: string): Problem {
  if (prefix === "" || problem.at === undefined) return problem;
  return new Problem(problem.code, problem.message, {
    ...(problem.remedy !== undefined && { remedy: problem.remedy }),
    ...(problem.path !== undefined && { path: problem.path }),
    at: { ...problem.at, file: `${prefix}${problem.at.file}` },
    severity: problem.severity,
    transient: problem.transient,
    cause: problem.cause,
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
