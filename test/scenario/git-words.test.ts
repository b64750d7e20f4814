import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitSource } from "../../controller/git.ts";
import { fetchProgram } from "../../controller/git/child.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { noOverrides, type Source } from "../../controller/source.ts";
import { asProblem } from "../../schemas/problem.ts";
import { Settings } from "../../schemas/settings.ts";
import { startAgent } from "../lab/agent-process.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { gitServer, type GitServer } from "../lab/git-server.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";

const hasPrograms = [["git", "--version"] as const, ["ssh-keygen", "-?"] as const].every(
  ([program, option]) => spawnSync(program, [option]).error === undefined,
);
const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
const never = new AbortController().signal;
const generation = "0123456789abcdef".repeat(4);

let top: string;
let sites: SitesRepository;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "imp-words-"));
  sites = makeSitesRepository(top);
  for (const name of ["nora", "olga", "stranger"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, name)]);
  }
  const line = (name: string) => `${name}@example.net ${readFileSync(join(top, `${name}.pub`), "utf8")}`;
  writeFileSync(join(top, "allowed"), `${line("nora")}${line("olga")}`);
  sites.git("config", "gpg.format", "ssh");
  sites.git("config", "commit.gpgSign", "true");
  signAs("nora");
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const signAs = (name: string) => sites.git("config", "user.signingKey", join(top, name));
const push = (message: string) => sites.push(message, { "fra1/r1.yaml": `# ${message}\n` });

function source(url: string, signatures: "required" | "off" = "required"): Source {
  const settings = Settings.parse({
    machine: "fra1/r1",
    repository: { remotes: [{ url }] },
    trust: { signatures, "allowed-signers": join(top, "allowed") },
    paths: { cache: join(top, "cache") },
  });
  return gitSource(settings, host, {
    program: ["/bin/sh", "-c", `echo >> ${top}/started; exec "$@"`, "sh", ...fetchProgram()],
  });
}

/** How many children were started since the last time. */
function started(): number {
  const count = existsSync(join(top, "started")) ? readFileSync(join(top, "started"), "utf8").length : 0;
  rmSync(join(top, "started"), { force: true });
  return count;
}

describe.skipIf(!hasPrograms)("words of commits (needs git and ssh-keygen)", () => {
  const accept = async (commit: string, accepted: string, signatures?: "off") =>
    (await source(sites.bare, signatures).accept(commit, accepted, noOverrides, never)).words;

  it("are those of the commits since the accepted one, each with its signer", async () => {
    const first = push("Start\n\nImp-Emergency: long over\n");
    const second = push(`Second\n\nImp-Allow-Removal: customers\n  moved away\nImp-Retry: ${generation}\n`);
    signAs("olga");
    const third = push("Third\n\nimp-emergency: attack\n\nNo trailer: this is prose.\nAnd more.\n");
    const fourth = push("Fourth\n\nImp-Emergency: attack on our DNS\n");

    expect(await accept(fourth, first)).toEqual({
      allowRemoval: { reason: "customers moved away", commit: second },
      emergency: { reason: "attack on our DNS", commit: fourth, signer: "olga@example.net" },
      retries: [{ generation, reason: "", commit: second, signer: "nora@example.net" }],
      ignored: [],
    });
    expect(await accept(fourth, third)).toMatchObject({ emergency: { commit: fourth }, retries: [] });
    expect(await accept(fourth, fourth)).toBeUndefined();
  });

  it("are not heard from the branch that a merge takes in, but from the merge", async () => {
    const first = push("Start");
    sites.git("checkout", "--quiet", "-b", "change");
    sites.git("commit", "--quiet", "--allow-empty", "-m", "Draft\n\nImp-Emergency: of the draft\n");
    sites.git("checkout", "--quiet", "-B", "main", first);
    sites.git("merge", "--quiet", "--no-ff", "-m", "Merge\n\nImp-Allow-Removal: as reviewed", "change");
    const merge = push("After");

    expect(await accept(merge, first)).toMatchObject({ allowRemoval: { reason: "as reviewed" }, ignored: [] });
    expect((await accept(merge, first))?.emergency).toBeUndefined();
  });

  it("that need a signature are ignored of a commit that only an operator vouched for", async () => {
    const first = push("Start");
    signAs("stranger");
    const strange = push("Strange\n\nImp-Emergency: let me in\n");
    const vouched = { rewrite: false, commits: new Set([strange]) };

    const tree = await source(sites.bare).accept(strange, first, vouched, never);

    expect(tree.words).toMatchObject({
      retries: [],
      ignored: [
        `"Imp-Emergency" of commit ${strange.slice(0, 12)} is ignored: it counts only with a signature of its own.`,
      ],
    });
    expect(tree.words?.emergency).toBeUndefined();
  });

  it("are heard where signatures are off too, but for those that need one; one child does it all", async () => {
    const first = push("Start");
    for (let at = 0; at < 5; at += 1) push(`Change ${at}`);
    const head = push("Head\n\nImp-Emergency: now\nImp-Allow-Removal: old site\n");
    started();

    const words = await accept(head, first, "off");

    expect(words).toMatchObject({
      allowRemoval: { reason: "old site" },
      ignored: [expect.stringContaining("signatures")],
    });
    expect(words?.emergency).toBeUndefined();
    expect(started()).toBe(1);
  });
});

