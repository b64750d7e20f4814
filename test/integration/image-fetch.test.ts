/** `impctl image fetch` as a process that is killed, against a real server. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeFolder } from "../../controller/images/chunk-store.ts";
import { smallestStream } from "../../controller/images/fitting.ts";
import { makeManifest, makeSigner, signManifest, streamFile, type MadeImage } from "../lab/image.ts";
import { imageServer, type ImageServer } from "../lab/image-server.ts";

const chunk = 256 * 1024;
const count = 40;
const hasKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;

describe.skipIf(!hasKeygen)("impctl image fetch (needs ssh-keygen)", () => {
  let top: string;
  let server: ImageServer;
  let made: MadeImage;
  let folder: string;

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), "imp-image-fetch-"));
    mkdirSync(join(top, "served"));
    streamFile(join(top, "served/imp.zfs.zst"), { snapshot: "1" }, chunk * count - 1000);
    made = await makeManifest(join(top, "served"), [{ file: "imp.zfs.zst", snapshot: "1" }], {}, chunk);
    const { key, allowed } = makeSigner(top);
    signManifest(made.path, key);
    server = await imageServer(join(top, "served"));
    const settings = {
      machine: "a/b",
      repository: { folder: "/x" },
      trust: { "allowed-signers": allowed },
      paths: { cache: join(top, "cache") },
    };
    writeFileSync(join(top, "agent.yaml"), JSON.stringify(settings), { mode: 0o600 });
    folder = storeFolder(join(top, "cache"), smallestStream(made.manifest, new Set()));
  });
  afterEach(async () => {
    await server.close();
    rmSync(top, { recursive: true, force: true });
  });

  const argv = () => [
    new URL("../../controller/main.ts", import.meta.url).pathname,
    "image",
    "fetch",
    `${server.url}/${made.name}.json`,
    "--settings",
    join(top, "agent.yaml"),
  ];
  const fetch = async () => {
    const child = spawn(process.execPath, argv(), { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text: Buffer) => void (out += text.toString()));
    child.stderr.on("data", (text: Buffer) => void (err += text.toString()));
    const exitCode = await new Promise((resolve) => child.once("close", resolve));
    return { exitCode, out, err };
  };
  const chunksHere = () => {
    try {
      return readFileSync(join(folder, "chunks"), "latin1").length;
    } catch {
      return 0;
    }
  };

  it("goes on after kill -9 at 90 %, and asks for what is missing alone", async () => {
    const before = Math.floor(0.9 * count);
    server.breakWith({ kind: "stall", after: before * chunk + 100_000 }, (line) => line === "GET /imp.zfs.zst");
    const killed = spawn(process.execPath, argv(), { stdio: "ignore" });
    for (let tries = 0; chunksHere() < before; tries += 1) {
      if (tries === 600) throw new Error("it does not fetch");
      await sleep(50);
    }
    killed.kill("SIGKILL");
    await new Promise((resolve) => killed.once("close", resolve));
    server.breakWith(undefined);
    const { exitCode, out, err } = await fetch();
    expect(err).toContain("imp.zfs.zst 100 % [####################] 10.0 MiB of 10.0 MiB");
    expect([exitCode, out]).toEqual([
      0,
      "imp-v1.4.0, version 1.4.0, signed by builder@example.net: 10.0 MiB are here, checked\n",
    ]);
    expect(server.requests.at(-1)).toBe(`GET /imp.zfs.zst bytes=${before * chunk}-`);
    expect(readFileSync(join(folder, "stream")).equals(readFileSync(join(top, "served/imp.zfs.zst")))).toBe(true);
    // Sent twice: the manifest, its signature, and what of one chunk had come.
    const size = readFileSync(join(top, "served/imp.zfs.zst")).length;
    expect(server.sent() - size).toBeLessThan(chunk + 50_000);
  });

  it("says what is wrong with an image that is not for this box, and fetches nothing of it", async () => {
    const { manifest } = await makeManifest(
      join(top, "served"),
      [{ file: "imp.zfs.zst", snapshot: "1" }],
      { hardware: ["other"] },
      chunk,
    );
    expect(manifest.hardware).toEqual(["other"]);
    signManifest(made.path, join(top, "builder"));
    const { exitCode, err } = await fetch();
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^impctl: imp-v1\.4\.0 is for other, and this box is (amd64|arm64)\./);
    expect(server.requests).toHaveLength(2);
  });
});
