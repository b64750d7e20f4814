/** What a remote offers right now, asked in one or two requests and without fetching. */
import fs from "node:fs";
import * as git from "isomorphic-git";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import type { OfferedTag } from "../source.ts";
import { branchMissing } from "./cache.ts";
import { gitHttp, type HttpLimits } from "./http.ts";
import { advertised, listRefs, type Ref } from "./refs.ts";
import type { Remote } from "./remote.ts";
import { gitMissing, sshProblem, systemGitEnvironment } from "./system-git.ts";
import { parseTag } from "./tag.ts";

/** Bytes of one answer, which the agent itself holds: some 30,000 refs of a server that cannot name a single one. */
const largestAnswer = 2 << 20;

export interface HeadOptions {
  readonly host: Pick<Host, "run">;
  readonly branch: string;
  readonly limits: HttpLimits & { readonly headMs: number };
}

/** What was found: the tip of the branch, and tags that may approve what is sought. */
export interface Offer {
  readonly commit: string;
  readonly tags: readonly OfferedTag[];
}

/**
 * `sought` are generations and commits: tags that are called after one of them are told too, in the same question. Rejects
 * with a GIT_ Problem, or the signal's reason.
 */
export async function remoteHead(
  remote: Remote,
  sought: readonly string[],
  options: HeadOptions,
  signal: AbortSignal,
): Promise<Offer> {
  const deadline = AbortSignal.timeout(options.limits.headMs);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const refs = await ask(remote, sought, options, either);
    // A prefix also matches longer names.
    const commit = refs.find(({ name }) => name === branchRef(options))?.id;
    if (commit === undefined) throw branchMissing(remote.label, options.branch);
    return { commit, tags: approving(refs, sought) };
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted || !(error instanceof Problem)) throw noAnswer(remote.label, deadline.aborted, error);
    throw error;
  }
}

/** Where tags are that approve: the first digits, at least so many, of a generation or a commit follow. */
const approvals = "refs/tags/approve/";
const shortestName = 12;

function approving(refs: readonly Ref[], sought: readonly string[]): readonly OfferedTag[] {
  const found = refs.filter(({ name }) => isApproval(name, sought));
  return found.map(({ name, id, target }) => ({ name: name.slice("refs/tags/".length), id, target }));
}

function isApproval(name: string, sought: readonly string[]): boolean {
  const digits = name.slice(approvals.length);
  return name.startsWith(approvals) && digits.length >= shortestName && sought.some((one) => one.startsWith(digits));
}

function branchRef({ branch }: HeadOptions): string {
  return `refs/heads/${branch}`;
}

async function ask(
  remote: Remote,
  sought: readonly string[],
  options: HeadOptions,
  signal: AbortSignal,
): Promise<readonly Ref[]> {
  if (remote.kind === "path") return await readLocal(remote.path, remote.label, branchRef(options), sought);
  const tags = sought.map((one) => approvals + one.slice(0, shortestName));
  if (remote.kind === "ssh")
    return await askSsh(remote, [branchRef(options), ...tags.map((tag) => `${tag}*`)], options, signal);
  try {
    return await askHttp(remote, [branchRef(options), ...tags], options, signal);
  } catch (error) {
    // Whoever can push could drown the branch in tags that are called nearly as the one that is sought.
    if (tags.length === 0 || !(error instanceof Problem) || error.transient) throw error;
    return await askHttp(remote, [branchRef(options)], options, signal);
  }
}

async function askHttp(
  remote: Extract<Remote, { readonly kind: "http" }>,
  prefixes: readonly string[],
  { limits }: HeadOptions,
  signal: AbortSignal,
): Promise<readonly Ref[]> {
  const http = gitHttp(remote, { ...limits, maxBytes: Math.min(limits.maxBytes, largestAnswer) }, signal);
  try {
    return await listRefs(http, remote.url, prefixes);
  } finally {
    http.close();
  }
}

async function readLocal(
  gitdir: string,
  label: string,
  branch: string,
  sought: readonly string[],
): Promise<readonly Ref[]> {
  if (!fs.existsSync(`${gitdir}/HEAD`)) {
    throw new Problem("GIT_UNREACHABLE", `${label} is not a git repository`, { transient: true });
  }
  const names = sought.length === 0 ? [] : await git.listRefs({ fs, gitdir, filepath: "refs/tags/approve" });
  const found = names.map((name) => approvals + name).filter((name) => isApproval(name, sought));
  const refs = await Promise.all([branch, ...found].map(async (name) => await readRef(gitdir, name)));
  return refs.filter((ref) => ref !== undefined);
}

async function readRef(gitdir: string, name: string): Promise<Ref | undefined> {
  try {
    const id = await git.resolveRef({ fs, gitdir, ref: name });
    if (!name.startsWith(approvals)) return { name, id, target: undefined };
    const { object, type } = await git.readObject({ fs, gitdir, oid: id, format: "content" });
    const tag = type === "tag" ? parseTag(object as Uint8Array) : undefined;
    return { name, id, target: tag?.type === "commit" ? tag.object : undefined };
  } catch (error) {
    if (error instanceof git.Errors.NotFoundError) return undefined;
    throw error;
  }
}

async function askSsh(
  remote: Extract<Remote, { readonly kind: "ssh" }>,
  patterns: readonly string[],
  { host, limits, branch }: HeadOptions,
  signal: AbortSignal,
): Promise<readonly Ref[]> {
  const env = systemGitEnvironment(remote.options);
  const result = await host
    .run(["git", "ls-remote", "--", remote.url, ...patterns], {
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
  return advertised(
    result.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => line.replace("\t", " ")),
  );
}

function noAnswer(label: string, isLate: boolean, cause: unknown): Problem {
  const why = isLate ? "in time" : `as a git server does: ${(cause as Error).message.slice(0, 200)}`;
  return new Problem("GIT_UNREACHABLE", `${label} did not answer ${why}`, { transient: true, cause });
}
