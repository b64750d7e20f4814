/** The system's git, for remotes over ssh, which isomorphic-git does not speak. */
import { spawn } from "node:child_process";
import { Problem } from "../../schemas/problem.ts";
import type { Remote } from "./remote.ts";

/** Never asks a person, gives up on a silent server, speaks nothing but ssh. What the operator has set goes first. */
export function systemGitEnvironment(options: readonly string[] = []): Readonly<Record<string, string>> {
  const ssh =
    process.env["GIT_SSH_COMMAND"] ??
    "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=10 -o ServerAliveCountMax=3";
  return {
    GIT_SSH_COMMAND: [ssh, ...options].join(" "),
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "ssh",
    LC_ALL: "C",
  };
}

/** Runs git to its end. Rejects with a GIT_ Problem. */
export async function systemGit(
  argv: readonly string[],
  { label, options }: Extract<Remote, { readonly kind: "ssh" }>,
  branch: string,
  signal: AbortSignal,
): Promise<void> {
  const stderr = await new Promise<string | undefined>((resolve, reject) => {
    const child = spawn("git", argv, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...systemGitEnvironment(options) },
      signal,
      killSignal: "SIGKILL",
    });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      text = (text + part).slice(-4096);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? undefined : text));
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw gitMissing(label);
  });
  if (stderr !== undefined) throw sshProblem(stderr, label, branch);
}

/** Remotes over ssh need the program. */
export function gitMissing(label: string): Problem {
  return new Problem("SETTINGS", `${label} needs the git program, and this system has none`, {
    remedy: "Install git and openssh-client, or use an https:// address.",
  });
}

/** What git's words mean. */
export function sshProblem(stderr: string, label: string, branch: string): Problem {
  const last = stderr
    .trim()
    .split("\n")
    .slice(-3)
    .join("; ")
    .replaceAll(/\/\/[^/@\s]*@/g, "//");
  if (/couldn't find remote ref/i.test(stderr)) {
    return new Problem("GIT_REF_MISSING", `${label} has no branch "${branch}"`, {
      remedy: "Push the branch again, or correct repository.branch in agent.yaml.",
    });
  }
  if (/host key verification failed|host identification has changed/i.test(stderr)) {
    const what = /host identification has changed/i.test(stderr)
      ? "shows another host key than the one that is known here"
      : "has a host key that is not known here";
    return new Problem("GIT_AUTH", `${label} ${what}`, {
      remedy:
        "Ask whoever runs the server for the fingerprint of its key. With the right one: impctl bootstrap --server-key <fingerprint>.",
    });
  }
  if (/permission denied|authentication failed/i.test(stderr)) {
    return new Problem("GIT_AUTH", `${label} refused the login: ${last}`, {
      remedy: "Check the box's ssh key, and that it may read the repository.",
    });
  }
  return new Problem("GIT_UNREACHABLE", `${label} cannot be reached: ${last}`, { transient: true });
}
