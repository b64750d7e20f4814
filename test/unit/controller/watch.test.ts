import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { watch } from "../../../controller/watch.ts";

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
