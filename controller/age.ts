/** Encrypting and decrypting with age. The library is loaded at first use: an agent without secrets never pays for it. */
import { Problem } from "../schemas/problem.ts";

const identity = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;

/** The private keys in a key file as age-keygen writes it: one a line, "#" begins a comment. */
export function parseIdentities(text: string, path: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length > 0 && keys.every((key) => identity.test(key))) return keys;
  throw new Problem("SECRET_UNREADABLE", `${path} holds something else than age private keys.`, {
    remedy: 'One "AGE-SECRET-KEY-1…" a line, as impctl secret keygen writes it.',
  });
}

/** A new private key and its public key. */
export async function makeIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const age = await import("age-encryption");
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/** The public key of a private one. */
export async function recipientOf(identity: string): Promise<string> {
  const age = await import("age-encryption");
  return age.identityToRecipient(identity);
}

/** Armored ciphertext for these public keys. Rejects with SECRET_RECIPIENTS when one of them is mistyped. */
export async function encrypt(text: string, recipients: readonly string[]): Promise<string> {
  const age = await import("age-encryption");
  const encrypter = new age.Encrypter();
  for (const recipient of new Set(recipients)) {
    try {
      encrypter.addRecipient(recipient);
    } catch (thrown) {
      throw new Problem("SECRET_RECIPIENTS", `${recipient} is not an age public key.`, {
        cause: thrown,
        remedy: "Correct it where it is declared.",
      });
    }
  }
  return age.armor.encode(await encrypter.encrypt(text));
}

/** The text behind armored ciphertext. Rejects with SECRET_UNREADABLE and `failure` when none of the keys fits. */
export async function decrypt(armored: string, identities: readonly string[], failure: string): Promise<string> {
  const age = await import("age-encryption");
  const decrypter = new age.Decrypter();
  try {
    for (const key of identities) decrypter.addIdentity(key);
    return await decrypter.decrypt(age.armor.decode(armored), "text");
  } catch {
    // The cause is dropped on purpose: a library's message about keys or plaintext has no place in a log.
    throw new Problem("SECRET_UNREADABLE", `${failure}: none of the private keys fits, or the file is damaged.`, {
      remedy: "Compare the declared public key with the one of the private key, then: impctl secret rekey.",
    });
  }
}
