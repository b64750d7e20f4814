import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findImage, type WantedImage } from "../../../../controller/images/catalogue.ts";
import { digestOf } from "../../../../controller/images/manifest.ts";
import { linuxHost } from "../../../../controller/host/linux.ts";
import { parseSettings } from "../../../../schemas/settings-file.ts";
import { makeManifest, makeSigner, signManifest, streamFile } from "../../../lab/image.ts";
import { imageServer, type ImageServer } from "../../../lab/image-server.ts";
import { hasOpenssl } from "../../../lab/openssl.ts";

const hasKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;
const host = linuxHost({ seal: () => "", reveal: () => undefined });

describe.skipIf(!hasKeygen)("an image of images.yaml (needs ssh-keygen)", () => {
  let top: string;
  let server: ImageServer;
  let signer: { readonly key: string; readonly allowed: string };
  let digest: string;

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), "imp-catalogue-"));
    mkdirSync(join(top, "good"));
    streamFile(join(top, "good/s.zst"), { snapshot: "1" }, 1000);
    const { path } = await makeManifest(join(top, "good"), [{ file: "s.zst", snapshot: "1" }]);
    signer = makeSigner(top);
    signManifest(path, signer.key);
    digest = digestOf(readFileSync(path));
    server = await imageServer(join(top, "good"));
  });
  afterEach(async () => {
    await server.close();
    rmSync(top, { recursive: true, force: true });
  });

  async function find(wanted: Partial<WantedImage>, images: object = {}) {
    const text = JSON.stringify({
      machine: "a/b",
      repository: { folder: "/x" },
      images,
      trust: { "allowed-signers": signer.allowed },
    });
    const { settings, problems } = parseSettings("agent.yaml", Buffer.from(text));
    if (!settings) throw new AggregateError(problems);
    const all = { name: "imp-v1.4.0", manifest: `${server.url}/imp-v1.4.0.json`, digest, ...wanted };
    const { signal } = new AbortController();
    return findImage(all, settings.images, { trust: settings.trust, host, folder: join(top, "tmp"), signal });
  }

  it("is found, and nothing but manifest and signature is asked for", async () => {
    const found = await find({});
    expect([found.signer, found.digest, found.manifest.name]).toEqual(["builder@example.net", digest, "imp-v1.4.0"]);
    expect(server.requests).toEqual(["GET /imp-v1.4.0.json", "GET /imp-v1.4.0.json.sig"]);
  });

  it("is found at a path", async () => {
    expect((await find({ manifest: join(top, "good/imp-v1.4.0.json") })).digest).toBe(digest);
    await expect(find({ manifest: join(top, "absent/imp-v1.4.0.json") })).rejects.toThrow("cannot be read: ENOENT");
  });

  it("is refused before anything of it is read when it is not the one that is named", async () => {
    writeFileSync(join(top, "good/imp-v1.4.0.json"), "{ not even JSON");
    await expect(find({})).rejects.toThrow("is not what images.yaml names: its digest is sha256:");
  });

  it("is refused when nobody signed it, or somebody who does not count here", async () => {
    const other = makeSigner(top, "other");
    signManifest(join(top, "good/imp-v1.4.0.json"), other.key);
    await expect(find({})).rejects.toThrow("which is no allowed signer");
    rmSync(join(top, "good/imp-v1.4.0.json.sig"));
    await expect(find({})).rejects.toThrow("imp-v1.4.0.json is not signed");
  });

  it("is refused under another name than its own", async () => {
    await expect(find({ name: "imp-v9" })).rejects.toThrow("is of imp-v1.4.0, and images.yaml calls it imp-v9.");
  });

  it("is had from a mirror, and from elsewhere when that one has something else or nothing", async () => {
    cpSync(join(top, "good"), join(top, "mirror"), { recursive: true });
    const mirror = { url: join(top, "mirror") };
    await find({}, { mirrors: [mirror] });
    expect(server.requests).toEqual([]);
    writeFileSync(join(top, "mirror/imp-v1.4.0.json"), "old");
    await find({}, { mirrors: [mirror] });
    expect(server.requests).toHaveLength(2);
    rmSync(join(top, "mirror"), { recursive: true });
    await find({}, { mirrors: [mirror] });
    expect(server.requests).toHaveLength(4);
  });

  it("is not read further than a manifest can be long", async () => {
    writeFileSync(join(top, "good/imp-v1.4.0.json"), Buffer.alloc(2 ** 21, 32));
    await expect(find({})).rejects.toThrow("has more than 1048576 bytes.");
  });

  it.skipIf(!hasOpenssl())(
    "is fetched over TLS only from who has a certificate that counts (needs openssl)",
    async () => {
      const [key, cert] = [join(top, "key.pem"), join(top, "cert.pem")];
      const words = [
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-subj",
        "/CN=lab",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
      ];
      execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", ...words], {
        stdio: "ignore",
      });
      const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
      const secure = await imageServer(join(top, "good"), { tls });
      const manifest = `${secure.url}/imp-v1.4.0.json`;
      await expect(find({ manifest })).rejects.toThrow("its certificate is not trusted here");
      expect((await find({ manifest }, { "ca-file": cert })).digest).toBe(digest);
      await secure.close();
    },
  );
});
