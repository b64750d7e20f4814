/** What boots when an image is tried, with a QEMU that only pretends: it receives nothing, and shows what it was given. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { plainHost } from "../../../../controller/cli/image-command.ts";
import { rootFiles } from "../../../../controller/image-build/root.ts";
import { tryImage } from "../../../../controller/image-trial/trial.ts";
import { digestOf } from "../../../../controller/images/manifest.ts";
import type { Manifest } from "../../../../schemas/manifest.ts";
import { makeManifest, streamFile } from "../../../lab/image.ts";

const version = "6.1.0-56-amd64";
const packages = "frr 8.4.4 amd64\n";
let folder: string;
let manifest: Manifest;
let path: string;

/** As the program that makes the disk leaves it, and as a machine does whose kernel has next to nothing to say. */
const qemu = `#!/bin/sh
echo "$*" | tr ' ' '\\n' >"$LAB/words"
case $* in
*root=zfs:*)
  cat "$(grep -A1 -x -e -kernel "$LAB/words" | tail -1)" "$(grep -A1 -x -e -initrd "$LAB/words" | tail -1)" ;;
*)
  boot=$(sed -n 's/^if=none,id=d2,file=\\([^,]*\\),.*/\\1/p' "$LAB/words")
  tar -C "$LAB/dataset" -cf "$boot" vmlinuz-${version} initrd.img-${version}
  echo 'workshop: begins'
  echo 'workshop: done' ;;
esac
`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "imp-trial-"));
  for (const name of ["bin", "dataset", "cache"]) mkdirSync(join(folder, name));
  for (const [name, text] of Object.entries({ "qemu-system-x86_64": qemu, ssh: "#!/bin/sh\nexit 255\n" })) {
    writeFileSync(join(folder, "bin", name), text);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  writeFileSync(join(folder, "dataset", `vmlinuz-${version}`), "kernel of the image ");
  writeFileSync(join(folder, "dataset", `initrd.img-${version}`), "initramfs of the image");
  for (const name of ["one", "other"]) root(name);
  streamFile(join(folder, "v1.zfs.zst"), { snapshot: "1" }, 1000);
  const changed = { name: "v1", packages: digestOf(Buffer.from(packages)) };
  ({ manifest, path } = await makeManifest(folder, [{ file: "v1.zfs.zst", snapshot: "1" }], changed));
  vi.stubEnv("PATH", `${folder}/bin:${process.env["PATH"] ?? ""}`);
  vi.stubEnv("LAB", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Of the same packages: an overlay alone made it another one. */
function root(name: string): void {
  const at = join(folder, "cache", `root-${name}`);
  mkdirSync(at);
  const texts = { kernel: `kernel of ${name}`, initramfs: `initramfs of ${name}`, workshop: "cpio" };
  for (const [key, text] of Object.entries(texts)) writeFileSync(join(at, rootFiles[key as keyof typeof texts]), text);
  writeFileSync(join(at, rootFiles.contents), JSON.stringify({ versions: { kernel: version }, packages }));
}

async function tried(): Promise<string | undefined> {
  const cache = join(folder, "cache");
  const parts = new URL("../../../../deploy/image", import.meta.url).pathname;
  const signal = AbortSignal.timeout(30_000);
  const bench = { host: plainHost(), cache, parts, sourceDate: 0, signal, tell: () => undefined };
  const [boots] = await tryImage(bench, { manifest, path, console: undefined }, () => undefined);
  return boots?.why;
}

it(
  "is what the stream brought, whatever roots of the same packages are in the cache",
  { timeout: 30_000 },
  async () => {
    expect(await tried()).toContain("its console: kernel of the image initramfs of the image");
  },
);
