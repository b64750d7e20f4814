/**
 * An image from a server into the pool, checked, beside `curl | zstd -d | zfs receive` from the same server into the same pool, which
 * checks and keeps nothing, and beside the same with `tee` and `sha256sum`, which do no more than we must, but for chunks. How much
 * memory that takes, and what a cut costs.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readContents } from "../../controller/images/contents.ts";
import { usualChunkBytes } from "../../controller/images/describe.ts";
import { chunksOf } from "../../controller/images/fetch.ts";
import { placesOf } from "../../controller/images/place.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { nodeEnvironment, nodeFlags } from "../../deploy/package/contents.ts";
import { Settings } from "../../schemas/settings.ts";
import { makeImageRoot, makeManifest, makeSigner, signManifest, type MadeImage } from "../lab/image.ts";
import { imageServer } from "../lab/image-server.ts";
import { makeFusePool, whyNoFusePool, type FusePool } from "../lab/zfs/fuse-pool.ts";
import { childrenMs } from "../lab/zfs/children.ts";
import { median, ratioLine } from "./measure.ts";

const sizes = [64, 512] as const;
const rounds = 3;
/** Bytes a second: a gigabit, as an appliance's management port has it. */
const linkRate = 1e9 / 8;

/** Prints ratio, memory of both sizes, and what is fetched twice after a cut. Needs root, FUSE, zstd and curl. */
export async function benchImages(print: (line: string) => void): Promise<void> {
  const why = whyNoFusePool();
  if (why !== undefined) return print(`images: skipped, ${why}`);
  const top = mkdtempSync(join(tmpdir(), "imp-bench-images-"));
  await using pool = await makeFusePool(4 * Math.max(...sizes));
  using fast = startServer([top]);
  using link = startServer([top, String(linkRate)]);
  try {
    const [url, linkUrl] = [await fast.url, await link.url];
    await run(pool, "zfs create -o mountpoint=none tank/ROOT");
    const { key, allowed } = makeSigner(top);
    const settings = { machine: "a/b", repository: { folder: "/x" }, trust: { "allowed-signers": allowed } };
    print(`images: zfs-fuse, zstd -3, half of it random, medians of ${rounds} in turn`);
    const memory: number[] = [];
    for (const megabytes of sizes) {
      const image = await makeImage(pool, top, megabytes);
      signManifest(image.path, key);
      const bytes = statSync(join(top, image.manifest.streams[0]?.file ?? "")).size;
      const what = `${megabytes} MiB (${Math.round(bytes / 2 ** 20)} MiB compressed): fetch, verify, receive, look inside`;
      memory.push(await both(pool, url, join(top, "cache"), image, settings, what, print));
      await both(pool, linkUrl, join(top, "cache"), image, settings, "  the same over a gigabit a second", print);
    }
    const [small = 0, large = 0] = memory;
    print(`  peak memory: ${large.toFixed(0)} MiB with ${sizes[1]} MiB | ${small.toFixed(0)} MiB with ${sizes[0]} MiB`);
    await cut(top, `image-${sizes[1]}`, print);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

interface OwnServer extends Disposable {
  readonly url: Promise<string>;
}

/** An image server of a process of its own. */
function startServer(argv: readonly string[]): OwnServer {
  const script = new URL("../lab/image-server.ts", import.meta.url).pathname;
  const server = spawn(process.execPath, [script, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
  const url = new Promise<Buffer>((resolve) => server.stdout.once("data", resolve));
  return { url: url.then((text) => text.toString().trim()), [Symbol.dispose]: () => void server.kill() };
}

/** Ours and the plain pipeline in turn: prints how they compare, and gives the most memory that ours took, in MiB. */
async function both(
  pool: FusePool,
  url: string,
  cache: string,
  { name, manifest }: MadeImage,
  settings: object,
  what: string,
  print: (line: string) => void,
): Promise<number> {
  const [times, work, careful] = [newTimes(), newTimes(), newTimes()];
  const file = manifest.streams[0]?.file;
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const came = await ours(pool, `${url}/${name}.json`, cache, settings);
    times.ours.push(came.ms);
    work.ours.push(came.cpuMs);
    peaks.push(came.rssKiB / 1024);
    await run(pool, `zfs release imp-image tank/ROOT/${name}@img`);
    await run(pool, `zfs destroy -r tank/ROOT/${name}`);
    const pipeline = await plain(pool, `curl -sS ${url}/${file}`);
    times.baseline.push(pipeline.ms);
    work.baseline.push(pipeline.cpuMs);
    const [kept, sum] = [`${cache}-kept`, `${cache}-sum`];
    const keeping = `mkfifo ${sum}; sha256sum <${sum} >&2 & curl -sS ${url}/${file} | tee ${sum} ${kept}`;
    careful.ours.push(came.ms);
    careful.baseline.push((await plain(pool, `{ ${keeping}; wait; rm ${sum} ${kept}; }`)).ms);
  }
  print(ratioLine(what, "curl | zstd -d | zfs receive", times));
  print(ratioLine("  beside one that keeps and digests", "curl | tee | zstd -d | zfs receive", careful));
  print(ratioLine("  processor time of that, beside ZFS itself", "theirs", work));
  return median(peaks);
}

async function run(pool: FusePool, line: string): Promise<void> {
  // zfs-fuse holds on to what it unmounts for a moment.
  for (let tries = 0; ; tries += 1) {
    const { exitCode, stderr } = await pool.run(line.split(" ") as [string]);
    if (exitCode === 0) return;
    if (tries === 50) throw new Error(`${line}: ${stderr}`);
    await sleep(100);
  }
}

/** A root of so many megabytes, half of them random and half of them alike, as a stream with its manifest. */
async function makeImage(pool: FusePool, top: string, megabytes: number): Promise<MadeImage> {
  const root = join(top, `root-${megabytes}`);
  makeImageRoot(root);
  mkdirSync(join(root, "bulk"));
  const file = openSync(join(root, "bulk/data"), "w");
  for (let written = 0; written < megabytes; written += 1) {
    writeSync(file, randomBytes(2 ** 19));
    writeSync(file, Buffer.alloc(2 ** 19, createHash("sha256").update(String(written)).digest("hex")));
  }
  closeSync(file);
  const { packages } = await readContents(root, "The root");
  const name = `image-${megabytes}`;
  await run(pool, `zfs create -o mountpoint=${top}/build tank/build`);
  await run(pool, `cp -a ${root}/. ${top}/build`);
  await run(pool, "zfs snapshot tank/build@img");
  const send = await ended(
    pool.spawn(["sh", "-c", `zfs send tank/build@img | zstd -q -f -o ${top}/${name}.zfs.zst`], { stdio: "ignore" }),
  );
  if (send !== 0) throw new Error("zfs send failed");
  const { stdout } = await pool.run(["zfs", "get", "-Hp", "-o", "value", "guid", "tank/build@img"]);
  await run(pool, "zfs destroy -r tank/build");
  rmSync(root, { recursive: true });
  const streams = [{ file: `${name}.zfs.zst`, snapshot: stdout.trim() }];
  return makeManifest(top, streams, { name, packages }, usualChunkBytes);
}

async function ended(child: ReturnType<FusePool["spawn"]>): Promise<number | null> {
  return new Promise((resolve) => child.once("close", resolve));
}

function newTimes(): { readonly ours: number[]; readonly baseline: number[] } {
  return { ours: [], baseline: [] };
}

interface Came {
  readonly ms: number;
  /** Of all processes but ZFS's daemon. */
  readonly cpuMs: number;
}

/** As the agent does it, counted in a process that runs already. */
async function ours(
  pool: FusePool,
  manifest: string,
  cache: string,
  settings: object,
): Promise<Came & { readonly rssKiB: number }> {
  const script = new URL("../lab/zfs/receive-child.ts", import.meta.url).pathname;
  const argv = [process.execPath, ...nodeFlags, script, manifest, cache, JSON.stringify(settings)] as const;
  const child = pool.spawn([...argv], { stdio: ["ignore", "pipe", "inherit"], env: nodeEnvironment });
  let out = "";
  child.stdout?.on("data", (text: Buffer) => void (out += text.toString()));
  await ended(child);
  const { ms, cpuMs, rssKiB } = JSON.parse(out) as Partial<Came & { readonly rssKiB: number }>;
  if (ms === undefined || cpuMs === undefined || rssKiB === undefined) throw new Error(out);
  return { ms, cpuMs, rssKiB };
}

/** What `fetch`, a line of the shell, prints, into the pool; what came is removed again. */
async function plain(pool: FusePool, fetch: string): Promise<Came> {
  const [begun, work] = [performance.now(), childrenMs()];
  const line = `${fetch} | zstd -dc | zfs receive -u tank/ROOT/plain`;
  const code = await ended(pool.spawn(["sh", "-c", line], { stdio: ["ignore", "ignore", "ignore"] }));
  if (code !== 0) throw new Error(line);
  const came = { ms: performance.now() - begun, cpuMs: childrenMs() - work };
  await run(pool, "zfs destroy -r tank/ROOT/plain");
  return came;
}

/** A server that breaks off after nine tenths: what comes over the network beyond the stream's own bytes. */
async function cut(top: string, name: string, print: (line: string) => void): Promise<void> {
  const file = `${name}.zfs.zst`;
  const server = await imageServer(top);
  const { size } = statSync(join(top, file));
  server.breakWith({ kind: "cut", after: Math.floor(size * 0.9) }, (line) => !line.includes("bytes="));
  const { manifest } = await makeManifest(top, [{ file, snapshot: "1" }], { name: "cut" }, usualChunkBytes);
  const host = linuxHost({ seal: () => "", reveal: () => undefined });
  const settings = Settings.parse({ machine: "a/b", repository: { folder: "/x" } });
  let received = 0;
  const fetching = {
    host,
    cache: join(top, "cut"),
    places: await placesOf(`${server.url}/cut.json`, settings.images),
    pace: async (bytes: number) => void (received += bytes),
    signal: new AbortController().signal,
  };
  for (const stream of manifest.streams) for await (const _chunk of chunksOf(stream, fetching));
  await server.close();
  const twice = ((received - size) / usualChunkBytes).toFixed(2);
  print(`  cut at 90 %: ${twice} chunks of ${usualChunkBytes >> 20} MiB came twice`);
}
