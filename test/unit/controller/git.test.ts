import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCommit, type Commit } from "../../../controller/git/commit.ts";
import { lineage, rewrittenLineage } from "../../../controller/git/history.ts";
import type { Repository } from "../../../controller/git/objects.ts";
import { remoteLabel, resolveRemote } from "../../../controller/git/remote.ts";
import { isOnTheWay, isWanted, wantedPaths } from "../../../controller/git/snapshot.ts";
import { asProblem, Problem } from "../../../schemas/problem.ts";

/** A history in memory: commit n has these parents, all smaller than n. */
function history(parents: readonly (readonly number[])[], shallow: readonly number[] = []): Repository {
  const reachable = new Set(parents.map((_, id) => String(id)));
  const absent = () => Promise.reject(new Error("not in this test"));
  return {
    gitdir: "",
    shallow: new Set(shallow.map(String)),
    has: (id) => Promise.resolve(reachable.has(id)),
    commit: (id) =>
      Promise.resolve({ ...(blank satisfies Commit), id, parents: (parents[Number(id)] ?? []).map(String) }),
    raw: absent,
    blob: absent,
    tag: absent,
    tree: absent,
  };
}
const blank = parseCommit(Buffer.from(""));

/** Everything that `from` builds on, itself too: the plain definition. */
function past(parents: readonly (readonly number[])[], from: number): Set<number> {
  return new Set([from, ...(parents[from] ?? []).flatMap((parent) => [...past(parents, parent)])]);
}

const histories = fc
  .array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 1, maxLength: 9 })
  .map((shape) =>
    shape.map((picks, id) => [...new Set(picks.map((pick) => pick % Math.max(id, 1)))].filter((parent) => parent < id)),
  );

describe("lineage", () => {
  it("gives exactly the first-parent commits that are new since the accepted one, else says why not", async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), async (parents, one, other) => {
        const [candidate, accepted] = [one % parents.length, other % parents.length];
        const found = await lineage(history(parents), String(candidate), String(accepted)).catch(asProblem);

        const [before, all] = [past(parents, accepted), past(parents, candidate)];
        const line: string[] = [];
        for (let at: number | undefined = candidate; at !== undefined && !before.has(at); at = parents[at]?.[0]) {
          line.push(String(at));
        }
        const isBehind = candidate !== accepted && before.has(candidate);
        const refused = isBehind ? "GIT_BEHIND" : all.has(accepted) ? undefined : "GIT_REWRITTEN";
        expect(found instanceof Problem ? found.code : found).toEqual(refused ?? line);
      }),
    );
  });

  it("never refuses for want of history, and never shortens the chain", async () => {
    const line = [[], [0], [1], [2], [3]];

    expect(await lineage(history(line, [3]), "4", "1")).toBe("deeper");
    expect(await lineage(history(line, [2]), "4", "2")).toEqual(["4", "3"]);
  });
});

describe("rewrittenLineage", () => {
  it("reaches down to where both histories meet, and is never empty", async () => {
    const forked = [[], [0], [1], [1], [3], []];
    const from = (candidate: string, accepted: string) => rewrittenLineage(history(forked), candidate, accepted);

    expect(await from("4", "2")).toEqual(["4", "3"]);
    expect(await from("4", "3")).toEqual(["4"]);
    expect(await from("1", "2")).toEqual(["1"]);
    expect(await from("5", "2")).toEqual(["5"]);
    expect(await from("4", "unknown")).toEqual(["4"]);
    expect(await rewrittenLineage(history(forked, [3]), "4", "2")).toEqual(["4"]);
  });
});

