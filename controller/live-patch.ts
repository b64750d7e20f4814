/**
 * What somebody changed by hand in FRR, as a change of the appliance's own files: guessed line by line (spelling.ts), put
 * into the files, loaded and rendered again; only what comes out as it is live is kept. What the machine file has no word
 * for becomes a raw block, and what cannot be said at all is told.
 */
import { liveChanges, liveChangesText, type LiveChange } from "../reconcilers/frr/live-changes.ts";
import { spelling, type Spelling, type Word } from "../reconcilers/frr/spelling.ts";
import type { JsonObject } from "../schemas/json.ts";
import { loadMachine } from "../schemas/load.ts";
import { ownFiles, patchedTree, withValue, type Patch } from "../schemas/patch.ts";
import { Problem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";
import type { YamlDocument } from "../schemas/yaml.ts";
import { yamlText } from "../schemas/yaml-text.ts";

export interface LivePatch {
  /** By file of the repository: what is to be put over what stands there. */
  readonly files: readonly { readonly file: string; readonly yaml: string }[];
  /** What cannot be said by it, line by line: to be brought in by hand. */
  readonly left: readonly string[];
}

export interface Patching {
  /** The newest commit, and the name of this appliance in it. */
  readonly tree: Tree;
  readonly machine: string;
  /** FRR's configuration as such a tree asks for it; undefined where the tree is not valid. */
  readonly render: (tree: Tree) => Promise<string | undefined>;
  /** FRR's configuration as committed, and as it is live. */
  readonly desired: string;
  readonly live: string;
  /** Whether what nobody here ever made is brought in too. */
  readonly foreign: boolean;
  readonly reason: string;
}

/** More changes than this are not tried one by one. */
const mostTried = 100;

/** Rejects with LOCAL when the newest commit itself is not valid: there is nothing to change then. */
export async function livePatch(patching: Patching): Promise<LivePatch> {
  const { tree, machine, desired, live, foreign } = patching;
  const wanted = liveChanges(desired, live, [desired]).filter(({ isForeign }) => foreign || !isForeign);
  const [files, { loaded }] = [await ownFiles(tree, machine), await loadMachine(tree, machine)];
  const before = await patching.render(tree);
  if (!loaded || before === undefined) {
    throw new Problem("LOCAL", "The newest commit is not valid, so nothing can be brought into it.", {
      remedy: "Correct it first: `impctl status` shows what is wrong.",
    });
  }
  const growing = grow(patching, files, new Set(wanted.map(({ key }) => key)), before);
  const spelled = spelling(loaded.machine, loaded.written, live);
  await growing.take(wanted.flatMap((change) => spelled.of(change)[0] ?? []));
  if (wanted.length <= mostTried) await oneByOne(growing, spelled);
  await addRaw(growing, patching.reason, Object.keys(loaded.machine.routing.raw));
  return {
    files: [...growing.patch()].map(([file, value]) => ({ file, yaml: yamlText(value) })),
    left: liveChangesText(growing.left()),
  };
}

/** A patch that grows while what is left of the changes gets less. */
interface Growing {
  readonly patch: () => Patch;
  readonly left: () => readonly LiveChange[];
  /** Keeps these words if less is left with them. */
  readonly take: (words: readonly Word[]) => Promise<boolean>;
}

/** `keys`: of the changes. `before`: what the tree asks for as it is. */
function grow(
  { tree, live, render }: Patching,
  files: readonly YamlDocument[],
  keys: ReadonlySet<string>,
  before: string,
): Growing {
  const all = liveChanges(before, live, []);
  // What differed before, beside what is to be brought in, is not this patch's doing.
  const others = new Set(all.filter(({ key }) => !keys.has(key)).map(nameOf));
  let patch: Patch = new Map();
  let left = all.filter(({ key }) => keys.has(key));
  return {
    patch: () => patch,
    left: () => left,
    async take(words) {
      if (words.length === 0 || left.length === 0) return false;
      const more = words.reduce<Patch>((made, { path, value }) => withValue(made, files, path, value), patch);
      const rendered = await render(patchedTree(tree, files, more));
      if (rendered === undefined) return false;
      const still = liveChanges(rendered, live, []).filter(
        (change) => keys.has(change.key) || !others.has(nameOf(change)),
      );
      if (still.length >= left.length) return false;
      [patch, left] = [more, still];
      return true;
    },
  };
}

/** Lists before what refers to them; again as long as it helps, since one may need another. */
async function oneByOne({ left, take }: Growing, spelled: Spelling): Promise<void> {
  for (let helped = true; helped;) {
    helped = false;
    for (const change of left().toSorted((a, b) => rankOf(a) - rankOf(b))) {
      if (!left().some(({ key }) => key === change.key)) continue;
      for (const words of spelled.of(change)) {
        if (!(await take(words))) continue;
        helped = true;
        break;
      }
    }
  }
}

/** Lines that somebody added, as raw blocks: all of a context in one, or those that can be. */
async function addRaw({ left, take }: Growing, reason: string, taken: readonly string[]): Promise<void> {
  const added = left().filter(({ desired, live }) => desired === undefined && live !== undefined);
  const names = new Set(taken);
  const description = `Set by hand: ${reason}`.replaceAll(/[^\x20-\x7e]+/g, " ").slice(0, 200);
  const block = async (context: readonly string[], lines: readonly string[]): Promise<boolean> => {
    let name = "by-hand";
    for (let count = 2; names.has(name); count += 1) name = `by-hand-${count}`;
    // What undoing it disturbs nobody here knows: whoever puts it into the file may.
    const value: JsonObject = { description, context, lines, impact: "session-reset" };
    const isTaken = await take([{ path: ["routing", "raw", name], value }]);
    if (isTaken) names.add(name);
    return isTaken;
  };
  for (const changes of Map.groupBy(added, ({ path }) => path.join("\n")).values()) {
    const context = changes[0]?.path ?? [];
    const lines = changes.flatMap(({ live }) => live ?? []);
    if (await block(context, lines)) continue;
    for (const line of lines) await block(context, [line]);
  }
}

function nameOf({ key, desired, live }: LiveChange): string {
  return `${key}\n${desired}\n${live}`;
}

function rankOf({ path, desired, live }: LiveChange): number {
  const root = path[0] ?? live ?? desired ?? "";
  return root.startsWith("route-map ") ? 1 : path.length === 0 ? 0 : 2;
}
