/**
 * Receives an image as the agent does, where a pool is: `node receive-child.ts MANIFEST CACHE`, or from an address to the end as
 * `settings` (JSON) say: `node receive-child.ts ADDRESS CACHE SETTINGS`. Prints what came of it as JSON.
 */
import { dirname } from "node:path";
import { linuxHost } from "../../../controller/host/linux.ts";
import { bringImages } from "../../../controller/images/bring.ts";
import { missingBytes, storeFolder } from "../../../controller/images/chunk-store.ts";
import { chunksOf } from "../../../controller/images/fetch.ts";
import { smallestStream } from "../../../controller/images/fitting.ts";
import { digestOf, parsed, readManifestFile } from "../../../controller/images/manifest.ts";
import { paced } from "../../../controller/images/pace.ts";
import { receiveImage } from "../../../controller/images/receive.ts";
import { standing } from "../../../controller/images/staging.ts";
import { asProblem } from "../../../schemas/problem.ts";
import { Settings } from "../../../schemas/settings.ts";
import { childrenMs } from "./children.ts";

const [path = "", cache = "", settingsText] = process.argv.slice(2);
const host = linuxHost({ seal: () => "", reveal: () => undefined });
const { signal } = new AbortController();
const root = "tank/ROOT";
const floorBytes = Number(process.env["IMP_FLOOR_BYTES"] ?? 0);

async function bring(text: string): Promise<void> {
  const settings = Settings.parse({ ...(JSON.parse(text) as object), paths: { cache } });
  const { snapshots } = await standing(host, root, signal);
  const known = { root, snapshots: new Set(snapshots.keys()), committed: [], allowed: [] };
  const place = { ...known, floorBytes, isSlow: false };
  let fetched = 0;
  const [begun, own, others] = [performance.now(), process.cpuUsage(), childrenMs()];
  await bringImages(host, settings)({ manifest: path }, place, (progress) => (fetched = progress.fetched), signal);
  const [ms, rssKiB] = [performance.now() - begun, process.resourceUsage().maxRSS];
  const { user, system } = process.cpuUsage(own);
  const cpuMs = (user + system) / 1000 + childrenMs() - others;
  process.stdout.write(JSON.stringify({ fetched, ms, cpuMs, rssKiB }));
}

async function receive(): Promise<void> {
  const read = await readManifestFile(path);
  const manifest = parsed(read);
  const { snapshots } = await standing(host, root, signal);
  const stream = smallestStream(manifest, new Set(snapshots.keys()));
  const places = [{ kind: "path", label: dirname(path), folder: dirname(path) }] as const;
  const pace = paced(host, undefined);
  const received = await receiveImage({ manifest, digest: digestOf(read.bytes) }, stream, {
    host,
    root,
    folder: "/run/imp/image",
    floorBytes,
    missing: async (wanted) => missingBytes(storeFolder(cache, wanted), wanted),
    chunks: (wanted) =>
      chunksOf(wanted, { host, cache, places, pace, signal, told: () => process.stderr.write("chunk\n") }),
    signal,
  });
  process.stdout.write(JSON.stringify({ ...received, file: stream.file }));
}

try {
  await (settingsText === undefined ? receive() : bring(settingsText));
} catch (thrown) {
  const { code, message, remedy, cause } = asProblem(thrown);
  process.stdout.write(JSON.stringify({ code, message, remedy, cause: String(cause) }));
}
