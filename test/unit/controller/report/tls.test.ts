import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { linuxHost } from "../../../../controller/host/linux.ts";
import { fingerprintOf, openStatusKey, statusKeyFile } from "../../../../controller/report/tls.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { hasOpenssl } from "../../../lab/openssl.ts";

const { signal } = new AbortController();
const host = linuxHost({ seal: () => "", reveal: () => undefined });
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "imp-tls-"));
  path = statusKeyFile({ state: folder });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Made by openssl 3.0; its public key's digest by `openssl pkey -pubin -outform der | openssl dgst -sha256`. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUR3LNf0sd4wcNwAjW5jXr7m8cxCcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJaW1wLWFnZW50MCAXDTI2MTEyMzA1MjM1OVoYDzIxMjYxMDMw
MDUyMzU5WjAUMRIwEAYDVQQDDAlpbXAtYWdlbnQwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARnUDYE3n8zwzn3YkPSq3E4C63m0drt8txvSBG/exC1cPOqIc9fej2X
9vH/PsfqErmbhiXrLWx24Vrj6ZfpHmpKo1MwUTAdBgNVHQ4EFgQU9BVFsymkbuvf
WSc8/4kEA14By+0wHwYDVR0jBBgwFoAU9BVFsymkbuvfWSc8/4kEA14By+0wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAhj6lHCFUT3NU8dckD9hW
mOr/2o+gsrJ6dpVtE9OknEQCIQC2IJV78as2bITG/zmt+8jIaaGHMR67vUPhnj1t
3w7Xpg==
-----END CERTIFICATE-----
`;

describe("a fingerprint", () => {
  it("is the digest of the public key, so that a renewed certificate has the same", () => {
    expect(fingerprintOf(certificate)).toBe("SHA256:cdB2ZZflSLshfQ351k0gPJ5H4AuRTQvIQd8E+3DSOrc");
  });
});

describe.skipIf(!hasOpenssl())("the key of the status (needs openssl)", () => {
  it("is made once, for this user alone, and is the same at every later start", async () => {
    const first = await openStatusKey(host, path, signal);
    const again = await openStatusKey(host, path, signal);

    expect(again).toEqual(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(fingerprintOf(first.cert)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(first.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it("is another one on every box", async () => {
    const [one, other] = [await openStatusKey(host, path, signal), await openStatusKey(host, `${path}2`, signal)];

    expect(fingerprintOf(one.cert)).not.toBe(fingerprintOf(other.cert));
  });

  it("is not used when others could read it", async () => {
    await openStatusKey(host, path, signal);
    chmodSync(path, 0o640);

    await expect(openStatusKey(host, path, signal)).rejects.toMatchObject({
      code: "SETTINGS",
      remedy: `See to it: chmod 0600 ${path}.`,
    });
  });
});

describe("a key that cannot be had", () => {
  it("says what is wrong with the file", async () => {
    writeFileSync(path, "nothing\n", { mode: 0o600 });

    await expect(openStatusKey(host, path, signal)).rejects.toMatchObject({
      code: "SETTINGS",
      message: `${path} does not hold a private key and its certificate.`,
    });
  });

  it("says that there is no openssl, or what it said", async () => {
    const missing = { run: async () => Promise.reject(new Problem("HOST_COMMAND", "openssl could not be run.")) };
    await expect(openStatusKey(missing, path, signal)).rejects.toMatchObject({
      message: `the key ${path} cannot be made: openssl could not be run.`,
      remedy: "Install openssl, or put a private key and its certificate there, in PEM, mode 0600.",
    });
    const failing = { run: async () => ({ exitCode: 1, stdout: "", stderr: "x\nno such curve\n" }) };
    await expect(openStatusKey(failing, path, signal)).rejects.toMatchObject({
      message: `the key ${path} cannot be made: no such curve`,
    });
  });
});
