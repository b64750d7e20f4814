/** Writes the secret files of a checkout: encrypts a new text, or the same text for other boxes. */
import { randomUUID } from "node:crypto";
import { lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Problem } from "../schemas/problem.ts";
import {
  formatSecretFile,
  parseSecretFile,
  secretPath,
  type Recipients,
  type SecretFile,
} from "../schemas/secret-file.ts";
import { recipientsOf, type SecretUser } from "../schemas/secrets.ts";
import type { Tree } from "../schemas/tree.ts";
import { decrypt, encrypt } from "./age.ts";

/** The secret file as it stands, or undefined. Rejects with what is wrong with it. */
export async function readSecret(tree: Tree, name: string): Promise<SecretFile | undefined> {
  const bytes = await tree.read(secretPath(name));
  const file = bytes && parseSecretFile(name, bytes);
  if (file instanceof Problem) throw file;
  return file;
}

/**
 * Whom a secret is for: the machines that use it and those of `extra` (which may be going to), and the operators.
 * Rejects when that is no machine at all, or one that declares no key.
 */
export function recipientsFor(
  name: string,
  users: readonly SecretUser[],
  extra: readonly string[],
  operators: Recipients,
): Recipients {
  const known = new Map(users.map((user) => [user.machine, user]));
  const recipients: Record<string, string> = { ...recipientsOf(name, users, operators) };
  const using = users.filter((user) => user.uses?.some((use) => use.name === name)).map((user) => user.machine);
  for (const machine of new Set([...using, ...extra])) {
    const user = known.get(machine);
    if (user === undefined)
      throw new Problem("MACHINE_UNKNOWN", `there is no appliance ${machine} in the sites repository.`);
    if (user.key === undefined)
      throw new Problem(
        "SECRET_RECIPIENTS",
        user.uses === undefined ? `${machine}'s file has errors.` : `${machine}'s file declares no age key.`,
        {
          remedy:
            user.uses === undefined
              ? "impctl validate names them."
              : 'Run "impctl secret keygen" on the box and put the public key there as "age-key".',
        },
      );
    recipients[machine] = user.key;
  }
  if (using.length === 0 && extra.length === 0)
    throw new Problem("USAGE", `no machine uses the secret ${name} yet.`, {
      remedy: "Refer to it in a machine file first, or name the machines with --for.",
    });
  return recipients;
}

/** Encrypts `text` and puts the file into the checkout at `top`, whole or not at all. Gives the file's path. */
export async function writeSecret(top: string, name: string, text: string, recipients: Recipients): Promise<string> {
  const content = formatSecretFile(recipients, await encrypt(text, Object.values(recipients)));
  const path = join(top, secretPath(name));
  await mkdir(dirname(path), { recursive: true });
  if (!(await lstat(dirname(path))).isDirectory())
    throw new Problem("HOST_FILE", `${dirname(path)} is a link.`, { remedy: "Make it a folder of the repository." });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, content, { flag: "wx" });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Problem("HOST_FILE", `${path} cannot be written.`, { cause, remedy: "See that you may write there." });
  }
  return path;
}

/** What `rekeySecret` did. */
export type Rekeyed = "rekeyed" | "unchanged" | "local";

/**
 * Encrypts the same text for those who should read it now, unless it already is. A box that is dropped may have read the
 * text before: only a new text keeps it out.
 */
export async function rekeySecret(
  at: { readonly top: string; readonly tree: Tree },
  name: string,
  recipients: Recipients,
  identities: readonly string[],
): Promise<Rekeyed> {
  const file = await readSecret(at.tree, name);
  if (file === undefined)
    throw new Problem("SECRET_MISSING", `there is no secret ${name}.`, { remedy: `impctl secret set ${name}.` });
  if (file.local) return "local";
  if (sameRecipients(file.recipients, recipients)) return "unchanged";
  const text = await decrypt(file.data, identities, `${name} cannot be decrypted`);
  await writeSecret(at.top, name, text, recipients);
  return "rekeyed";
}

function sameRecipients(one: Recipients, other: Recipients): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
