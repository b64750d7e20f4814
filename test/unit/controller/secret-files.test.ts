import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decrypt, makeIdentity } from "../../../controller/age.ts";
import { folderTree } from "../../../controller/folder.ts";
import { readSecret, recipientsFor, rekeySecret, writeSecret } from "../../../controller/secret-files.ts";
import { checkSecrets, type SecretUser } from "../../../schemas/secrets.ts";

let top: string;
let r1: { identity: string; recipient: string };
let r2: typeof r1;
let alice: typeof r1;

beforeAll(async () => {
  [r1, r2, alice] = await Promise.all([makeIdentity(), makeIdentity(), makeIdentity()]);
});
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "imp-sites-"));
});
afterEach(() => rm(top, { recursive: true, force: true }));

const user = (machine: string, key: string | undefined, ...names: readonly string[]): SecretUser => ({
  machine,
  key,
  uses: names.map((name) => ({ name, path: "password" })),
});
const operators = () => ({ "operator:alice": alice.recipient });

describe("a secret that is written", () => {
  it("can be read by each of its boxes and by the operators, and by nobody else", async () => {
    const users = [user("fra1/r1", r1.recipient, "bgp"), user("fra1/r2", r2.recipient)];
    await writeSecret(top, "bgp", "hunter2", recipientsFor("bgp", users, [], operators()));

    const file = await readSecret(folderTree(top), "bgp");
    const data = file?.local ? "" : (file?.data ?? "");

    expect(await decrypt(data, [r1.identity], "r1")).toBe("hunter2");
    expect(await decrypt(data, [alice.identity], "alice")).toBe("hunter2");
    await expect(decrypt(data, [r2.identity], "r2")).rejects.toMatchObject({ code: "SECRET_UNREADABLE" });
    await writeFile(join(top, "secrets/operators.pub"), `alice ${alice.recipient}\n`);
    expect(await checkSecrets(folderTree(top), users, "fleet")).toEqual([]);
    expect((await readdir(join(top, "secrets"))).toSorted()).toEqual(["bgp.yaml", "operators.pub"]);
  });

  it("is not written through a link out of the repository", async () => {
    await mkdir(join(top, "elsewhere"));
    await symlink(join(top, "elsewhere"), join(top, "secrets"));

    await expect(writeSecret(top, "bgp", "x", { a: r1.recipient })).rejects.toMatchObject({ code: "HOST_FILE" });
    expect(await readdir(join(top, "elsewhere"))).toEqual([]);
  });

  it("is not written for a mistyped key", async () => {
    const typo = r1.recipient.replace(/.$/, (last) => (last === "q" ? "p" : "q"));

    await expect(writeSecret(top, "bgp", "x", { "fra1/r1": typo })).rejects.toMatchObject({
      code: "SECRET_RECIPIENTS",
    });
    expect(await readdir(top)).toEqual([]);
  });
});

describe("the recipients of a secret", () => {
  it("are the machines that use it, those that are named, and the operators", () => {
    const users = [user("fra1/r1", r1.recipient, "bgp"), user("fra1/r2", r2.recipient), user("ber1/r1", "unused")];

    expect(Object.keys(recipientsFor("bgp", users, ["fra1/r2"], operators())).toSorted()).toEqual([
      "fra1/r1",
      "fra1/r2",
      "operator:alice",
    ]);
  });

  it("are refused when there is no machine, an unknown one, or one without key", () => {
    const users = [user("fra1/r1", undefined, "bgp"), { machine: "fra1/r3", key: undefined, uses: undefined }];
    const attempt = (name: string, extra: readonly string[]) => () => recipientsFor(name, users, extra, {});

    expect(attempt("ospf", [])).toThrow("no machine uses the secret ospf yet.");
    expect(attempt("ospf", ["fra1/r9"])).toThrow("there is no appliance fra1/r9 in the sites repository.");
    expect(attempt("bgp", [])).toThrow("fra1/r1's file declares no age key.");
    expect(attempt("ospf", ["fra1/r3"])).toThrow("fra1/r3's file has errors.");
  });
});

describe("rekeying", () => {
  it("gives the same text to those who use it now, and touches what fits already", async () => {
    const at = { top, tree: folderTree(top) };
    await writeSecret(top, "bgp", "hunter2", { "fra1/r1": r1.recipient, ...operators() });
    const now = { "fra1/r2": r2.recipient, ...operators() };

    expect(await rekeySecret(at, "bgp", now, [alice.identity])).toBe("rekeyed");
    expect(await rekeySecret(at, "bgp", now, [alice.identity])).toBe("unchanged");

    const file = await readSecret(at.tree, "bgp");
    const data = file?.local ? "" : (file?.data ?? "");
    expect(await decrypt(data, [r2.identity], "r2")).toBe("hunter2");
    await expect(decrypt(data, [r1.identity], "r1")).rejects.toMatchObject({ code: "SECRET_UNREADABLE" });
  });

  it("leaves the file as it is when the identity cannot read it, and local secrets alone", async () => {
    const at = { top, tree: folderTree(top) };
    await writeSecret(top, "bgp", "hunter2", { "fra1/r1": r1.recipient });
    await writeFile(join(top, "secrets/ospf.yaml"), "local: true\n");
    const before = await readSecret(at.tree, "bgp");

    await expect(rekeySecret(at, "bgp", operators(), [alice.identity])).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
    });
    expect(await readSecret(at.tree, "bgp")).toEqual(before);
    expect(await rekeySecret(at, "ospf", operators(), [alice.identity])).toBe("local");
    await expect(rekeySecret(at, "gone", operators(), [alice.identity])).rejects.toMatchObject({
      code: "SECRET_MISSING",
    });
  });
});
