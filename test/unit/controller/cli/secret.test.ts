import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decrypt } from "../../../../controller/age.ts";
import { define } from "../../../../controller/cli/secret.ts";
import { folderTree } from "../../../../controller/folder.ts";
import { readSecret } from "../../../../controller/secret-files.ts";
import { asProblem } from "../../../../schemas/problem.ts";
import { silentTerminal } from "./terminal.ts";

const text = "hunter2-of-transit-a";
let top: string;
let shown: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "imp-secret-cli-"));
  shown = "";
});
afterEach(() => rm(top, { recursive: true, force: true }));

/** Runs `impctl secret …` with `typed` as what the person types; gives the exit code, or the code of the Problem. */
async function secret(typed: string, ...argv: readonly string[]): Promise<number | string> {
  const note = (line: string) => void (shown += `${line}\n`);
  const terminal = { ...silentTerminal(top), out: note, err: note };
  const command = new Command("secret").exitOverride().configureOutput({ writeOut: note, writeErr: note });
  define(command, terminal, async () => typed);
  for (const each of command.commands) each.exitOverride().configureOutput({ writeOut: note, writeErr: note });
  try {
    await command.parseAsync([...argv], { from: "user" });
    return terminal.exitCode;
  } catch (thrown) {
    const problem = asProblem(thrown);
    shown += `${problem.toString()}\n${problem.stack}\n`;
    return problem.code;
  }
}

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(top, path)), { recursive: true });
  await writeFile(join(top, path), content);
}

async function keygen(name: string): Promise<string> {
  shown = "";
  expect(await secret("", "keygen", "--output", `keys/${name}.key`)).toBe(0);
  return shown.split("\n", 1)[0] ?? "";
}

async function appliance(name: string, key: string, password?: string): Promise<void> {
  const peer = `transit: { remote-as: 64496, address: 192.0.2.1, kind: upstream, password: { secret: ${password} } }`;
  const routing = `routing: { router-id: 192.0.2.2, bgp: { asn: 64500, peers: { ${password ? peer : ""} } } }\n`;
  await put(`${name}.yaml`, `age-key: ${key}\n${routing}`);
}

/** What a private key of keys/ reads in the secret. */
async function readWith(key: string, name: string): Promise<string> {
  const file = await readSecret(folderTree(top), name);
  const identity = (await readFile(join(top, `keys/${key}.key`), "utf8")).split("\n")[1] ?? "";
  return decrypt(file?.local ? "" : (file?.data ?? ""), [identity], key);
}

describe("impctl secret", () => {
  beforeEach(async () => {
    await put("fleet.yaml", "defaults: 1\n");
    await put("fra1/site.yaml", "{}\n");
  });

  it("makes a key that only its user can read, and never overwrites one", async () => {
    const key = await keygen("r1");
    const file = await readFile(join(top, "keys/r1.key"), "utf8");

    expect(key).toMatch(/^age1[a-z0-9]{58}$/);
    expect((await stat(join(top, "keys/r1.key"))).mode & 0o777).toBe(0o600);
    expect(shown).not.toContain("AGE-SECRET-KEY");
    expect(await secret("", "keygen", "--output", "keys/r1.key")).toBe("USAGE");
    expect(await readFile(join(top, "keys/r1.key"), "utf8")).toBe(file);
  });

  it("takes a secret through its life without ever showing it", async () => {
    const [r1, r2, alice] = [await keygen("r1"), await keygen("r2"), await keygen("alice")];
    await put("secrets/operators.pub", `alice ${alice}\n`);
    await appliance("fra1/r1", r1, "bgp-transit");
    await appliance("fra1/r2", r2);
    shown = "";

    expect(await secret("", "check")).toBe(1);
    expect(shown).toContain('there is no secret "bgp-transit"');

    expect(await secret(`${text}\n`, "set", "bgp-transit")).toBe(0);
    expect(await secret("", "check", "--identity", "keys/alice.key")).toBe(0);
    expect(await readWith("r1", "bgp-transit")).toBe(text);
    expect(await secret("other", "set", "bgp-transit")).toBe("USAGE");

    await appliance("fra1/r2", r2, "bgp-transit");
    expect(await secret("", "check")).toBe(1);
    expect(await secret("", "rekey", "--identity", "keys/r2.key")).toBe("SECRET_UNREADABLE");
    expect(await secret("", "rekey", "--identity", "keys/alice.key")).toBe(0);
    expect(await readWith("r2", "bgp-transit")).toBe(text);

    expect(await secret(`${text}-2`, "rotate", "bgp-transit")).toBe(0);
    expect(await readWith("r2", "bgp-transit")).toBe(`${text}-2`);
    expect(await secret("", "rotate", "bgp-transit", "--generate")).toBe(0);
    const generated = await readWith("r1", "bgp-transit");
    expect(generated).toMatch(/^[\w-]{32}$/);
    expect(await secret("", "check", "--json")).toBe(0);
    expect(shown).not.toContain(text);
    expect(shown).not.toContain(generated);
    expect(shown).not.toContain("AGE-SECRET-KEY");
  });

  it("says when an identity cannot read what is there", async () => {
    await appliance("fra1/r1", await keygen("r1"), "bgp-transit");
    await keygen("bob");
    await secret(text, "set", "bgp-transit");
    shown = "";

    expect(await secret("", "check", "--identity", "keys/bob.key")).toBe(1);
    expect(shown).toContain("bgp-transit cannot be decrypted");
  });

  it("refuses a text that is no single line, and does not quote it", async () => {
    await appliance("fra1/r1", await keygen("r1"), "bgp-transit");

    expect(await secret(`${text}\n neighbor 192.0.2.1 shutdown`, "set", "bgp-transit")).toBe("SECRET_UNREADABLE");
    expect(shown).not.toContain(text);
    await expect(stat(join(top, "secrets"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("does not take a text from the command line, nor repeat it when it stands there by mistake", async () => {
    await appliance("fra1/r1", await keygen("r1"), "bgp-transit");

    await secret("", "set", "bgp-transit", text);
    await secret("", "set", `${text} is not a name`);

    expect(shown).not.toContain(text);
    await expect(stat(join(top, "secrets"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("prepares a secret for a machine that does not use it yet", async () => {
    await appliance("fra1/r1", await keygen("r1"));

    expect(await secret(text, "set", "bgp-transit")).toBe("USAGE");
    expect(await secret(text, "set", "bgp-transit", "--for", "fra1/r9")).toBe("MACHINE_UNKNOWN");
    expect(await secret(text, "set", "bgp-transit", "--for", "fra1/r1")).toBe(0);
    expect(await readWith("r1", "bgp-transit")).toBe(text);
  });

  it("leaves a secret alone that each box holds itself", async () => {
    await appliance("fra1/r1", await keygen("r1"), "bgp-transit");
    await put("secrets/bgp-transit.yaml", "local: true\n");

    expect(await secret(text, "rotate", "bgp-transit")).toBe("USAGE");
    expect(await readFile(join(top, "secrets/bgp-transit.yaml"), "utf8")).toBe("local: true\n");
  });
});
