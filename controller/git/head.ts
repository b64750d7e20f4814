/** What a remote offers right now, asked in one or two requests and without fetching. */
import fs from "node:fs";
import * as git from "isomorphic-git";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { branchMissing } from "./cache.ts";
import { gitHttp, type HttpLimits } from "./http.ts";
import type { Remote } from "./remote.ts";
import { gitMissing, sshProblem, systemGitEnvironment } from "./system-git.ts";

/** Bytes of one answer, which the agent itself holds: some 30,000 refs of a server that cannot name a single one. */
const largestAnswer = 2 << 20;

export interface HeadOptions {
  readonly host: Pick<Host, "run">;
  readonly branch: string;
  readonly limits: HttpLimits & { readonly headMs: number };
}

/** The commit at the tip of the branch. Rejects with a GIT_ Problem, or the signal's reason. */
export async function remoteHead(remote: Remote, options: HeadOptions, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.timeout(options.limits.headMs);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const commit = await ask(remote, options, either);
    if (commit === undefined) throw branchMissing(remote.label, options.branch);
    if (/^[0-9a-f]{40}$/.test(commit)) return commit;
    throw new Problem("GIT_UNREACHABLE", `${remote.label} answered something that is not a commit`);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted || !(error instanceof Problem)) throw noAnswer(remote.label, deadline.aborted, error);
    throw error;
  }
}

async function ask(remote: Remote, options: HeadOptions, signal: AbortSignal): Promise<string | undefined> {
  const ref = `refs/heads/${options.branch}`;
  if (remote.kind === "path") return await readLocal(remote.path, remote.label, ref);
  if (remote.kind === "ssh") return await askSsh(remote, ref, options, signal);
  const maxBytes = Math.min(options.limits.maxBytes, largestAnswer);
  const http = gitHttp(remote, { ...options.limits, maxBytes }, signal);
  try {
    // A prefix also matches longer names.
    const refs = await git.listServerRefs({ http, url: remote.url, prefix: ref, protocolVersion: 2 });
    return refs.find((one) => one.ref === ref)?.oid;
  } finally {
    http.close();
  }
}

async function readLocal(gitdir: string, label: string, ref: string): Promise<string | undefined> {
  if (!fs.existsSync(`${gitdir}/HEAD`)) {
    throw new Problem("GIT_UNREACHABLE", `${label} is not a git repository`, { transient: true });
  }
  try {
    return await git.resolveRef({ fs, gitdir, ref });
  } catch (error) {
    if (error instanceof git.Errors.NotFoundError) return undefined;
    throw error;
  }
}

async function askSsh(
  remote: Extract<Remote, { readonly kind: "ssh" }>,
  ref: string,
  { host, limits, branch }: HeadOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const env = systemGitEnvironment();
  const result = await host
    .run(["git", "ls-remote", "--", remote.url, ref], {
      timeoutMs: limits.headMs,
      signal,
      env,
      maxBytes: largestAnswer,
    })
    .catch((error: unknown) => {
      if (error instanceof Problem && !error.transient) throw gitMissing(remote.label);
      throw error;
    });
  if (result.exitCode !== 0) throw sshProblem(result.stderr, remote.label, branch);
  return result.stdout
    .split("\n")
    .map((line) => line.split("\t"))
    .find(([, name]) => name === ref)?.[0];
}

function noAnswer(label: string, isLate: boolean, cause: unknown): Problem {
  const why = isLate ? "in time" : `as a git server does: ${(cause as Error).message.slice(0, 200)}`;
  return new Problem("GIT_UNREACHABLE", `${label} did not answer ${why}`, { transient: true, cause });
}
