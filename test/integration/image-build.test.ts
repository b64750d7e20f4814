/** What an image is made of, by the real apt and mmdebstrap: a Debian of next to nothing. It needs the network, and half a minute. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainHost } from "../../controller/cli/image-command.ts";
import { openApt, resolved, versionIn, type Apt } from "../../controller/image-build/apt.ts";
import { type Bench } from "../../controller/image-build/bench.ts";
import { bootstrap } from "../../controller/image-build/bootstrap.ts";
import { cpioOf } from "../../controller/image-build/cpio.ts";
import { parseBuild } from "../../schemas/build-file.ts";
import { packed } from "../vm/stand-in-package.ts";

function why(): string | undefined {
  if (process.env["IMP_TEST_IMAGE"] !== "1") return "IMP_TEST_IMAGE=1 asks for it: it fetches packages";
  if (process.getuid?.() !== 0) return "needs root";
  return ["mmdebstrap", "apt-get"].find((name) => spawnSync("which", [name]).status !== 0);
}

const missing = why();

describe.skipIf(missing !== undefined)(`a Debian for an image (${missing ?? "by mmdebstrap"})`, () => {
  let folder: string;
  let bench: Bench;
  let apt: Apt;

  beforeAll(async () => {
    folder = mkdtempSync("/var/tmp/imp-image-build-");
    const signal = new AbortController().signal;
    const tell = (text: string): void => console.log(text);
    bench = { host: plainHost(), cache: join(folder, "cache"), parts: "", sourceDate: 1_700_000_000, signal, tell };
    const { build } = parseBuild("image.yaml", Buffer.from("debs: [x.deb]\nepoch: 1\n"));
    if (!build) throw new Error("no build file");
    apt = await openApt(bench, build, String);
  }, 120_000);
  afterAll(() => folder && rmSync(folder, { recursive: true, force: true }));

  it("has what apt says it would, with packages that are files, and is found again in the archives", async () => {
    const deb = join(folder, "own.deb");
    packed([{ path: "usr/share/own", text: "own\n", mode: 0o644 }], deb, "3.2-1");
    const root = join(bench.cache, "root");
    const list = await resolved(bench, apt, ["zstd", deb]);

    await bootstrap(bench, apt, { root, packages: ["zstd"], debs: [deb], exclude: ["/usr/share/man/*"] });

    const status = readFileSync(join(root, "var/lib/dpkg/status"), "utf8");
    const found = [...status.matchAll(/^Package: (.*)\n(?:.+\n)*?Version: (.*)$/gm)].map(([, a, b]) => `${a} ${b}`);
    expect(found.toSorted()).toEqual(list);
    expect(versionIn(list, "vpp")).toBe("3.2-1");
    expect(existsSync(join(root, "usr/share/own"))).toBe(true);
    expect(existsSync(join(root, "usr/share/man/man1/zstd.1.gz"))).toBe(false);
    expect(readdirSync(join(bench.cache, "archives")).some((name) => name.startsWith("zstd_"))).toBe(true);
  }, 300_000);
});

it.skipIf(spawnSync("which", ["cpio"]).status !== 0)("writes archives that cpio reads", () => {
  const { stdout } = spawnSync("cpio", ["-itv", "--quiet"], { input: cpioOf("job", "echo\n"), encoding: "utf8" });

  expect(stdout).toMatch(/^-rwxr-xr-x\s+1 root\s+root\s+5 .* job\n$/);
});
