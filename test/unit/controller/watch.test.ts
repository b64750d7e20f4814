import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { watch, watchFiles } from "../../../controller/watch.ts";

it("tells when a file below a watched folder changes, and stops with the signal", async () => {
  const folder = await mkdtemp(join(tmpdir(), "imp-watch-"));
  const closing = new AbortController();
  const told = Promise.withResolvers<void>();
  try {
    watch([folder], () => told.resolve(), closing.signal);
    // The watcher tells nothing of when it began: a file that is written again and again is seen by it in the end.
    const over = new AbortController();
    const writing = (async () => {
      for (let i = 0; !over.signal.aborted; i += 1) {
        await writeFile(join(folder, `file-${i % 3}`), String(i));
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
    })();
    await told.promise;
    over.abort();
    await writing;
    expect(over.signal.aborted).toBe(true);
  } finally {
    closing.abort();
    await rm(folder, { recursive: true, force: true });
  }
});

it("tells of a file whose folder comes later, replaced as editors do, and of no other file", async () => {
  const top = await mkdtemp(join(tmpdir(), "imp-watch-"));
  const closing = new AbortController();
  const file = join(top, "systemd/network/ours.network");
  try {
    const told: number[] = [];
    watchFiles(top, [file], () => void told.push(Date.now()), closing.signal);
    const untilTold = async (work: () => Promise<void>): Promise<void> => {
      for (const before = told.length; told.length === before;) {
        await work();
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
    };
    const replace = async (): Promise<void> => {
      await writeFile(`${file}.new`, String(told.length));
      await rename(`${file}.new`, file);
    };
    await mkdir(join(top, "systemd/network"), { recursive: true });
    await untilTold(replace);
    await untilTold(replace);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const quiet = told.length;
    await writeFile(join(top, "systemd/network/theirs.network"), "");
    await writeFile(join(top, "passwd"), "");
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(told.length).toBe(quiet);
    await untilTold(() => rm(file, { force: true }));
  } finally {
    closing.abort();
    await rm(top, { recursive: true, force: true });
  }
});

it("tells of what never comes to rest", async () => {
  const folder = await mkdtemp(join(tmpdir(), "imp-watch-"));
  const closing = new AbortController();
  try {
    const told: number[] = [];
    watch([folder], () => void told.push(Date.now()), closing.signal);
    for (let tries = 0; told.length < 3 && tries < 500; tries += 1) {
      await writeFile(join(folder, "file"), String(tries));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(told.length).toBeGreaterThanOrEqual(3);
  } finally {
    closing.abort();
    await rm(folder, { recursive: true, force: true });
  }
});
