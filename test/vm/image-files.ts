/** The images to go on to, as a build machine makes them: streams of `zfs send`, and manifests that `impctl image` makes and signs. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gone, lay, run } from "./shelf.ts";
import { variants } from "./variants.ts";

export interface Overlay {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** What the variants have instead of what is below the root. */
export function overlaysOf(root: string): readonly Overlay[] {
  return variants.flatMap(({ name, files }) =>
    Object.entries(files).map(([path, text]) => {
      const at = join(root, path);
      const [was, mode] = existsSync(at) ? [readFileSync(at, "utf8"), statSync(at).mode & 0o777] : ["", 0o755];
      return { name, path, text: text(was), mode };
    }),
  );
}

interface Stream {
  /** Of the file, without its ending. */
  readonly name: string;
  /** In streams.raw. */
  readonly at: number;
  readonly bytes: number;
}

function streamsIn(said: string): readonly Stream[] {
  const found = [...said.matchAll(/^stream (\S+) (\d+) (\d+)\r?$/gm)];
  return found.map(([, name = "", at, bytes]) => ({ name, at: Number(at), bytes: Number(bytes) }));
}

/** Streams, and for each variant a manifest that is signed; signers. */
export function makeImages(folder: string, root: string, disk: string, overlays: readonly Overlay[]): void {
  const key = join(folder, "builder");
  run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "builder", "-f", key]);
  const signer = `builder@example.net namespaces="imp-image" ${readFileSync(`${key}.pub`, "utf8")}`;
  writeFileSync(join(folder, "signers"), signer);
  const streams = streamsIn(readFileSync(join(disk, "said"), "utf8"));
  for (const { name, at, bytes } of streams) {
    const take = 'tail -c "+$(($1 + 1))" "$2" | head -c "$3" | zstd -q -3 -o "$4"';
    const raw = join(disk, "streams.raw");
    run("sh", ["-euc", take, "sh", String(at), raw, String(bytes), join(folder, `${name}.zfs.zst`)]);
  }
  for (const { name, version } of variants) {
    const mine = streams.filter((stream) => stream.name === name || stream.name.startsWith(`${name}.from-`));
    const paths = mine.map((stream) => join(folder, `${stream.name}.zfs.zst`));
    const about = ["--name", name, "--image-version", version, "--epoch", "1", "--source", "9fceb02", "--root", root];
    const manifest = join(folder, `${name}.json`);
    const over = overlays.filter((overlay) => overlay.name === name);
    whileLaid(root, over, () => impctl("image", "manifest", ...paths, ...about, "--output", manifest));
    impctl("image", "sign", manifest, "--key", key);
  }
}

function whileLaid(root: string, overlays: readonly Overlay[], doIt: () => void): void {
  const was = overlays.map(({ path }) => [join(root, path), contentOf(join(root, path))] as const);
  try {
    for (const { path, text, mode } of overlays) lay(root, path, text, mode);
    doIt();
  } finally {
    for (const [path, content] of was)
      if (content) writeFileSync(path, content);
      else rmSync(path, gone);
  }
}

function contentOf(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

function impctl(...words: string[]): void {
  run(process.execPath, [join(import.meta.dirname, "../../controller/main.ts"), ...words]);
}