describe.skipIf(!hasPrograms)("approval by a signed tag (needs git and ssh-keygen)", () => {
  let server: GitServer;
  let commit: string;
  beforeEach(async () => {
    commit = push("Start");
    server = await gitServer(sites.bare);
  });
  afterEach(() => server.close());

  const tag = (name: string, ...options: readonly string[]) => {
    sites.git("tag", "-f", ...(options.length > 0 ? options : ["-s", "-m", "Agreed with Köln"]), name);
    sites.git("push", "--quiet", "--force", "origin", `refs/tags/${name}`);
  };
  const byGeneration = `approve/${generation.slice(0, 12)}`;
  const sought = () => ({ commit, generation });
  /** What the tags on the remote are good for: signers, or why not. */
  async function heard(agent: Source): Promise<readonly string[]> {
    const { tags = [] } = await agent.head(never, sought());
    return await Promise.all(
      tags.map(async (one) => {
        const approver = agent.approval?.(one, sought(), never);
        return await (approver ?? Promise.reject(new Error("no approvals"))).then(
          ({ signer, reason }) => `${signer}: ${reason}`,
          (thrown: unknown) => asProblem(thrown).message,
        );
      }),
    );
  }
  async function following(url = server.url, signatures?: "off"): Promise<Source> {
    const agent = source(url, signatures);
    await agent.accept(commit, undefined, noOverrides, never);
    started();
    return agent;
  }

  it("counts when an allowed signer signed it for the generation, or for the very commit", async () => {
    const agent = await following();
    expect(await heard(agent)).toEqual([]);

    tag(byGeneration);
    expect(await heard(agent)).toEqual(["nora@example.net: Agreed with Köln"]);
    signAs("olga");
    tag(`approve/${commit.slice(0, 16)}`);
    expect(await heard(agent)).toContain("olga@example.net: Agreed with Köln");
  });

  it("is found by the same two requests, and fetched once", async () => {
    const agent = await following();
    tag(byGeneration);
    for (let at = 0; at < 30; at += 1) sites.git("tag", `approve/${String(at).padStart(12, "f")}`);
    sites.git("push", "--quiet", "--tags");
    server.requests.length = 0;

    const { tags } = await agent.head(never, sought());
    expect(tags).toMatchObject([{ name: byGeneration, target: commit }]);
    expect(server.requests).toEqual([
      "GET /sites.git/info/refs?service=git-upload-pack",
      "POST /sites.git/git-upload-pack",
    ]);
    expect([await heard(agent), await heard(agent)].flat()).toHaveLength(2);
    expect(started()).toBe(1);
    expect((await agent.accept(commit, commit, noOverrides, never)).revision?.commit).toBe(commit);
  });

  it("does not count unsigned, from a stranger, or under another name than it was signed for", async () => {
    const agent = await following();
    tag(byGeneration, "-a", "-m", "no signature");
    tag(`approve/${generation.slice(0, 13)}`, "--no-sign");
    signAs("stranger");
    tag(`approve/${generation.slice(0, 14)}`);
    signAs("nora");
    tag("approve/ffffffffffff");
    const other = sites.git("rev-parse", "refs/tags/approve/ffffffffffff").trim();
    sites.git("push", "--quiet", "origin", `${other}:refs/tags/approve/${generation.slice(0, 15)}`);

    expect(await heard(agent)).toEqual([
      expect.stringMatching(/^tag approve\/0123456789ab by Nora Operator <.*> is not signed$/),
      "tag approve/0123456789abc does not count: it is no annotated tag.",
      expect.stringMatching(/is signed by key SHA256:\S+, which is no allowed signer/),
      "tag approve/0123456789abcde does not count: what was signed is called approve/ffffffffffff.",
    ]);
    started();
    expect(await heard(agent)).toHaveLength(4);
    expect(started()).toBe(0);
  });

  it("does not count for a commit that it is not on, and fetches nothing that is not in the branch", async () => {
    const agent = await following();
    sites.git("checkout", "--quiet", "--orphan", "elsewhere");
    sites.git("commit", "--quiet", "-m", "Elsewhere");
    tag(`approve/${commit.slice(0, 12)}`);

    expect(await heard(agent)).toEqual([
      expect.stringMatching(/^tag approve\/\w+ is on commit \w+, which this box does not have$/),
    ]);
    const first = commit;
    sites.git("checkout", "--quiet", "main");
    commit = push("Next");
    await agent.accept(commit, first, noOverrides, never);
    sites.git("tag", "-f", "-s", "-m", "old", `approve/${commit.slice(0, 12)}`, first);
    sites.git("push", "--quiet", "--force", "origin", `refs/tags/approve/${commit.slice(0, 12)}`);
    expect(await heard(agent)).toEqual([expect.stringMatching(/does not count: it is on another commit/)]);
  });

  it("does not count where signatures are off, and says so", async () => {
    const agent = await following(server.url, "off");
    tag(byGeneration);

    expect(await heard(agent)).toEqual([`tag ${byGeneration} does not count: signatures are off.`]);
    expect(started()).toBe(0);
  });

  it("counts from a repository on disk and over ssh as well", async () => {
    const ssh = join(top, "ssh");
    writeFileSync(ssh, '#!/bin/sh\nwhile [ "$1" != git.example.net ]; do shift; done; shift; exec sh -c "$*"\n');
    chmodSync(ssh, 0o755);
    process.env["GIT_SSH_COMMAND"] = ssh;
    tag(byGeneration);
    try {
      for (const url of [sites.bare, `git.example.net:${sites.bare}`]) {
        rmSync(join(top, "cache"), { recursive: true, force: true });
        const agent = await following(url);
        expect(await heard(agent)).toEqual(["nora@example.net: Agreed with Köln"]);
      }
    } finally {
      delete process.env["GIT_SSH_COMMAND"];
    }
  });

  it("cannot be used to drown the branch", async () => {
    const agent = await following();
    const names = Array.from({ length: 20_000 }, (_, at) => `${byGeneration}-${String(at).padStart(60, "0")}`);
    const lines = names.map((name) => `${commit} refs/tags/${name}\n`);
    writeFileSync(join(sites.bare, "packed-refs"), `# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`);

    expect(await agent.head(never, sought())).toMatchObject({ commit, tags: [] });
  });
});

