/** Where the parts of the virtual machines are kept, in .cache/vm, each by what it is made of, and how they are made. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Git ignores it. */
export const shelf = join(import.meta.dirname, "../../.cache/vm");

/** A folder made of these things: the one that is there, or a new one, whose predecessors go. */
export function kept(name: string, of: readonly unknown[], make: (folder: string) => void): string {
  const folder = place(name, of);
  if (existsSync(folder)) return folder;
  mkdirSync(shelf, { recursive: true });
  const started = performance.now();
  const made = mkdtempSync(join(shelf, "making-"));
  try {
    make(made);
    clear(name);
    renameSync(made, folder);
  } finally {
    rmSync(made, gone);
  }
  console.error(`vm: made the ${name} in ${Math.round((performance.now() - started) / 1000)} s`);
  return folder;
}

/** Where a folder that is made of these things is, or would be. */
export function place(name: string, of: readonly unknown[]): string {
  const digest = createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 16);
  return join(shelf, `${name}-${digest}`);
}

/** Removes all folders of that name, whatever they were made of. */
export function clear(name: string): void {
  const isOne = (one: string): boolean => one.slice(0, -17) === name && one.at(-17) === "-";
  for (const old of readdirSync(shelf).filter(isOne)) rmSync(join(shelf, old), gone);
}

/** What is removed goes with all that is in it. */
export const gone = { recursive: true, force: true } as const;

/** Runs a program to its end; throws with the last of what it said unless that is a good one. */
export function run(program: string, argv: readonly string[], input = ""): void {
  const { status, error, stdout, stderr } = spawnSync(program, argv, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? ""}\n${`${stdout}${stderr}`.slice(-5000)}`);
}

/** Writes a file below a root, with the folders above it. */
export function lay(root: string, path: string, text: string, mode = 0o644): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text, { mode });
}

/** One-line sources of Debian 12, as this machine has them for `main`; empty where it has none. */
export function sources(components = "main"): string {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const { stdout } = spawnSync("apt-get", ["indextargets", "Created-By: Packages", "--format", format], {
    encoding: "utf8",
  });
  const lines = (stdout ?? "").split("\n").filter((line) => / bookworm(-updates|-security)? main$/.test(line));
  return [...new Set(lines)]
    .toSorted()
    .map((line) => `deb ${line.replace(/main$/, components)}\n`)
    .join("");
}
