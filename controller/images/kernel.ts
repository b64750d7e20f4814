/**
 * The kernel and the initramfs that zfsbootmenu would boot of a root: the last one in /boot, by name, that has an initramfs of its
 * version. Known by how they begin, so that a file of nothing, or of another machine, is noticed before anybody boots it.
 */
import { open, readdir } from "node:fs/promises";
import { inRoot } from "./rooted.ts";

export interface Kernel {
  /** As `uname -r` prints it, "6.1.0-56-amd64". */
  readonly version: string;
  /** Names in /boot. */
  readonly kernel: string;
  readonly initramfs: string;
}

/** Names that zfsbootmenu looks for. */
const kernelName = /^(?:vmlinu[xz]|linu[xz]|kernel)-(.+)$/;

/**
 * The kernel of the root, or why it has none that could be loaded here, as the end of a sentence. `preferred`: what the property
 * org.zfsbootmenu:kernel says, which its path must match; where none does, it counts for nothing.
 */
export async function kernelOf(root: string, preferred?: string): Promise<Kernel | { readonly wrong: string }> {
  const boot = await inRoot(root, "/boot");
  const names = boot === undefined ? [] : await readdir(boot).catch((): string[] => []);
  const found = names
    .flatMap((kernel) => {
      const version = kernelName.exec(kernel)?.[1];
      if (version === undefined) return [];
      const forms = initramfsForms.map((form) => form.replace("V", version));
      return [{ version, kernel, initramfs: forms.find((form) => names.includes(form)) }];
    })
    .toSorted((a, b) => compareVersions(a.kernel, b.kernel));
  if (found.length === 0) return { wrong: "has no kernel in /boot" };
  const bootable = found.filter(({ initramfs }) => initramfs !== undefined);
  const best = bootable.findLast(({ kernel }) => isMatched(`/boot/${kernel}`, preferred)) ?? bootable.at(-1);
  if (best?.initramfs === undefined)
    return { wrong: `has no initramfs for its kernel ${found.at(-1)?.version} in /boot` };
  const { version, kernel, initramfs } = best;
  const wrong = (await wrongKernel(root, kernel)) ?? (await wrongInitramfs(root, initramfs));
  return wrong === undefined ? { version, kernel, initramfs } : { wrong };
}

/** In the order in which zfsbootmenu looks for them. */
const initramfsForms = ["initramfs-V.img", "initrd.img-V", "initramfs-V", "initrd-V.img", "initrd-V"];

function isMatched(path: string, preferred: string | undefined): boolean {
  if (preferred === undefined) return false;
  try {
    return new RegExp(preferred).test(path);
  } catch {
    return false;
  }
}

async function wrongKernel(root: string, name: string): Promise<string | undefined> {
  const head = await beginning(root, `/boot/${name}`, 0x240);
  const isHere = process.arch === "arm64" ? isArm64(head) : isX86(head);
  return isHere ? undefined : `has /boot/${name}, which is no kernel for this kind of processor`;
}

/** Linux/x86 boot protocol (Documentation/arch/x86/boot.rst): "HdrS", 2.12 or newer, with a 64-bit entry. */
function isX86(head: Buffer): boolean {
  if (head.length < 0x240 || head.toString("latin1", 0x202, 0x206) !== "HdrS") return false;
  return head.readUInt16LE(0x206) >= 0x20c && (head.readUInt16LE(0x236) & 1) === 1;
}

/** Documentation/arch/arm64/booting.rst: "ARM\x64". */
function isArm64(head: Buffer): boolean {
  return head.length >= 64 && head.toString("latin1", 56, 60) === "ARMd";
}

/** cpio (newc), gzip, zstd, xz, lz4 as Linux wants it, bzip2, lzma. */
const archives = ["303730373031", "1f8b", "28b52ffd", "fd377a585a00", "02214c18", "425a68", "5d0000"];

async function wrongInitramfs(root: string, name: string): Promise<string | undefined> {
  const head = (await beginning(root, `/boot/${name}`, 16)).toString("hex");
  return archives.some((magic) => head.startsWith(magic)) ? undefined : `has /boot/${name}, which is no initramfs`;
}

/** What a file begins with; nothing where there is none. */
async function beginning(root: string, path: string, bytes: number): Promise<Buffer> {
  const at = await inRoot(root, path);
  const file = at === undefined ? undefined : await open(at).catch(() => undefined);
  if (!file) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** As `sort -V` orders them: numbers by value, everything else by letter. */
function compareVersions(a: string, b: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? "";
    const order = /^\d/.test(part) && /^\d/.test(other) ? Number(part) - Number(other) : part < other ? -1 : 1;
    if (part !== other && order !== 0) return order;
  }
  return left.length - right.length;
}
