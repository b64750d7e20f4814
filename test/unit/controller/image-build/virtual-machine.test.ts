/** What a throw-away virtual machine is given and how it ends, with a QEMU that only pretends. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { plainHost } from "../../../../controller/cli/image-command.ts";
import type { Bench } from "../../../../controller/image-build/bench.ts";
import { work } from "../../../../controller/image-build/virtual-machine.ts";

/** Keeps its initramfs; with $hangup it lets its shell hear that the terminal is gone, and goes on. */
const qemu = `#!/bin/sh
while [ $# -gt 0 ]; do
  if [ "$1" = -initrd ]; then cp "$2" "$LAB/initrd"; fi
  shift
done
echo 'workshop: begins'
if [ -n "\${hangup-}" ]; then
  echo $$ >>"$LAB/running"
  kill -HUP "$(cut -d' ' -f4 "/proc/$PPID/stat")"
  exec sleep 60
fi
echo 'workshop: done'
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "imp-machine-"));
  for (const name of ["bin", "root", "scratch"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "bin/qemu-system-x86_64"), qemu, { mode: 0o755 });
  writeFileSync(join(folder, "root/workshop.cpio"), "cpio");
  writeFileSync(join(folder, "program"), "echo\n");
  vi.stubEnv("PATH", `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`);
  vi.stubEnv("LAB", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function job(variables: Readonly<Record<string, string>>): ReturnType<typeof work> {
  const signal = AbortSignal.timeout(30_000);
  const bench: Bench = {
    host: plainHost(),
    cache: folder,
    parts: folder,
    sourceDate: 0,
    signal,
    tell: () => undefined,
  };
  const [root, scratch] = [join(folder, "root"), join(folder, "scratch")];
  return work(bench, { root, scratch, drives: [], program: "program", variables });
}

it("is told every value as it is, and says what it did", async () => {
  const { said } = await job({ key: "it's $HOME" });

  expect(said).toContain("workshop: done");
  expect(readFileSync(join(folder, "initrd"), "utf8")).toContain(`key='it'\\''s $HOME'\necho\n`);
});

it("ends when the terminal hangs up", async () => {
  vi.stubEnv("hangup", "1");

  await expect(job({})).rejects.toThrow("exit code 143");

  const running = readFileSync(join(folder, "running"), "utf8").trim().split("\n").map(Number);
  expect(running).not.toHaveLength(0);
  await expect.poll(() => running.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
