/**
 * Who may change this appliance: SSH signatures of commits, tags, packages and manifests, checked by ssh-keygen against the box's own list
 * of allowed signers. What counts is decided here and in the agent's settings, never by the repository.
 *
 * A key must be valid twice: at the time that the commit names, and now. The first alone would let the thief of an expired
 * key put an old date into a commit, since that date is only the committer's claim; the second alone would let a key that
 * is not valid yet sign for a later day.
 */
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Host, RunResult } from "../reconcilers/core.ts";
import { printable } from "../schemas/printable.ts";
import { Problem, type ProblemCode } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Commit } from "./git/commit.ts";

export type Trust = Settings["trust"];

/** What carries a signature: a commit, a tag, a package, or an image's manifest. */
export interface Signed {
  /** What people call it, printable: 'commit 0123456789ab "Subject" by …'. */
  readonly name: string;
  /** When it was made, by its own claim. Milliseconds since 1970; left out: it claims nothing. */
  readonly claimedAt?: number;
  /** Armored. */
  readonly signature: string | undefined;
  /** What was signed: text, or a file that nobody else may change. */
  readonly payload: Buffer | { readonly file: string };
  /** How it is signed, as a sentence; a commit's unless given. */
  readonly sign?: string;
  /** What an operator can do on the box where it stays without a valid signature. */
  readonly instead: string;
}

/** Either who signed it, or why it is not to be believed. */
export type Verdict = { readonly signer: string } | { readonly problem: Problem };

