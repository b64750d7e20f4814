import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeFolder } from "../../../../controller/images/chunk-store.ts";
import { chunksOf, fetchStream, type FetchProgress } from "../../../../controller/images/fetch.ts";
import { paced } from "../../../../controller/images/pace.ts";
import { placesOf } from "../../../../controller/images/place.ts";
import { linuxHost } from "../../../../controller/host/linux.ts";
import type { Host } from "../../../../reconcilers/core.ts";
import type { ImageStream } from "../../../../schemas/manifest.ts";
import { asProblem, type Problem } from "../../../../schemas/problem.ts";
import { parseSettings } from "../../../../schemas/settings-file.ts";
import type { Settings } from "../../../../schemas/settings.ts";
import { makeManifest } from "../../../lab/image.ts";
import { imageServer, type ImageServer } from "../../../lab/image-server.ts";

const chunk = 256 * 1024;
const count = 20;
/** The last chunk is a short one. */
const size = chunk * (count - 1) + 1000;

let top: string;
let cache: string;
let server: ImageServer;
let stream: ImageStream;
let content: Buffer;
let slept: number[];
let progress: FetchProgress[];
/** Bytes that came over the network, used or not. */
let received: number;
let host: Host;

beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), "imp-fetch-"));
  cache = join(top, "cache");
  mkdirSync(join(top, "served"));
  content = randomBytes(size);
  writeFileSync(join(top, "served/s.zst"), content);
  const { manifest } = await makeManifest(join(top, "served"), [{ file: "s.zst", snapshot: "1" }], {}, chunk);
  stream = manifest.streams[0] as ImageStream;
  server = await imageServer(join(top, "served"));
  slept = [];
  progress = [];
  received = 0;
  let now = 0;
  host = {
    ...linuxHost({ seal: () => "", reveal: () => undefined }),
    uptime: () => now,
    sleep: async (ms) => void (slept.push(ms), (now += ms)),
  };
});
afterEach(async () => {
  await server.close();
  rmSync(top, { recursive: true, force: true });
});

function settings(images: object = {}): Settings["images"] {
  const text = JSON.stringify({ machine: "a/b", repository: { folder: "/x" }, images });
  const { settings: sound, problems } = parseSettings("agent.yaml", Buffer.from(text));
  if (!sound) throw new AggregateError(problems);
  return sound.images;
}

async function fetching(images: Settings["images"] = settings(), signal = new AbortController().signal) {
  const pace = paced(host, images["bytes-per-second"]);
  return {
    host,
    cache,
    places: await placesOf(`${server.url}/m.json`, images),
    pace: async (bytes: number, limited: AbortSignal) => {
      received += bytes;
      await pace(bytes, limited);
    },
    signal,
    told: (news: FetchProgress) => void progress.push(news),
  };
}

/** Fetches all, and gives what came; the bytes that the server was asked for once more stand in `server`. */
async function fetched(images?: Settings["images"]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of chunksOf(stream, await fetching(images))) pieces.push(Buffer.from(piece)); // its memory is used again
  return Buffer.concat(pieces);
}

async function problem(work: Promise<unknown>): Promise<Problem> {
  return work.then(
    () => {
      throw new Error("it was fetched");
    },
    (thrown: unknown) => asProblem(thrown),
  );
}

/** As a process that is ended then. */
async function fetchTenChunks(): Promise<void> {
  const ending = new AbortController();
  const work = (async () => {
    for await (const _chunk of chunksOf(stream, await fetching(settings(), ending.signal))) {
      if (progress.length === 10) ending.abort(new Error("killed"));
    }
  })();
  expect(String(await problem(work))).toContain("killed");
}

const stored = () => readFileSync(join(storeFolder(cache, stream), "stream"));

