/** Starts the child that fetches, and ends it: at its deadline, when the agent says so, or with the agent. */
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { FetchAnswer, FetchJob } from "./job.ts";

/** How this very program is started as the child: the file in a checkout, the hidden command in the bundle. */
export function fetchProgram(): readonly [string, ...string[]] {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith(".ts")
    ? [process.execPath, `${dirname(here)}/../git-fetch.ts`]
    : [process.execPath, here, "internal-fetch"];
}

/** Rejects with the signal's reason, or a transient GIT_ Problem; the child is gone in any case. */
export async function runFetch(
  program: readonly [string, ...string[]],
  job: FetchJob,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<FetchAnswer> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const end = AbortSignal.any([signal, deadline]);
  const [command, ...argv] = program;
  // A group of its own, so that the ssh under it goes too.
  const child = spawn(command, argv, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const kill = () => killGroup(child.pid);
  end.addEventListener("abort", kill, { once: true });
  // The child may be killed before it has read its job: its exit says so.
  child.stdin.on("error", () => undefined);
  // Kept open: the child ends when this end closes.
  child.stdin.write(`${JSON.stringify(job)}\n`);
  try {
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<string>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signalName) => resolve(signalName ?? `exit code ${code}`));
      }),
    ]);
    signal.throwIfAborted();
    if (deadline.aborted) throw tooSlow(job, timeoutMs);
    return parseAnswer(stdout) ?? died(stderr, status);
  } catch (error) {
    signal.throwIfAborted();
    throw asProblem(error);
  } finally {
    end.removeEventListener("abort", kill);
    child.stdin.destroy();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function parseAnswer(stdout: string): FetchAnswer | undefined {
  try {
    return JSON.parse(stdout) as FetchAnswer;
  } catch {
    // Cut off, or nothing: the child was killed, and its exit status tells more.
    return undefined;
  }
}

function tooSlow(job: FetchJob, timeoutMs: number): Problem {
  return new Problem("GIT_UNREACHABLE", `${job.remote.label} did not deliver within ${timeoutMs / 1000} s`, {
    transient: true,
  });
}

function died(stderr: string, status: string): never {
  throw new Problem("GIT_CACHE", `the child that fetches ended unexpectedly (${status}) ${stderr.slice(-500)}`.trim(), {
    transient: true,
    remedy: "The cache is checked, and made anew where needed, at the next attempt.",
  });
}
