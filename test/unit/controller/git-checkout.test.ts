import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitTree } from "../../../controller/git/checkout.ts";
import { makeSitesRepository, type SitesRepository } from "../../lab/sites-repository.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;

describe.skipIf(!hasGit)("a revision of a checkout (needs git)", () => {
  let top: string;
  let sites: SitesRepository;
  let first: string;

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "imp-checkout-"));
    sites = makeSitesRepository(top);
    first = sites.push("Start", {
      "fleet.yaml": "defaults: 1\n",
      "fra1/r1.yaml": "one\n",
      "sites/ä b.yaml": "inner\n",
    });
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  it("reads commits, branches and relative names, from a work tree, a linked one and a bare repository", async () => {
    sites.push("Change", { "fra1/r1.yaml": "two\n", "fra1/r2.yaml": "two\n" });
    const linked = join(top, "linked");
    sites.git("worktree", "add", "--quiet", linked);

    for (const [folder, revision] of [
      [sites.clone, first],
      [sites.clone, "HEAD~1"],
      [linked, "main~"],
      [sites.bare, "main^"],
    ] as const) {
      const tree = await gitTree(folder, revision);
      expect(tree.revision).toMatchObject({ commit: first, subject: "Start" });
      expect(Buffer.from((await tree.read("fra1/r1.yaml")) ?? []).toString()).toBe("one\n");
      expect(await tree.read("fra1/r2.yaml")).toBeUndefined();
      expect(await tree.list("fra1")).toEqual([{ name: "r1.yaml", kind: "file", size: 4 }]);
      expect((await tree.list("")).map(({ name }) => name)).toEqual(["fleet.yaml", "fra1", "sites"]);
    }
  });

  it("takes the folder that it is called in as the top", async () => {
    const tree = await gitTree(join(sites.clone, "sites"), "HEAD");

    expect(await tree.list("")).toEqual([{ name: "ä b.yaml", kind: "file", size: 6 }]);
  });

  it("lists links and large files, and hands out neither", async () => {
    execFileSync("ln", ["-s", "/etc/passwd", join(sites.clone, "policies")]);
    sites.push("Trick", { "big.yaml": "x".repeat((1 << 20) + 1) });

    const tree = await gitTree(sites.clone, "HEAD");

    expect(await tree.list("")).toContainEqual({ name: "policies", kind: "link", size: 11 });
    expect(await tree.read("policies")).toBeUndefined();
    await expect(tree.read("big.yaml")).rejects.toMatchObject({ code: "YAML_HOSTILE" });
  });

  it("says which revision or repository is not there", async () => {
    await expect(gitTree(sites.clone, "nowhere")).rejects.toMatchObject({
      code: "USAGE",
      message: 'there is no revision "nowhere" here',
    });
    await expect(gitTree(sites.clone, "--output=x")).rejects.toMatchObject({ code: "USAGE" });
    await expect(gitTree(top, "HEAD")).rejects.toMatchObject({
      message: /not a git repository/,
      remedy: /clone of the sites repository/,
    });
  });
});
