import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { linuxHost } from "../../../../controller/host/linux.ts";

const host = linuxHost({ seal: () => "<secret:0000000000000000>", reveal: () => undefined });
const { signal } = new AbortController();
const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "imp-host-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("files", () => {
  it("have room where they are or will be", async () => {
    const here = await host.freeBytes(folder);
    expect(here).toBeGreaterThan(0);
    const { bavail, bsize, blocks } = await statfs(folder);
    expect(Math.abs(here - bavail * bsize)).toBeLessThan((blocks * bsize) / 10);
    expect(await host.freeBytes(join(folder, "not/yet/there"))).toBeGreaterThan(0);
  });

  it.skipIf(!mayMount)("have no room where nothing may be written (needs root that may mount)", async () => {
    const readOnly = join(folder, "read-only");
    await mkdir(readOnly);
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", readOnly]);
    try {
      await expect(host.freeBytes(readOnly)).rejects.toThrow(/read-only file system/);
    } finally {
      execFileSync("umount", [readOnly]);
    }
  });

  it("are replaced whole, with the mode that was asked for, in folders of root alone", async () => {
    const path = join(folder, "a/b/file");
    await host.writeFile(path, "one", { mode: 0o666 });
    await host.writeFile(path, "two", { mode: 0o640 });

    expect(await host.readFile(path)).toBe("two");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await stat(join(folder, "a"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, "a/b"))).toEqual(["file"]);
  });

  it("stand in folders that others can enter, where that was asked for, whatever the umask is", async () => {
    const before = process.umask(0o077);
    try {
      await host.writeFile(join(folder, "c/d/file"), "one", { folderMode: 0o755 });
    } finally {
      process.umask(before);
    }
    for (const made of ["c", "c/d"]) expect((await stat(join(folder, made))).mode & 0o777).toBe(0o755);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("are told from links and folders, which nobody follows", async () => {
    await host.writeFile(join(folder, "file"), "text", { mode: 0o640 });
    await host.writeLink(join(folder, "link"), "file");

    const owner = { uid: process.getuid?.(), gid: process.getgid?.() };
    expect(await host.attributes(join(folder, "file"))).toEqual({ kind: "file", mode: 0o640, owner });
    expect((await host.attributes(join(folder, "link")))?.kind).toBe("link");
    expect((await host.attributes(folder))?.kind).toBe("folder");
    expect(await host.attributes(join(folder, "none"))).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)(
    "belong to whom they are for, or to whom they did before (needs root)",
    async () => {
      const path = join(folder, "file");
      const owner = async () => stat(path).then(({ uid, gid }) => [uid, gid]);
      await host.writeFile(path, "one", { owner: { uid: 4321, gid: 1234 } });
      expect(await owner()).toEqual([4321, 1234]);
      await host.writeFile(path, "two", { owner: "as-before" });
      expect(await owner()).toEqual([4321, 1234]);
      await host.writeFile(path, "three");
      expect(await owner()).toEqual([0, 0]);
      await host.writeFile(join(folder, "new"), "one", { owner: "as-before" });
      expect((await stat(join(folder, "new"))).uid).toBe(0);
    },
  );

  it("that are not there are undefined, empty, and nothing to remove", async () => {
    expect(await host.readFile(join(folder, "none"))).toBeUndefined();
    expect(await host.readLink(join(folder, "none"))).toBeUndefined();
    expect(await host.readFolder(join(folder, "none/at/all"))).toEqual([]);
    await expect(host.remove(join(folder, "none"))).resolves.toBeUndefined();
  });

  it("grow by what is appended", async () => {
    await host.appendFile(join(folder, "log"), "one\n");
    await host.appendFile(join(folder, "log"), "two\n");
    expect(await readFile(join(folder, "log"), "utf8")).toBe("one\ntwo\n");
  });

  it("and links are switched in place", async () => {
    await host.writeLink(join(folder, "committed.d/default"), "../generations/one");
    await host.writeLink(join(folder, "committed.d/default"), "../generations/two");
    expect(await host.readLink(join(folder, "committed.d/default"))).toBe("../generations/two");
    expect(await host.readFolder(join(folder, "committed.d"))).toEqual(["default"]);
  });

  it("that cannot be written are a Problem that names them, and leave nothing behind", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(host.writeFile(join(folder, "file/below"), "x")).rejects.toMatchObject({
      code: "HOST_FILE",
      message: expect.stringContaining("file/below"),
    });
    expect(await readdir(folder)).toEqual(["file"]);
  });
});

