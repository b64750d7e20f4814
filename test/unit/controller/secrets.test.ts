import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encrypt, makeIdentity } from "../../../controller/age.ts";
import { openSecrets, plain, unresolvedSecrets } from "../../../controller/secrets.ts";
import { asProblem, Problem } from "../../../schemas/problem.ts";
import { formatSecretFile } from "../../../schemas/secret-file.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { Tree } from "../../../schemas/tree.ts";

let top: string;
let settings: Settings["secrets"];
let box: { identity: string; recipient: string };

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "imp-secrets-"));
  box = await makeIdentity();
});
afterAll(() => rm(top, { recursive: true, force: true }));
beforeEach(async () => {
  const home = await mkdtemp(join(top, "box-"));
  settings = { "age-key": join(home, "age.key"), folder: join(home, "secrets"), "seal-key": join(home, "seal.key") };
  await writeFile(settings["age-key"], `# public key: ${box.recipient}\n${box.identity}\n`, { mode: 0o600 });
});

function tree(files: Readonly<Record<string, string>>): Tree {
  return {
    revision: undefined,
    read: async (path) => (files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    list: async () => [],
  };
}

async function repository(texts: Readonly<Record<string, string>>): Promise<Tree> {
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts))
    files[`secrets/${name}.yaml`] = formatSecretFile(
      { "fra1/r1": box.recipient },
      await encrypt(text, [box.recipient]),
    );
  return tree(files);
}

async function local(name: string, text: string, mode = 0o600): Promise<string> {
  await mkdir(settings.folder, { recursive: true, mode: 0o700 });
  await writeFile(join(settings.folder, name), text, { mode: 0o600 });
  await chmod(join(settings.folder, name), mode);
  return join(settings.folder, name);
}

const use = (name: string) => ({ name, path: "bgp.password", at: { file: "fra1/r1.yaml", line: 3, column: 5 } });

