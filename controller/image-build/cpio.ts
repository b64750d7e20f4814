/** A cpio archive of one file, which Linux takes behind another one as more of its initramfs (newc: linux/init/initramfs.c). */

/** `path` without a leading /. */
export function cpioOf(path: string, content: string): Buffer {
  return Buffer.concat([entry(1, path, 0o100_755, Buffer.from(content)), entry(0, "TRAILER!!!", 0, Buffer.alloc(0))]);
}

function entry(inode: number, path: string, mode: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, mtime, bytes, four of devices, bytes of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const head = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(head), name])), padded(content)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
