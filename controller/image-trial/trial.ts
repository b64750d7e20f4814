/** Tries an image in a virtual machine: its whole stream is received into a pool, booted, and looked at. */
import { copyFile, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { snapshotOf, type ImageTrial, type Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { run, type Bench } from "../image-build/bench.ts";
import { rootFiles } from "../image-build/root.ts";
import { wholeBeside } from "../image-build/streams.ts";
import { emptyDrive, partition, work } from "../image-build/virtual-machine.ts";
import { unpack } from "../images/decompress.ts";
import { digestOf } from "../images/manifest.ts";
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
/** For a kernel and an initramfs. */
const bootBytes = 2 ** 30;

/** Gives what came of each check. Rejects with IMAGE_BUILD where nothing can be tried. */
export async function tryImage(
  bench: Bench,
  { manifest, path, console }: Tried,
  tell: (line: ImageTrial["checks"][number]) => void,
): Promise<ImageTrial["checks"]> {
  const root = await rootWith(bench, manifest);
  const stream = await wholeBeside(path, manifest);
  const folder = await mkdtemp(join(bench.cache, "scratch-"));
  const file = (name: string): string => join(folder, name);
  try {
    await run(bench, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "trial", "-f", file("key")]);
    await unpack(stream, file("stream"), bench.signal);
    await emptyDrive(file("disk"), diskBytes);
    await partition(file("disk"), diskBytes);
    const key = (await readFile(file("key.pub"), "utf8")).trim();
    await emptyDrive(file("boot"), bootBytes);
    const { name, versions } = manifest;
    const variables = {
      disk: "/dev/vda1",
      stream: "/dev/vdb",
      boot: "/dev/vdc",
      name,
      guid: snapshotOf(manifest),
      kernel: versions.kernel,
      key,
      folder: "/tmp",
    };
    bench.tell("its stream is received into a pool");
    const drives = [file("disk"), file("stream"), file("boot")];
    const { help } = await work(bench, { root, scratch: folder, drives, program: "box", variables });
    await run(bench, ["tar", "-C", folder, "-xf", file("boot")]);
    bench.tell(`it is booted${help.emulated ? ", emulated: each check takes minutes" : ""}`);
    const [kernel, initramfs] = [file(`vmlinuz-${versions.kernel}`), file(`initrd.img-${versions.kernel}`)];
    const box = await makeBox(bench, { kernel, initramfs, disk: file("disk"), key: file("key"), folder, help });
    try {
      return await carryOut(box, tell);
    } finally {
      await box.shutDown();
      if (console !== undefined)
        await copyFile(file("console"), console).catch((thrown: unknown) =>
          bench.tell(`what its console showed could not be kept: ${String(thrown)}`),
        );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder of a root with these packages and this kernel: with its OpenZFS the stream is received. What boots is out of the stream. */
async function rootWith({ cache }: Bench, { versions, packages }: Manifest): Promise<string> {
  for (const name of (await readdir(cache).catch(() => [])).filter((one) => one.startsWith("root-"))) {
    const text = await readFile(join(cache, name, rootFiles.contents), "utf8").catch(() => "{}");
    const found = JSON.parse(text) as { readonly versions?: Manifest["versions"]; readonly packages?: string };
    if (digestOf(Buffer.from(found.packages ?? "")) === packages && found.versions?.kernel === versions.kernel)
      return join(cache, name);
  }
  throw new Problem("IMAGE_BUILD", `No root with the packages of this image is in ${cache}.`, {
    remedy: "Try an image where it was built, or name that cache with --cache.",
  });
}
