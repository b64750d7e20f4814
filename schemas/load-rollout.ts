/** What a commit says of one appliance's place among the others: who goes first, and whose sessions it shares. */
import type { Loaded } from "./assemble.ts";
import { readLayout } from "./layout.ts";
import { loadFleet, loadMachine, type FleetResult } from "./load.ts";
import type { Problem } from "./problem.ts";
import { type Ends, endsOf } from "./semantics/fleet-ends.ts";
import { openSites, type Sites } from "./sites.ts";
import type { Tree } from "./tree.ts";

/** Another appliance; not loaded where its files have an error. */
export interface Other {
  readonly name: string;
  readonly loaded: Loaded | undefined;
}

export interface Place {
  /** Everybody who goes first, near and far, in order. */
  readonly before: readonly Other[];
  /** Who takes the image first that it asks for; undefined: itself, or it asks for none. */
  readonly canary: Other | undefined;
  /** Its sessions with other appliances, and whether the other one goes after it. */
  readonly ends: readonly (Ends & { readonly other: Loaded; readonly isLater: boolean })[];
  /** What is wrong with the order as far as it concerns this appliance. */
  readonly problems: readonly Problem[];
}

const alone: Place = { before: [], canary: undefined, ends: [], problems: [] };

/** The place of a loaded appliance. The others are read only where something orders them. */
export async function loadPlace(tree: Tree, own: Loaded): Promise<Place> {
  const sites = openSites(tree);
  const { machines } = await readLayout(sites);
  if (machines.size < 2) return alone;
  if (await mentionsOrder(sites, machines)) return placeIn(await loadFleet(tree), own);
  return {
    ...alone,
    canary: await canaryOf(own, machines.keys(), async (name) => (await loadMachine(tree, name)).loaded),
  };
}

/** Whether any file has a word that could order them: cheaper than to load all of them for nothing. */
async function mentionsOrder(sites: Sites, machines: ReadonlyMap<string, readonly string[]>): Promise<boolean> {
  const folders = new Set([...machines.keys()].map((name) => name.slice(0, name.indexOf("/"))));
  const files = ["fleet.yaml", ...[...folders].map((site) => `${site}/site.yaml`), ...[...machines.values()].flat()];
  for (const file of files) if (/\b(after|rollout)\b/.test((await sites.text(file)) ?? "")) return true;
  return false;
}

async function placeIn({ machines, rollout }: FleetResult, own: Loaded): Promise<Place> {
  const { order, wrong } = rollout;
  const other = (name: string): Other => ({ name, loaded: machines.get(name)?.loaded });
  const before = order.before(own.name);
  const concerned = new Set<string | undefined>([undefined, own.name, ...before]);
  const all = new Map([...machines].flatMap(([name, { loaded }]) => (loaded ? [[name, loaded] as const] : [])));
  const ends = endsOf(new Map([...all].map(([name, { machine }]) => [name, machine])));
  return {
    before: before.map(other),
    canary: await canaryOf(own, order.ranked, async (name) => all.get(name)),
    ends: ends.flatMap((one) => {
      const far = one.near.machine === own.name ? all.get(one.far.machine) : undefined;
      return far ? [{ ...one, other: far, isLater: order.before(far.name).includes(own.name) }] : [];
    }),
    problems: wrong.filter(({ machine }) => concerned.has(machine)).map(({ problem }) => problem),
  };
}

/** Of those that ask for the same image the first; the one that `rollout.canary` names is the first of all. */
async function canaryOf(
  own: Loaded,
  ranked: Iterable<string>,
  load: (name: string) => Promise<Loaded | undefined>,
): Promise<Other | undefined> {
  if (!own.image) return undefined;
  for (const name of ranked) {
    if (name === own.name) return undefined;
    const loaded = await load(name);
    if (loaded?.image?.digest === own.image.digest) return { name, loaded };
  }
  return undefined;
}