export interface TrustOptions {
  readonly trust: Trust;
  readonly host: Pick<Host, "run">;
  /** A folder for short-lived signature files (ssh-keygen takes no other form). Made when missing. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Checks a chain, newest first, and gives who signed which commit: none of those that only an operator vouched for.
 * `vouched` need no valid signature. Rejects as checkSigned does.
 */
export async function checkChain(
  chain: readonly Commit[],
  vouched: ReadonlySet<string>,
  options: TrustOptions,
): Promise<{ readonly signers: ReadonlyMap<string, string> } | { readonly problem: Problem }> {
  const signers = new Map<string, string>();
  // The oldest first: that is the one to look at when several are bad.
  for (const commit of chain.toReversed()) {
    const verdict = await checkSigned(asSigned(commit), options);
    if ("problem" in verdict && !vouched.has(commit.id)) return verdict;
    if ("signer" in verdict) signers.set(commit.id, verdict.signer);
  }
  return { signers };
}

/**
 * Stands for all that a verdict depends on beside the commit and the clock: while it is the same, so is a refusal.
 * undefined when a list cannot be read.
 */
export async function trustDigest(trust: Trust, vouched: ReadonlySet<string>): Promise<string | undefined> {
  const hash = createHash("sha256").update(JSON.stringify([trust, [...vouched].toSorted()]));
  try {
    for (const file of [trust["allowed-signers"], trust["revoked-keys"]]) {
      if (file !== undefined)
        hash.update(
          createHash("sha256")
            .update(await readFile(file))
            .digest(),
        );
    }
    return hash.digest("hex");
  } catch {
    // Checking says which one, and why it matters.
    return undefined;
  }
}

/** A commit as something signed. Anybody who can push chose its words, and root reads them. */
export function asSigned({ id, subject, author, committedAt, signature, payload }: Commit): Signed {
  return {
    name: `commit ${id.slice(0, 12)} "${printable(subject.slice(0, 60))}" by ${printable(author.slice(0, 100))}`,
    claimedAt: committedAt,
    signature,
    payload,
    instead: 'vouch for the commit with "impctl accept"',
  };
}

/** Checks one signature. Rejects only when it cannot be checked at all (SETTINGS, HOST_COMMAND); a bad one is a verdict. */
export async function checkSigned(signed: Signed, options: TrustOptions): Promise<Verdict> {
  const { signature } = signed;
  if (signature === undefined) {
    const remedy = signed.sign ?? "Sign it (git commit -S --amend, git tag -s -f) before it is pushed.";
    return refuse(signed, "TRUST_UNSIGNED", "is not signed", remedy);
  }
  if (!signature.startsWith("-----BEGIN SSH SIGNATURE-----\n")) {
    const kind = signature.startsWith("-----BEGIN PGP") ? "an OpenPGP" : "not an SSH";
    return refuse(
      signed,
      "TRUST_UNKNOWN_SIGNER",
      `carries ${kind} signature; only SSH signatures are supported`,
      'Set "git config gpg.format ssh" and sign again, or turn off signing by the forge\'s own OpenPGP key.',
    );
  }
  // ssh-keygen reads the first one and no further: what else stands there, nobody has signed and nobody would look at.
  if (!/^-----BEGIN SSH SIGNATURE-----\n[\w+/=\n]+-----END SSH SIGNATURE-----\s*$/.test(signature)) {
    const remedy = "Find out who wrote it; do not accept it.";
    return refuse(signed, "TRUST_BAD_SIGNATURE", "does not carry exactly one whole signature", remedy);
  }
  // ssh-keygen is fed text: bytes that do not survive that could be changed without changing what is checked.
  const { payload } = signed;
  if (Buffer.isBuffer(payload) && !Buffer.from(payload.toString("utf8")).equals(payload)) {
    const remedy = "Write the commit again in UTF-8 (git config i18n.commitEncoding).";
    return refuse(signed, "TRUST_BAD_SIGNATURE", "is not UTF-8 text, so its signature cannot be checked", remedy);
  }
  await mustExist(options.trust["allowed-signers"], "trust.allowed-signers");
  const revoked = options.trust["revoked-keys"];
  if (revoked !== undefined) await mustExist(revoked, "trust.revoked-keys");
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${options.folder}/signature-`);
  try {
    const file = `${folder}/signature`;
    await writeFile(file, signature, "latin1");
    return await checkSignature(signed, file, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkSignature(signed: Signed, file: string, options: TrustOptions): Promise<Verdict> {
  const { trust } = options;
  const keygen = (...argv: readonly string[]) => sshKeygen([...argv, "-s", file], signed, options);
  const intact = await keygen("-Y", "check-novalidate", "-n", trust.namespace);
  if (intact.exitCode !== 0) {
    const why = /namespace/.test(intact.stderr)
      ? `was made for another purpose than "${trust.namespace}"`
      : "does not fit its content";
    return refuse(
      signed,
      "TRUST_BAD_SIGNATURE",
      `has a signature that ${why}`,
      "Find out who changed it; do not accept it.",
    );
  }
  const find = ["-Y", "find-principals", "-f", trust["allowed-signers"]];
  const thenTime = signed.claimedAt === undefined ? [] : [`-Overify-time=${sshTime(signed.claimedAt)}`];
  const found = await keygen(...find);
  const principals = found.stdout.split("\n").filter((line) => line !== "");
  let problem = found.exitCode === 0 ? undefined : classify(found.stderr);
  // Of a certificate that is not valid now ssh-keygen only says that it names nobody.
  if (problem === "TRUST_UNKNOWN_SIGNER" && (await keygen(...find, ...thenTime)).exitCode === 0) {
    problem = "TRUST_KEY_EXPIRED";
  }
  for (const principal of found.exitCode === 0 ? principals : []) {
    const verify = ["-Y", "verify", "-f", trust["allowed-signers"], "-I", principal, "-n", trust.namespace];
    const revoked = trust["revoked-keys"];
    const listed = [...verify, ...(revoked === undefined ? [] : ["-r", revoked])];
    const results = [await keygen(...listed), await keygen(...listed, ...thenTime)];
    const failed = results.find(({ exitCode }) => exitCode !== 0);
    if (failed === undefined) return { signer: principal };
    // ssh-keygen says nothing of revoked keys: it is the list when the same passes without it.
    const isRevoked = revoked !== undefined && (await keygen(...verify)).exitCode === 0 && !isTime(failed.stderr);
    problem ??= isRevoked ? "TRUST_KEY_REVOKED" : classify(failed.stderr);
  }
  const key = /key (SHA256:\S+)/.exec(intact.stdout)?.[1] ?? "unknown";
  return refuse(signed, problem ?? "TRUST_UNKNOWN_SIGNER", ...explain(problem, key, trust, signed.instead));
}

function classify(stderr: string): ProblemCode {
  return isTime(stderr) ? "TRUST_KEY_EXPIRED" : "TRUST_UNKNOWN_SIGNER";
}

function isTime(stderr: string): boolean {
  return /key has expired|key is not yet valid|Certificate invalid: (expired|not yet valid)/.test(stderr);
}

function explain(
  problem: ProblemCode | undefined,
  key: string,
  trust: Trust,
  instead: string,
): readonly [string, string] {
  if (problem === "TRUST_KEY_REVOKED") {
    return [`is signed by the revoked key ${key}`, "Find out who signed it; do not accept it."];
  }
  if (problem === "TRUST_KEY_EXPIRED") {
    return [
      `is signed by key ${key} outside of that key's validity (it must be valid now and when this was made)`,
      `Look at ${trust["allowed-signers"]} and at this box's clock, or ${instead}.`,
    ];
  }
  return [
    `is signed by key ${key}, which is no allowed signer for "${trust.namespace}"`,
    `Add the key to ${trust["allowed-signers"]} on this box, or ${instead}.`,
  ];
}

async function sshKeygen(argv: readonly string[], signed: Signed, options: TrustOptions): Promise<RunResult> {
  const { payload } = signed;
  return await options.host.run(["ssh-keygen", ...argv], {
    timeoutMs: 30_000,
    signal: options.signal,
    ...(Buffer.isBuffer(payload) ? { input: payload.toString("utf8") } : { inputFile: payload.file }),
  });
}

async function mustExist(file: string, setting: string): Promise<void> {
  try {
    await access(file);
  } catch (cause) {
    throw new Problem("SETTINGS", `${file} cannot be read, and it says whose signatures count`, {
      remedy: `agent.yaml names it as ${setting}; without it no signature is.`,
      cause,
    });
  }
}

function refuse(signed: Signed, code: ProblemCode, what: string, remedy: string): Verdict {
  return { problem: new Problem(code, `${signed.name} ${what}`, { remedy }) };
}

/** "20261122101500Z", as ssh-keygen takes a time. */
function sshTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
}
