/**
 * Generations on disk: `generations/<digest>/` and the link in `committed.d/` that says which one is committed. Switching
 * that link is the commit; everything else here prepares for it or cleans up after it.
 */
import type { Host } from "../reconcilers/core.ts";
import type { Desired, Generation } from "../reconcilers/generation.ts";
import { Problem } from "../schemas/problem.ts";
import { completed } from "./planes.ts";
import { canonicalJson } from "./canonical-json.ts";

export interface Store {
  /** The committed generation, or undefined when nothing was ever committed. Rejects with JOURNAL when it is damaged. */
  committed(): Promise<Generation | undefined>;
  /** A generation that was committed here, or undefined when it is not kept. Rejects with JOURNAL when it is damaged. */
  kept(digest: string): Promise<Generation | undefined>;
  /** Keeps a candidate with the texts of its secrets, readable only by root. */
  stage(candidate: Staged): Promise<void>;
  /** What `stage` kept. Rejects with JOURNAL when it is not there. */
  staged(digest: string): Promise<Staged>;
  /** The texts of a generation's secrets by their sealed form. */
  secretsOf(digest: string): Promise<ReadonlyMap<string, string>>;
  /** Makes a staged candidate the committed generation: one rename decides. May be repeated. */
  commit(generation: Generation): Promise<void>;
  /** What was committed here and is kept, oldest first. */
  history(): Promise<readonly string[]>;
  /** Removes all but the generations that were committed last, `newest` being the last of them, and never one of `keep`. */
  prune(newest: readonly string[], keep: readonly string[]): Promise<void>;
}

/** What must be known to go forward to a candidate, and back from it, without the network. */
export interface Staged {
  readonly generation: Generation;
  readonly secrets: ReadonlyMap<string, string>;
  /** What was there before: to go back to while nothing is committed, and from what the candidate takes over. */
  readonly before: Desired | undefined;
  /** What the generation before it desired: after a power cut it may be there again, and has to go. */
  readonly owned: Desired | undefined;
}

const keptGenerations = 20;

/** Where a generation's files are, as they go on disk; `folder` is the agent's state. */
export function filesFolder(folder: string, digest: string): string {
  return `${folder}/generations/${digest}/files`;
}

/** The store in `folder`; `environment` names the boot environment whose committed generation is meant. */
export function openStore(host: Host, folder: string, environment: string): Store {
  const home = (digest: string): string => `${folder}/generations/${digest}`;
  const link = `${folder}/committed.d/${environment}`;
  const orderPath = `${folder}/generations/order.json`;

  async function read<T>(path: string): Promise<T | undefined> {
    const text = await host.readFile(path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw damaged(path, cause);
    }
  }
  async function committedDigest(): Promise<string | undefined> {
    return (await host.readLink(link))?.split("/").at(-1);
  }
  async function secretsOf(digest: string): Promise<ReadonlyMap<string, string>> {
    const secrets = await read<Record<string, string>>(`${filesFolder(folder, digest)}/secrets.json`);
    return new Map(Object.entries(secrets ?? {}));
  }
  async function staged(digest: string): Promise<Staged> {
    const path = `${home(digest)}/candidate.json`;
    const kept = await read<{ generation?: Generation; before?: Desired; owned?: Desired }>(path);
    if (kept?.generation?.digest !== digest) throw damaged(path);
    const { generation, before, owned } = kept;
    return {
      generation: whole(generation),
      before: before && completed(before),
      owned: owned && completed(owned),
      secrets: await secretsOf(digest),
    };
  }

  async function present(): Promise<readonly string[]> {
    return (await host.readFolder(`${folder}/generations`)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  }
  async function history(): Promise<readonly string[]> {
    const there = await present();
    const order = await read<unknown>(orderPath).catch(() => "damaged");
    if (order === undefined) return [];
    if (Array.isArray(order))
      return order.filter((digest: unknown) => typeof digest === "string" && there.includes(digest));
    // It only says in which order: what was committed here is known without it.
    const texts = await Promise.all(there.map((digest) => host.readFile(`${home(digest)}/generation.json`)));
    return there.filter((_, index) => texts[index] !== undefined);
  }
  async function kept(digest: string): Promise<Generation | undefined> {
    const generation = await read<Generation>(`${home(digest)}/generation.json`);
    if (generation && generation.digest !== digest) throw damaged(`${home(digest)}/generation.json`);
    return generation && whole(generation);
  }

  return {
    staged,
    secretsOf,
    kept,
    async committed() {
      const digest = await committedDigest();
      if (digest === undefined) return undefined;
      const generation = await kept(digest);
      if (!generation) throw damaged(`${home(digest)}/generation.json`);
      return generation;
    },
    async stage({ generation, secrets, before, owned }) {
      const { digest } = generation;
      // A secret's sealed form never changes its text: what an earlier deployment of this digest kept stays right.
      const all = { ...Object.fromEntries(await secretsOf(digest)), ...Object.fromEntries(secrets) };
      await host.writeFile(`${filesFolder(folder, digest)}/secrets.json`, canonicalJson(all), { mode: 0o600 });
      const kept = { generation, ...(before && { before }), ...(owned && { owned }) };
      await host.writeFile(`${home(digest)}/candidate.json`, canonicalJson(kept), { mode: 0o600 });
    },
    async commit(generation) {
      const { digest } = generation;
      await host.writeFile(`${home(digest)}/generation.json`, canonicalJson(generation), { mode: 0o600 });
      if ((await committedDigest()) !== digest) await host.writeLink(link, `../generations/${digest}`);
    },
    history,
    async prune(newest, keep) {
      // Other boot environments have committed generations of their own: all that a link names stays.
      const linked = await Promise.all(
        (await host.readFolder(`${folder}/committed.d`)).map((name) => host.readLink(`${folder}/committed.d/${name}`)),
      );
      const before = await history();
      const order = [...before.filter((one) => !newest.includes(one)), ...newest].slice(-keptGenerations);
      const text = canonicalJson(order);
      if (((await host.readFile(orderPath)) ?? canonicalJson([])) !== text) await host.writeFile(orderPath, text);
      const wanted = new Set([...order, ...keep, ...linked.map((target) => target?.split("/").at(-1))]);
      for (const digest of await present()) if (!wanted.has(digest)) await host.remove(home(digest));
    },
  };
}

function whole(generation: Generation): Generation {
  return { ...generation, desired: completed(generation.desired) };
}

function damaged(path: string, cause?: unknown): Problem {
  return new Problem("JOURNAL", `${path} is missing or damaged.`, {
    remedy: "Nothing is changed on this box until it is clear. Restore it from a backup of the persistent dataset.",
    cause,
  });
}