describe("a stream", () => {
  it("comes whole, in one request, and is kept", async () => {
    expect((await fetched()).equals(content)).toBe(true);
    expect(stored().equals(content)).toBe(true);
    expect(server.requests).toEqual(["GET /s.zst"]);
    expect(progress.at(-1)).toEqual({ file: "s.zst", size, bytes: size, fetched: size });
    expect(progress).toHaveLength(count);
  });

  it("is not fetched again where it is here", async () => {
    await fetched();
    server.requests.length = 0;
    expect((await fetched()).equals(content)).toBe(true);
    expect(server.requests).toEqual([]);
  });

  it("is gone on with after a cut at 90 %, for at most one chunk more than its size", async () => {
    server.breakWith({ kind: "cut", after: Math.floor(size * 0.9) }, (line) => line === "GET /s.zst");
    expect((await fetched()).equals(content)).toBe(true);
    expect(server.requests).toEqual(["GET /s.zst", expect.stringMatching(/^GET \/s\.zst bytes=\d+-$/)]);
    expect(received - size).toBeLessThanOrEqual(chunk);
    expect(progress.at(-1)?.fetched).toBe(size);
    expect(slept).toEqual([1000]);
  });

  it("is gone on with by another process, without asking for what is here", async () => {
    await fetchTenChunks();
    server.requests.length = 0;
    expect((await fetched()).equals(content)).toBe(true);
    expect(server.requests).toEqual([`GET /s.zst bytes=${10 * chunk}-`]);
  });

  it("is gone on with after a power cut that lost what the map says is here", async () => {
    await fetched();
    truncateSync(join(storeFolder(cache, stream), "stream"), 5 * chunk + 100);
    server.requests.length = 0;
    expect((await fetched()).equals(content)).toBe(true);
    expect(server.requests).toEqual([`GET /s.zst bytes=${5 * chunk}-`]);
  });

  it("is mended where a chunk on disk was spoiled, and nothing else is asked for", async () => {
    await fetched();
    const bytes = stored();
    bytes.writeUInt8(bytes.readUInt8(3 * chunk) ^ 1, 3 * chunk);
    writeFileSync(join(storeFolder(cache, stream), "stream"), bytes);
    writeFileSync(join(storeFolder(cache, stream), "chunks"), "1".repeat(count));
    server.requests.length = 0;
    await fetched();
    expect(server.requests).toEqual([`GET /s.zst bytes=${3 * chunk}-`]);
    expect(stored().equals(content)).toBe(true);
  });

  it("comes from a path as well, checked as everything is", async () => {
    const places = await placesOf(join(top, "served/m.json"), settings());
    await fetchStream(stream, { ...(await fetching()), places });
    expect(stored().equals(content)).toBe(true);
    truncateSync(join(top, "served/s.zst"), 100);
    rmSync(cache, { recursive: true });
    const told = await problem(fetchStream(stream, { ...(await fetching()), places }));
    expect(told.toString()).toContain("has 100 bytes, and its manifest says");
  });
});

