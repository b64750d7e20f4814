/** A sites repository as machines: what `impctl validate` judges, and the one machine that an agent needs of it. */
import { assemble, hasError, nullProblems, type Base, type LoadResult } from "./assemble.ts";
import { homeless, readCustomers, type CustomerFile, type Customers } from "./customers.ts";
import { readLocal, type LocalFile, type LocalLayers } from "./local.ts";
import { machineFiles, readLayout, yamlFiles } from "./layout.ts";
import { formatPath } from "./json.ts";
import { merge, type Layer } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { asProblem, Problem } from "./problem.ts";
import { sortProblems } from "./problem-order.ts";
import { checkSecrets, type SecretUser } from "./secrets.ts";
import { checkFleet } from "./semantics/check-fleet.ts";
import { checkRollout, type RolloutFinding } from "./semantics/check-rollout.ts";
import type { Order } from "./semantics/order.ts";
import { fleetBase, readShared, type Shared } from "./shared.ts";
import { openSites, readAll, type Sites } from "./sites.ts";
import type { Tree } from "./tree.ts";
import type { YamlDocument } from "./yaml.ts";

export type { Loaded, LoadResult } from "./assemble.ts";
export type { Origin } from "./merge.ts";

export interface FleetResult {
  /** By "<site>/<appliance>", in order: each with what is wrong in it alone, without secrets. */
  readonly machines: ReadonlyMap<string, LoadResult>;
  /** All of them, those across appliances included, in order of their places, each once. */
  readonly problems: readonly Problem[];
  readonly rollout: RolloutResult;
}

/** In which order the appliances take a commit. */
export interface RolloutResult {
  readonly order: Order;
  /** What is wrong with it, also among `problems` of the fleet: in whose file, undefined for fleet.yaml. */
  readonly wrong: readonly { readonly machine: string | undefined; readonly problem: Problem }[];
}

/** Names of all appliances, "<site>/<appliance>", in order. Reads no file. */
export async function listMachines(tree: Tree): Promise<readonly string[]> {
  return [...(await readLayout(openSites(tree))).machines.keys()];
}

/**
 * One appliance. Only the files that can matter to it are read: what is wrong elsewhere in the repository does not keep
 * it from being loaded. The existence of its secrets is checked, not who else may read them. `localFiles` stand above its own.
 */
export async function loadMachine(
  tree: Tree,
  name: string,
  localFiles: readonly LocalFile[] = [],
): Promise<LoadResult> {
  const sites = openSites(tree);
  const files = await machineFiles(sites, name);
  if (!files) return { loaded: undefined, problems: [await unknownMachine(sites, name)] };
  const shared = await readShared(sites);
  const customers = await readCustomers(sites, name);
  const bases = siteBases(sites, shared);
  const local = readLocal(localFiles);
  const result = await loadOne(name, files, { sites, shared, customers, bases, local });
  const secrets = await checkSecrets(tree, [secretUser(name, result)], "machine");
  const problems = sortProblems([...result.problems, ...secrets]);
  return { loaded: hasError(problems) ? undefined : result.loaded, problems };
}

/** Every appliance, and what is wrong anywhere in the repository. */
export async function loadFleet(tree: Tree): Promise<FleetResult> {
  const sites = openSites(tree);
  const layout = await readLayout(sites);
  await readAhead(sites, [...[...layout.machines.values()].flat(), ...(await yamlFiles(sites, "customers")).files]);
  const shared = await readShared(sites);
  const customers = await readCustomers(sites);
  const bases = siteBases(sites, shared);
  const machines = new Map<string, LoadResult>();
  for (const [name, files] of layout.machines) {
    machines.set(name, await loadOne(name, files, { sites, shared, customers, bases }));
  }
  const users = [...machines].map(([name, result]) => secretUser(name, result));
  const rollout = rolloutOf(shared, machines);
  return {
    machines,
    rollout,
    problems: sortProblems([
      ...layout.problems,
      ...shared.problems,
      ...shared.policyProblems(),
      ...customers.broken.flatMap(({ problems }) => problems),
      ...homeless(customers, [...machines.keys()]),
      ...[...machines.values()].flatMap(({ problems }) => problems),
      ...fleetProblems(machines),
      ...rollout.wrong.map(({ problem }) => problem),
      ...(await checkSecrets(tree, users, "fleet")),
    ]),
  };
}

interface Context {
  readonly sites: Sites;
  readonly shared: Shared;
  readonly customers: Customers;
  readonly bases: (site: string) => Promise<SiteBase>;
  readonly local?: LocalLayers;
}

async function loadOne(name: string, files: readonly string[], context: Context): Promise<LoadResult> {
  const { base, problems: baseProblems } = await context.bases(name.slice(0, name.indexOf("/")));
  const own = await readAll(context.sites, files);
  const broken = context.customers.broken.filter(({ text }) => text.includes(name));
  const problems = [
    ...baseProblems,
    ...own.problems,
    ...context.customers.problems,
    ...broken.flatMap((file) => file.problems),
  ];
  const customers = context.customers.appliances.get(name) ?? [];
  if (!base) return { loaded: undefined, problems: [...problems, ...customers.flatMap((file) => file.problems)] };
  const layers = own.documents.map((document) => layerOf("appliance", document));
  const result = assembleSafely(name, () => assemble(name, base, layers, customers, context.shared, context.local));
  if (own.problems.length > 0) {
    const certain = result.problems.filter((problem) => standsAlone(problem, customers));
    return { loaded: undefined, problems: [...problems, ...certain] };
  }
  const loaded = hasError(problems) ? undefined : result.loaded;
  return { ...result, loaded, problems: [...problems, ...result.problems] };
}

