/**
 * The secrets of this box: resolves names from the local folder or from the sites repository, and stands for each text
 * with a keyed hash everywhere else. The only place that holds the texts.
 */
import { createHmac, randomBytes } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Secrets } from "../reconcilers/core.ts";
import { sealedSecret } from "../reconcilers/core.ts";
import { Problem } from "../schemas/problem.ts";
import { parseSecretFile, secretName, secretPath } from "../schemas/secret-file.ts";
import type { SecretUse } from "../schemas/secrets.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Tree } from "../schemas/tree.ts";
import { decrypt, parseIdentities } from "./age.ts";
import { maskTexts } from "./mask.ts";
import { createPrivate, readPrivate } from "./private-file.ts";

/** The secrets that one machine file names, as everything but the dataplane may see them. Pure. */
export interface ResolvedSecrets {
  /** The sealed form of a named secret; all zeros when it is not resolved. */
  sealed(name: string): string;
  /** Changes exactly when the text does: for digests. 64 hex digits under this box's key. */
  version(name: string): string;
}

/** Where nothing can be resolved, as in a pull request: every secret looks alike. */
export const unresolvedSecrets: ResolvedSecrets = {
  sealed: () => "<secret:0000000000000000>",
  version: () => "unresolved",
};

export interface Resolution {
  readonly secrets: ResolvedSecrets;
  /** SECRET_MISSING and SECRET_UNREADABLE; warnings where a local file stands in for the repository's. */
  readonly problems: readonly Problem[];
}

/**
 * Opens the store. A seal key that is missing is made, as at the first start, or with "lookOnly" made up for this process
 * alone. Rejects with SETTINGS when the key is not usable.
 */
export async function openSecrets(settings: Settings["secrets"], lookOnly?: "lookOnly"): Promise<SecretStore> {
  const path = settings["seal-key"];
  let text = await readPrivate(path, "SETTINGS");
  if (text === undefined) {
    const made = `${randomBytes(32).toString("hex")}\n`;
    if (lookOnly === undefined) await createPrivate(path, made, "SETTINGS");
    text = lookOnly === undefined ? await readPrivate(path, "SETTINGS") : made;
  }
  if (!/^[0-9a-f]{64}\n?$/.test(text ?? ""))
    throw new Problem("SETTINGS", `${path} does not hold 64 hex digits.`, {
      remedy: "Restore it, or remove it: a new one is made, and every secret counts as changed once.",
    });
  return new SecretStore(Buffer.from((text ?? "").trim(), "hex"), settings);
}

/** More than one box has; an observation seals all of its own before anybody collects. */
const keptSeals = 10_000;

/** Private fields keep the texts out of JSON and of util.inspect. */
export class SecretStore implements Secrets {
  readonly #key: Buffer;
  readonly #settings: Settings["secrets"];
  readonly #texts = new Map<string, string>();
  /** What was sealed lately, such as a password that somebody set by hand: kept for `collect`, revealed to nobody. */
  readonly #sealed = new Map<string, string>();

  /** Every text of both, until one is added. */
  #all: readonly string[] | undefined;

  constructor(key: Buffer, settings: Settings["secrets"]) {
    this.#key = key;
    this.#settings = settings;
  }

