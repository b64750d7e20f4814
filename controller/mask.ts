/**
 * Keeps secrets out of what people read (I13). The last line of defence: secrets reach neither plans nor problems, but a
 * remote's or a daemon's own words may hold one.
 */

import { withTexts } from "../schemas/printable.ts";

// Lines of FRR that carry a secret, and credentials in a URL.
const secretWords = /\b((?:neighbor \S+ )?password(?: \d)?|md5|key-string|authentication-key) (?!<secret:)[^\s"\\]+/g;
const urlCredentials = /(\w+:\/\/)[^\s/@"]+@/g;
/** A shorter text stands in too many innocent words; where it is a secret the words before it say so. */
const shortest = 4;

/** The same text with whatever looks like a secret replaced. */
export function maskSecrets(text: string): string {
  return text.replace(secretWords, "$1 <masked>").replace(urlCredentials, "$1<masked>@");
}

/** The same text with each of `secrets` replaced wherever it stands, also as JSON has it, and whatever looks like one. */
export function maskTexts(text: string, secrets: Iterable<string>): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1)]))
      masked = masked.replaceAll(form, () => "<masked>");
  }
  return maskSecrets(masked);
}

/** Plain data with `mask` done to what quotes others. Single words are ours: codes, names, digests. */
export function maskData<T>(data: T, mask: (text: string) => string): T {
  return withTexts(data, (text) => (/^[\w.-]*$/.test(text) ? text : mask(text)));
}
