/** Secrets for one run of a command on files of its user: sealed like all others, known while the command runs, kept nowhere. */
import { createHmac, randomBytes } from "node:crypto";
import type { Secrets } from "../reconcilers/core.ts";

/** Reveals what it sealed itself, nothing else. */
export function passingSecrets(): Secrets {
  const key = randomBytes(32);
  const texts = new Map<string, string>();
  return {
    seal(text) {
      const sealed = `<secret:${createHmac("sha256", key).update(text).digest("hex").slice(0, 16)}>`;
      texts.set(sealed, text);
      return sealed;
    },
    reveal: (sealed) => texts.get(sealed),
  };
}
