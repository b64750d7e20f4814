/** Images received into a real pool, by the commands that an appliance uses. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { storeFolder } from "../../controller/images/chunk-store.ts";
import { readContents } from "../../controller/images/contents.ts";
import { headerBytes, parseHeader } from "../../controller/images/stream-header.ts";
import { manifestText } from "../../schemas/manifest-file.ts";
import type { Manifest } from "../../schemas/manifest.ts";
import { makeImageRoot, makeManifest, makeSigner, signManifest, type MadeImage } from "../lab/image.ts";
import { imageServer } from "../lab/image-server.ts";
import { makeFusePool, whyNoFusePool, type FusePool } from "../lab/zfs/fuse-pool.ts";

const why = whyNoFusePool();
const chunk = 256 * 1024;
const megabytes = 192;

describe.skipIf(why)(`an image on its way into a pool${why ? ` (${why})` : ""}`, () => {
  let top: string;
  let pool: FusePool;
  let first: MadeImage;
  let second: MadeImage;
  /** Of a stream that is a few times smaller than what it unpacks to. */
  let wide: MadeImage;

  async function must(line: string): Promise<string> {
    const { exitCode, stdout, stderr } = await pool.run(line.split(" ") as [string]);
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  }

  /** zfs-fuse holds on to what it unmounts for a moment. */
  async function untilDone(line: string): Promise<void> {
    for (let tries = 0; (await pool.run(line.split(" ") as [string])).exitCode !== 0; tries += 1) {
      if (tries === 100) throw new Error(line);
      await sleep(100);
    }
  }

  /** Two images of one line: the second on top of the first, and whole. */
  beforeAll(async () => {
    top = mkdtempSync(join(tmpdir(), "imp-receive-"));
    pool = await makeFusePool(megabytes);
    await must("zfs create -o mountpoint=none tank/ROOT");
    await must("zfs create -o canmount=noauto -o mountpoint=/ tank/ROOT/running");
    await must("zpool set bootfs=tank/ROOT/running tank");
    await must("zfs create -o mountpoint=none tank/build");
    makeImageRoot(join(top, "root"), { files: { "bulk/random": bulk(4) } });
    const { packages } = await readContents(join(top, "root"), "The root");
    await must(`zfs create -o mountpoint=${top}/a tank/build/a`);
    await must(`cp -a ${top}/root/. ${top}/a`);
    await must("zfs snapshot tank/build/a@img");
    await must(`zfs clone -o mountpoint=${top}/b tank/build/a@img tank/build/b`);
    await must(`cp ${top}/root/usr/lib/imp/node ${top}/b/usr/lib/imp/another`);
    await must("zfs snapshot tank/build/b@img");
    await must(`zfs create -o mountpoint=${top}/c tank/build/c`);
    await must(`cp -a ${top}/root/. ${top}/c`);
    await must(`dd if=/dev/zero of=${top}/c/even bs=1M count=24`);
    await must("zfs snapshot tank/build/c@img");
    mkdirSync(join(top, "wide"));
    await send("wide/c.zfs.zst", "tank/build/c@img");
    await send("a.zfs.zst", "tank/build/a@img");
    await send("b.zfs.zst", "tank/build/b@img");
    await send("b.from-a.zfs.zst", "-i tank/build/a@img tank/build/b@img");
    await makeOnBuildMachine();
    await untilDone("zfs destroy -R tank/build");
    first = await described("imp-v1", packages, ["a.zfs.zst"]);
    second = await described("imp-v2", packages, ["b.zfs.zst", "b.from-a.zfs.zst"]);
    wide = await described("imp-v1", packages, ["c.zfs.zst"], join(top, "wide"));
  });
  afterAll(async () => {
    await pool[Symbol.asyncDispose]();
    rmSync(top, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const name of ["imp-v2", "imp-v1"]) {
      await pool.run(["zfs", "release", "imp-image", `tank/ROOT/${name}@img`]);
      await pool.run(["zfs", "destroy", "-r", `tank/ROOT/${name}`]);
    }
    if ((await standing()) !== alone) throw new Error("something of the test before is left");
  });

  function bulk(mega: number): Buffer {
    let block = createHash("sha512").update("bulk").digest();
    const blocks: Buffer[] = [];
    while (blocks.length < mega * 16_384) blocks.push((block = createHash("sha512").update(block).digest()));
    return Buffer.concat(blocks);
  }

  async function send(file: string, words: string): Promise<void> {
    const { exitCode, stderr } = await pool.run(["sh", "-c", `zfs send ${words} >${top}/stream`]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    writeFileSync(join(top, file), zstdCompressSync(readFileSync(join(top, "stream"))));
  }

  async function described(name: string, packages: string, files: readonly string[], folder = top): Promise<MadeImage> {
    const streams = files.map((file) => {
      const header = parseHeader(zstdDecompressSync(readFileSync(join(folder, file))).subarray(0, headerBytes), file);
      return { file, snapshot: header.snapshot, ...(header.base !== undefined && { base: header.base }) };
    });
    return makeManifest(folder, streams, { name, packages }, chunk);
  }

  /** What a build machine runs. */
  async function makeOnBuildMachine(): Promise<void> {
    const main = new URL("../../controller/main.ts", import.meta.url).pathname;
    const snapshots = ["--snapshot", "tank/build/b@img", "--base", "tank/build/a@img"];
    const about = ["--name", "imp-v2", "--image-version", "2.0.0", "--epoch", "3", "--source", "9fceb02"];
    const places = ["--root", join(top, "b"), "--output", join(top, "made/imp-v2.json")];
    mkdirSync(join(top, "made"));
    const child = pool.spawn([process.execPath, main, "image", "manifest", ...snapshots, ...about, ...places], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr?.on("data", (text: Buffer) => void (said += text.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(said);
  }

  const alone = "tank\ntank/ROOT\ntank/ROOT/running\n";
  /** Datasets and snapshots, what boots next, and what is mounted. */
  async function standing(): Promise<string> {
    const datasets = await must("zfs list -H -o name -t filesystem,snapshot -r tank");
    expect(await must("zpool list -H -o bootfs tank")).toBe("tank/ROOT/running\n");
    const mounts = await must("cat /proc/self/mounts");
    expect(mounts.split("\n").filter((line) => line.startsWith("tank/"))).toEqual([]);
    return datasets;
  }

  interface Came {
    readonly dataset?: string;
    readonly isOld?: boolean;
    readonly file?: string;
    readonly code?: string;
    readonly message?: string;
    readonly remedy?: string;
    readonly fetched?: number;
  }

  function start(path: string, env: NodeJS.ProcessEnv = {}, ...more: readonly string[]) {
    rmSync(join(top, "cache"), { recursive: true, force: true });
    const script = new URL("../lab/zfs/receive-child.ts", import.meta.url).pathname;
    return pool.spawn([process.execPath, script, path, join(top, "cache"), ...more], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
  }

  async function receive(path: string, env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Promise<Came> {
    const child = start(path, env, ...more);
    let [out, err] = ["", ""];
    child.stdout?.on("data", (text: Buffer) => void (out += text.toString()));
    child.stderr?.on("data", (text: Buffer) => void (err += text.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    if (out === "") throw new Error(err);
    return JSON.parse(out) as Came;
  }

  /** The first image with another stream and a manifest that fits it, but for what is changed. */
  async function spoiled(change: (stream: Buffer) => Buffer, changed: Partial<Manifest> = {}): Promise<string> {
    const folder = join(top, "spoiled");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    writeFileSync(join(folder, "a.zfs.zst"), change(readFileSync(join(top, "a.zfs.zst"))));
    const { packages, streams } = first.manifest;
    const { path } = await makeManifest(
      folder,
      [{ file: "a.zfs.zst", snapshot: streams[0]?.snapshot ?? "" }],
      { name: "imp-v1", packages, ...changed },
      chunk,
    );
    return path;
  }

  const property = async (name: string, dataset: string) =>
    (await must(`zfs get -Hp -o value ${name} ${dataset}`)).trim();

  it("made of a snapshot by impctl comes whole, and on top of what is here", async () => {
    const made = join(top, "made/imp-v2.json");
    expect(await receive(made)).toMatchObject({ dataset: "tank/ROOT/imp-v2", file: "imp-v2.zfs.zst" });
    await must("zfs release imp-image tank/ROOT/imp-v2@img");
    await untilDone("zfs destroy -r tank/ROOT/imp-v2");
    await receive(first.path);
    expect(await receive(made)).toMatchObject({ dataset: "tank/ROOT/imp-v2", file: "imp-v2.from-a.zfs.zst" });
    expect(await must("zfs get -H -o value origin tank/ROOT/imp-v2")).toBe("tank/ROOT/imp-v1@img\n");
  });

  it("becomes a boot environment that may be tried: not mounted, not booted, as its manifest says", async () => {
    expect(await receive(first.path)).toEqual({ dataset: "tank/ROOT/imp-v1", isOld: false, file: "a.zfs.zst" });
    expect(await standing()).toBe(
      `${alone.replace("tank/ROOT/running\n", "")}tank/ROOT/imp-v1\ntank/ROOT/imp-v1@img\ntank/ROOT/running\n`,
    );
    const expected = {
      canmount: "noauto",
      mountpoint: "/",
      mounted: "no",
      readonly: "off",
      quota: "0",
      "imp:state": "staged",
      "imp:image": "imp-v1",
      "imp:version": "1.4.0",
      "imp:epoch": "3",
    };
    for (const [name, value] of Object.entries(expected))
      expect([name, await property(name, "tank/ROOT/imp-v1")]).toEqual([name, value]);
    expect(await property("imp:manifest", "tank/ROOT/imp-v1")).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await property("guid", "tank/ROOT/imp-v1@img")).toBe(first.manifest.streams[0]?.snapshot);
    expect(await property("userrefs", "tank/ROOT/imp-v1@img")).toBe("1");
  });

  it("comes from a server by its signed manifest, received while it is fetched, and leaves no copy", async () => {
    const { key, allowed } = makeSigner(top);
    signManifest(first.path, key);
    const server = await imageServer(top);
    const settings = { machine: "a/b", repository: { folder: "/x" }, trust: { "allowed-signers": allowed } };
    const came = await receive(`${server.url}/imp-v1.json`, {}, JSON.stringify(settings));
    await server.close();
    expect(came).toMatchObject({ fetched: first.manifest.streams[0]?.size });
    expect(await property("imp:state", "tank/ROOT/imp-v1")).toBe("staged");
    expect(server.requests).toEqual(["GET /imp-v1.json", "GET /imp-v1.json.sig", "GET /a.zfs.zst"]);
    expect(existsSync(join(top, "cache/images"))).toBe(false);
  });

  it("is not received a second time", async () => {
    await receive(first.path);
    expect(await receive(first.path)).toEqual({ dataset: "tank/ROOT/imp-v1", isOld: true, file: "a.zfs.zst" });
  });

  it("comes by the smaller stream where its base is here, as a clone of that", async () => {
    expect(await receive(second.path)).toMatchObject({ dataset: "tank/ROOT/imp-v2", file: "b.zfs.zst" });
    await pool.run(["zfs", "release", "imp-image", "tank/ROOT/imp-v2@img"]);
    await must("zfs destroy -r tank/ROOT/imp-v2");
    await receive(first.path);
    expect(await receive(second.path)).toEqual({ dataset: "tank/ROOT/imp-v2", isOld: false, file: "b.from-a.zfs.zst" });
    expect(await property("origin", "tank/ROOT/imp-v2")).toBe("tank/ROOT/imp-v1@img");
  });

  it.each<[string, (stream: Buffer) => Buffer, Partial<Manifest>, string, RegExp]>([
    [
      "a stream that was cut before it was described",
      (stream) => zstdCompressSync(zstdDecompressSync(stream).subarray(0, 1_000_000)),
      {},
      "IMAGE_CORRUPT",
      /^The stream a\.zfs\.zst is no whole ZFS stream: /,
    ],
    ["zstd that ends early", (stream) => stream.subarray(0, 500_000), {}, "IMAGE_CORRUPT", /is no whole ZFS stream: /],
    [
      "no stream at all",
      () => zstdCompressSync(Buffer.alloc(100_000, "text")),
      {},
      "IMAGE_CORRUPT",
      /does not hold a ZFS stream/,
    ],
    [
      "a byte that flipped before it was described",
      (stream) => {
        const bytes = zstdDecompressSync(stream);
        bytes.writeUInt8(bytes.readUInt8(2_000_000) ^ 1, 2_000_000);
        return zstdCompressSync(bytes);
      },
      {},
      "IMAGE_CORRUPT",
      /is no whole ZFS stream: .*checksum mismatch/,
    ],
    [
      "programs of other versions than its manifest says",
      (stream) => stream,
      { versions: versions("26.06") },
      "IMAGE_RECEIVE",
      /has vpp 25\.06, and its manifest says 26\.06/,
    ],
    [
      "other packages than its manifest says",
      (stream) => stream,
      { packages: `sha256:${"1".repeat(64)}` },
      "IMAGE_RECEIVE",
      /has packages with the digest/,
    ],
  ])("is refused for %s, and leaves nothing", async (_, change, changed, code, told) => {
    const came = await receive(await spoiled(change, changed));
    expect([came.code, came.message]).toEqual([code, expect.stringMatching(told)]);
    expect(came.remedy).toMatch(/\.$/);
    expect(await standing()).toBe(alone);
  });

  it("is refused for another snapshot than its manifest says, before ZFS sees a byte", async () => {
    const path = await spoiled((stream) => stream);
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    writeFileSync(
      path,
      manifestText({ ...manifest, streams: manifest.streams.map((one) => ({ ...one, snapshot: "77" })) }),
    );
    expect((await receive(path)).message).toBe("The stream a.zfs.zst makes another snapshot than its manifest says.");
    expect(await standing()).toBe(alone);
  });

  it("is not handed on to ZFS further than its chunks fit, and leaves nothing", async () => {
    const path = await spoiled((stream) => stream);
    const file = join(top, "spoiled/a.zfs.zst");
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(10 * chunk) ^ 1, 10 * chunk);
    writeFileSync(file, bytes);
    expect((await receive(path)).message).toContain("is not what its manifest says: chunk 10 differs.");
    expect(await standing()).toBe(alone);
    truncateSync(file, 100_000);
    expect((await receive(path)).message).toContain("has 100000 bytes, and its manifest says");
    expect(await standing()).toBe(alone);
  });

  it("is refused where its name is something else's, which stays as it is", async () => {
    await must("zfs create -o canmount=noauto -o mountpoint=/ tank/ROOT/imp-v1");
    const before = await standing();
    expect(await receive(first.path)).toMatchObject({
      code: "IMAGE_RECEIVE",
      message: "tank/ROOT/imp-v1 is there already, and is not the image imp-v1.",
      remedy: expect.stringContaining("impctl be rm imp-v1"),
    });
    expect(await standing()).toBe(before);
  });

  it("is refused where the pool has no room, and leaves nothing", async () => {
    const available = Number(await must("zfs get -Hp -o value available tank"));
    await must(`zfs create -o mountpoint=none -o reservation=${available - 2 ** 21} tank/filler`);
    const came = await receive(first.path);
    await must("zfs destroy tank/filler");
    expect(came).toMatchObject({
      code: "IMAGE_ROOM",
      message: expect.stringMatching(
        /^The pool has [12] MiB free, and imp-v1 needs \d+ MiB at least, with 0 MiB to spare\.$/,
      ),
    });
    expect(existsSync(join(top, "cache/images"))).toBe(false);
    expect(await standing()).toBe(alone);
  });

  it("is refused where less would be left than has to stay free, before or while it comes, and leaves nothing", async () => {
    const { key, allowed } = makeSigner(join(top, "wide"));
    signManifest(wide.path, key);
    const settings = JSON.stringify({
      machine: "a/b",
      repository: { folder: "/x" },
      trust: { "allowed-signers": allowed },
    });
    const available = Number(await must("zfs get -Hp -o value available tank"));
    const bring = async (freeBytes: number) =>
      receive(wide.path, { IMP_FLOOR_BYTES: String(available - freeBytes) }, settings);
    const before = await bring(2 ** 20);
    expect(before).toMatchObject({
      code: "IMAGE_ROOM",
      message: expect.stringMatching(
        /^The pool has \d+ MiB free, and imp-v1 needs \d+ MiB at least, with \d+ MiB to spare\.$/,
      ),
    });
    // Its stream has room, with what is fetched of it, and what it unpacks to has not.
    const during = await bring(16 * 2 ** 20);
    expect(during).toMatchObject({
      code: "IMAGE_ROOM",
      message: expect.stringMatching(/^The pool has no room for imp-v1: .*out of space/),
      remedy: expect.stringContaining("policy.min-free-pool-mebibytes"),
    });
    const [stream] = wide.manifest.streams;
    expect(stream && existsSync(storeFolder(join(top, "cache"), stream))).toBe(false);
    expect(await standing()).toBe(alone);
    expect(await bring(64 * 2 ** 20)).not.toHaveProperty("code");
    expect(await property("quota", "tank/ROOT/imp-v1")).toBe("0");
  });

  it("is received by the next agent where this one was killed in the middle", async () => {
    for (const after of [1, 5, 14]) {
      const child = start(first.path);
      let chunks = 0;
      await new Promise<void>((resolve) => {
        child.stderr?.on("data", (text: Buffer) => {
          chunks += text.toString().split("\n").length - 1;
          if (chunks >= after) resolve();
        });
        child.once("close", () => resolve());
      });
      child.kill("SIGKILL");
      await new Promise((resolve) =>
        child.exitCode === null && child.signalCode === null ? child.once("close", resolve) : resolve(0),
      );
    }
    expect(await receive(first.path)).toMatchObject({ dataset: "tank/ROOT/imp-v1" });
    expect(await standing()).not.toContain("staging:");
  });

  it("is received after a power cut at any time", async () => {
    const child = start(first.path);
    await new Promise<void>((resolve) => child.stderr?.once("data", () => resolve()));
    child.kill("SIGKILL");
    await pool.cut();
    expect(await receive(first.path)).toMatchObject({ dataset: "tank/ROOT/imp-v1" });
    expect(await standing()).not.toContain("staging:");
  });

  it("is finished where an agent was killed right after it had its name", async () => {
    await receive(first.path);
    for (const line of ["imp:state=receiving", "mountpoint=none", "canmount=off", "quota=64M"])
      await must(`zfs set ${line} tank/ROOT/imp-v1`);
    expect(await receive(first.path)).toMatchObject({ dataset: "tank/ROOT/imp-v1", isOld: false });
    expect(await property("imp:state", "tank/ROOT/imp-v1")).toBe("staged");
    expect(await property("mountpoint", "tank/ROOT/imp-v1")).toBe("/");
    expect(await property("quota", "tank/ROOT/imp-v1")).toBe("0");
  });

  function versions(vpp: string): Manifest["versions"] {
    return { kernel: "6.1.0-56-amd64", vpp, frr: "8.4.4", zfs: "2.3.2", agent: "0.2.0+20270110093000" };
  }
});