  seal(text: string): string {
    const sealed = `<secret:${this.#hash("seal", text).slice(0, 16)}>`;
    if (!this.#sealed.has(sealed)) this.#all = undefined;
    this.#sealed.delete(sealed);
    this.#sealed.set(sealed, text);
    const [oldest] = this.#sealed.keys();
    if (this.#sealed.size > keptSeals && oldest !== undefined) this.#sealed.delete(oldest);
    return sealed;
  }

  reveal(sealed: string): string | undefined {
    return this.#texts.get(sealed);
  }

  /** Resolves what `machine` uses. A file in the local folder wins over the repository, with a warning. */
  async resolve(machine: string, tree: Tree, uses: readonly SecretUse[]): Promise<Resolution> {
    const texts = new Map<string, string>();
    const problems: Problem[] = [];
    for (const name of new Set(uses.map((use) => use.name))) {
      const use = uses.find((candidate) => candidate.name === name);
      try {
        texts.set(name, plain(name, await this.#read(machine, name, tree, problems)));
      } catch (thrown) {
        if (!(thrown instanceof Problem)) throw thrown;
        const details = thrown.at ? {} : { at: use?.at, path: use?.path };
        problems.push(relocated(thrown, details));
      }
    }
    for (const text of texts.values()) this.#texts.set(this.seal(text), text);
    const sealed = new Map([...texts].map(([name, text]) => [name, this.seal(text)]));
    const versions = new Map([...texts].map(([name, text]) => [name, this.#hash("version", text)]));
    return {
      secrets: {
        sealed: (name) => sealed.get(name) ?? unresolvedSecrets.sealed(name),
        version: (name) => versions.get(name) ?? unresolvedSecrets.version(name),
      },
      problems,
    };
  }

  /**
   * Sealed form → text of every secret that `sealedText` mentions, whether it was resolved or found on the box: what a
   * rollback after a restart will need.
   */
  collect(sealedText: string): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [sealed] of sealedText.matchAll(sealedSecret)) {
      const text = this.#texts.get(sealed) ?? this.#sealed.get(sealed);
      if (text !== undefined) found[sealed] = text;
    }
    return found;
  }

  /** Takes back what `collect` gave. What does not fit its sealed form (another key, a damaged file) is left out. */
  learn(collected: Readonly<Record<string, string>>): void {
    for (const [sealed, text] of Object.entries(collected))
      if (typeof text === "string" && this.seal(text) === sealed) this.#texts.set(sealed, text);
  }

  /** The text without any secret that this process knows of, also of those found on the box. */
  mask(text: string): string {
    // The longer one first: one secret may begin another.
    this.#all ??= [...new Set([...this.#texts.values(), ...this.#sealed.values()])].sort((a, b) => b.length - a.length);
    return maskTexts(text, this.#all);
  }

  /** Names and time stamps of the age key and of the local folder: changes when one of them is put, replaced or removed. */
  async inputs(): Promise<string> {
    const { folder, "age-key": key } = this.#settings;
    const names = await readdir(folder).catch(() => []);
    const paths = [key, folder, ...names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name))];
    const stamp = async (path: string) => {
      const found = await lstat(path).catch(() => undefined);
      return `${path} ${found?.ctimeMs} ${found?.ino}`;
    };
    return (await Promise.all(paths.map(stamp))).join("\n");
  }

  /** The purpose keeps a seal, which logs may show, from being the beginning of a version, which digests hold. */
  #hash(purpose: "seal" | "version", text: string): string {
    return createHmac("sha256", this.#key).update(`${purpose}\0${text}`).digest("hex");
  }

  async #read(machine: string, name: string, tree: Tree, problems: Problem[]): Promise<string> {
    if (!secretName.test(name)) throw missing(name);
    const bytes = await tree.read(secretPath(name));
    const local = await readPrivate(join(this.#settings.folder, name), "SECRET_UNREADABLE");
    const file = bytes && parseSecretFile(name, bytes);
    if (local !== undefined) {
      if (file !== undefined && (file instanceof Problem || !file.local)) problems.push(this.#shadowed(name));
      return local;
    }
    if (file === undefined) throw missing(name);
    if (file instanceof Problem) throw file;
    if (file.local)
      throw new Problem("SECRET_MISSING", `the secret ${name} is to be in this box's local folder, and is not.`, {
        remedy: `Put it into ${join(this.#settings.folder, name)}, mode 0600.`,
      });
    return decrypt(file.data, await this.#identities(), `${name} cannot be decrypted on ${machine}`);
  }

  #shadowed(name: string): Problem {
    const at = { file: secretPath(name), line: 1, column: 1 };
    const path = join(this.#settings.folder, name);
    return new Problem("ADVICE", `${path} is used instead of the repository's secret.`, {
      at,
      severity: "warning",
      remedy: "Remove one of the two.",
    });
  }

  /** Read anew each time: a box's key may be replaced while the agent runs. */
  async #identities(): Promise<readonly string[]> {
    const path = this.#settings["age-key"];
    const text = await readPrivate(path, "SECRET_UNREADABLE");
    if (text === undefined)
      throw new Problem("SECRET_UNREADABLE", `this box has no age key (${path}).`, {
        remedy: `Make it: impctl secret keygen --output ${path}; then declare its public key and rekey.`,
      });
    return parseIdentities(text, path);
  }
}

/**
 * The text without the line break that editors add. One line, no control characters: it will stand inside a line of
 * configuration, and a line break would let whoever wrote the secret write configuration too.
 */
export function plain(name: string, text: string): string {
  const line = text.replace(/\r?\n$/, "");
  // oxlint-disable-next-line no-control-regex
  const fault = /[\u0000-\u001f\u007f\u0085\u2028\u2029\ufffd]/.test(line)
    ? "holds a line break, a control character or bytes that are not UTF-8"
    : line.trim() !== line || line === ""
      ? "is empty, or begins or ends with a blank"
      : Buffer.byteLength(line) > 4096
        ? "is longer than 4096 bytes"
        : undefined;
  if (fault === undefined) return line;
  throw new Problem("SECRET_UNREADABLE", `the secret ${name} ${fault}.`, { remedy: `impctl secret set ${name}.` });
}

function missing(name: string): Problem {
  return new Problem(
    "SECRET_MISSING",
    `there is no secret ${JSON.stringify(name)}, neither here nor in the repository.`,
    {
      remedy: `Make it: impctl secret set ${name}.`,
    },
  );
}

function relocated(problem: Problem, where: { at?: SecretUse["at"]; path?: string | undefined }): Problem {
  if (where.at === undefined && where.path === undefined) return problem;
  return new Problem(problem.code, problem.message, {
    ...(problem.remedy !== undefined && { remedy: problem.remedy }),
    ...(where.at && { at: where.at }),
    ...(where.path !== undefined && { path: where.path }),
  });
}
