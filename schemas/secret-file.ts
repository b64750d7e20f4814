/**
 * One secret file of a sites repository, secrets/<name>.yaml. Pure: nothing here can decrypt. An age header does not say
 * whose keys it is for, so a file names its recipients beside the data, and the number of key stanzas in the header must
 * agree with what the file claims.
 */
import { load } from "js-yaml";
import { z } from "zod";
import { Problem, type Position } from "./problem.ts";

/** A name that may stand in `{secret: name}`: it becomes a file name. */
export const secretName = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** An age X25519 recipient: bech32, 32 bytes. */
export const ageRecipient = /^age1[02-9ac-hj-np-z]{58}$/;
/** Nothing bigger is read: a password with a thousand recipients fits. */
export const secretFileLimit = 256 * 1024;
/** Name of a machine, or "operator:<name>", → age public key. */
export type Recipients = Readonly<Record<string, string>>;

/** A secret file: either encrypted, or a promise that each box that uses it holds it in its local folder. */
export type SecretFile =
  | { readonly local: true }
  | { readonly local?: undefined; readonly recipients: Recipients; readonly data: string };

const EncryptedFile = z.strictObject({
  recipients: z.record(z.string(), z.string().regex(ageRecipient, "not an age X25519 public key")),
  data: z.string().min(1),
});
const LocalFile = z.strictObject({ local: z.literal(true) });

/** Where a secret stands in the repository. */
export function secretPath(name: string): string {
  return `secrets/${name}.yaml`;
}

/** Reads a secret file; a Problem when it is not one. The data's age header has been checked to be whole. */
export function parseSecretFile(name: string, bytes: Uint8Array): SecretFile | Problem {
  const file = secretPath(name);
  const at = { file, line: 1, column: 1 };
  const remedy = `Write it with "impctl secret set ${name}".`;
  if (bytes.length > secretFileLimit)
    return new Problem("YAML_HOSTILE", `larger than ${secretFileLimit} bytes.`, { at, remedy });
  let value: unknown;
  try {
    value = load(new TextDecoder("utf-8", { fatal: true }).decode(bytes), { maxAliases: 0, maxDepth: 4 });
  } catch {
    // The parser's message quotes the text around the fault, which may be a secret that somebody pasted in the clear.
    return new Problem("YAML_SYNTAX", "not a well-formed secret file.", { at, remedy });
  }
  if (LocalFile.safeParse(value).success) return { local: true };
  const parsed = EncryptedFile.safeParse(value);
  if (!parsed.success) {
    const message = 'must hold "recipients" (machine: age1…) and "data" (armored age), or "local: true".';
    return new Problem("SCHEMA", message, { at, remedy });
  }
  const kinds = ageStanzas(parsed.data.data);
  if (kinds === undefined)
    return new Problem("SCHEMA", '"data" is not an armored age file.', { at: keyAt(file, bytes, "data"), remedy });
  return recipientsMismatch(file, bytes, parsed.data.recipients, kinds) ?? parsed.data;
}

/** The text of a secret file, recipients sorted so that rewriting it changes as few lines as possible. */
export function formatSecretFile(recipients: Recipients, armored: string): string {
  const lines = Object.keys(recipients)
    .toSorted()
    .map((name) => `  ${name.includes(":") ? JSON.stringify(name) : name}: ${recipients[name]}`);
  const data = armored.trim().replaceAll(/^/gm, "  ");
  return `# Encrypted with age to these keys and no others. Written by "impctl secret".\nrecipients:\n${lines.join("\n")}\ndata: |\n${data}\n`;
}

/**
 * Types of the stanzas in the header of an armored age file ("X25519"), or undefined when it is none.
 * Format: https://age-encryption.org/v1 and its "ASCII armor".
 */
export function ageStanzas(armored: string): readonly string[] | undefined {
  const armor = /^\s*-----BEGIN AGE ENCRYPTED FILE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END AGE ENCRYPTED FILE-----\s*$/;
  const body = armor.exec(armored)?.[1];
  if (body === undefined) return undefined;
  let binary: string;
  try {
    binary = atob(body.replaceAll(/[\r\n]/g, ""));
  } catch {
    return undefined;
  }
  const end = /\n--- [A-Za-z0-9+/]{43}\n/.exec(binary);
  if (!binary.startsWith("age-encryption.org/v1\n") || end === null) return undefined;
  const header = binary.slice(0, end.index).split("\n").slice(1);
  return header.filter((line) => line.startsWith("-> ")).map((line) => line.split(" ")[1] ?? "");
}

/** The file's map must not promise less than the header holds, else somebody unnamed could read the secret. */
function recipientsMismatch(
  file: string,
  bytes: Uint8Array,
  recipients: Recipients,
  kinds: readonly string[],
): Problem | undefined {
  const details = {
    at: keyAt(file, bytes, "recipients"),
    path: "recipients",
    remedy: "Encrypt it anew: impctl secret rekey, or secret rotate if a stranger may have read it.",
  };
  // Stanzas that end in "-grease" are noise that implementations may add; nobody can decrypt them.
  const real = kinds.filter((kind) => !kind.endsWith("-grease"));
  const strange = real.find((kind) => kind !== "X25519");
  if (strange !== undefined)
    return new Problem(
      "SECRET_RECIPIENTS",
      `is encrypted to something else than age X25519 keys (${JSON.stringify(strange)}).`,
      details,
    );
  const named = new Set(Object.values(recipients)).size;
  if (real.length === named) return undefined;
  const message = `names ${named} different keys, but the data is encrypted to ${real.length}.`;
  return new Problem("SECRET_RECIPIENTS", message, details);
}

/** Position of a key, found by its text: these files have one form. */
export function keyAt(file: string, bytes: Uint8Array, key: string): Position {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const quoted = JSON.stringify(key);
  const index = lines.findIndex((line) => [key, quoted].some((k) => line.trimStart().startsWith(`${k}:`)));
  const line = lines[index] ?? "";
  return { file, line: Math.max(index, 0) + 1, column: line.length - line.trimStart().length + 1 };
}
