/** Tries an image in a virtual machine: its whole stream is received into a pool, booted, and looked at. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { snapshotOf, type ImageTrial, type Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { run, type Bench } from "../image-build/bench.ts";
import { rootFiles } from "../image-build/root.ts";
import { emptyDrive, partition, work } from "../image-build/virtual-machine.ts";
import { makeBox } from "./box.ts";
import { carryOut } from "./checks.ts";

export interface Tried {
  readonly manifest: Manifest;
  /** Its path: the whole stream is beside it. */
  readonly path: string;
  /** Where its console is left for people; undefined: nowhere. */
  readonly console: string | undefined;
}

const diskBytes = 12 * 2 ** 30;

/** Gives what came of each check. Rejects with IMAGE_BUILD where nothing can be tried. */
export async function tryImage(
  bench: Bench,
  { manifest, path, console }: Tried,
  tell: (line: ImageTrial["checks"][number]) => void,
): Promise<ImageTrial["checks"]> {
  const root = await rootOf(bench, manifest);
  await mkdir(bench.cache, { recursive: true });
  const folder = await mkdtemp(join(bench.cache, "scratch-"));
  const file = (name: string): string => join(folder, name);
  try {
    await run(bench, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "trial", "-f", file("key")]);
    await unpack(manifest, path, file("stream"), bench.signal);
    await emptyDrive(file("disk"), diskBytes);
    await partition(file("disk"), diskBytes);
    const key = (await readFile(file("key.pub"), "utf8")).trim();
    const variables = { name: manifest.name, guid: snapshotOf(manifest), key };
    bench.tell("its stream is received into a pool");
    const drives = [file("disk"), file("stream")];
    const { help } = await work(bench, { root, scratch: folder, drives, program: "box", variables });
    bench.tell(`it is booted${help.emulated ? ", emulated: each check takes minutes" : ""}`);
    const box = await makeBox(bench, { root, disk: file("disk"), key: file("key"), folder, help });
    try {
      return await carryOut(box, tell);
    } finally {
      await box.shutDown();
      if (console !== undefined) await pipeline(createReadStream(file("console")), createWriteStream(console));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder of the root that this image was made of: what boots it from outside of its own disk, as a boot loader would. */
async function rootOf({ cache }: Bench, { versions, packages }: Manifest): Promise<string> {
  for (const name of (await readdir(cache).catch(() => [])).filter((one) => one.startsWith("root-"))) {
    const text = await readFile(join(cache, name, rootFiles.contents), "utf8").catch(() => "{}");
    const found = JSON.parse(text) as { readonly versions?: Manifest["versions"]; readonly packages?: string };
    const digest = `sha256:${createHash("sha256")
      .update(found.packages ?? "")
      .digest("hex")}`;
    if (digest === packages && found.versions?.kernel === versions.kernel) return join(cache, name);
  }
  throw new Problem("IMAGE_BUILD", `The root that this image was made of is not in ${cache}.`, {
    remedy: "Try an image where it was built, or name that cache with --cache.",
  });
}

async function unpack(manifest: Manifest, path: string, to: string, signal: AbortSignal): Promise<void> {
  const whole = manifest.streams.find(({ base }) => base === undefined);
  const from = join(dirname(path), whole?.file ?? "");
  const { size = -1 } = (await stat(from).catch(() => undefined)) ?? {};
  if (size !== whole?.size)
    throw new Problem("IMAGE_BUILD", `${from} is not there, or is not what the manifest says.`, {
      remedy: "`impctl image verify` says what is wrong.",
    });
  await pipeline(createReadStream(from), createZstdDecompress(), createWriteStream(to), { signal });
  await truncate(to, Math.ceil((await stat(to)).size / 2 ** 20) * 2 ** 20);
}