/** What holds of the files that could be read, whatever is in the one that could not. */
function standsAlone(problem: Problem, customers: readonly CustomerFile[]): boolean {
  return (
    (problem.code === "SCHEMA" && problem.message !== "is missing") ||
    customers.some((customer) => customer.problems.includes(problem))
  );
}

/** A fault of a rule is that machine's problem: the others are judged all the same. */
function assembleSafely(name: string, work: () => LoadResult): LoadResult {
  try {
    return work();
  } catch (thrown) {
    const { message } = asProblem(thrown);
    const problem = new Problem("INTERNAL", `${name} cannot be judged: ${message}`, {
      cause: thrown,
      remedy: "Report this as a fault of the program, with the file.",
    });
    return { loaded: undefined, problems: [problem] };
  }
}

interface SiteBase {
  /** undefined where fleet.yaml or site.yaml cannot be read. */
  readonly base: Base | undefined;
  readonly problems: readonly Problem[];
}

/** fleet.yaml and each site.yaml, merged once however many appliances a site has. */
function siteBases(sites: Sites, shared: Shared): (site: string) => Promise<SiteBase> {
  const known = new Map<string, Promise<SiteBase>>();
  const fleet = fleetBase(shared);
  const read = async (site: string): Promise<SiteBase> => {
    const { document, problems } = await sites.file(`${site}/site.yaml`);
    const wrong = [...shared.problems, ...fleet.problems, ...problems];
    const layers = [...(fleet.layer ? [fleet.layer] : []), ...(document ? [layerOf("site", document)] : [])];
    if (!fleet.layer || fleet.defaults === undefined || problems.length > 0)
      return { base: undefined, problems: wrong };
    const nulls = document ? nullProblems(fleet.layer.value, layerOf("site", document)) : [];
    const base = { layers, value: merge(layers.map(({ value }) => value)), defaults: fleet.defaults };
    return { base, problems: [...wrong, ...nulls] };
  };
  return (site) => {
    const base = known.get(site) ?? read(site);
    known.set(site, base);
    return base;
  };
}

function layerOf(name: string, document: YamlDocument): Layer {
  return { name, value: document.value, locate: (path, part) => document.locate(path, part) };
}

function secretUser(machine: string, { loaded, named }: LoadResult): SecretUser {
  return { machine, key: loaded?.machine["age-key"], uses: loaded?.secrets, named };
}

function fleetProblems(machines: ReadonlyMap<string, LoadResult>): readonly Problem[] {
  const valid = [...machines].flatMap(([name, { loaded }]) => (loaded ? [[name, loaded.machine] as const] : []));
  return checkFleet(new Map(valid)).flatMap(
    (finding) => machines.get(finding.machine)?.loaded?.problem(finding, "FLEET") ?? [],
  );
}

function rolloutOf(shared: Shared, machines: ReadonlyMap<string, LoadResult>): RolloutResult {
  const { rollout } = fleetBase(shared);
  const loaded = [...machines].flatMap(([name, result]) => (result.loaded ? [[name, result.loaded] as const] : []));
  const { order, findings } = checkRollout({
    names: new Set(machines.keys()),
    rollout,
    machines: new Map(loaded.map(([name, { machine }]) => [name, machine])),
    isOwn: (name) => machines.get(name)?.loaded?.explain("after")[0]?.layer === "appliance",
  });
  const problem = (found: RolloutFinding) =>
    found.machine === undefined
      ? inFleetFile(found, shared)
      : machines.get(found.machine)?.loaded?.problem(found, "FLEET");
  const wrong = findings.flatMap((found) => {
    const told = problem(found);
    return told ? [{ machine: found.machine, problem: told }] : [];
  });
  return { order, wrong };
}

function inFleetFile({ path, message, remedy, severity }: RolloutFinding, { fleet }: Shared): Problem {
  const at = fleet?.locate(path, "value");
  const code = severity === "warning" ? "ADVICE" : "FLEET";
  return new Problem(code, message, { path: formatPath(path), remedy, severity, ...(at && { at }) });
}

/** Reads files side by side, as many as the disk answers at once, before they are asked for one by one. */
async function readAhead(sites: Sites, paths: readonly string[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) await sites.file(path);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function unknownMachine(sites: Sites, name: string): Promise<Problem> {
  const { machines } = await readLayout(sites);
  const names = [...machines.keys()];
  const meant = nearest(name, names);
  const short = names.filter((known) => known.endsWith(`/${name}`));
  const guess = meant ?? (short.length === 1 ? short[0] : undefined);
  return new Problem("MACHINE_UNKNOWN", `the sites repository has no appliance ${JSON.stringify(name.slice(0, 80))}`, {
    remedy: guess
      ? `Did you mean ${guess}?`
      : `It has ${names.length === 0 ? "none" : names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}.`,
  });
}
