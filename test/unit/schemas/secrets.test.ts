import { armor, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, it } from "vitest";
import { Problem } from "../../../schemas/problem.ts";
import { ageStanzas, formatSecretFile, parseSecretFile } from "../../../schemas/secret-file.ts";
import { checkSecrets, type SecretUser } from "../../../schemas/secrets.ts";
import type { Tree } from "../../../schemas/tree.ts";

const text = "hunter2-of-upstream-a";
let keys: { r1: string; r2: string; r3: string };

beforeAll(async () => {
  const make = async () => identityToRecipient(await generateX25519Identity());
  keys = { r1: await make(), r2: await make(), r3: await make() };
});

async function seal(...recipients: readonly string[]): Promise<string> {
  const age = new Encrypter();
  for (const recipient of recipients) age.addRecipient(recipient);
  return armor.encode(await age.encrypt(text));
}

function tree(files: Readonly<Record<string, string>>): Tree {
  return {
    revision: undefined,
    read: async (path) => (files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    list: async (folder) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => ({ name: path.slice(folder.length + 1), kind: "file" as const })),
  };
}

function user(machine: string, key: string | undefined, ...names: readonly string[]): SecretUser {
  const at = { file: `${machine}.yaml`, line: 7, column: 15 };
  return { machine, key, uses: names.map((name) => ({ name, path: "bgp.peers.a.password", at })) };
}

async function problems(files: Readonly<Record<string, string>>, users: readonly SecretUser[]): Promise<string[]> {
  return (await checkSecrets(tree(files), users, "fleet")).map((problem) => `${problem.code} ${problem.toString()}`);
}

describe("checkSecrets", () => {
  it("is content with a secret that is encrypted to exactly the boxes that use it", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r1, "fra1/r2": keys.r2 }, await seal(keys.r1, keys.r2));

    const users = [user("fra1/r1", keys.r1, "bgp"), user("fra1/r2", keys.r2, "bgp"), user("fra1/r3", keys.r3)];

    expect(await problems({ "secrets/bgp.yaml": file }, users)).toEqual([]);
  });

  it("names every place that uses a secret that does not exist", async () => {
    expect(await problems({}, [user("fra1/r1", keys.r1, "bgp"), user("fra1/r2", keys.r2, "bgp")])).toEqual([
      'SECRET_MISSING fra1/r1.yaml:7:15: bgp.peers.a.password: there is no secret "bgp" (secrets/bgp.yaml). Make it: impctl secret set bgp.',
      'SECRET_MISSING fra1/r2.yaml:7:15: bgp.peers.a.password: there is no secret "bgp" (secrets/bgp.yaml). Make it: impctl secret set bgp.',
    ]);
  });

  it("never reads a file that a hostile name points at", async () => {
    const read: string[] = [];
    const watched = { ...tree({}), read: async (path: string) => (read.push(path), undefined) };

    const found = await checkSecrets(watched, [user("fra1/r1", keys.r1, "../fra1/r1")], "machine");

    expect(found.map((problem) => problem.code)).toEqual(["SECRET_MISSING"]);
    expect(read).toEqual([]);
  });

  it("finds a box that is missing, one too many, and one whose key was changed", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r2, "fra1/r3": keys.r3 }, await seal(keys.r2, keys.r3));

    const users = [user("fra1/r1", keys.r1, "bgp"), user("fra1/r2", keys.r2, "bgp"), user("fra1/r3", keys.r3)];

    expect(await problems({ "secrets/bgp.yaml": file }, users)).toEqual([
      "SECRET_RECIPIENTS secrets/bgp.yaml:3:3: recipients: is encrypted to a key that fra1/r1 does not declare (any more). Run: impctl secret rekey bgp.",
      "SECRET_RECIPIENTS secrets/bgp.yaml:2:1: recipients: is not encrypted to fra1/r2, which needs it. Run: impctl secret rekey bgp.",
      "SECRET_RECIPIENTS secrets/bgp.yaml:4:3: recipients: is encrypted to fra1/r3, which does not use it. Run: impctl secret rekey bgp.",
    ]);
  });

  it("does not call a recipient superfluous whose machine file has errors", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r1, "fra1/r2": keys.r2 }, await seal(keys.r1, keys.r2));
    const broken: SecretUser = { machine: "fra1/r2", key: undefined, uses: undefined };

    const files = { "secrets/bgp.yaml": file, "secrets/other.yaml": file };

    expect(await problems(files, [user("fra1/r1", keys.r1, "bgp"), broken])).toEqual([]);
  });

  it("finds a header with more keys than the file names", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r1 }, await seal(keys.r1, keys.r2));

    expect(await problems({ "secrets/bgp.yaml": file }, [user("fra1/r1", keys.r1, "bgp")])).toEqual([
      "SECRET_RECIPIENTS secrets/bgp.yaml:2:1: recipients: names 1 different keys, but the data is encrypted to 2. Encrypt it anew: impctl secret rekey, or secret rotate if a stranger may have read it.",
    ]);
  });

  it("wants a declared key of a machine that uses an encrypted secret, but not of one that uses a local one", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r1 }, await seal(keys.r1));
    const files = { "secrets/bgp.yaml": file, "secrets/ospf.yaml": "local: true\n" };

    const found = await problems(files, [user("fra1/r1", keys.r1, "bgp"), user("fra1/r2", undefined, "bgp", "ospf")]);

    expect(found).toEqual([
      `SECRET_RECIPIENTS fra1/r2.yaml:7:15: bgp.peers.a.password: fra1/r2 uses bgp, but its machine file declares no age key. Run "impctl secret keygen" on the box and put the public key into the machine file as "age-key".`,
    ]);
  });

  it("warns of a secret that nobody uses, and finds one that stands there in the clear", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r1 }, await seal(keys.r1));
    const files = { "secrets/old.yaml": file, "secrets/oops.yaml": `password: ${text}: ${text}\n` };

    const found = await problems(files, [user("fra1/r1", keys.r1)]);

    expect(found).toEqual([
      "ADVICE secrets/old.yaml:1:1: warning: no machine uses this secret. Remove the file.",
      "ADVICE secrets/oops.yaml:1:1: warning: no machine uses this secret. Remove the file.",
      'YAML_SYNTAX secrets/oops.yaml:1:1: not a well-formed secret file. Write it with "impctl secret set oops".',
    ]);
    expect(found.join()).not.toContain(text);
  });

  it("wants the operators of operators.pub among the recipients", async () => {
    const operators = `# who may re-encrypt\nalice ${keys.r3}\nmallory age1nonsense\n`;
    const file = formatSecretFile({ "fra1/r1": keys.r1 }, await seal(keys.r1));
    const files = { "secrets/operators.pub": operators, "secrets/bgp.yaml": file };

    expect(await problems(files, [user("fra1/r1", keys.r1, "bgp")])).toEqual([
      'SCHEMA secrets/operators.pub:3:1: not a name and an age public key. Write "<name> age1…", one a line.',
      "SECRET_RECIPIENTS secrets/bgp.yaml:2:1: recipients: is not encrypted to operator:alice, which needs it. Run: impctl secret rekey bgp.",
    ]);
  });

  it("judges only what one machine needs when asked for one", async () => {
    const file = formatSecretFile({ "fra1/r1": keys.r1, "fra1/r2": keys.r2 }, await seal(keys.r1, keys.r2));
    const files = { "secrets/bgp.yaml": file, "secrets/unused.yaml": "nonsense" };

    expect(await checkSecrets(tree(files), [user("fra1/r1", keys.r1, "bgp")], "machine")).toEqual([]);
  });
});

