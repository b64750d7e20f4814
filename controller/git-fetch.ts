/**
 * The short-lived child that clones, fetches and reads packs, so that none of that is ever in the agent's memory. It gets
 * a job on standard input (credentials are never in argv) and answers on standard output with commits, or leaves a snapshot.
 *
 * In a checkout it is this file; in the bundle it is the hidden command "internal-fetch".
 */
import { createInterface } from "node:readline";
import { writeFile } from "node:fs/promises";
import { asProblem, Problem } from "../schemas/problem.ts";
import { fetchTag, withRepository } from "./git/cache.ts";
import { lineage, rewrittenLineage, type Lineage } from "./git/history.ts";
import type { FetchAnswer, FetchJob } from "./git/job.ts";
import type { Repository } from "./git/objects.ts";
import { writeSnapshot } from "./git/snapshot-writer.ts";

/** Bytes of the commit objects that are checked at once: some 8,000 signed commits. */
const largestChain = 8 << 20;
/** How many commits with a word are told, and the bytes of one. */
const mostWordy = 50;
const largestWordy = 128 << 10;
/** Bytes of a tag. */
const largestTag = 64 << 10;

/** Does the job that stands in the first line of standard input; the parent keeps it open for as long as it lives. */
export async function runFetchChild(): Promise<void> {
  const abort = new AbortController();
  // Out of memory, it is this process that the kernel should take, never the agent.
  await writeFile("/proc/self/oom_score_adj", "1000").catch(() => undefined);
  const lines = createInterface({ input: process.stdin });
  const line = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    // The parent is gone: an orphan must not write into a cache that the next agent uses.
    lines.once("close", () => process.exit(1));
  });
  const answer = await carryOut(JSON.parse(line) as FetchJob, abort.signal);
  await new Promise((resolve) => process.stdout.write(JSON.stringify(answer), resolve));
  process.exit(0);
}

/** Never rejects: a failure is an answer. */
export async function carryOut(job: FetchJob, signal: AbortSignal): Promise<FetchAnswer> {
  const notes: string[] = [];
  try {
    const objects = await withRepository(job, notes, signal, (repository) => prove(job, repository, signal));
    return { objects, notes };
  } catch (error) {
    return { problem: asProblem(error).toJSON() };
  }
}

async function prove(
  job: FetchJob,
  repository: Repository,
  signal: AbortSignal,
): Promise<readonly string[] | "deeper"> {
  if (!(await repository.has(job.commit))) {
    if (repository.shallow.size > 0) return "deeper";
    throw new Problem("GIT_UNREACHABLE", `${job.remote.label} does not have commit ${job.commit} any more`, {
      transient: true,
    });
  }
  const chain = await descent(job, repository);
  if (chain === "deeper") return chain;
  const { commit, wanted, accepted, give } = job;
  if (give.tag) return [await tagObject(job, give.tag, repository, signal)];
  const folder = `${job.folder}/snapshots`;
  if (give.snapshot) await writeSnapshot(repository, { commit, wanted, folder, keep: accepted });
  if (give.commits === "all") return await commitObjects(repository, chain);
  return give.commits === "wordy" ? await wordyCommits(repository, chain) : [];
}

/** Base64, in this order: where nobody must answer for the others, however many they are. */
async function wordyCommits(repository: Repository, chain: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const id of chain) {
    const raw = Buffer.from(await repository.raw(id));
    if (raw.length <= largestWordy && /^imp-/im.test(raw.toString("latin1"))) found.push(raw.toString("base64"));
    if (found.length === mostWordy) break;
  }
  return found;
}

async function descent({ commit, accepted, rewrite }: FetchJob, repository: Repository): Promise<Lineage> {
  if (accepted === undefined) return [commit];
  return rewrite ? await rewrittenLineage(repository, commit, accepted) : await lineage(repository, commit, accepted);
}

/**
 * Base64. Its commit must be here already: then nothing but the tag is fetched, whatever else whoever pushed it has put
 * on the server.
 */
async function tagObject(
  job: FetchJob,
  { name, id, target }: NonNullable<FetchJob["give"]["tag"]>,
  repository: Repository,
  signal: AbortSignal,
): Promise<string> {
  if (!(await repository.has(target))) {
    throw new Problem("ADVICE", `tag ${name} is on commit ${target.slice(0, 12)}, which this box does not have`, {
      remedy: "Put it on a commit of the branch.",
    });
  }
  const raw = (await repository.tag(id)) ?? (await fetchTag(job, name, signal).then((fetched) => fetched.tag(id)));
  if (raw === undefined) {
    throw new Problem("GIT_UNREACHABLE", `${job.remote.label} does not have tag ${name} any more`, { transient: true });
  }
  if (raw.length <= largestTag) return Buffer.from(raw).toString("base64");
  throw new Problem("ADVICE", `tag ${name} has ${raw.length} bytes; at most ${largestTag} are read`);
}

/** Base64, in this order. Rejects with YAML_HOSTILE when they are more than the agent should hold. */
async function commitObjects(repository: Repository, chain: readonly string[]): Promise<readonly string[]> {
  const objects: string[] = [];
  let bytes = 0;
  for (const id of chain) {
    const raw = await repository.raw(id);
    bytes += raw.length;
    if (bytes > largestChain) {
      throw new Problem(
        "YAML_HOSTILE",
        `the commits from ${id.slice(0, 12)} on have more than ${largestChain >> 20} MiB without their files`,
        {
          remedy: "Find out who wrote such messages, or so many commits.",
        },
      );
    }
    objects.push(Buffer.from(raw).toString("base64"));
  }
  return objects;
}

if (process.argv[1]?.endsWith("/git-fetch.ts") === true) void runFetchChild();
