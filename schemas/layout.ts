/**
 * Where things stand in a sites repository: fleet.yaml and images.yaml at the top, policies/ and customers/ with one
 * file a topic, and a folder for each site with site.yaml and `<appliance>.yaml` or `<appliance>/*.yaml`. A YAML file
 * anywhere else is a problem, since it would be ignored; other files (README, scripts) are nobody's concern.
 */
import { nearest } from "./nearest.ts";
import { Problem } from "./problem.ts";
import { notFile, type Sites } from "./sites.ts";
import type { TreeEntry } from "./tree.ts";

/** Folders at the top that are no sites. Those that start with a dot are not either. */
export const reservedFolders = ["policies", "customers", "secrets", "docs"] as const;
const topFiles = ["fleet.yaml", "images.yaml"] as const;

/** Of a site or an appliance: what the agent's settings accept as `machine`. */
export const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export interface Layout {
  /** "<site>/<appliance>" to the files of that appliance, sorted. */
  readonly machines: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

/** Everything that the repository holds. */
export async function readLayout(sites: Sites): Promise<Layout> {
  const top = await sites.folder("");
  const problems = [...top.problems, ...(await Promise.all(topProblems(sites, top.entries))).flat()];
  const machines = new Map<string, readonly string[]>();
  for (const { name, kind } of top.entries) {
    if (kind !== "folder" || isReserved(name)) continue;
    const site = await readSite(sites, name);
    problems.push(...site.problems);
    for (const [machine, files] of site.machines) machines.set(machine, files);
  }
  return { machines, problems };
}

/** The files of one appliance; undefined where it has none. Nothing beside them is looked at. */
export async function machineFiles(sites: Sites, name: string): Promise<readonly string[] | undefined> {
  const [site = "", appliance = "", ...more] = name.split("/");
  if (more.length > 0 || !namePattern.test(site) || !namePattern.test(appliance) || isReserved(site)) return undefined;
  if (appliance === "site") return undefined;
  const { entries } = await sites.folder(site);
  const single = entries.some((entry) => entry.name === `${appliance}.yaml`) ? [`${site}/${appliance}.yaml`] : [];
  const split = entries.some((entry) => entry.name === appliance && entry.kind === "folder")
    ? yamlIn(`${site}/${appliance}`, (await sites.folder(`${site}/${appliance}`)).entries)
    : [];
  // A link in the place of its folder is read like a file, which tells that it is one.
  const link = entries.some((entry) => entry.name === appliance && (entry.kind === "link" || entry.kind === "other"));
  const files = [...single, ...split, ...(link ? [`${site}/${appliance}`] : [])];
  return files.length > 0 ? files : undefined;
}

/** The paths of the YAML files of a folder (links and all: reading them says what is wrong), and what is wrong with it. */
export async function yamlFiles(
  sites: Sites,
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly problems: readonly Problem[] }> {
  const { entries, problems } = await sites.folder(folder);
  return { files: yamlIn(folder, entries), problems };
}

function yamlIn(folder: string, entries: readonly TreeEntry[]): readonly string[] {
  return entries
    .filter(({ name }) => name.endsWith(".yaml") && !name.startsWith("."))
    .map(({ name }) => `${folder}/${name}`);
}

function isReserved(name: string): boolean {
  return name.startsWith(".") || name === "node_modules" || reservedFolders.some((folder) => folder === name);
}

function topProblems(sites: Sites, entries: readonly TreeEntry[]): readonly Promise<readonly Problem[]>[] {
  return entries.map(async ({ name, kind }): Promise<readonly Problem[]> => {
    if (name.startsWith(".")) return [];
    if (kind === "link") return isYaml(name) || !name.includes(".") ? [notFile(name, kind)] : [];
    if (kind === "folder") return name === "policies" || name === "customers" ? await flatFolder(sites, name) : [];
    if (!isYaml(name) || topFiles.some((file) => file === name)) return [];
    const meant = nearest(name, topFiles);
    return [stray(name, meant ? `Did you mean ${meant}?` : "An appliance's file stands in the folder of its site.")];
  });
}

/** policies/ and customers/ hold files, no folders with more of them. */
async function flatFolder(sites: Sites, folder: string): Promise<readonly Problem[]> {
  const { entries, problems } = await sites.folder(folder);
  const found = entries
    .filter(({ name }) => !name.startsWith("."))
    .map(async ({ name, kind }) => {
      const path = `${folder}/${name}`;
      if (kind === "folder") {
        const inner = (await sites.folder(path)).entries.find((entry) => isYaml(entry.name));
        return inner ? [stray(`${path}/${inner.name}`, `Files of ${folder}/ stand in it directly.`)] : [];
      }
      return name.endsWith(".yml") ? [stray(path, "Rename it to .yaml.")] : [];
    });
  return [...problems, ...(await Promise.all(found)).flat()];
}

interface Site {
  readonly machines: readonly (readonly [string, readonly string[]])[];
  readonly problems: readonly Problem[];
}

async function readSite(sites: Sites, site: string): Promise<Site> {
  const { entries, problems } = await sites.folder(site);
  const found = new Map<string, readonly string[]>();
  const wrong: Problem[] = [...problems];
  const yaml = entries.filter(({ name, kind }) => isYaml(name) && kind !== "folder" && !name.startsWith("."));
  const folders = entries.filter(({ name, kind }) => kind === "folder" && !name.startsWith("."));
  const filled = await Promise.all(
    folders.map(async ({ name }) =>
      (await sites.folder(`${site}/${name}`)).entries.some((entry) => isYaml(entry.name)),
    ),
  );
  const split = folders.filter((_, index) => filled[index]);
  if (yaml.length === 0 && split.length === 0) return { machines: [], problems: wrong };
  if (!yaml.some(({ name }) => name === "site.yaml")) wrong.push(noSite(site));
  wrong.push(
    ...entries
      .filter(({ name, kind }) => kind === "link" && !isYaml(name) && !name.includes("."))
      .map(({ name, kind }) => notFile(`${site}/${name}`, kind)),
  );
  if (!namePattern.test(site)) wrong.push(badName(site, `${site}/site.yaml`));
  for (const { name } of yaml) {
    if (name.endsWith(".yml")) wrong.push(stray(`${site}/${name}`, "Rename it to .yaml."));
    else if (name !== "site.yaml") found.set(name.slice(0, -".yaml".length), [`${site}/${name}`]);
  }
  for (const { name } of split) {
    const folder = await sites.folder(`${site}/${name}`);
    wrong.push(...folder.problems, ...strayIn(`${site}/${name}`, folder.entries));
    const files = yamlIn(`${site}/${name}`, folder.entries);
    const single = found.get(name);
    if (single) {
      wrong.push(
        new Problem("SCHEMA", `the appliance has a file and a folder: ${site}/${name}.yaml and ${site}/${name}/`, {
          at: { file: `${site}/${name}.yaml`, line: 1, column: 1 },
          remedy: `Move the file to ${site}/${name}/main.yaml, or the folder's content into it.`,
        }),
      );
      found.set(name, [...single, ...files]);
    } else if (files.length > 0) found.set(name, files);
  }
  wrong.push(
    ...[...found].filter(([name]) => !namePattern.test(name)).map(([name, files]) => badName(name, files[0] ?? site)),
  );
  const named = [...found].filter(([name]) => namePattern.test(name) && namePattern.test(site));
  return {
    machines: named
      .map(([name, files]) => [`${site}/${name}`, files] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    problems: wrong,
  };
}

function strayIn(folder: string, entries: readonly TreeEntry[]): readonly Problem[] {
  return entries.flatMap(({ name, kind }) => {
    if (name.startsWith(".")) return [];
    if (kind === "folder") return [stray(`${folder}/${name}`, "An appliance's folder holds no folders.", "folder")];
    return name.endsWith(".yml") ? [stray(`${folder}/${name}`, "Rename it to .yaml.")] : [];
  });
}

function isYaml(name: string): boolean {
  return /\.ya?ml$/i.test(name);
}

function stray(file: string, remedy: string, what: "file" | "folder" = "file"): Problem {
  return new Problem("SCHEMA", `nothing reads this ${what}`, { at: { file, line: 1, column: 1 }, remedy });
}

function noSite(site: string): Problem {
  const meant = nearest(site, reservedFolders);
  return new Problem("SCHEMA", `the folder ${site}/ holds YAML files but no site.yaml`, {
    at: { file: `${site}/site.yaml`, line: 1, column: 1 },
    remedy: meant
      ? `Did you mean ${meant}/?`
      : "Add site.yaml (it may be empty) if this is a site, else rename the files.",
  });
}

function badName(name: string, file: string): Problem {
  return new Problem("SCHEMA", `${JSON.stringify(name)} is no name of a site or an appliance`, {
    at: { file, line: 1, column: 1 },
    remedy: "Use a-z, 0-9, '.', '_' and '-', at most 63, and begin with a letter or digit.",
  });
}
