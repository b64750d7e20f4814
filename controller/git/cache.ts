/**
 * The git cache on disk: cloned with bounded history, fetched into, and made anew whenever there is any doubt about it.
 * Only the child that fetches uses it, one at a time.
 *
 * isomorphic-git writes packs and refs in place, without rename or fsync. So a marker stands beside the repository while
 * a fetch writes into it, and a fresh clone is made beside the old one, synced, and switched to by rename.
 */
import fs from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import * as git from "isomorphic-git";
import { Problem } from "../../schemas/problem.ts";
import { gitHttp } from "./http.ts";
import type { FetchJob } from "./job.ts";
import { openRepository, type Repository } from "./objects.ts";
import { syncFolder } from "./snapshot-writer.ts";
import { systemGit } from "./system-git.ts";

/** Reads what it needs from a repository, or says that history does not reach far enough. */
export type Use<T> = (repository: Repository) => Promise<T | "deeper">;

/**
 * Brings the cache to where it holds the job's commit and calls `use`; once more after each re-clone when reading fails
 * or more history is needed. Rejects with the Problem of `use`, or a GIT_ Problem.
 */
export async function withRepository<T>(job: FetchJob, notes: string[], signal: AbortSignal, use: Use<T>): Promise<T> {
  if (job.remote.kind === "path") return await readInPlace(job.remote.path, job.remote.label, use);
  await mkdir(job.folder, { recursive: true, mode: 0o700 });
  const depths = [...job.limits.depths, undefined];
  let next = 0;
  if (await isSound(job)) {
    try {
      const found = await useCache(job, signal, use);
      if (found !== "deeper") return found;
      next = 1;
    } catch (error) {
      if (error instanceof Problem || signal.aborted) throw error;
      notes.push(`the git cache is made anew: ${describe(error)}`);
    }
  }
  for (const depth of depths.slice(next)) {
    notes.push(`cloning with ${depth === undefined ? "the whole" : `${depth} commits of`} history`);
    await clone(job, depth, signal);
    const found = await readClone(job, use);
    if (found !== "deeper") return found;
  }
  throw new Problem("INTERNAL", "complete history was asked to be deeper");
}

function repo(job: FetchJob): string {
  return `${job.folder}/repo`;
}

function marker(job: FetchJob): string {
  return `${job.folder}/fetching`;
}

async function isSound(job: FetchJob): Promise<boolean> {
  return fs.existsSync(`${repo(job)}/imp-clone.json`) && !fs.existsSync(marker(job));
}

async function useCache<T>(job: FetchJob, signal: AbortSignal, use: Use<T>): Promise<T | "deeper"> {
  const repository = await openRepository(repo(job));
  if (await repository.has(job.commit)) return await use(repository);
  if (await hasGrown(job)) throw new Error("it has grown");
  return await use(await fetchMore(job, { ref: `refs/heads/${job.branch}` }, signal));
}

/** The cache with this tag too. To be called by a Use alone. Rejects like it may. */
export async function fetchTag(job: FetchJob, name: string, signal: AbortSignal): Promise<Repository> {
  // A repository that is read in place has it, or has it no more.
  if (job.remote.kind === "path") return await openRepository(job.remote.path);
  return await fetchMore(job, { ref: `refs/tags/${name}` }, signal);
}

async function fetchMore(job: FetchJob, what: What, signal: AbortSignal): Promise<Repository> {
  await writeFile(marker(job), "");
  try {
    await fetchInto(job, repo(job), what, signal);
  } catch (error) {
    // Nothing is written before the whole answer has arrived.
    if (error instanceof Problem) await rm(marker(job), { force: true });
    throw error;
  }
  await rm(marker(job), { force: true });
  return await openRepository(repo(job));
}

/** What is fetched, and commits of history for a clone: undefined for all that is new. */
interface What {
  readonly ref: string;
  readonly depth?: number | undefined;
}

async function readClone<T>(job: FetchJob, use: Use<T>): Promise<T | "deeper"> {
  try {
    return await use(await openRepository(repo(job)));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw cacheProblem(`a fresh clone of ${job.remote.label} cannot be read`, error);
  }
}

async function readInPlace<T>(path: string, label: string, use: Use<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const found = await use(await openRepository(path));
      if (found !== "deeper") return found;
      throw new Problem("GIT_REWRITTEN", `${label} is a shallow clone that does not reach the accepted commit`);
    } catch (error) {
      if (error instanceof Problem) throw error;
      // "git gc" may have moved objects while we read: look again, once.
      if (attempt === 2) throw cacheProblem(`${label} cannot be read`, error);
    }
  }
}