describe("a server that", () => {
  it("lies is noticed at the chunk, nothing of which is handed on or kept", async () => {
    server.breakWith({ kind: "lie", at: 4 * chunk + 7 });
    const told = await problem(fetched());
    expect(told.code).toBe("IMAGE_CORRUPT");
    expect(told.toString()).toContain(
      "/s.zst is not what its manifest says: chunk 4 differs. Copy the stream there anew",
    );
    expect(progress).toHaveLength(4);
    expect(readFileSync(join(storeFolder(cache, stream), "chunks"), "latin1")).toBe("1111");
    // No more than what was under way when it was noticed.
    expect(server.requests).toHaveLength(1);
  });

  it("lies is left for one that does not", async () => {
    const mirror = await imageServer(join(top, "served"));
    server.breakWith({ kind: "lie", at: 4 * chunk + 7 });
    const images = settings({ mirrors: [{ url: server.url }] });
    const places = await placesOf(`${mirror.url}/m.json`, images);
    await fetchStream(stream, { ...(await fetching(images)), places });
    expect(stored().equals(content)).toBe(true);
    expect(server.requests).toEqual(["GET /s.zst"]);
    expect(mirror.requests).toEqual([`GET /s.zst bytes=${4 * chunk}-`]);
    await mirror.close();
  });

  it("ends early as if that were all is asked for the rest", async () => {
    server.breakWith({ kind: "short", after: 3 * chunk + 10 });
    expect((await fetched()).equals(content)).toBe(true);
    expect(server.requests).toHaveLength(Math.ceil(count / 3));
  });

  it("ends early without a chunk is given up for now", async () => {
    server.breakWith({ kind: "short", after: chunk - 1 });
    const told = await problem(fetched());
    expect([told.code, told.transient]).toEqual(["IMAGE_UNREACHABLE", true]);
    expect(told.message).toMatch(/\/s\.zst ends early\.$/);
    expect(server.requests).toHaveLength(5);
  });

  it("has a stream of another length is not listened to", async () => {
    truncateSync(join(top, "served/s.zst"), size - 1);
    const told = await problem(fetched());
    expect(told.toString()).toContain(
      `has ${size - 1} bytes, and its manifest says ${size}. Copy the stream there anew.`,
    );
    expect(progress).toEqual([]);
  });

  it("has a shorter one now is told by its 416", async () => {
    await fetchTenChunks();
    truncateSync(join(top, "served/s.zst"), 5 * chunk);
    expect((await problem(fetched())).toString()).toContain(`has ${5 * chunk} bytes, and its manifest says ${size}.`);
  });

  it("knows no ranges sends all again, of which only the rest is used", async () => {
    await fetchTenChunks();
    server.breakWith({ kind: "no-ranges" });
    expect((await fetched()).equals(content)).toBe(true);
    expect(server.requests.at(-1)).toMatch(/^GET \/s\.zst bytes=\d+-$/);
  });

  it("answers with another range is not listened to", async () => {
    await fetchTenChunks();
    server.breakWith({ kind: "other-range" });
    expect((await problem(fetched())).toString()).toContain("answers with another range than it was asked for.");
  });

  it.each([
    [404, false, "does not exist (HTTP 404)."],
    [403, false, "refuses (HTTP 403)."],
    [503, true, "answers HTTP 503."],
  ])("answers %i is told so", async (status, transient, words) => {
    server.breakWith({ kind: "status", status });
    const told = await problem(fetched());
    expect([told.code, told.transient]).toEqual(["IMAGE_UNREACHABLE", transient]);
    expect(told.message).toContain(words);
    expect(slept).toEqual(transient ? [1000, 2000, 4000, 8000] : []);
  });

  it("is gone is left alone for a while", async () => {
    await server.close();
    const told = await problem(fetched());
    expect([told.code, told.transient]).toEqual(["IMAGE_UNREACHABLE", true]);
    server = await imageServer(join(top, "served"));
  });

  it("sends elsewhere is followed, without the credentials that are for it alone", async () => {
    const other = await imageServer(join(top, "served"));
    server.breakWith({ kind: "redirect", to: other.url });
    writeFileSync(join(top, "token"), "t0ken\n", { mode: 0o600 });
    const images = settings({ mirrors: [{ url: server.url, "token-file": join(top, "token") }] });
    const [mirror] = await placesOf(`${server.url}/m.json`, images);
    await fetchStream(stream, { ...(await fetching()), places: mirror ? [mirror] : [] });
    expect(server.credentials[0]).toMatch(/^Basic /);
    expect(other.credentials).toEqual([undefined]);
    await other.close();
  });

  it.each([
    ["round in circles", () => server.url, "redirects again and again."],
    ["to a file", () => "file:///etc/passwd?", "redirects to what is no https address."],
  ])("sends %s is not followed", async (_, to, words) => {
    server.breakWith({ kind: "redirect", to: to() });
    expect((await problem(fetched())).message).toContain(words);
  });
});

describe("a disk that is full", () => {
  it("is noticed before a byte is fetched", async () => {
    host = { ...host, freeBytes: async () => 2 ** 20 };
    const told = await problem(fetched());
    expect(told.toString()).toMatch(/^Only 1 MiB are free in .*Make room on the persistent data set/);
    expect(server.requests).toEqual([]);
  });

  it("keeps nothing of what was fetched", async () => {
    // The map cannot be written: /dev/full answers as a full disk does.
    const folder = storeFolder(cache, stream);
    mkdirSync(folder, { recursive: true });
    const { symlinkSync } = await import("node:fs");
    symlinkSync("/dev/full", join(folder, "stream"));
    const told = await problem(fetched());
    expect(told.code).toBe("HOST_FILE");
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a limit on the rate", () => {
  it("is kept over the whole stream", async () => {
    await fetched(settings({ "bytes-per-second": 65_536 }));
    const seconds = slept.reduce((sum, ms) => sum + ms, 0) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(size / 65_536 - 1);
    expect(seconds).toBeLessThanOrEqual(size / 65_536 + 1);
  });
});
