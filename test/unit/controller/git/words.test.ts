import { describe, expect, it } from "vitest";
import { parseCommit, type Commit } from "../../../../controller/git/commit.ts";
import { wordsOf } from "../../../../controller/git/words.ts";

/** A commit with this message. */
function commit(message: string): Commit {
  return parseCommit(Buffer.from(`tree a\ncommitter N <n@example.net> 7 +0000\n\n${message}`));
}
const signedBy = (...commits: readonly Commit[]) => new Map(commits.map(({ id }) => [id, "nora@example.net"]));

describe("wordsOf", () => {
  it("takes of each kind the newest commit's, and of one commit the last", () => {
    const newer = commit("B\n\nImp-Allow-Removal: first\nimp-allow-removal: second\n");
    const older = commit("A\n\nImp-Allow-Removal: oldest\nImp-Emergency: attack on 198.51.100.0/24\n");

    expect(wordsOf([newer, older], signedBy(newer, older))).toEqual({
      allowRemoval: { reason: "second", commit: newer.id },
      emergency: { reason: "attack on 198.51.100.0/24", commit: older.id, signer: "nora@example.net" },
      retries: [],
      ignored: [],
    });
  });

  it("takes the image that may be older, by its name, with and without a reason", () => {
    const one = commit("A\n\nImp-Allow-Downgrade: imp-v1.3.0 the newer one drops packets\n");
    const reason = "the newer one drops packets";
    expect(wordsOf([one], undefined).allowDowngrade).toEqual({ image: "imp-v1.3.0", reason, commit: one.id });
    const bare = commit("A\n\nImp-Allow-Downgrade: imp-v1.3.0\n");
    expect(wordsOf([bare], undefined).allowDowngrade).toEqual({ image: "imp-v1.3.0", reason: "", commit: bare.id });
  });

  it("takes generations to try again, with and without a reason", () => {
    const one = commit(`A\n\nImp-Retry: ${"AB".repeat(6)} the optics were replaced\nImp-Retry: ${"0".repeat(64)}\n`);

    expect(wordsOf([one], signedBy(one)).retries).toEqual([
      { generation: "0".repeat(64), reason: "", commit: one.id, signer: "nora@example.net" },
      { generation: "ab".repeat(6), reason: "the optics were replaced", commit: one.id, signer: "nora@example.net" },
    ]);
  });

  it("takes emergencies and retries only from signed commits, and says why not", () => {
    const one = commit(`A\n\nImp-Emergency: now\nImp-Retry: ${"a".repeat(12)}\nImp-Allow-Removal: old site\n`);
    const short = one.id.slice(0, 12);

    const [off, unsigned] = [wordsOf([one], undefined), wordsOf([one], new Map())];

    for (const words of [off, unsigned]) {
      expect(words).toMatchObject({ allowRemoval: { reason: "old site" }, retries: [] });
      expect(words.emergency).toBeUndefined();
    }
    expect(off.ignored).toEqual([
      `"Imp-Retry" of commit ${short} is ignored: it counts only where agent.yaml says "trust: signatures: required".`,
      `"Imp-Emergency" of commit ${short} is ignored: it counts only where agent.yaml says "trust: signatures: required".`,
    ]);
    expect(unsigned.ignored[0]).toBe(
      `"Imp-Retry" of commit ${short} is ignored: it counts only with a signature of its own.`,
    );
  });

  it("says what it does not understand", () => {
    const one = commit("A\n\nImp-Allow-Remval: x\nImp-Emergency:\nImp-Retry: latest\nReviewed-by: Olga\n");

    expect(wordsOf([one], signedBy(one)).ignored).toEqual([
      expect.stringMatching(/"Imp-Retry" .* names no generation by 12 digits or more/),
      expect.stringMatching(/"Imp-Emergency" .* gives no reason/),
      expect.stringMatching(
        /"Imp-Allow-Remval" .* there are only Imp-Allow-Removal, Imp-Allow-Downgrade, Imp-Emergency and Imp-Retry/,
      ),
    ]);
  });

  it("is bounded and printable, whoever wrote it", () => {
    const retries = Array.from({ length: 900 }, (_, at) => `Imp-Retry: ${String(at).padStart(12, "0")}`);
    const wrong = Array.from({ length: 300 }, (_, at) => `Imp-${"x".repeat(at)}: y`);
    const many = commit(`A\n\n${retries.join("\n")}\n`);
    const loud = commit(`A\n\nImp-Allow-Removal: \u001B]0;owned\u0007\u202E${"x".repeat(9000)}\n`);
    const strange = commit(`A\n\n${wrong.join("\n")}\n`);

    const words = wordsOf([many, loud, strange], signedBy(many, loud, strange));

    expect(words.retries).toHaveLength(20);
    expect(words.ignored).toHaveLength(5);
    expect(Math.max(...words.ignored.map(({ length }) => length))).toBeLessThan(200);
    expect(words.allowRemoval?.reason).toMatch(/^\\u\{1b\}\]0;owned\\u\{7\}\\u\{202e\}x{180,200}$/);
  });
});
