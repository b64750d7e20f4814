/**
 * By what this box knows the server of the sites repository again. Where nothing vouches for its key, an operator does, once, by
 * its fingerprint; from then on it is pinned.
 */
import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { isIP } from "node:net";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { serverOf } from "../git/remote.ts";
import type { Wishes } from "./draft.ts";

/** Says whether a key with these fingerprints is the right one. Rejects when nobody can say so. */
export type Vouch = (server: string, fingerprints: readonly string[]) => Promise<string>;

export interface Server {
  readonly url: string;
  /** PEM, beside the system's authorities. */
  readonly ca: string | undefined;
  /** Where its host keys are looked for; undefined: root's own file. */
  readonly knownHosts: string | undefined;
  /** Somebody named its key: one that is known already may be an old one. */
  readonly isNamed: boolean;
}

const limitMs = 20_000;

/** What has to be kept so that the server is known: nothing where it is already. Rejects where it cannot be reached or told. */
export async function pinServer(
  host: Pick<Host, "run">,
  server: Server,
  vouch: Vouch,
  signal: AbortSignal,
): Promise<Pick<Wishes, "ca" | "knownHosts">> {
  const place = serverOf(server.url);
  if (place === undefined || server.url.startsWith("http:")) return {};
  if (server.url.startsWith("https:")) return pinTls(place, server, vouch);
  return pinSsh(host, place, server, vouch, signal);
}

interface Place {
  readonly host: string;
  readonly port: number | undefined;
}

async function pinTls({ host, port = 443 }: Place, { ca }: Server, vouch: Vouch): Promise<Pick<Wishes, "ca">> {
  const seen = await handshake(host, port, ca);
  if (seen.trusted) return {};
  const name = `${host}:${port}`;
  // Only a certificate that signed itself can be trusted by itself; a name that does not fit no certificate mends.
  if (seen.top.subject !== seen.top.issuer || /ALTNAME|EXPIRED|NOT_YET/.test(seen.why)) {
    throw new Problem("GIT_UNREACHABLE", `${name}: its certificate is not trusted here (${seen.why})`, {
      remedy:
        "Give its authority's certificate with --ca-file, or correct the address, the certificate or this box's clock.",
    });
  }
  await vouch(name, [seen.top.fingerprint256]);
  return { ca: seen.top.toString() };
}

interface Seen {
  readonly trusted: boolean;
  readonly why: string;
  /** The last certificate that it sent. */
  readonly top: X509Certificate;
}

function handshake(host: string, port: number, ca: string | undefined): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const name = `${host}:${port}`;
    const fail = (what: string, cause?: unknown): void =>
      reject(new Problem("GIT_UNREACHABLE", `${name} cannot be reached: ${what}`, { transient: true, cause }));
    const options = { host, port, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) };
    const socket = connect({ ...options, ...(ca !== undefined && { ca }) }, () => {
      const chain = socket.getPeerX509Certificate();
      let top = chain;
      while (top?.issuerCertificate) top = top.issuerCertificate;
      if (top) resolve({ trusted: socket.authorized, why: String(socket.authorizationError ?? ""), top });
      else fail("it shows no certificate");
      socket.destroy();
    });
    socket.setTimeout(limitMs, () => socket.destroy(new Error(`it was silent for ${limitMs / 1000} s`)));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error));
  });
}

async function pinSsh(
  host: Pick<Host, "run">,
  { host: name, port = 22 }: Place,
  { knownHosts, isNamed }: Server,
  vouch: Vouch,
  signal: AbortSignal,
): Promise<Pick<Wishes, "knownHosts">> {
  const limits = { timeoutMs: limitMs, signal };
  const entry = port === 22 ? name : `[${name}]:${port}`;
  const file = knownHosts === undefined ? [] : ["-f", knownHosts];
  if (!isNamed && (await host.run(["ssh-keygen", "-F", entry, ...file], limits)).exitCode === 0) return {};
  const scanned = await host.run(["ssh-keyscan", "-T", "10", "-p", String(port), name], limits);
  const lines = scanned.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) {
    throw new Problem("GIT_UNREACHABLE", `${entry} shows no ssh host key`, {
      transient: true,
      remedy: "Check the address, and that its port can be reached from here.",
    });
  }
  const keys = new Map<string, string>();
  for (const line of lines) {
    const { stdout } = await host.run(["ssh-keygen", "-l", "-f", "-"], { ...limits, input: `${line}\n` });
    const print = /SHA256:\S+/.exec(stdout)?.[0];
    if (print !== undefined) keys.set(print, line);
  }
  const vouched = await vouch(entry, [...keys.keys()]);
  return { knownHosts: `${keys.get(vouched)}\n` };
}

/** A fingerprint as either of the programs prints it, without what only makes it easier to read. */
export function sameFingerprint(one: string, other: string): boolean {
  const plain = (text: string): string =>
    /^(?:SHA256:)?(?:[0-9a-f]{2}:?){32}$/i.test(text)
      ? text
          .replace(/^SHA256:/i, "")
          .replaceAll(":", "")
          .toLowerCase()
      : text.replace(/=+$/, "");
  return plain(one) === plain(other);
}