describe("a secret file", () => {
  it("is read as it was written", async () => {
    const recipients = { "operator:alice": keys.r2, "fra1/r1": keys.r1 };
    const data = await seal(keys.r1, keys.r2);

    const file = parseSecretFile("bgp", new TextEncoder().encode(formatSecretFile(recipients, data)));

    expect(file).toEqual({ recipients, data });
  });

  it.each([
    ["YAML_SYNTAX", "a: &x [1]\nb: *x\n"],
    ["YAML_SYNTAX", "recipients: {a: 1, a: 2}\n"],
    ["YAML_SYNTAX", "[".repeat(50)],
    ["YAML_SYNTAX", "\u0000"],
    ["YAML_SYNTAX", ""],
    ["SCHEMA", "local: false\n"],
    ["SCHEMA", `recipients: {}\ndata: hello\n`],
    ["SCHEMA", `recipients: {"fra1/r1": age1short}\ndata: hello\n`],
  ])("is refused with %s when it holds %j", (code, content) => {
    const file = parseSecretFile("bgp", new TextEncoder().encode(content));

    expect(file).toBeInstanceOf(Problem);
    expect(file).toMatchObject({ code });
  });

  it("is refused unread when it is too large", () => {
    expect(parseSecretFile("bgp", new Uint8Array(300_000))).toMatchObject({ code: "YAML_HOSTILE" });
  });

  it("is refused when it is encrypted with a passphrase", async () => {
    const age = new Encrypter();
    age.setScryptWorkFactor(2);
    age.setPassphrase("correct horse");
    const data = armor.encode(await age.encrypt(text));

    expect(ageStanzas(data)).toEqual(["scrypt"]);
    expect(
      parseSecretFile("bgp", new TextEncoder().encode(formatSecretFile({ "fra1/r1": keys.r1 }, data))),
    ).toMatchObject({ code: "SECRET_RECIPIENTS" });
  });
});
