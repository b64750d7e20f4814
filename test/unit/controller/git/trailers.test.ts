import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trailersOf } from "../../../../controller/git/trailers.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;
const said = (message: string) => trailersOf(message).map(({ key, value }) => `${key}=${value}`);

describe("trailersOf", () => {
  it("finds them in the last paragraph only, never in the title", () => {
    expect(said("Imp-Retry: in the title\n")).toEqual([]);
    expect(said("Title\n\nImp-Retry: too early\n\nText.\n")).toEqual([]);
    expect(said("Title\n\nText.\n\nImp-Retry: abc\nimp-emergency : now\n")).toEqual([
      "Imp-Retry=abc",
      "imp-emergency=now",
    ]);
  });

  it("joins folded lines, and takes no paragraph that is mixed with prose", () => {
    expect(said("Title\n\nImp-Allow-Removal: the old\n  customers\n\tmoved\n")).toEqual([
      "Imp-Allow-Removal=the old customers moved",
    ]);
    expect(said("Title\n\nWe say:\nImp-Emergency: no\nand mean it.\n")).toEqual([]);
  });

  it("says nothing of a message that is far too long", () => {
    expect(said(`Title\n\n${"x".repeat(70_000)}\n\nImp-Emergency: no\n`)).toEqual([]);
  });

  it("takes nothing that git does not show", () => {
    expect(said("Title\n\nText.\0\n\nImp-Emergency: hidden\n")).toEqual([]);
  });

  it("is total", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(trailersOf(text)).toBeInstanceOf(Array);
      }),
    );
  });

  it.skipIf(!hasGit)("agrees with git on every message (needs git)", () => {
    const line = fc.constantFrom(
      "",
      " ",
      "Text of a line",
      "Imp-Emergency: now",
      "Imp-Retry : abc",
      "Signed-off-by: Nora <nora@example.net>",
      "(cherry picked from commit 0123456)",
      "  folded on",
      "\tfolded by a tab",
      "# a comment",
      "No key: at all",
      ":",
      "Imp-Empty:",
      "https://example.net/x",
      "\u00a0",
      "\u2028 Imp-Retry: hidden",
      "carriage: return\r",
    );
    const messages = fc.sample(fc.array(line, { minLength: 1, maxLength: 9 }), { numRuns: 3000, seed: 7 });
    const texts = messages.map((lines) => `Title\n${lines.join("\n")}\n`);

    const ours = texts.map((text) => [text, trailersOf(text).map(({ key, value }) => `${key}: ${value}`)]);
    const theirs = byGit(texts).map((found, at) => [texts[at], found]);
    expect(ours.filter((one, at) => JSON.stringify(one) !== JSON.stringify(theirs[at]))).toEqual([]);
  });
});

/** What git says of each of these messages. */
function byGit(messages: readonly string[]): readonly (readonly string[])[] {
  const folder = mkdtempSync(join(tmpdir(), "imp-trailers-"));
  const git = (argv: readonly string[], input = "") =>
    execFileSync("git", ["-C", folder, ...argv], { input, encoding: "utf8", maxBuffer: 64 << 20 });
  try {
    git(["init", "--quiet", "--bare", "--initial-branch=main"]);
    const author = "committer N <n@example.net> 1700000000 +0000";
    const commits = messages.map(
      (text) => `commit refs/heads/main\n${author}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    );
    git(["fast-import", "--quiet"], commits.join(""));
    const log = git(["log", "--reverse", "--format=%x01%(trailers:only,unfold)", "main"]);
    return log
      .split("\u0001")
      .slice(1)
      .map((lines) => lines.split("\n").filter((one) => one !== ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
