/** What lies where appliances look for an image, after builds that changed something or nothing, with real signatures. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plainHost } from "../../../../controller/cli/image-command.ts";
import { record } from "../../../../controller/cli/image-test.ts";
import { publish, type Wares } from "../../../../controller/image-build/publish.ts";
import { checkManifest, digestOf, parsed, readManifestFile } from "../../../../controller/images/manifest.ts";
import type { ImageTrial } from "../../../../schemas/manifest.ts";
import { makeManifest, makeSigner, signManifest, streamFile } from "../../../lab/image.ts";

const missing = spawnSync("ssh-keygen", ["-?"]).error === undefined ? undefined : "needs ssh-keygen";
const signal = new AbortController().signal;
const bench = { host: plainHost(), signal };
const trial: ImageTrial = { at: "2027-01-11T00:00:00Z", checks: [{ check: "boots", result: "passed" }] };

describe.skipIf(missing)(`what is published of an image (${missing ?? "signed by ssh-keygen"})`, () => {
  let folder: string;
  let signer: { readonly key: string; readonly allowed: string };
  let wares: Wares;
  let path: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-publish-"));
    mkdirSync(join(folder, "from"));
    signer = makeSigner(folder);
    wares = await made("1");
    path = join(folder, "to/v1.json");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** What a build gives whose streams make this snapshot. */
  async function made(snapshot: string): Promise<Wares> {
    const from = join(folder, "from");
    streamFile(join(from, "v1.zfs.zst"), { snapshot }, 300_000);
    const { manifest } = await makeManifest(from, [{ file: "v1.zfs.zst", snapshot }], { name: "v1" });
    return {
      manifest,
      packages: "frr 8.4.4 amd64\n",
      from,
      output: join(folder, "to"),
      key: signer.key,
      replace: false,
    };
  }

  /** Who signed what lies there. */
  async function signed(): Promise<string> {
    const trust = { signatures: "required", namespace: "git", "allowed-signers": signer.allowed } as const;
    const options = { trust, host: bench.host, folder: tmpdir(), signal };
    return (await checkManifest(await readManifestFile(path), undefined, options)).signer;
  }

  it("is streams, packages, a manifest and its signature", async () => {
    expect(await publish(bench, wares)).toMatchObject({ manifest: path, signed: true });

    expect(await signed()).toBe("builder@example.net");
    expect(readFileSync(join(folder, "to/v1.zfs.zst"))).toEqual(readFileSync(join(folder, "from/v1.zfs.zst")));
    expect(readFileSync(join(folder, "to/v1.packages"), "utf8")).toBe(wares.packages);
  });

  it("stays as it was tried and signed when nothing but the time is another one", async () => {
    await publish(bench, wares);
    const digest = await record(await readManifestFile(path), trial, signer.key, bench.host, signal);
    const before = [readFileSync(path), readFileSync(`${path}.sig`)];

    const later = { ...wares, manifest: { ...wares.manifest, built: "2028-01-01T00:00:00Z" } };
    expect(await publish(bench, later)).toEqual({ manifest: path, digest, signed: true });

    expect([readFileSync(path), readFileSync(`${path}.sig`)]).toEqual(before);
  });

  it("stays, with its streams, where another image comes under its name, unless that is to replace it", async () => {
    await publish(bench, wares);
    const lies = ["v1.json", "v1.json.sig", "v1.zfs.zst", "v1.packages"].map((name) => join(folder, "to", name));
    const digests = (): readonly string[] => lies.map((file) => digestOf(readFileSync(file)));
    const before = digests();
    const next = { ...(await made("2")), packages: "frr 8.4.5 amd64\n" };

    const refused = await publish(bench, next).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({
      code: "IMAGE_BUILD",
      message: `${path} is the manifest of another image of that name.`,
      remedy: expect.stringContaining("--replace") as string,
    });
    expect(digests()).toEqual(before);

    const { digest } = await publish(bench, { ...next, replace: true });
    expect(digest).toBe(digestOf(readFileSync(path)));
    expect(await signed()).toBe("builder@example.net");
    expect(digests()[2]).toBe(next.manifest.streams[0]?.sha256);
  });

  it("is not replaced either where what lies under its name is no manifest", async () => {
    mkdirSync(join(folder, "to"));
    writeFileSync(path, "notes");

    await expect(publish(bench, wares)).rejects.toMatchObject({ code: "IMAGE_BUILD" });
    expect(readFileSync(path, "utf8")).toBe("notes");
  });

  it("has no manifest beside streams that are not its own, also when it ends in between", async () => {
    await publish(bench, wares);
    const next = await made("2");
    rmSync(join(folder, "from/v1.zfs.zst"));

    await expect(publish(bench, { ...next, replace: true })).rejects.toThrow("ENOENT");

    expect([existsSync(path), existsSync(`${path}.sig`)]).toEqual([false, false]);
  });

  it("is signed anew where a signature is of something else, or by another key than the one that is named", async () => {
    await publish(bench, wares);
    writeFileSync(join(folder, "other"), "other");
    signManifest(join(folder, "other"), signer.key);
    writeFileSync(`${path}.sig`, readFileSync(join(folder, "other.sig")));
    await publish(bench, wares);
    expect(await signed()).toBe("builder@example.net");

    signManifest(path, makeSigner(folder, "another").key);
    await publish(bench, wares);
    expect(await signed()).toBe("builder@example.net");
  });

  it("is said not to be signed where no key is named, and keeps no signature of something else", async () => {
    expect(await publish(bench, { ...wares, key: undefined })).toMatchObject({ signed: false });
    signManifest(path, signer.key);
    expect(await publish(bench, { ...wares, key: undefined })).toMatchObject({ signed: true });

    writeFileSync(join(folder, "other"), "other");
    signManifest(join(folder, "other"), signer.key);
    writeFileSync(`${path}.sig`, readFileSync(join(folder, "other.sig")));
    expect(await publish(bench, { ...wares, key: undefined })).toMatchObject({ signed: false });
    expect(existsSync(`${path}.sig`)).toBe(false);
  });

  it("has what came of trying it in its manifest, but not in one that changed meanwhile", async () => {
    await publish(bench, wares);
    const tried = await readManifestFile(path);
    await publish(bench, { ...(await made("2")), replace: true });
    const recording = record(tried, trial, signer.key, bench.host, signal);
    await expect(recording).rejects.toMatchObject({ code: "IMAGE_MANIFEST" });
    expect(parsed(await readManifestFile(path)).trial).toBeUndefined();

    await record(await readManifestFile(path), trial, signer.key, bench.host, signal);

    expect(parsed(await readManifestFile(path)).trial).toEqual(trial);
    expect(await signed()).toBe("builder@example.net");
  });
});
