/**
 * The short-lived child that clones, fetches and reads packs, so that none of that is ever in the agent's memory. It gets
 * a job on standard input (credentials are never in argv) and answers on standard output with commits, or leaves a snapshot.
 *
 * In a checkout it is this file; in the bundle it is the hidden command "internal-fetch".
 */
import { createInterface } from "node:readline";
import { writeFile } from "node:fs/promises";
import { asProblem, Problem } from "../schemas/problem.ts";
import { withRepository } from "./git/cache.ts";
import { lineage, rewrittenLineage, type Lineage } from "./git/history.ts";
import type { FetchAnswer, FetchJob } from "./git/job.ts";
import type { Repository } from "./git/objects.ts";
import { writeSnapshot } from "./git/snapshot-writer.ts";

/** Bytes of the commit objects that are checked at once: some 8,000 signed commits. */
const largestChain = 8 << 20;

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
    const commits = await withRepository(job, notes, signal, (repository) => prove(job, repository));
    return { commits, notes };
  } catch (error) {
    return { problem: asProblem(error).toJSON() };
  }
}

async function prove(job: FetchJob, repository: Repository): Promise<readonly string[] | "deeper"> {
  if (!(await repository.has(job.commit))) {
    if (repository.shallow.size > 0) return "deeper";
    throw new Problem("GIT_UNREACHABLE", `${job.remote.label} does not have commit ${job.commit} any more`, {
      transient: true,
    });
  }
  const chain = await descent(job, repository);
  if (chain === "deeper") return chain;
  if (job.give === "chain") return await commitObjects(repository, chain);
  const { commit, wanted, accepted } = job;
  await writeSnapshot(repository, { commit, wanted, folder: `${job.folder}/snapshots`, keep: accepted });
  return [];
}

async function descent({ commit, accepted, rewrite }: FetchJob, repository: Repository): Promise<Lineage> {
  if (accepted === undefined) return [commit];
  return rewrite ? await rewrittenLineage(repository, commit, accepted) : await lineage(repository, commit, accepted);
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
