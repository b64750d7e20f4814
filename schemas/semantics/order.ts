/** Who goes before whom when a commit is about several appliances: what `rollout` and `after` say together. Pure. */
import { meantBy, type Rollout } from "../rollout.ts";

/** One appliance goes after another; `byWaves`: because their waves do. */
export interface Link {
  readonly name: string;
  readonly after: string;
  readonly byWaves: boolean;
}

export interface Order {
  /** Everybody who goes before it, near and far, in the order of `ranked`. */
  before(name: string): readonly string[];
  /** The same as if it had not this entry of its `after`. */
  beforeWithout(name: string, entry: string): ReadonlySet<string>;
  /** Everybody: first the canary, then who waits for nobody, and so on; by name where it does not matter. */
  readonly ranked: readonly string[];
  /** Appliances that would wait for themselves: the links of each circle, all the way round. */
  readonly circles: readonly (readonly Link[])[];
  /** Who has somebody right behind it, with one of those. */
  readonly followed: ReadonlyMap<string, string>;
}

/** `names` are all appliances; `afters` those entries that machines have. Linear in what it is given. */
export function orderOf(
  names: ReadonlySet<string>,
  rollout: Rollout | undefined,
  afters: ReadonlyMap<string, readonly string[]>,
): Order {
  const waves = wavesOf(names, rollout);
  const edges = edgesOf(names, waves, afters);
  const { depth, circles } = explore(names, edges);
  const canary = rollout?.canary;
  const rank = (name: string): number => (name === canary ? -1 : (depth.get(name) ?? 0));
  const ranked = [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const before = (name: string, without?: string) => reachable(name, edges(name, without), edges);
  return {
    before(name) {
      const found = before(name);
      return ranked.filter((one) => found.has(one));
    },
    beforeWithout: before,
    ranked,
    circles,
    followed: followedOf(names, edges),
  };
}

/** The number of everybody's wave, from 0; empty where there are none. */
export function wavesOf(names: ReadonlySet<string>, rollout: Rollout | undefined): ReadonlyMap<string, number> {
  const waves = new Map<string, number>();
  if (!rollout?.waves) return waves;
  for (const [number, entries] of [...rollout.waves, ["*"]].entries()) {
    for (const entry of entries) {
      for (const name of meantBy(entry, names)) if (!waves.has(name)) waves.set(name, number);
    }
  }
  return waves;
}

/** What goes right before a node. Nodes are appliances, and the end of each wave, so that waves need no edge for each pair. */
type Edges = (node: string, without?: string) => readonly string[];

function edgesOf(
  names: ReadonlySet<string>,
  waves: ReadonlyMap<string, number>,
  afters: ReadonlyMap<string, readonly string[]>,
): Edges {
  const members = new Map<string, string[]>();
  for (const [name, wave] of waves) {
    const end = endOf(wave);
    const before = wave > 0 ? [endOf(wave - 1)] : [];
    members.set(end, [...(members.get(end) ?? before), name]);
  }
  // A wave that turned out empty still stands between those beside it.
  for (let wave = Math.max(0, ...waves.values()); wave > 0; wave--) {
    if (!members.has(endOf(wave - 1))) members.set(endOf(wave - 1), wave > 1 ? [endOf(wave - 2)] : []);
  }
  return (node, without) => {
    const wave = waves.get(node) ?? 0;
    const own = (afters.get(node) ?? []).filter((entry) => entry !== without);
    const named = own.flatMap((entry) => meantBy(entry, names)).filter((name) => name !== node);
    return members.get(node) ?? [...named, ...(wave > 0 ? [endOf(wave - 1)] : [])];
  };
}

/** No name of an appliance has a blank. */
function endOf(wave: number): string {
  return `wave ${wave}`;
}

function isWave(node: string): boolean {
  return node.startsWith("wave ");
}

function reachable(name: string, first: readonly string[], edges: Edges): ReadonlySet<string> {
  const seen = new Set<string>();
  const left = [...first];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (seen.has(node) || node === name) continue;
    seen.add(node);
    for (const next of edges(node)) if (!seen.has(next)) left.push(next);
  }
  return new Set([...seen].filter((node) => !isWave(node)));
}

function followedOf(names: ReadonlySet<string>, edges: Edges): ReadonlyMap<string, string> {
  const followed = new Map<string, string>();
  const done = new Set<string>();
  for (const name of names) {
    const left = [...edges(name)];
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      if (!isWave(node)) followed.set(node, followed.get(node) ?? name);
      else if (!done.has(node)) {
        done.add(node);
        left.push(...edges(node));
      }
    }
  }
  return followed;
}

interface Visit {
  readonly node: string;
  readonly left: string[];
  depth: number;
}

/** Depth first and without recursion, since somebody may write a chain of any length. */
function explore(
  names: ReadonlySet<string>,
  edges: Edges,
): { readonly depth: ReadonlyMap<string, number>; readonly circles: readonly (readonly Link[])[] } {
  const depth = new Map<string, number>();
  const circles: (readonly Link[])[] = [];
  const path: Visit[] = [];
  const onPath = new Set<string>();
  const enter = (node: string): void => {
    path.push({ node, left: [...edges(node)].reverse(), depth: 0 });
    onPath.add(node);
  };
  for (const name of names) {
    if (!depth.has(name)) enter(name);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.left.pop();
      if (next === undefined) {
        path.pop();
        onPath.delete(top.node);
        depth.set(top.node, top.depth);
        const above = path.at(-1);
        if (above) above.depth = Math.max(above.depth, top.depth + 1);
      } else if (onPath.has(next)) {
        circles.push(linksOf(path.slice(path.findIndex(({ node }) => node === next)).map(({ node }) => node)));
      } else if (depth.has(next)) {
        top.depth = Math.max(top.depth, (depth.get(next) ?? 0) + 1);
      } else enter(next);
    }
  }
  return { depth, circles };
}

/** The links between the appliances of a circle of nodes. */
function linksOf(nodes: readonly string[]): readonly Link[] {
  const first = nodes.findIndex((node) => !isWave(node));
  const around = [...nodes.slice(first), ...nodes.slice(0, first)];
  const links: Link[] = [];
  let [name, byWaves] = [around[0] ?? "", false];
  for (const node of [...around.slice(1), name]) {
    if (isWave(node)) byWaves = true;
    else {
      links.push({ name, after: node, byWaves });
      [name, byWaves] = [node, false];
    }
  }
  return links;
}
