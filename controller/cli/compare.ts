/** Two revisions of a sites repository as what the second would change on each appliance. Asks no appliance. */
import { isDeepStrictEqual } from "node:util";
import { worstImpact } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { loadFleet } from "../../schemas/load.ts";
import type { FleetResult, Loaded, LoadResult } from "../../schemas/load.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Tree } from "../../schemas/tree.ts";
import { render } from "../generation.ts";
import { emptyDesired } from "../planes.ts";
import { askedOf, fileVersions } from "../rollout/asked.ts";
import type { ResolvedSecrets } from "../secrets.ts";
import { byImpact } from "./change.ts";
import { valueAt } from "../../schemas/json.ts";
import type { FleetChange, MachineChange, PlaneChange } from "./change.ts";
import { planOffline } from "./offline-plan.ts";

export interface Side {
  /** For people: a commit, or "working tree". */
  readonly name: string;
  readonly tree: Tree;
}

/** What `after` would do to appliances that are as `before` wants them; `only` limits it to one. Rejects with MACHINE_UNKNOWN. */
export async function compareRevisions(before: Side, after: Side, only?: string): Promise<FleetChange> {
  const [old, young] = await Promise.all([loadFleet(before.tree), loadFleet(after.tree)]);
  const names = new Set([...old.machines.keys(), ...young.machines.keys()]);
  if (only !== undefined && !names.has(only)) {
    throw new Problem(
      "MACHINE_UNKNOWN",
      `There is no appliance ${only}, neither in ${before.name} nor in ${after.name}.`,
      {
        remedy: `There is ${[...names].sort().slice(0, 20).join(", ")}.`,
      },
    );
  }
  const whoGoesFirst = firstMovers(before, old, after, young);
  const changes: MachineChange[] = [];
  let untouched = 0;
  for (const name of names) {
    if (only !== undefined && name !== only) continue;
    const change = await compareMachine(
      name,
      [before.tree, old.machines.get(name)],
      [after.tree, young.machines.get(name)],
    );
    if (change) changes.push({ ...change, goesAfter: await whoGoesFirst(name) });
    else untouched += 1;
  }
  return {
    from: before.name,
    to: after.name,
    machines: changes.toSorted(byImpact),
    untouched,
    problems: young.problems,
  };
}

/** Those before an appliance that a change is about too: as its agent will tell them. */
function firstMovers(
  before: Side,
  old: FleetResult,
  after: Side,
  young: FleetResult,
): (name: string) => Promise<string[]> {
  const told = new Map<string, Promise<boolean>>();
  const asked = async ({ tree }: Side, { machines }: FleetResult, name: string): Promise<string> => {
    const loaded = machines.get(name)?.loaded;
    return loaded ? askedOf(loaded, tree) : "";
  };
  const changes = async (name: string) => (await asked(before, old, name)) !== (await asked(after, young, name));
  return async (name) => {
    const first: string[] = [];
    for (const one of young.rollout.order.before(name)) {
      const known = told.get(one) ?? changes(one);
      told.set(one, known);
      if (await known) first.push(one);
    }
    return first;
  };
}

type Half = readonly [Tree, LoadResult | undefined];

async function compareMachine(
  name: string,
  before: Half,
  after: Half,
): Promise<Omit<MachineChange, "goesAfter"> | undefined> {
  const bare = { name, worstImpact: undefined, planes: [], notManaged: [] };
  if (!after[1]) return { ...bare, kind: "removed" };
  // Broken before and after: this change neither breaks nor mends it, and the problems are listed anyway.
  if (!after[1].loaded) return before[1] && !before[1].loaded ? undefined : { ...bare, kind: "invalid" };
  const young = await renderOffline(after[1].loaded, after[0]);
  const old = before[1]?.loaded && (await renderOffline(before[1].loaded, before[0]));
  if (old?.digest === young.digest && isDeepStrictEqual(old.desired, young.desired)) return undefined;
  const planes = planChanges(young, old);
  return {
    name,
    kind: !old ? "added" : planes.length > 0 ? "changed" : "same",
    worstImpact: worstImpact(planes.flatMap((plane) => plane.steps)),
    planes,
    notManaged: young.notManaged.filter((section) => !sameSection(section, after[1]?.loaded, before[1]?.loaded)),
  };
}

/** Whether both ask for the same in a section of the machine file. */
function sameSection(section: string, one: Loaded | undefined, other: Loaded | undefined): boolean {
  return isDeepStrictEqual(one && valueAt(one.written, [section]), other && valueAt(other.written, [section]));
}

/** Where nothing can be decrypted: a secret is told apart by its encrypted file, so that a new one shows. */
export async function renderOffline(loaded: Loaded, tree: Tree): Promise<Generation> {
  const version = await fileVersions(tree, loaded.secrets);
  const secrets: ResolvedSecrets = { version, sealed: (name) => `<secret:${version(name).slice(0, 16)}>` };
  return render(loaded, tree.revision?.commit ?? "", secrets);
}

/** What each plane would do, and how its rendered text differs; planes with nothing to say are left out. */
function planChanges(young: Generation, old: Generation | undefined): readonly PlaneChange[] {
  return planOffline(young.desired, old?.desired ?? emptyDesired).filter(
    (plane) => plane.steps.length + plane.problems.length > 0 || plane.diff !== "",
  );
}
