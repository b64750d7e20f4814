/** How the source compares with the system's git doing the same against the same server in the same run. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gitSource } from "../../controller/git.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { noOverrides } from "../../controller/source.ts";
import { Settings } from "../../schemas/settings.ts";
import { gitServer, type GitServer } from "../lab/git-server.ts";

const sites = 100;
const appliances = 2000;
const commits = 1000;
const rounds = 7;
const never = new AbortController().signal;

/** Prints one line for each operation: medians and their ratio. Needs git. */
export async function benchGit(print: (line: string) => void): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), "imp-bench-git-"));
  const bare = join(top, "sites.git");
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
  importCommits(bare, firstCommits());
  execFileSync("git", ["-C", bare, "gc", "--quiet"]);
  const server = await gitServer(bare);
  try {
    print(
      `git: ${appliances} appliances, ${commits} commits, medians of ${rounds} (the source | system git, a process each)`,
    );
    await clones(top, server, print);
    await follows(top, bare, server, print);
  } finally {
    await server.close();
    rmSync(top, { recursive: true, force: true });
  }
}

async function clones(top: string, server: GitServer, print: (line: string) => void): Promise<void> {
  const [ours, theirs]: readonly [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    const agent = source(server, join(top, `cache-${round}`));
    const { commit } = await agent.head(never);
    ours.push(await timed(() => agent.accept(commit, undefined, noOverrides, never)));
    const argv = ["clone", "--quiet", "--bare", "--depth=200", server.url, join(top, `clone-${round}`)];
    theirs.push(await timed(() => systemGit(argv)));
  }
  compare("first clone, 200 commits deep", ours, theirs, print);
}

async function follows(top: string, bare: string, server: GitServer, print: (line: string) => void): Promise<void> {
  const agent = source(server, join(top, "cache-0"));
  const clone = join(top, "clone-0");
  const polls: readonly [number[], number[]] = [[], []];
  const fetches: readonly [number[], number[]] = [[], []];
  let accepted = (await agent.head(never)).commit;
  server.requests.length = 0;
  for (let round = 0; round < rounds; round++) {
    polls[0].push(await timed(() => agent.head(never)));
    polls[1].push(await timed(() => systemGit(["ls-remote", server.url, "refs/heads/main"])));
  }
  const requests = server.requests.length / rounds / 2;
  for (let round = 0; round < rounds; round++) {
    importCommits(bare, oneCommit(round));
    const { commit } = await agent.head(never);
    fetches[0].push(await timed(() => agent.accept(commit, accepted, noOverrides, never)));
    fetches[1].push(await timed(() => systemGit(["-C", clone, "fetch", "--quiet", server.url, "main"])));
    accepted = commit;
  }
  compare(`poll, nothing new (${requests} requests)`, ...polls, print);
  compare("fetch one commit, prove it, read the machine's files", ...fetches, print);
}

function source(server: GitServer, cache: string) {
  const repository = { remotes: [{ url: server.url }] };
  const settings = Settings.parse({ machine: "site0/r0", repository, paths: { cache } });
  return gitSource(settings, linuxHost({ seal: (text) => text, reveal: () => undefined }));
}

async function systemGit(argv: readonly string[]): Promise<void> {
  await promisify(execFile)("git", argv);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function compare(what: string, ours: number[], theirs: number[], print: (line: string) => void): void {
  const [mine, git] = [median(ours), median(theirs)];
  print(`  ${what}: ${mine.toFixed(0)} ms | ${git.toFixed(0)} ms | ${(mine / git).toFixed(2)}x`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

// --- a repository in git's fast-import format: a thousand commits in a second

function importCommits(bare: string, stream: string): void {
  execFileSync("git", ["-C", bare, "fast-import", "--quiet", "--force"], { input: stream });
}

function firstCommits(): string {
  const files = Array.from({ length: appliances }, (_, index) => file(path(index), appliance(index, 0)));
  const shared = [
    file("fleet.yaml", "defaults: 1\n"),
    ...Array.from({ length: sites }, (_, at) => file(`site${at}/site.yaml`, "{}\n")),
  ];
  const changes = Array.from({ length: commits - 1 }, (_, at) =>
    commit(at + 1, file(path(at), appliance(at, at + 1)), ""),
  );
  return `reset refs/heads/main\n${commit(0, [...shared, ...files].join(""), "")}${changes.join("")}`;
}

function oneCommit(round: number): string {
  return commit(commits + round, file(path(0), appliance(0, commits + round)), "from refs/heads/main^0\n");
}

function commit(at: number, changes: string, from: string): string {
  const message = `Change ${at}`;
  return `commit refs/heads/main\ncommitter N <n@example.net> ${1_790_000_000 + at} +0000\n${data(message)}${from}${changes}\n`;
}

function file(name: string, text: string): string {
  return `M 100644 inline ${name}\n${data(text)}`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function path(index: number): string {
  return `site${index % sites}/r${Math.floor(index / sites)}.yaml`;
}

/** About a kilobyte and a half, different for each appliance. */
function appliance(index: number, version: number): string {
  const lines = Array.from(
    { length: 30 },
    (_, line) => `    uplink-${line}: { vlan: ${line}, description: "r${index} v${version}" }`,
  );
  return `interfaces:\n${lines.join("\n")}\n`;
}
