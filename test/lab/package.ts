/**
 * The Debian package of this checkout, built once for all tests that install it: the same files give the same folder, so that
 * nothing is built again while nothing changed.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const top = join(import.meta.dirname, "../..");
const shelf = join(top, "dist/tested");

/** What the package is made of. All of them are in the commit, or would be. */
const sources = ["controller", "deploy", "docs", "reconcilers", "schemas", "sites"];
const files = ["CHANGELOG.md", "LICENSE", "package.json", "package-lock.json"];

/** Its path. Takes half a minute the first time. */
export function builtPackage(): string {
  const folder = join(shelf, digest());
  if (!existsSync(folder)) {
    rmSync(shelf, { recursive: true, force: true });
    mkdirSync(shelf, { recursive: true });
    const made = mkdtempSync(join(shelf, "making-"));
    buildPackage(made, "022", "UTC");
    renameSync(made, folder);
  }
  return join(folder, readdirSync(folder)[0] ?? "");
}

/** Builds it anew into `folder`, under a umask and in a time zone. */
export function buildPackage(folder: string, umask: string, zone: string): string {
  const argv = ["-c", `umask ${umask}; exec "$0" deploy/package/package.ts ${folder}`, process.execPath];
  execFileSync("sh", argv, { cwd: top, env: { ...process.env, TZ: zone }, timeout: 300_000 });
  return join(folder, readdirSync(folder)[0] ?? "");
}

function digest(): string {
  const hash = createHash("sha256");
  const commit = execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: top, encoding: "utf8" });
  hash.update(process.env["SOURCE_DATE_EPOCH"] ?? commit);
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z", ...sources, ...files], {
    cwd: top,
  });
  for (const path of listed
    .toString()
    .split("\0")
    .filter((name) => name !== "" && existsSync(join(top, name)))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(top, path)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}
