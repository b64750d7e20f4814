/** A bare repository and an operator's clone of it: what tests and the demo push to, with the system's git. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface SitesRepository {
  /** The bare repository that a server offers. */
  readonly bare: string;
  /** The operator's clone. */
  readonly clone: string;
  /** Writes files (undefined removes one), commits and pushes; gives the commit. */
  push(subject: string, files: Readonly<Record<string, string | undefined>>): string;
  git(...argv: string[]): string;
}

/** Makes both below `folder`, or goes on with those that are there. No setting of the machine or its user takes part. */
export function makeSitesRepository(folder: string): SitesRepository {
  const bare = join(folder, "sites.git");
  const clone = join(folder, "clone");
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Nora Operator",
    GIT_AUTHOR_EMAIL: "nora@example.net",
    GIT_COMMITTER_NAME: "Nora Operator",
    GIT_COMMITTER_EMAIL: "nora@example.net",
  };
  const run = (cwd: string, ...argv: string[]) =>
    execFileSync("git", argv, { cwd, env, encoding: "utf8", timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] });
  if (!existsSync(clone)) {
    mkdirSync(clone, { recursive: true });
    run(folder, "init", "--quiet", "--bare", "--initial-branch=main", bare);
    run(bare, "config", "http.receivepack", "false");
    run(clone, "init", "--quiet", "--initial-branch=main");
    run(clone, "remote", "add", "origin", bare);
  }
  return {
    bare,
    clone,
    git: (...argv) => run(clone, ...argv),
    push(subject, files) {
      for (const [path, text] of Object.entries(files)) {
        const full = join(clone, path);
        if (text === undefined) rmSync(full, { force: true });
        else {
          mkdirSync(dirname(full), { recursive: true });
          writeFileSync(full, text);
        }
      }
      run(clone, "add", "--all");
      run(clone, "commit", "--quiet", "--message", subject);
      run(clone, "push", "--quiet", "origin", "HEAD:main");
      return run(clone, "rev-parse", "HEAD").trim();
    },
  };
}
