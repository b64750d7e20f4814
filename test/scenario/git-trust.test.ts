import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitSource } from "../../controller/git.ts";
import { fetchProgram } from "../../controller/git/child.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { noOverrides, type Overrides } from "../../controller/source.ts";
import { Settings } from "../../schemas/settings.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";

const hasPrograms = [["git", "--version"] as const, ["ssh-keygen", "-?"] as const].every(
  ([program, option]) => spawnSync(program, [option]).error === undefined,
);
const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
const never = new AbortController().signal;

describe.skipIf(!hasPrograms)("which commits must be signed (needs git and ssh-keygen)", () => {
  let top: string;
  let sites: SitesRepository;

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "imp-chain-"));
    sites = makeSitesRepository(top);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, "key")]);
    writeFileSync(join(top, "allowed"), `nora@example.net ${readFileSync(join(top, "key.pub"), "utf8")}`);
    sites.git("config", "gpg.format", "ssh");
    sites.git("config", "user.signingKey", join(top, "key"));
    sign(true);
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  const sign = (isOn: boolean) => sites.git("config", "commit.gpgSign", String(isOn));
  const push = (name: string) => sites.push(name, { "fra1/r1.yaml": `${name}\n` });
  function source() {
    const settings = Settings.parse({
      machine: "fra1/r1",
      repository: { remotes: [{ url: sites.bare }] },
      trust: { signatures: "required", "allowed-signers": join(top, "allowed") },
      paths: { cache: join(top, "cache") },
    });
    return gitSource(settings, counting, {
      program: ["/bin/sh", "-c", `echo >> ${top}/started; exec "$@"`, "sh", ...fetchProgram()],
    });
  }
  /** How many programs were started since the last time: children that fetch, and others (ssh-keygen). */
  function started() {
    const children = existsSync(join(top, "started")) ? readFileSync(join(top, "started"), "utf8").length : 0;
    const others = runs;
    rmSync(join(top, "started"), { force: true });
    runs = 0;
    return { children, others };
  }
  let runs = 0;
  const counting: Pick<typeof host, "run"> = {
    run(argv, options) {
      runs++;
      return host.run(argv, options);
    },
  };
  const snapshots = () => {
    const folder = join(top, "cache/git/snapshots");
    return existsSync(folder) ? readdirSync(folder).map((name) => name.replace(".snapshot", "")) : [];
  };
  const accept = (commit: string, accepted: string | undefined, overrides: Overrides = noOverrides) =>
    source().accept(commit, accepted, overrides, never);

  it("asks only of the head whether it is signed when nothing was ever accepted", async () => {
    sign(false);
    const unsigned = push("one");
    sign(true);
    const head = push("two");

    expect((await accept(head, undefined)).revision).toMatchObject({ commit: head, signedBy: "nora@example.net" });
    await expect(accept(unsigned, undefined)).rejects.toMatchObject({ code: "TRUST_UNSIGNED" });
  });

  it("refuses a signed head above an unsigned commit, until an operator vouches for that one", async () => {
    const first = push("one");
    sign(false);
    const unsigned = push("two");
    const another = push("three");
    sign(true);
    const head = push("four");
    const vouch = (...commits: string[]): Overrides => ({ rewrite: false, commits: new Set(commits) });

    await expect(accept(head, first)).rejects.toMatchObject({
      code: "TRUST_UNSIGNED",
      message: expect.stringContaining(unsigned.slice(0, 12)),
    });
    await expect(accept(head, first, vouch(unsigned))).rejects.toMatchObject({
      message: expect.stringContaining(another.slice(0, 12)),
    });
    expect((await accept(head, first, vouch(unsigned, another))).revision?.signedBy).toBe("nora@example.net");
    expect((await accept(unsigned, first, vouch(unsigned))).revision?.signedBy).toBeUndefined();
  });

  it("lets a signed merge answer for the commits of its branch", async () => {
    const first = push("one");
    sites.git("checkout", "--quiet", "-b", "change");
    sign(false);
    sites.git("commit", "--quiet", "--allow-empty", "-m", "Draft");
    sites.git("checkout", "--quiet", "-B", "main", first);
    sign(true);
    sites.git("merge", "--quiet", "--no-ff", "-m", "Merge", "change");
    const merge = push("three");

    expect((await accept(merge, first)).revision?.commit).toBe(merge);
  });

  it("checks the branch's commits when the branch took the main line in and replaced it", async () => {
    push("zero");
    sites.git("checkout", "--quiet", "-b", "change");
    sign(false);
    sites.git("commit", "--quiet", "--allow-empty", "-m", "Draft");
    sites.git("checkout", "--quiet", "-B", "main", "HEAD~1");
    sign(true);
    const accepted = push("one");
    sites.git("checkout", "--quiet", "change");
    sites.git("merge", "--quiet", "--no-ff", "-m", "Merge", "main");
    const head = push("two");

    await expect(accept(head, accepted)).rejects.toMatchObject({
      code: "TRUST_UNSIGNED",
      message: expect.stringContaining("Draft"),
    });
  });

  it("asks for the head's signature also when an operator accepts a rewrite", async () => {
    const first = push("one");
    sites.git("checkout", "--quiet", "--orphan", "fresh");
    sign(false);
    sites.git("commit", "--quiet", "--allow-empty", "-m", "Other");
    sites.git("push", "--quiet", "--force", "origin", "HEAD:main");
    const head = sites.git("rev-parse", "HEAD").trim();

    await expect(accept(head, first)).rejects.toMatchObject({ code: "GIT_REWRITTEN" });
    await expect(accept(head, first, { rewrite: true, commits: new Set() })).rejects.toMatchObject({
      code: "TRUST_UNSIGNED",
    });
    const both = { rewrite: true, commits: new Set([head]) };
    expect((await accept(head, first, both)).revision?.commit).toBe(head);
  });

  describe("when an operator accepts a rewrite", () => {
    const rewrite: Overrides = { rewrite: true, commits: new Set() };
    const force = () => {
      sites.git("push", "--quiet", "--force", "origin", "HEAD:main");
      return sites.git("rev-parse", "HEAD").trim();
    };

    it("checks back to where both histories meet", async () => {
      const first = push("one");
      const accepted = push("two");
      sites.git("reset", "--quiet", "--hard", first);
      sign(false);
      sites.git("commit", "--quiet", "--allow-empty", "-m", "Smuggled");
      sign(true);
      sites.git("commit", "--quiet", "--allow-empty", "-m", "Head");
      const head = force();

      await expect(accept(head, accepted, rewrite)).rejects.toMatchObject({
        code: "TRUST_UNSIGNED",
        message: expect.stringContaining("Smuggled"),
      });
    });

    it("asks for no less of a commit that descends as ever", async () => {
      const accepted = push("one");
      sign(false);
      push("two");
      sign(true);

      await expect(accept(push("three"), accepted, rewrite)).rejects.toMatchObject({ code: "TRUST_UNSIGNED" });
    });

    it("asks for the signature of an older commit too", async () => {
      sign(false);
      const older = push("one");
      sign(true);

      await expect(accept(older, push("two"), rewrite)).rejects.toMatchObject({ code: "TRUST_UNSIGNED" });
    });

    it("asks only of the head when the histories have nothing in common", async () => {
      const accepted = push("one");
      sites.git("checkout", "--quiet", "--orphan", "fresh");
      sign(false);
      sites.git("commit", "--quiet", "--allow-empty", "-m", "Other");
      sign(true);
      sites.git("commit", "--quiet", "--allow-empty", "-m", "Head");
      const head = force();

      expect((await accept(head, accepted, rewrite)).revision?.signedBy).toBe("nora@example.net");
    });
  });

  it("takes a signer who was added to the list after a refusal", async () => {
    const allowed = readFileSync(join(top, "allowed"), "utf8");
    writeFileSync(join(top, "allowed"), "");
    const first = push("one");
    const agent = source();
    await expect(agent.accept(first, undefined, noOverrides, never)).rejects.toMatchObject({
      code: "TRUST_UNKNOWN_SIGNER",
    });

    writeFileSync(join(top, "allowed"), allowed);

    expect((await agent.accept(first, undefined, noOverrides, never)).revision?.signedBy).toBe("nora@example.net");
  });

  it("writes nothing of a commit to disk before it is trusted, and keeps what it has", async () => {
    const first = push("one");
    const agent = source();
    await agent.accept(first, undefined, noOverrides, never);
    sign(false);
    for (const name of ["two", "three", "four", "five"]) {
      await expect(agent.accept(push(name), first, noOverrides, never)).rejects.toMatchObject({
        code: "TRUST_UNSIGNED",
      });
    }

    expect(snapshots()).toEqual([first]);
  });

  it("starts nothing for a commit that it refused, until the lists or an operator say something else", async () => {
    const first = push("one");
    const agent = source();
    await agent.accept(first, undefined, noOverrides, never);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, "stranger")]);
    sites.git("config", "user.signingKey", join(top, "stranger"));
    const head = push("two");
    const refused = { code: "TRUST_UNKNOWN_SIGNER" };
    await expect(agent.accept(head, first, noOverrides, never)).rejects.toMatchObject(refused);
    expect(started().others).toBeGreaterThan(0);

    await expect(agent.accept(head, first, noOverrides, never)).rejects.toMatchObject(refused);
    expect(started()).toEqual({ children: 0, others: 0 });

    appendFileSync(join(top, "allowed"), "# looked at again\n");
    await expect(agent.accept(head, first, noOverrides, never)).rejects.toMatchObject(refused);
    expect(started()).toMatchObject({ children: 0, others: 3 });

    const vouched = { rewrite: false, commits: new Set([head]) };
    expect((await agent.accept(head, first, vouched, never)).revision?.commit).toBe(head);
  });

  it("gives a commit's tree again without a child", async () => {
    const first = push("one");
    const agent = source();
    await agent.accept(first, undefined, noOverrides, never);
    started();

    await agent.accept(first, first, noOverrides, never);
    await agent.accept(first, first, noOverrides, never);
    expect(started()).toEqual({ children: 0, others: 0 });

    rmSync(join(top, "cache"), { recursive: true });
    const tree = await agent.accept(first, first, noOverrides, never);
    expect(Buffer.from((await tree.read("fra1/r1.yaml")) ?? []).toString()).toBe("one\n");
  });
});