describe("the secret store", () => {
  it("stands for a text of the repository with a keyed hash, and reveals it to nobody but who holds the seal", async () => {
    const store = await openSecrets(settings);

    const { secrets, problems } = await store.resolve("fra1/r1", await repository({ bgp: "hunter2\n" }), [use("bgp")]);

    expect(problems).toEqual([]);
    expect(secrets.sealed("bgp")).toMatch(/^<secret:[0-9a-f]{16}>$/);
    expect(secrets.sealed("bgp")).toBe(store.seal("hunter2"));
    expect(store.reveal(secrets.sealed("bgp"))).toBe("hunter2");
    expect(store.reveal(store.seal("something read back from the dataplane"))).toBeUndefined();
  });

  it("collects what was found on the box too, and knows it again after a restart only from there", async () => {
    const store = await openSecrets(settings);
    const sealed = store.seal("set by hand");
    const kept = store.collect(`neighbor 192.0.2.1 password ${sealed}`);
    expect(kept).toEqual({ [sealed]: "set by hand" });

    const after = await openSecrets(settings);
    expect(after.collect(sealed)).toEqual({});
    after.learn(kept);
    expect(after.reveal(sealed)).toBe("set by hand");
  });

  it("masks what it resolved and what it found on the box, also as JSON has it, but no short innocent word", async () => {
    const secrets = await openSecrets(settings);
    await secrets.resolve("fra1/r1", await repository({ bgp: 'say "friend"' }), [use("bgp")]);
    secrets.seal("hunter2");
    expect(secrets.mask(`${JSON.stringify({ a: 'say "friend"' })} say "friend" hunter2`)).toBe(
      '{"a":"<masked>"} <masked> <masked>',
    );
    secrets.seal("as");
    secrets.seal("later-found");
    expect(secrets.mask("was later-found, neighbor 192.0.2.1 password as")).toBe(
      "was <masked>, neighbor 192.0.2.1 password <masked>",
    );
  });

  it("forgets the oldest of what it only sealed, so that a box that changes all the time fills no memory", async () => {
    const store = await openSecrets(settings);
    const first = store.seal("first");
    const second = store.seal("second");
    for (let i = 0; i < 9_999; i += 1) store.seal(`another ${i}`);

    expect(store.collect(first)).toEqual({});
    expect(store.collect(second)).toEqual({ [second]: "second" });
  });

  it("changes a version exactly when the text changes, across restarts, and differently on every box", async () => {
    const store = await openSecrets(settings);
    const version = async (opened: typeof store, text: string) =>
      (await opened.resolve("fra1/r1", await repository({ bgp: text }), [use("bgp")])).secrets.version("bgp");
    const first = await version(store, "hunter2");

    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await version(await openSecrets(settings), "hunter2")).toBe(first);
    expect(await version(store, "hunter3")).not.toBe(first);
    expect(store.seal("hunter2")).not.toContain(first.slice(0, 16));
    const other = await openSecrets({ ...settings, "seal-key": `${settings["seal-key"]}.other` });
    expect(await version(other, "hunter2")).not.toBe(first);
    expect(other.seal("hunter2")).not.toBe(store.seal("hunter2"));
  });

  it("makes its seal key once, for this user alone", async () => {
    await Promise.all([openSecrets(settings), openSecrets(settings)]);
    const key = await readFile(settings["seal-key"], "utf8");
    await openSecrets(settings);

    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
    expect(await readFile(settings["seal-key"], "utf8")).toBe(key);
    expect((await stat(settings["seal-key"])).mode & 0o777).toBe(0o600);
  });

  it("notices when a secret or the age key of the box is put, replaced or removed", async () => {
    const store = await openSecrets(settings);
    const seen = [await store.inputs()];
    const note = async () => seen.push(await store.inputs());
    expect(await store.inputs()).toBe(seen[0]);

    const path = await local("bgp", "one");
    await note();
    await writeFile(path, "two");
    await note();
    await rm(path);
    await note();
    await rm(settings["age-key"]);
    await note();

    expect(new Set(seen).size).toBe(5);
  });

  it("writes nothing where it is only to look", async () => {
    const store = await openSecrets(settings, "lookOnly");
    expect(store.seal("a")).not.toBe(store.seal("b"));
    await expect(stat(settings["seal-key"])).rejects.toMatchObject({ code: "ENOENT" });

    const kept = await openSecrets(settings);
    expect((await openSecrets(settings, "lookOnly")).seal("a")).toBe(kept.seal("a"));
  });

  it("refuses a seal key that is damaged or that others can read", async () => {
    await writeFile(settings["seal-key"], "torn", { mode: 0o600 });
    await expect(openSecrets(settings)).rejects.toMatchObject({ code: "SETTINGS" });
    await writeFile(settings["seal-key"], "0".repeat(64));
    await chmod(settings["seal-key"], 0o644);
    await expect(openSecrets(settings)).rejects.toMatchObject({ code: "SETTINGS", message: /open to other users/ });
  });

  it("prefers the local folder and warns when the repository has the secret too", async () => {
    const path = await local("bgp", "local-text\n");
    const store = await openSecrets(settings);

    const { secrets, problems } = await store.resolve("fra1/r1", await repository({ bgp: "x" }), [use("bgp")]);

    expect(store.reveal(secrets.sealed("bgp"))).toBe("local-text");
    expect(problems.map(String)).toEqual([
      `secrets/bgp.yaml:1:1: warning: ${path} is used instead of the repository's secret. Remove one of the two.`,
    ]);
  });

  it("takes a secret that the repository declares local from the folder alone", async () => {
    const store = await openSecrets(settings);
    const declared = tree({ "secrets/bgp.yaml": "local: true\n" });
    const before = await store.resolve("fra1/r1", declared, [use("bgp")]);
    await local("bgp", "local-text");
    const after = await store.resolve("fra1/r1", declared, [use("bgp")]);

    expect(before.problems.map((problem) => problem.code)).toEqual(["SECRET_MISSING"]);
    expect(before.secrets.sealed("bgp")).toBe(unresolvedSecrets.sealed("bgp"));
    expect(after.problems).toEqual([]);
    expect(store.reveal(after.secrets.sealed("bgp"))).toBe("local-text");
  });

  it.each([
    ["that others can read", () => local("bgp", "text", 0o640)],
    [
      "in a folder that others can write to",
      async () => {
        await local("bgp", "text");
        await chmod(settings.folder, 0o777);
      },
    ],
    [
      "that is a link",
      async () => {
        await local("elsewhere", "text");
        await symlink(join(settings.folder, "elsewhere"), join(settings.folder, "bgp"));
      },
    ],
    ["that is a folder", () => mkdir(join(settings.folder, "bgp"), { recursive: true, mode: 0o700 })],
    ["that is too large", () => local("bgp", "x".repeat(70_000))],
    ["with a second line", () => local("bgp", "text\n neighbor 192.0.2.1 shutdown\n")],
    ["with a carriage return", () => local("bgp", "text\rmore")],
    ["that is empty", () => local("bgp", "\n")],
    ["with a blank at its end", () => local("bgp", "text ")],
  ])("refuses a local file %s", async (_what, prepare) => {
    await prepare();
    const store = await openSecrets(settings);

    const { secrets, problems } = await store.resolve("fra1/r1", tree({}), [use("bgp")]);

    expect(problems.map((problem) => problem.code)).toEqual(["SECRET_UNREADABLE"]);
    expect(secrets.sealed("bgp")).toBe(unresolvedSecrets.sealed("bgp"));
  });

  it("says where a secret is used that is missing, damaged, or for another box", async () => {
    const store = await openSecrets(settings);
    const other = await makeIdentity();
    const stranger = formatSecretFile({ "fra1/r2": other.recipient }, await encrypt("x", [other.recipient]));
    const files = tree({ "secrets/stranger.yaml": stranger, "secrets/torn.yaml": stranger.slice(0, 200) });

    const { problems } = await store.resolve(
      "fra1/r1",
      files,
      ["gone", "stranger", "torn", "../../etc/shadow"].map(use),
    );

    expect(problems.map((problem) => `${problem.code} ${problem.at?.file}:${problem.at?.line}`)).toEqual([
      "SECRET_MISSING fra1/r1.yaml:3",
      "SECRET_UNREADABLE fra1/r1.yaml:3",
      expect.stringMatching(/^(SCHEMA|YAML_SYNTAX) secrets\/torn.yaml:\d+$/),
      "SECRET_MISSING fra1/r1.yaml:3",
    ]);
  });

  it("needs no age key for a machine whose secrets are all local", async () => {
    await rm(settings["age-key"]);
    await local("bgp", "text");
    const store = await openSecrets(settings);

    expect((await store.resolve("fra1/r1", tree({}), [use("bgp")])).problems).toEqual([]);
    const { problems } = await store.resolve("fra1/r1", await repository({ ospf: "x" }), [use("ospf")]);
    expect(problems.map((problem) => problem.message)).toEqual([`this box has no age key (${settings["age-key"]}).`]);
  });

  it("hands what a sealed text mentions over a restart, and takes back nothing that does not fit", async () => {
    const store = await openSecrets(settings);
    const { secrets } = await store.resolve("fra1/r1", await repository({ bgp: "hunter2" }), [use("bgp")]);
    const sealed = secrets.sealed("bgp");
    const kept = store.collect(
      `neighbor 192.0.2.1 password ${sealed}\nneighbor 192.0.2.2 password <secret:0000000000000000>`,
    );
    const restarted = await openSecrets(settings);

    restarted.learn({ ...kept, "<secret:0123456789abcdef>": "forged" });

    expect(kept).toEqual({ [sealed]: "hunter2" });
    expect(restarted.reveal(sealed)).toBe("hunter2");
    expect(restarted.reveal("<secret:0123456789abcdef>")).toBeUndefined();
  });

  it("never shows a text in problems, JSON, inspection, seals or versions", async () => {
    const store = await openSecrets(settings);
    const other = await makeIdentity();
    const text = fc.string({ unit: "binary", minLength: 12, maxLength: 40 });
    const way = fc.constantFrom("sealed", "for another", "in the clear", "local");
    await fc.assert(
      fc.asyncProperty(text, way, async (secret, way) => {
        await rm(settings.folder, { recursive: true, force: true });
        if (way === "local") await local("bgp", secret);
        const recipient = way === "for another" ? other.recipient : box.recipient;
        const file =
          way === "in the clear"
            ? `recipients: ${secret}\ndata: ${secret}\n`
            : formatSecretFile({ "fra1/r1": recipient }, await encrypt(secret, [recipient]));
        const files = way === "local" ? tree({}) : tree({ "secrets/bgp.yaml": file });

        const resolution = await store.resolve("fra1/r1", files, [use("bgp")]);

        const shown = [
          JSON.stringify([store, resolution]),
          inspect([store, resolution], { depth: 9, showHidden: true }),
          resolution.secrets.sealed("bgp"),
          resolution.secrets.version("bgp"),
          ...resolution.problems.flatMap((problem) => [String(problem), String(problem.stack), inspect(problem)]),
        ].join("\n");
        expect(shown).not.toContain(secret);
        expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
      { numRuns: 60 },
    );
  });
});

it("takes any text as a secret unchanged, or refuses it with a Problem that does not quote it", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r", " ", "\u0000", "\u2028"), minLength: 9 }),
      (text) => {
        const outcome = attempt(() => plain("bgp", text));

        expect(
          outcome instanceof Problem ? !outcome.message.includes(text) : outcome === text.replace(/\r?\n$/, ""),
        ).toBe(true);
      },
    ),
  );
});

function attempt(take: () => string): string | Problem {
  try {
    return take();
  } catch (thrown) {
    return asProblem(thrown);
  }
}