const fleet = `defaults: 1
policy: { soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60, approval: [hitless, flap, session-reset, restart] }
`;
const appliance = `routing:
  bgp:
    asn: 64500
    router-id: 192.0.2.2
    peers: { upstream: { address: 192.0.2.1, remote-as: 64496, expect: any } }
`;

it.skipIf(!hasPrograms)(
  "a whole agent waits for a signed tag, and goes on alone when the server is gone (needs git)",
  async () => {
    const frr = simFrr();
    const sockets = await frr.listen(join(top, "frr"));
    const commit = sites.push("Start", { "fleet.yaml": fleet, "fra1/r1.yaml": appliance });
    const server = await gitServer(sites.bare);
    const options = {
      folder: join(top, "box"),
      machine: "fra1/r1",
      remote: server.url,
      frrSockets: join(top, "frr"),
      pollSeconds: 0.3,
      settings: `trust: { signatures: required, allowed-signers: ${join(top, "allowed")} }\n`,
    };
    try {
      {
        await using agent = startAgent(options);
        const { desired } = await agent.until("waiting", ({ waiting }) => waiting?.why === "approval", 60);
        sites.git("tag", "-s", "-m", "Agreed", `approve/${desired?.generation?.slice(0, 12)}`);
        sites.git("push", "--quiet", "--tags");
        await agent.until("committed", ({ inSync, committed }) => committed?.commit === commit || inSync, 60);
      }
      await server.close();
      await using alone = startAgent(options);
      const status = await alone.until("the accepted commit", ({ desired }) => desired?.generation !== undefined, 60);
      expect(status).toMatchObject({
        desired: { commit },
        committed: { commit },
        inSync: false,
        git: { lastError: { code: "GIT_UNREACHABLE" } },
      });
    } finally {
      await server.close();
      await sockets.close();
    }
  },
);