describe("parseCommit", () => {
  it("keeps every signed byte and leaves the signature out", () => {
    const header = "tree a\nparent b\nparent c\nauthor N <n@example.net> 5 +0000\ncommitter N <n@example.net> 7 +0100";
    const message = "\n\nSubject\n\ngpgsig in the text stays\n";
    const raw = `${header}\ngpgsig -----BEGIN SSH SIGNATURE-----\n AAA\n \n -----END SSH SIGNATURE-----\nmergetag x\n y${message}`;

    const commit = parseCommit(Buffer.from(raw));

    expect(commit.signature).toBe("-----BEGIN SSH SIGNATURE-----\nAAA\n\n-----END SSH SIGNATURE-----\n");
    expect(commit.payload.toString()).toBe(`${header}\nmergetag x\n y${message}`);
    expect(commit).toMatchObject({
      parents: ["b", "c"],
      subject: "Subject",
      author: "N <n@example.net>",
      committedAt: 7000,
    });
  });

  it("is total, and without a signature the payload is the commit itself", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        fc.pre(!Buffer.from(bytes).includes("gpgsig"));
        expect(parseCommit(bytes)).toMatchObject({ signature: undefined, payload: Buffer.from(bytes) });
      }),
    );
  });
});

describe("resolveRemote", () => {
  let top: string;
  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), "imp-remote-"));
  });
  afterAll(() => rmSync(top, { recursive: true }));

  it("tells the kinds of remotes apart", async () => {
    const kind = async (url: string) => (await resolveRemote({ url })).kind;

    expect(await kind("https://git.example.net/sites.git")).toBe("http");
    expect(await kind("/srv/git/sites.git")).toBe("path");
    expect(await kind("ssh://git@git.example.net/sites.git")).toBe("ssh");
    expect(await kind("git@git.example.net:sites.git")).toBe("ssh");
    for (const url of ["file:///srv/sites.git", "ext::sh -c x", "-oProxyCommand=x:y", "ssh://-x/y", "sites"]) {
      await expect(kind(url)).rejects.toMatchObject({ code: "SETTINGS" });
    }
  });

  it("keeps credentials out of the label and the URL", async () => {
    const remote = await resolveRemote({ url: "https://nora:s3cret@git.example.net/sites.git/" });

    expect(remote).toEqual({
      kind: "http",
      label: "https://git.example.net/sites.git/",
      url: "https://git.example.net/sites.git",
      authorization: `Basic ${Buffer.from("nora:s3cret").toString("base64")}`,
    });
    expect(remoteLabel("ssh://nora:s3cret@git.example.net/x")).toBe("ssh://git.example.net/x");
  });

  it("sends no password over plain HTTP, except to this box itself", async () => {
    await expect(resolveRemote({ url: "http://nora:s3cret@192.0.2.1/x" })).rejects.toMatchObject({ code: "SETTINGS" });
    expect((await resolveRemote({ url: "http://nora:s3cret@127.0.0.1/x" })).kind).toBe("http");
  });

  it("refuses a token that others can read, an empty and a missing one", async () => {
    const file = join(top, "token");
    const refused = { code: "SETTINGS" };
    const remote = { url: "https://git.example.net/x", "token-file": file };

    await expect(resolveRemote(remote)).rejects.toMatchObject(refused);
    writeFileSync(file, "s3cret\n", { mode: 0o644 });
    await expect(resolveRemote(remote)).rejects.toMatchObject(refused);
    chmodSync(file, 0o600);
    expect(await resolveRemote(remote)).toMatchObject({
      authorization: `Basic ${Buffer.from("x-access-token:s3cret").toString("base64")}`,
    });
    writeFileSync(file, "\n");
    await expect(resolveRemote(remote)).rejects.toMatchObject(refused);
  });
});

it("wants the files of all sites and appliances, and what they share", () => {
  const held = [
    "fleet.yaml",
    "policies/a/b.txt",
    "secrets/x.yaml",
    "fra1/site.yaml",
    "fra1/r1.yaml",
    "fra1/r1/main.yaml",
  ];
  const left = [
    "README.md",
    "other.yaml",
    "fra1/notes.txt",
    "fra1/r1/x/y.yaml",
    ".ci/x.yaml",
    "fra1/.r1.yaml",
    "ci/run",
  ];

  expect([...held, ...left].filter((file) => isWanted(file, wantedPaths))).toEqual(held);
  expect(
    ["policies", "policies/a", "fra1", "fra1/r1", "fra1/r1/x", ".ci"].filter((one) => isOnTheWay(one, wantedPaths)),
  ).toEqual(["policies", "policies/a", "fra1", "fra1/r1"]);
});
