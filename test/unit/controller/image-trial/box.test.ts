/** The box of a trial where there is no QEMU. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { makeBox } from "../../../../controller/image-trial/box.ts";

it("does not boot where QEMU cannot be run, and its console says why", async () => {
  const folder = mkdtempSync(join(tmpdir(), "imp-box-"));
  vi.stubEnv("PATH", folder);
  const bench = {
    host: { run: () => Promise.reject(new Error("nobody answers")) },
    cache: folder,
    parts: folder,
    sourceDate: 0,
    signal: AbortSignal.timeout(20_000),
    tell: () => undefined,
  };
  const help = { cpu: [], emulated: false, seconds: 1 };
  try {
    const box = await makeBox(bench, {
      kernel: "vmlinuz",
      initramfs: "initrd.img",
      disk: "disk",
      key: "key",
      folder,
      help,
    });

    expect(await box.boot("tank/ROOT/try-a")).toBe(false);
    expect(await box.console()).toContain("ENOENT");
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});
