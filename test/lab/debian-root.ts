/**
 * The root of this machine once more, to install into: a copy on write in memory, in a mount namespace of its own, so that
 * nothing outside ever sees what changes in it. Needs root and overlay file systems.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Why there can be none here, or undefined. */
export function whyNoDebianRoot(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync("/usr/bin/dpkg")) return "needs dpkg";
  const { status } = spawnSync("unshare", ["--mount", "sh", "-ec", copiedRoot(folder)], { stdio: "ignore" });
  return status === 0 ? undefined : "needs overlay file systems";
}

/** Shell commands that make it, in a mount namespace, and go there. What is written in it takes memory. */
function copiedRoot(folder: string): string {
  const layer = join(folder, "layer");
  const root = join(folder, "root");
  return `mount --make-rprivate /
mkdir -p ${layer} ${root}
mount -t tmpfs tmpfs ${layer}
mkdir ${layer}/upper ${layer}/work
mount -t overlay overlay -o lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work ${root}
mkdir -p ${root}${folder} ${root}/persistent/config/imp
mount --bind ${folder} ${root}${folder}
cd ${root}
`;
}

export interface DebianRoot extends AsyncDisposable {
  /** Runs a program in it to the end. `text` is all that it said. */
  run(...argv: string[]): { readonly status: number | null; readonly text: string };
}

/** One in which no systemd runs, as where an image is made. */
export async function startDebianRoot(folder: string): Promise<DebianRoot> {
  const script = `${copiedRoot(folder)}
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs tmpfs run
echo ready
exec cat`;
  const child = spawn("unshare", ["--mount", "sh", "-ec", script], { stdio: ["pipe", "pipe", "inherit"] });
  await ready(child);
  return {
    run: (...argv) => {
      const words = ["-t", String(child.pid), "--mount", "chroot", join(folder, "root"), ...argv];
      const { status, stdout, stderr } = spawnSync("nsenter", words, {
        encoding: "utf8",
        timeout: 120_000,
        maxBuffer: 2 ** 28,
      });
      return { status, text: `${stdout}${stderr}` };
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  for (let tries = 0; !said.includes("ready"); tries += 1) {
    if (tries === 200 || child.exitCode !== null) throw new Error("The copy of the root could not be made.");
    await delay(50);
  }
}
