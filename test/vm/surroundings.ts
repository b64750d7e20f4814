/**
 * What the appliance under test has around it, as the host of QEMU's user network shows it: the sites repository over TLS with
 * signed commits, a name server and a time server. All of it listens on loopback; the guest knows it as 10.0.2.2.
 */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitServer, type GitServer } from "../lab/git-server.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { nameServer } from "./name-server.ts";

/** How the guest reaches the host. */
export const host = "10.0.2.2";
/** QEMU hands what is asked there to the first server of /etc/resolv.conf. */
export const resolver = "10.0.2.3";
const gitName = "git.example.net";

export interface Surroundings extends AsyncDisposable {
  readonly sites: SitesRepository;
  readonly git: GitServer;
  /** Of the repository, as the guest sees it. */
  readonly url: string;
  /** Of the server's certificate, SHA-256. */
  readonly fingerprint: string;
  /** Who may sign, as ssh-keygen's ALLOWED SIGNERS. */
  readonly signers: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** What else is served by that name has this certificate, which signed itself. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** The address of a server on loopback, as the guest knows it. */
  seen(url: string): string;
}

/** Below a folder, which a box finds again where they were: also its port is kept there. */
export async function makeSurroundings(folder: string): Promise<Surroundings> {
  const sites = makeSitesRepository(folder);
  const [key, known] = [join(folder, "nora"), join(folder, "port")];
  if (!existsSync(key)) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  for (const [name, value] of Object.entries({ "gpg.format": "ssh", "commit.gpgSign": "true", "user.signingKey": key }))
    sites.git("config", name, value);
  const credentials = { username: "vm", password: "s3cret" };
  const { tls, fingerprint } = certificate(folder);
  const port = existsSync(known) ? Number(readFileSync(known, "utf8")) : 0;
  const git = await gitServer(sites.bare, { tls, credentials, port });
  writeFileSync(known, new URL(git.url).port);
  const servers = [await timeServer(), await nameServer(gitName, host)];
  return {
    sites,
    git,
    tls,
    seen: (url) => url.replace("127.0.0.1", gitName),
    url: git.url.replace("127.0.0.1", gitName),
    fingerprint,
    signers: `nora@example.net ${readFileSync(`${key}.pub`, "utf8")}`,
    credentials,
    async [Symbol.asyncDispose]() {
      await Promise.all([git.close(), ...servers.map((server) => server[Symbol.asyncDispose]())]);
    },
  };
}

/** Signed by itself. */
function certificate(folder: string) {
  const [key, cert] = [join(folder, "tls.key"), join(folder, "tls.pem")];
  const argv = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"];
  const about = ["-subj", `/CN=${gitName}`, "-addext", `subjectAltName=DNS:${gitName}`, "-keyout", key, "-out", cert];
  if (!existsSync(cert)) execFileSync("openssl", [...argv, ...about], { stdio: "ignore" });
  const shown = execFileSync("openssl", ["x509", "-in", cert, "-noout", "-fingerprint", "-sha256"], {
    encoding: "utf8",
  });
  const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  return { tls, fingerprint: shown.trim().split("=")[1] ?? "" };
}

/** Answers SNTP (RFC 4330) with the host's clock. */
async function timeServer(): Promise<AsyncDisposable> {
  const socket = createSocket("udp4");
  socket.on("message", (asked, { address, port }) => {
    const answer = Buffer.alloc(48);
    answer[0] = 0x24; // no leap second, version 4, server
    answer[1] = 2; // stratum
    answer.writeInt8(-20, 3); // precision, 2^-20 s
    answer.write("VM", 12, "latin1");
    const now = ntp(Date.now());
    now.copy(answer, 16);
    asked.copy(answer, 24, 40, 48); // when the question was sent
    now.copy(answer, 32);
    ntp(Date.now()).copy(answer, 40);
    socket.send(answer, port, address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(123, "127.0.0.1", resolve);
  });
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) };
}

/** Milliseconds since 1970 as seconds since 1900, with 32 bits of fraction. */
function ntp(milliseconds: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(Math.floor(milliseconds / 1000) + 2_208_988_800, 0);
  bytes.writeUInt32BE(Math.floor(((milliseconds % 1000) / 1000) * 2 ** 32), 4);
  return bytes;
}
