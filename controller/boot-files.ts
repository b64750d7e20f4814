/**
 * The files from which the planes start at boot, without the agent: kept with the generation that they are for, and copied
 * to where the planes read them. The failsafe copies the same.
 */
import type { Host, PlaneName } from "../reconcilers/core.ts";
import { type Desired, desiredOf, type Generation } from "../reconcilers/generation.ts";
import { isReadByRestarts, readersOf } from "../reconcilers/system/catalogue.ts";
import { instances } from "../reconcilers/vpp/model.ts";
import { unitOf } from "../reconcilers/vpp/restart.ts";
import { Problem } from "../schemas/problem.ts";
import { completed } from "./planes.ts";
import { filesFolder, type Staged } from "./store.ts";

/** What uses a plane comes after it. */
const planeOrder: readonly PlaneName[] = ["system", "frr", "vpp"];

/** What a plane says of the file that it starts from. */
export interface BootFile {
  readonly plane: PlaneName;
  /** Its name among the files of a generation. */
  readonly name: string;
  /** Where the plane reads it. */
  readonly path: string;
  /** What is restarted so that the plane reads it. */
  readonly unit: string;
  readonly mode: number;
  /** The plane's own user; undefined where there is none. */
  owner(): Promise<Owner | undefined>;
  /** Whether the plane, started from this text, would hold all that is desired. */
  holds(text: string, desired: Desired): boolean;
  /** The text for a plane that was `seen` when nothing was left to do, where `before` stands now. */
  text(generation: Generation, seen: Desired, before: string | undefined): string;
  /** Whether the text came from here: anybody else's is kept beside it before it is replaced. */
  isOurs(text: string): boolean;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What puts a plane back to a generation without the agent: files are copied, then units restarted. */
export interface Restoring {
  readonly plane: PlaneName;
  readonly files: readonly {
    readonly source: string;
    readonly target: string;
    readonly mode: number;
    readonly owner: Owner;
  }[];
  /** Files that go. */
  readonly gone?: readonly string[];
  readonly units: readonly string[];
}

export interface BootFiles {
  /** Whether the planes would start with all that the generation desires; foreign lines beside it are nobody's business. */
  hold(generation: Generation): Promise<boolean>;
  /**
   * Keeps with the generation what the planes are to start with: `seen` is what they were when nothing was left to do. `only`:
   * of these planes; of the others what was kept stays.
   */
  keep(generation: Generation, seen: Desired, only?: readonly PlaneName[]): Promise<void>;
  /** Copies what was kept to where the planes read it, where it differs. */
  lay(generation: Generation): Promise<void>;
  /** What puts the planes back to the generation with this digest. */
  restoring(digest: string): Promise<readonly Restoring[]>;
  /**
   * The files that only a staged candidate has: neither the generation `to`, nor the box when it was staged. Who goes back without
   * the agent has to remove them. Not the name of the box, which only the agent takes back from the kernel.
   */
  added(candidate: string, to: string | undefined): Promise<readonly string[]>;
}

/** Where a file of the system plane is kept: below the generation's files, by its own path. */
function keptSystem(folder: string, digest: string, path: string): string {
  return `${filesFolder(folder, digest)}/system${path}`;
}

/** All of them; `folder` is the agent's state. Files of the system plane stand where they belong once a plan is empty. */
export function bootFiles(host: Host, folder: string, files: readonly BootFile[]): BootFiles {
  const kept = (file: BootFile, digest: string): string => `${filesFolder(folder, digest)}/${file.name}`;
  const held = new Map<BootFile, { readonly digest: string; readonly text: string }>();

  async function holds(file: BootFile, generation: Generation): Promise<boolean> {
    const { digest } = generation;
    const text = await host.readFile(file.path);
    if (text === undefined || (await host.readFile(kept(file, digest))) === undefined) return false;
    const last = held.get(file);
    if (last?.digest === digest && last.text === text) return true;
    if (!file.holds(text, desiredOf(generation))) return false;
    held.set(file, { digest, text });
    return true;
  }

  async function lay(file: BootFile, digest: string): Promise<void> {
    const text = await host.readFile(kept(file, digest));
    if (text === undefined) throw missing(kept(file, digest));
    const before = await host.readFile(file.path);
    if (text === before) return;
    const closed = { mode: file.mode, owner: (await file.owner()) ?? "as-before" } as const;
    const found = `${file.path}.before-impctl`;
    if (before !== undefined && !file.isOurs(before) && (await host.readFile(found)) === undefined) {
      await host.writeFile(found, before, closed);
    }
    await host.writeFile(file.path, text, closed);
  }

  async function restoring(
    digest: string,
    { system, vpp }: Pick<Desired, "system" | "vpp">,
  ): Promise<readonly Restoring[]> {
    const own = files.map(async (file): Promise<Restoring> => {
      const owner = (await file.owner()) ?? { uid: 0, gid: 0 };
      const { plane, path: target, mode, unit } = file;
      return { plane, files: [{ source: kept(file, digest), target, mode, owner }], units: [unit] };
    });
    const laid = system.files.map(({ path, mode, owner }) => {
      return { source: keptSystem(folder, digest, path), target: path, mode, owner };
    });
    const units = readersOf(system.files.map(({ path }) => path));
    // VPP starts from files of the system plane: it has what is committed, but for what only the agent can do.
    const starts = laid.filter(({ target }) => target.startsWith("/etc/vpp/"));
    const started = instances.filter((instance) => vpp[instance] !== undefined);
    return [
      ...(laid.length > 0 ? [{ plane: "system", files: laid, units } as const] : []),
      ...(await Promise.all(own)),
      ...(starts.length > 0 && started.length > 0
        ? [{ plane: "vpp", files: starts, units: started.map((instance) => unitOf(instance)) } as const]
        : []),
    ];
  }
  async function pathsOf(digest: string | undefined): Promise<readonly string[]> {
    const text = digest && (await host.readFile(`${folder}/generations/${digest}/generation.json`));
    const { desired } = text ? (JSON.parse(text) as Partial<Generation>) : {};
    return completed(desired ?? {}).system.files.map(({ path }) => path);
  }
  async function holdsSystem({ digest, desired }: Generation): Promise<boolean> {
    for (const { path, text } of desired.system.files) {
      if ((await host.readFile(keptSystem(folder, digest, path))) !== text) return false;
    }
    return true;
  }
  async function replace(path: string, text: string): Promise<void> {
    if ((await host.readFile(path)) !== text) await host.writeFile(path, text, { mode: 0o600 });
  }

  return {
    async hold(generation) {
      for (const file of files) if (!(await holds(file, generation))) return false;
      return holdsSystem(generation);
    },
    async keep(generation, seen, only) {
      const { digest } = generation;
      for (const file of files) {
        if (only?.includes(file.plane) === false && (await host.readFile(kept(file, digest))) !== undefined) continue;
        await replace(kept(file, digest), file.text(generation, seen, await host.readFile(file.path)));
      }
      const { system } = generation.desired;
      for (const { path, text } of system.files) await replace(keptSystem(folder, digest, path), text);
      const lines = restoringLines(await restoring(digest, generation.desired));
      await replace(`${folder}/generations/${digest}/restore`, `${lines.join("\n")}\n`);
    },
    async lay({ digest }) {
      for (const file of files) await lay(file, digest);
    },
    async restoring(digest) {
      const found = await host.readFile(`${folder}/generations/${digest}/generation.json`);
      const { desired } = found === undefined ? {} : (JSON.parse(found) as Partial<Generation>);
      return restoring(digest, completed(desired ?? {}));
    },
    async added(candidate, to) {
      const text = await host.readFile(`${folder}/generations/${candidate}/candidate.json`);
      if (text === undefined) return [];
      const { generation, before } = JSON.parse(text) as Pick<Staged, "generation" | "before">;
      const known = new Set([...(before?.system.files.map(({ path }) => path) ?? []), ...(await pathsOf(to))]);
      return generation.desired.system.files
        .map(({ path }) => path)
        .filter((path) => !known.has(path) && isReadByRestarts(path));
    },
  };
}

/** How it is written down for the shell programs, the failsafe and imp-rescue, in the order of restoring: docs/failsafe.md. */
export function restoringLines(planes: readonly Restoring[]): readonly string[] {
  return planeOrder.flatMap((name) => planes.filter(({ plane }) => plane === name).flatMap(block));
}

function block({ plane, files, gone = [], units }: Restoring): readonly string[] {
  return [
    `plane ${plane}`,
    ...files.map(({ mode, owner, source, target }) => {
      const octal = mode.toString(8).padStart(4, "0");
      return `file ${octal} ${owner.uid} ${owner.gid} ${source} ${target}`;
    }),
    ...gone.map((path) => `gone ${path}`),
    ...units.map((unit) => `unit ${unit}`),
  ];
}

function missing(path: string): Problem {
  return new Problem("JOURNAL", `${path} is missing.`, {
    remedy: "It is made again at the next poll at which the planes hold all that is committed.",
  });
}
