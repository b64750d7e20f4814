/**
 * The key by which other appliances know this one, made at the first start: self-signed, since nobody goes by anything but
 * the digest of its public key, which stands in the repository.
 */
import { createHash, X509Certificate } from "node:crypto";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { createPrivate, readPrivate } from "../private-file.ts";

/** Both in PEM. */
export interface StatusKey {
  readonly key: string;
  readonly cert: string;
}

/** Where it is kept, 0600. */
export function statusKeyFile(paths: { readonly state: string }): string {
  return `${paths.state}/status.pem`;
}

const limitMs = 30_000;
// It never expires: it is trusted by its digest, for as long as that stands in the repository.
const makeKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "-"] as const;
const certify = ["-x509", "-sha256", "-days", "36500", "-subj", "/CN=imp-agent"] as const;

/** The key in `path`; made unless it is there. Rejects with SETTINGS when it is not usable, or cannot be made here. */
export async function openStatusKey(host: Pick<Host, "run">, path: string, signal: AbortSignal): Promise<StatusKey> {
  const kept = await readPrivate(path, "SETTINGS");
  if (kept !== undefined) return parse(kept, path);
  const made = await host
    .run(["openssl", "req", ...makeKey, ...certify], { timeoutMs: limitMs, signal })
    .catch((cause: unknown) => {
      throw notMade(path, cause instanceof Error ? cause.message : String(cause), cause);
    });
  if (made.exitCode !== 0) throw notMade(path, made.stderr.trim().split("\n").at(-1) ?? "");
  parse(made.stdout, path);
  await createPrivate(path, made.stdout, "SETTINGS");
  return parse((await readPrivate(path, "SETTINGS")) ?? "", path);
}

function parse(pem: string, path: string): StatusKey {
  const part = (what: string) => new RegExp(`-----BEGIN ${what}-----[^-]+-----END ${what}-----\\n?`).exec(pem)?.[0];
  const [key, cert] = [part("PRIVATE KEY"), part("CERTIFICATE")];
  if (key !== undefined && cert !== undefined) {
    try {
      fingerprintOf(cert);
      return { key, cert };
    } catch {
      // said below
    }
  }
  throw new Problem("SETTINGS", `${path} does not hold a private key and its certificate.`, {
    remedy:
      "Remove it: a new one is made. Its fingerprint is another one, which has to be written into the repository.",
  });
}

/** "SHA256:" and the digest of a certificate's public key in base64, as ssh-keygen writes fingerprints. */
export function fingerprintOf(certificate: string | Buffer): string {
  const { publicKey } = new X509Certificate(certificate);
  const spki = publicKey.export({ type: "spki", format: "der" });
  return `SHA256:${createHash("sha256").update(spki).digest("base64").replace(/=+$/, "")}`;
}

function notMade(path: string, why: string, cause?: unknown): Problem {
  return new Problem("SETTINGS", `the key ${path} cannot be made: ${why}`, {
    remedy: "Install openssl, or put a private key and its certificate there, in PEM, mode 0600.",
    ...(cause !== undefined && { cause }),
  });
}
