/**
 * `npm run package`: the Debian package, dist/imp_<version>_amd64.deb, or in the folder that is named. The same commit gives
 * the same bytes: every time in it is SOURCE_DATE_EPOCH, by default the commit's. docs/package.md is for operators.
 */
import { execFileSync } from "node:child_process";
import {
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { bundleInto } from "../bundle.ts";
import { contents, type Entry } from "./contents.ts";
import { control, md5, packageVersion, script } from "./control.ts";

const top = join(import.meta.dirname, "../..");

/** One thread: with more, the bytes depend on how many there are. The best compression takes five times as long for 8 MB less. */
const compression = ["-Zxz", "-z0", "--threads-max=1"] as const;

/** Seconds since 1970. */
function sourceDate(): number {
  const said =
    process.env["SOURCE_DATE_EPOCH"] ??
    execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: top, encoding: "utf8" }).trim();
  if (!/^\d{1,10}$/.test(said)) throw new Error(`SOURCE_DATE_EPOCH is no number of seconds: ${said}`);
  return Number(said);
}

/** Writes the package into `folder` and gives its path. Everything else it makes is below `scratch`. */
async function build(folder: string, scratch: string): Promise<string> {
  const epoch = sourceDate();
  const version = packageVersion(epoch);
  const bundle = join(scratch, "impctl.cjs");
  await bundleInto(bundle);
  const impctl = (...words: string[]): string =>
    execFileSync(process.execPath, [bundle, ...words], { encoding: "utf8" });
  const entries = await contents(version, epoch, readFileSync(bundle), impctl);

  const root = join(scratch, "root");
  mkdirSync(root);
  for (const entry of entries) lay(root, entry);
  for (const entry of described(entries, version)) lay(root, entry);
  for (const path of ["", ...readdirSync(root, { recursive: true, encoding: "utf8" })])
    lutimesSync(join(root, path), epoch, epoch);

  const file = join(folder, `imp_${version}_amd64.deb`);
  mkdirSync(folder, { recursive: true });
  execFileSync("dpkg-deb", ["--root-owner-group", ...compression, "--build", root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return file;
}

/** What dpkg reads, below DEBIAN. */
function described(entries: readonly Entry[], version: string): readonly Entry[] {
  const files = entries.flatMap((entry) =>
    "link" in entry ? [] : [{ path: entry.path, content: Buffer.from(entry.content) }],
  );
  const installed = files.reduce((sum, { content }) => sum + content.length, 0);
  return [
    { path: "DEBIAN/control", content: control(version, installed) },
    { path: "DEBIAN/conffiles", content: conffiles(entries) },
    { path: "DEBIAN/md5sums", content: files.map(({ path, content }) => md5(path, content)).join("") },
    ...(["postinst", "prerm", "postrm"] as const).map((name) => ({
      path: `DEBIAN/${name}`,
      content: script(name),
      program: true,
    })),
  ];
}

/** What an operator changed there stays at an update. */
function conffiles(entries: readonly Entry[]): string {
  return entries.flatMap(({ path }) => (path.startsWith("etc/") ? [`/${path}\n`] : [])).join("");
}

function lay(root: string, entry: Entry): void {
  const path = join(root, entry.path);
  mkdirSync(dirname(path), { recursive: true });
  if ("link" in entry) symlinkSync(entry.link, path);
  else writeFileSync(path, entry.content, { mode: entry.program ? 0o755 : 0o644 });
}

process.umask(0o022); // modes of folders
const scratch = mkdtempSync(join(tmpdir(), "imp-package-"));
try {
  const file = await build(process.argv[2] ?? join(top, "dist"), scratch);
  console.log(`${file}: ${Math.round(statSync(file).size / 1024)} KiB`);
} finally {
  rmSync(scratch, { recursive: true });
}