describe("programs", () => {
  it("give their output and exit code", async () => {
    const result = await host.run(["sh", "-c", "cat; echo err >&2; exit 3"], {
      timeoutMs: 20_000,
      signal,
      input: "in",
    });
    expect(result).toEqual({ exitCode: 3, stdout: "in", stderr: "err" });
  });

  it("take their input piece by piece, no further than they want it", async () => {
    let given = 0;
    async function* pieces() {
      for (; given < 1000; given += 1) yield Buffer.alloc(1 << 20, "x");
    }
    const options = { timeoutMs: 60_000, signal, inputPieces: pieces() };
    const all = await host.run(["sh", "-c", "head -c 5000000 | wc -c"], options);
    expect(all.stdout.trim()).toBe("5000000");
    expect(given).toBeLessThan(100);
  });

  it("end when their input cannot go on, which is what is told", async () => {
    async function* pieces() {
      yield Buffer.from("one");
      throw new Error("the cable was pulled");
    }
    const path = join(folder, "took");
    const options = { timeoutMs: 60_000, signal, inputPieces: pieces() };
    await expect(host.run(["sh", "-c", 'cat >"$1"; exit 3', "sh", path], options)).rejects.toThrow("cable was pulled");
    expect(await readFile(path, "utf8")).toBe("one");
  });

  it("that do not exist, or do not end, are a Problem", async () => {
    await expect(host.run(["/nowhere/program"], { timeoutMs: 20_000, signal })).rejects.toMatchObject({
      code: "HOST_COMMAND",
      transient: false,
    });
    await expect(host.run(["sleep", "600"], { timeoutMs: 50, signal })).rejects.toMatchObject({
      code: "HOST_COMMAND",
      transient: true,
    });
  });

  it("end with the signal", async () => {
    const closing = new AbortController();
    const running = host.run(["sleep", "600"], { timeoutMs: 60_000, signal: closing.signal });
    closing.abort(new Error("closed"));
    await expect(running).rejects.toThrow("closed");
  });
});

describe("sockets", () => {
  it("carry bytes both ways and tell when the other side closed", async () => {
    const path = join(folder, "socket");
    const server = createServer((socket) => socket.on("data", (bytes) => socket.end(`<${bytes.toString()}>`)));
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    try {
      const connection = await host.connect(path, signal);
      await connection.write(new TextEncoder().encode("hello"));
      expect(new TextDecoder().decode(await connection.read(signal))).toBe("<hello>");
      expect(await connection.read(signal)).toBeUndefined();
      connection.close();
    } finally {
      server.close();
    }
  });

  it("end a read with the signal", async () => {
    const path = join(folder, "socket");
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    const connection = await host.connect(path, signal);
    try {
      const closing = new AbortController();
      const reading = connection.read(closing.signal);
      closing.abort(new Error("closed"));
      await expect(reading).rejects.toThrow("closed");
    } finally {
      connection.close();
      server.close();
    }
  });

  it("on which nobody listens are a transient Problem", async () => {
    await expect(host.connect(join(folder, "none"), signal)).rejects.toMatchObject({ transient: true });
    await expect(host.reach("127.0.0.1", 1, signal)).rejects.toMatchObject({ transient: true });
  });
});

describe("time", () => {
  it("ends a sleep with the signal, and counts from the boot", async () => {
    const closing = new AbortController();
    const sleeping = host.sleep(600_000, closing.signal);
    closing.abort(new Error("closed"));
    await expect(sleeping).rejects.toThrow("closed");
    expect(host.uptime()).toBeLessThan(host.now());
    expect(host.bootId()).toMatch(/^[0-9a-f-]{36}$/);
  });
});