async function clone(job: FetchJob, depth: number | undefined, signal: AbortSignal): Promise<void> {
  const fresh = `${job.folder}/repo.new`;
  const old = `${job.folder}/repo.old`;
  await rm(fresh, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
  try {
    await git.init({ fs, gitdir: fresh, bare: true });
    await git.addRemote({ fs, gitdir: fresh, remote: "origin", url: job.remote.label });
    await fetchInto(job, fresh, { ref: `refs/heads/${job.branch}`, depth }, signal);
    const { bytes } = await packSize(fresh);
    await writeFile(`${fresh}/imp-clone.json`, JSON.stringify({ bytes }));
    await syncAll(fresh);
    if (fs.existsSync(repo(job))) await rename(repo(job), old);
    await rename(fresh, repo(job));
    await syncFolder(job.folder);
    await rm(marker(job), { force: true });
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (error instanceof Problem || signal.aborted) throw error;
    throw cacheProblem(`${job.remote.label} could not be cloned`, error);
  }
}

async function fetchInto(job: FetchJob, gitdir: string, { ref, depth }: What, signal: AbortSignal): Promise<void> {
  const { remote, branch } = job;
  if (remote.kind === "ssh") {
    const range = depth === undefined ? [] : [`--depth=${depth}`];
    const into = ref === `refs/heads/${branch}` ? `refs/remotes/origin/${branch}` : "refs/imp/tag";
    const argv = [
      `--git-dir=${gitdir}`,
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-auto-gc",
      ...range,
      "--",
      remote.url,
      `+${ref}:${into}`,
    ];
    await systemGit(argv, remote, branch, signal);
    return;
  }
  if (remote.kind === "path") return;
  const http = gitHttp(remote, job.limits, signal);
  try {
    // "ref" is what we have (the remote-tracking branch moves, a local one would not), "remoteRef" is spelt out so that
    // no tag of the same name comes first, and depth is for clones only: on a fetch it would send whole trees again.
    const done = await git.fetch({
      fs,
      http,
      gitdir,
      url: remote.url,
      remote: "origin",
      ref: `origin/${branch}`,
      remoteRef: ref,
      singleBranch: true,
      tags: false,
      ...(depth !== undefined && { depth }),
    });
    if (done.fetchHead === null) throw branchMissing(remote.label, branch);
  } catch (error) {
    if (!(error instanceof git.Errors.NotFoundError) || error.data.what !== ref) throw error;
    if (ref !== `refs/heads/${branch}`) return;
    throw branchMissing(remote.label, branch);
  } finally {
    http.close();
  }
}

/** The branch is not there, on a remote that answered. */
export function branchMissing(label: string, branch: string): Problem {
  return new Problem("GIT_REF_MISSING", `${label} has no branch "${branch}"`, {
    remedy: "Push the branch again, or correct repository.branch in agent.yaml.",
  });
}

function cacheProblem(what: string, cause: unknown): Problem {
  return new Problem("GIT_CACHE", `${what}: ${describe(cause)}`, {
    transient: true,
    remedy: "Check free space and the disk; the cache may be deleted at any time.",
    cause,
  });
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" ? "no space is left on the disk" : message;
}

async function hasGrown(job: FetchJob): Promise<boolean> {
  const first = JSON.parse(await readFile(`${repo(job)}/imp-clone.json`, "utf8")) as { readonly bytes: number };
  const { packs, bytes } = await packSize(repo(job));
  // Below a mebibyte the ratio says nothing.
  return packs > job.limits.packs || bytes > Math.max(first.bytes * job.limits.growth, 1 << 20);
}

async function packSize(gitdir: string): Promise<{ readonly packs: number; readonly bytes: number }> {
  const folder = `${gitdir}/objects/pack`;
  const names = fs.existsSync(folder) ? await readdir(folder) : [];
  const sizes = await Promise.all(names.map(async (name) => (await stat(`${folder}/${name}`)).size));
  return {
    packs: names.filter((name) => name.endsWith(".pack")).length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) await syncAll(path);
    else await syncFile(path);
  }
  await syncFolder(folder);
}

async function syncFile(path: string): Promise<void> {
  // Objects are read-only also to their owner, and reading is enough to sync.
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
