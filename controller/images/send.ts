/** A snapshot as the file of a stream: `zfs send`, compressed on its way to disk. Runs on the build machine. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { Problem } from "../../schemas/problem.ts";

/** Level of zstd: streams are made once and read often. */
export const streamLevel = 12;

export interface Sent {
  /** "tank/build/v2@img" */
  readonly snapshot: string;
  /** The snapshot that it builds on; left out: it is whole. */
  readonly base?: string;
  readonly file: string;
}

/** Writes the file whole or not at all. Rejects with HOST_COMMAND when the snapshot cannot be sent, HOST_FILE when it cannot be written. */
export async function sendSnapshot({ snapshot, base, file }: Sent, signal: AbortSignal): Promise<void> {
  // Without -p and -R: properties are the appliance's to set.
  const from = base === undefined ? [] : ["-i", base];
  const child = spawn("zfs", ["send", ...from, snapshot], { stdio: ["ignore", "pipe", "pipe"], signal });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (said = (said + text).slice(-2000)));
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("error", (error) => {
      said ||= error.message;
      resolve(undefined);
    });
    child.once("close", (code) => resolve(code ?? undefined));
  });
  const half = `${file}.part`;
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: streamLevel } });
  try {
    const [code, written] = await Promise.all([
      ended,
      pipeline(child.stdout, compress, createWriteStream(half)).then(
        () => undefined,
        (thrown: unknown) => asFileProblem(file, thrown),
      ),
    ]);
    signal.throwIfAborted();
    if (written) throw written;
    if (code !== 0) {
      throw new Problem("HOST_COMMAND", `${snapshot} cannot be sent: ${said.trim().split("\n").at(-1) ?? ""}`, {
        remedy: "`zfs list -t snapshot` shows the snapshots that there are.",
      });
    }
    await rename(half, file);
  } finally {
    await rm(half, { force: true });
  }
}

function asFileProblem(file: string, cause: unknown): Problem {
  return new Problem(
    "HOST_FILE",
    `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
    },
  );
}
