/** Images as a build machine makes them: a root with what an appliance needs, and streams with a real header. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { manifestText } from "../../schemas/manifest-file.ts";
import type { Manifest } from "../../schemas/manifest.ts";
import { digestsOf } from "../../controller/images/describe.ts";
import { journalFormat } from "../../controller/journal.ts";
import { signatureOf } from "../../controller/images/signature.ts";

export interface RootOptions {
  /** Path → content, instead of what would stand there; undefined: nothing does. */
  readonly files?: Readonly<Record<string, string | Buffer | undefined>>;
  readonly kernel?: string;
  readonly agent?: string;
}

/** Fills a folder with as little as a boot environment may have. */
export function makeImageRoot(folder: string, options: RootOptions = {}): void {
  const { kernel = "6.1.0-56-amd64", agent = "0.2.0+20270110093000" } = options;
  const files: Readonly<Record<string, string | Buffer | undefined>> = {
    [`boot/vmlinuz-${kernel}`]: kernelFile(),
    [`boot/initrd.img-${kernel}`]: Buffer.concat([Buffer.from("070701"), Buffer.alloc(64, 48)]),
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "usr/lib/imp/node": "#!/bin/sh\n",
    "usr/lib/imp/impctl.cjs": "// the agent\n",
    "usr/lib/imp/imp-failsafe": "#!/bin/sh\n",
    "usr/lib/imp/imp-boot": "#!/bin/sh\n",
    "usr/lib/imp/imp-deadline": "#!/bin/sh\n",
    "usr/lib/systemd/system/imp-boot.service": "[Service]\n",
    "usr/lib/systemd/system/imp-deadline.service": "[Service]\n",
    "var/lib/dpkg/status": [
      paragraph("vpp", "25.06-release"),
      paragraph("frr", "8.4.4-1.1~deb12u1"),
      paragraph("zfsutils-linux", "2.3.2-2~bpo12+2"),
      `${paragraph("imp", agent)}Imp-Journal: ${journalFormat}\n`,
      paragraph("removed", "1.0", "deinstall ok config-files"),
    ].join("\n"),
    ...options.files,
  };
  for (const unit of ["imp-boot.service", "imp-deadline.service"]) {
    const wants = join(folder, "etc/systemd/system/sysinit.target.wants");
    mkdirSync(wants, { recursive: true });
    rmSync(join(wants, unit), { force: true });
    symlinkSync(`/lib/systemd/system/${unit}`, join(wants, unit));
  }
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: path.startsWith("usr/lib/imp/") ? 0o755 : 0o644 });
  }
}

function paragraph(name: string, version: string, status = "install ok installed"): string {
  return `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: ${version}\n`;
}

/** The beginning of a kernel: nothing more of it is looked at. */
export function kernelFile(): Buffer {
  const head = Buffer.alloc(4096);
  head.write("HdrS", 0x202, "latin1");
  head.writeUInt16LE(0x20f, 0x206);
  head.writeUInt16LE(0x7f, 0x236);
  head.write("ARMd", 56, "latin1");
  return head;
}

/** A stream's first record. */
export function streamHeader({ snapshot, base = "0", kind = 1n }: HeaderOptions): Buffer {
  const header = Buffer.alloc(312);
  header.writeBigUInt64LE(0x2f5bacbacn, 8);
  header.writeBigUInt64LE(kind, 16);
  header.writeBigUInt64LE(BigInt(snapshot), 40);
  header.writeBigUInt64LE(BigInt(base), 48);
  header.write("tank/build@img", 56, "latin1");
  return header;
}

export interface HeaderOptions {
  readonly snapshot: string;
  readonly base?: string;
  /** 1: one snapshot; 2: a package. */
  readonly kind?: bigint;
}

/** A file of so many bytes that begins as a stream does; no ZFS would receive it. */
export function streamFile(path: string, header: HeaderOptions, bytes: number): void {
  // Random bytes do not compress: the file is about as long as what is in it.
  writeFileSync(path, zstdCompressSync(Buffer.concat([streamHeader(header), randomBytes(bytes)])));
}

export interface MadeImage {
  readonly name: string;
  /** Where its manifest is. */
  readonly path: string;
  readonly manifest: Manifest;
}

/** Writes a manifest for the streams in a folder; `changed` has what is to stand in it instead. */
export async function makeManifest(
  folder: string,
  streams: readonly { readonly file: string; readonly snapshot: string; readonly base?: string }[],
  changed: Partial<Manifest> = {},
  chunkBytes = 256 * 1024,
): Promise<MadeImage> {
  const described: Manifest["streams"] = [];
  for (const stream of streams) {
    const digests = await digestsOf(join(folder, stream.file), chunkBytes, new AbortController().signal);
    described.push({ ...stream, chunkBytes, ...digests });
  }
  const name = changed.name ?? "imp-v1.4.0";
  const manifest: Manifest = {
    format: 1,
    name,
    version: "1.4.0",
    epoch: 3,
    built: "2027-01-10T09:30:00Z",
    source: "9fceb02d0ae598e95dc970b74767f19372d61af8",
    versions: { kernel: "6.1.0-56-amd64", vpp: "25.06", frr: "8.4.4", zfs: "2.3.2", agent: "0.2.0+20270110093000" },
    packages: `sha256:${"0".repeat(64)}`,
    hardware: [],
    journal: 1,
    streams: described,
    ...changed,
  };
  const path = join(folder, `${name}.json`);
  writeFileSync(path, manifestText(manifest));
  return { name, path, manifest };
}

/** A signer's key in `folder`, and a list of allowed signers with it. */
export function makeSigner(folder: string, name = "builder"): { readonly key: string; readonly allowed: string } {
  const key = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key]);
  const allowed = join(folder, `${name}.allowed`);
  writeFileSync(allowed, `${name}@example.net ${readFileSync(`${key}.pub`, "utf8")}`);
  return { key, allowed };
}

/** Signs the manifest at a path. */
export function signManifest(path: string, key: string, namespace = "imp-image"): void {
  const signature = execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", key, "-n", namespace], {
    input: readFileSync(path),
    stdio: ["pipe", "pipe", "ignore"],
  });
  writeFileSync(signatureOf(path), signature);
}
