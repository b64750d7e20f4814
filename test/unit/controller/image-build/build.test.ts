/** Which parts of an image are made again, with programs that only pretend: they leave what the real ones would. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApt, resolved } from "../../../../controller/image-build/apt.ts";
import { plainHost } from "../../../../controller/cli/image-command.ts";
import { holdCache, once, type Bench } from "../../../../controller/image-build/bench.ts";
import { bootstrap } from "../../../../controller/image-build/bootstrap.ts";
import { buildImage } from "../../../../controller/image-build/build.ts";
import { zfsModules } from "../../../../controller/image-build/modules.ts";
import { imageRoot, lay } from "../../../../controller/image-build/root.ts";
import { here } from "../../../../controller/image-build/streams.ts";
import { parseBuild } from "../../../../schemas/build-file.ts";
import type { RunOptions, RunResult } from "../../../../reconcilers/core.ts";
import { makeImageRoot } from "../../../lab/image.ts";

const parts = new URL("../../../../deploy/image", import.meta.url).pathname;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "imp-build-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Version of each package that apt would install. */
let archive: Record<string, string>;
let ran: string[];
let told: string[];

beforeEach(() => {
  archive = {
    "linux-image-6.1.0-56-amd64": "6.1.140-1",
    "zfs-dkms": "2.3.2-2",
    frr: "8.4.4-1.1",
    vpp: "25.06-release",
  };
  [ran, told] = [[], []];
});

async function pretend(argv: readonly string[], _options: RunOptions): Promise<RunResult> {
  const said = (stdout: string): RunResult => ({ exitCode: 0, stdout, stderr: "" });
  const [program = "", ...words] = argv;
  ran.push(program);
  if (words.includes("indextargets"))
    return said("http://deb.example.net bookworm\nhttp://other.example.net nodistro\n");
  if (words.includes("install")) {
    const lines = Object.entries(archive).map(([name, version]) => `Inst ${name} (${version} Debian:12 [amd64])\n`);
    return said(lines.join(""));
  }
  if (words.includes("Package")) return said("imp\n");
  if (program === "dpkg-deb") writeFileSync(words.at(-1) ?? "", "modules");
  if (words.includes("mmdebstrap")) debianAt(words.at(words.indexOf("bookworm") + 1) ?? "");
  if (words.includes("dpkg-query"))
    return said(
      Object.entries(archive)
        .map(([name, version]) => `${name} ${version} amd64\n`)
        .join(""),
    );
  if (program === "tar") writeFileSync(words[words.indexOf("-cf") + 1] ?? "", "tar");
  return said("");
}

function debianAt(root: string): void {
  mkdirSync(root);
  const status = Object.entries(archive).map(
    ([name, version]) =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n${name === "imp" ? "Imp-Journal: 9\n" : ""}`,
  );
  makeImageRoot(root, { files: { "var/lib/dpkg/status": status.join("\n"), "tmp/workshop.cpio": "cpio" } });
  mkdirSync(join(root, "lib/modules/6.1.0-56-amd64/updates/dkms"), { recursive: true });
  writeFileSync(join(root, "lib/modules/6.1.0-56-amd64/updates/dkms/zfs.ko"), "module");
}

function bench(): Bench {
  const tell = (text: string): void => void told.push(text);
  const signal = new AbortController().signal;
  return { host: { run: pretend }, cache: join(folder, "cache"), parts, sourceDate: 1_700_000_000, signal, tell };
}

async function builtRoot(text = "debs: [imp.deb]\nepoch: 1\noverlay: overlay\n"): Promise<string> {
  const { build, problems } = parseBuild("image.yaml", Buffer.from(text));
  if (!build) throw new Error(problems.map(String).join("\n"));
  const at = (path: string): string => join(folder, path);
  const apt = await openApt(bench(), build, at);
  const modules = await zfsModules(bench(), apt);
  return (await imageRoot(bench(), apt, build, at, modules)).folder;
}

/** What was made, as it was told. */
const made = (): readonly string[] => told.flatMap((line) => /^(\S+): being made$/.exec(line)?.[1] ?? []);

describe("what an image is made of", () => {
  beforeEach(() => {
    archive = { ...archive, imp: "0.2.0", "zfsutils-linux": "2.3.2-2" };
    writeFileSync(join(folder, "imp.deb"), "package");
    mkdirSync(join(folder, "overlay"));
  });

  it("is made once, and then found", async () => {
    const first = await builtRoot();
    expect(made()).toEqual(["zfs-modules", "root"]);
    [ran, told] = [[], []];

    expect(await builtRoot()).toBe(first);
    expect(made()).toEqual([]);
    expect(ran).not.toContain("unshare");
  });

  it.each([
    ["a package in the archive", () => void (archive["frr"] = "8.4.4-1.2")],
    ["a package that is a file", () => writeFileSync(join(folder, "imp.deb"), "another")],
  ])("is made again, but for the modules, where there is another version of %s", async (_what, change) => {
    const first = await builtRoot();
    told = [];
    change();

    expect(await builtRoot()).not.toBe(first);
    expect(made()).toEqual(["root"]);
  });

  it("has its modules compiled again for another kernel or another OpenZFS", async () => {
    await builtRoot();
    told = [];
    archive["zfs-dkms"] = "2.3.3-1";

    await builtRoot();

    expect(made()).toContain("zfs-modules");
  });

  it("is not kept where other packages came than apt had said", async () => {
    const { build } = parseBuild("image.yaml", Buffer.from("debs: [imp.deb]\nepoch: 1\n"));
    if (!build) throw new Error("no build file");
    const apt = await openApt(bench(), build, (path) => join(folder, path));
    const modules = await zfsModules(bench(), apt);
    const changing: Bench["host"] = {
      run(argv, options) {
        if (argv.includes("mmdebstrap")) archive["frr"] = "8.4.4-1.3";
        return pretend(argv, options);
      },
    };

    const building = imageRoot({ ...bench(), host: changing }, apt, build, (path) => join(folder, path), modules);

    await expect(building).rejects.toThrow(/frr 8.4.4-1.3/);
    expect((await readdir(join(folder, "cache"))).filter((name) => /^root|^making/.test(name))).toEqual([]);
  });

  it("needs our own package", async () => {
    writeFileSync(join(folder, "modules.deb"), "modules");
    const run: Bench["host"]["run"] = async (argv, options) =>
      argv[0] === "dpkg-deb" ? { exitCode: 0, stdout: "vpp\n", stderr: "" } : pretend(argv, options);
    const { build } = parseBuild("image.yaml", Buffer.from("debs: [imp.deb]\nepoch: 1\n"));
    if (!build) throw new Error("no build file");
    const apt = await openApt(bench(), build, String);

    const building = imageRoot({ ...bench(), host: { run } }, apt, build, (path) => join(folder, path), {
      deb: join(folder, "modules.deb"),
      kernel: "6.1.0-56-amd64",
    });

    await expect(building).rejects.toThrow("None of `debs` in the build file is the package imp.");
  });
});

describe("the apt of an image", () => {
  it("has this machine's sources of Debian and no others, and those of the build file with their keys", async () => {
    writeFileSync(
      join(folder, "k.asc"),
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n",
    );
    const text = `debs: [imp.deb]
epoch: 1
backports: ["src:incus"]
sources: [{ uri: "https://vpp.example.net/deb", suite: bookworm, components: [main], key: k.asc }]
`;
    const { build } = parseBuild("image.yaml", Buffer.from(text));
    if (!build) throw new Error("no build file");

    const { files, folder: at } = await openApt(bench(), build, (path) => join(folder, path));

    expect(files).toMatchInlineSnapshot(`
      {
        "preferences.d/backports": "Package: src:incus
      Pin: release n=bookworm-backports
      Pin-Priority: 990
      ",
        "sources.list.d/debian.list": "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.example.net bookworm main contrib
      deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.example.net bookworm-backports main contrib
      ",
        "sources.list.d/more.sources": "Types: deb
      URIs: https://vpp.example.net/deb
      Suites: bookworm
      Components: main
      Signed-By:
       -----BEGIN PGP PUBLIC KEY BLOCK-----
       .
       abc
       -----END PGP PUBLIC KEY BLOCK-----
      ",
      }
    `);
    expect(readFileSync(join(at, "etc/apt/sources.list.d/debian.list"), "utf8")).toBe(
      files["sources.list.d/debian.list"],
    );
  });

  it("says what apt says where it cannot install", async () => {
    const run: Bench["host"]["run"] = async () => ({
      exitCode: 100,
      stdout: "The following packages have unmet dependencies:\n incus : Depends: qemu-system-x86 (>= 1:8.0)\n",
      stderr: "E: Unable to correct problems, you have held broken packages.\n",
    });

    await expect(resolved({ ...bench(), host: { run } }, { files: {}, folder }, ["incus"])).rejects.toThrow(
      /apt cannot install.*incus : Depends: qemu-system-x86/s,
    );
  });
});

it("keeps the three of a kind that were used last, and nothing of what failed", async () => {
  mkdirSync(join(folder, "cache"));
  const made: string[] = [];
  for (const [at, name] of ["a", "b", "c", "a", "d", "e"].entries()) {
    made[at] = basename(await once(bench(), "root", [name], async () => undefined));
    utimesSync(join(folder, "cache", made[at]), at, at);
  }
  const failing = once(bench(), "root", ["f"], () => Promise.reject(new Error("no room")));

  await expect(failing).rejects.toThrow("no room");
  expect((await readdir(join(folder, "cache"))).toSorted()).toEqual(made.slice(3).toSorted((a, b) => (a < b ? -1 : 1)));
});

describe("the cache", () => {
  it.each([
    ["is shorter than it was", (at: string) => writeFileSync(join(at, "root.tar"), "ta")],
    ["is gone", (at: string) => rmSync(join(at, "root.tar"))],
    ["came into it", (at: string) => writeFileSync(join(at, "other"), "")],
    ["tells the sizes is empty", (at: string) => writeFileSync(join(at, "sizes.json"), "")],
  ])("makes anew what was made of the same things where a file of it %s", async (_what, damage) => {
    mkdirSync(bench().cache);
    const make = async (at: string): Promise<void> => writeFileSync(join(at, "root.tar"), "tar");
    const folder = await once(bench(), "root", ["a"], make);
    expect(await once(bench(), "root", ["a"], make)).toBe(folder);
    damage(folder);
    told = [];

    expect(await once(bench(), "root", ["a"], make)).toBe(folder);

    expect(told.slice(0, 2)).toEqual(["root: what was made before is damaged", "root: being made"]);
    expect((await readdir(folder)).toSorted()).toEqual(["root.tar", "sizes.json"]);
    expect(readFileSync(join(folder, "root.tar"), "utf8")).toBe("tar");
  });

  it("is used by one at a time, and what a killed one left is gone", async () => {
    const { cache } = bench();
    for (const name of ["making-a1", "scratch-b2", "root-c3"]) mkdirSync(join(cache, name), { recursive: true });

    await using _ = await holdCache(cache);

    expect(await readdir(cache)).toEqual(["root-c3"]);
    await expect(holdCache(cache)).rejects.toThrow("Another `impctl image` is at work in this cache.");
  });

  it("keeps packages that are used, however old their mirror says they are, and no others for ever", async () => {
    const archives = join(bench().cache, "archives");
    mkdirSync(archives, { recursive: true });
    const old = new Date("2020-01-01");
    for (const name of ["frr_8.4.4-1.1_amd64.deb", "zfs_1%3a2.3_amd64.deb", "gone_1_all.deb"]) {
      writeFileSync(join(archives, name), "package");
      utimesSync(join(archives, name), old, old);
    }
    archive = { frr: "8.4.4-1.1", zfs: "1:2.3" };

    await bootstrap(bench(), { files: {}, folder }, { root: join(bench().cache, "root"), packages: [] });

    expect((await readdir(archives)).toSorted()).toEqual(["frr_8.4.4-1.1_amd64.deb", "zfs_1%3a2.3_amd64.deb"]);
    expect(statSync(join(archives, "frr_8.4.4-1.1_amd64.deb")).mtime.getFullYear()).toBeGreaterThan(2020);
  });
});

describe("what is laid over a root", () => {
  const real = (bin = ""): Bench => ({
    ...bench(),
    host: {
      run: (argv, options) => plainHost().run(argv, { ...options, env: { ...options.env, ...(bin && { PATH: bin }) } }),
    },
  });

  it("comes into folders that are links there", async () => {
    for (const name of ["root/usr/lib", "over/lib"]) mkdirSync(join(folder, name), { recursive: true });
    symlinkSync("usr/lib", join(folder, "root/lib"));
    writeFileSync(join(folder, "over/lib/own"), "own");

    await lay(real(), join(folder, "over"), join(folder, "root"));

    expect(readlinkSync(join(folder, "root/lib"))).toBe("usr/lib");
    expect(readFileSync(join(folder, "root/usr/lib/own"), "utf8")).toBe("own");
  });

  it("is refused where it cannot be read to its end", async () => {
    for (const name of ["root", "over", "bin"]) mkdirSync(join(folder, name));
    const script = '#!/bin/sh\nPATH=/usr/bin:/bin\ntar "$@" || exit\ncase $* in *-cf*) exit 2 ;; esac\n';
    writeFileSync(join(folder, "bin/tar"), script, { mode: 0o755 });

    const laid = lay(real(`${join(folder, "bin")}:/usr/bin:/bin`), join(folder, "over"), join(folder, "root"));

    await expect(laid).rejects.toThrow(/exit code 2/);
  });

  it("has packages as files under different names", async () => {
    const { build } = parseBuild("image.yaml", Buffer.from("debs: [a/imp.deb, b/imp.deb]\nepoch: 1\n"));
    if (!build) throw new Error("no build file");
    for (const name of ["a", "b"]) mkdirSync(join(folder, name));
    for (const name of ["a/imp.deb", "b/imp.deb", "m.deb"]) writeFileSync(join(folder, name), name);
    const apt = await openApt(bench(), build, String);
    const modules = { deb: join(folder, "m.deb"), kernel: "6.1.0-56-amd64" };

    const building = imageRoot(bench(), apt, build, (path) => join(folder, path), modules);

    await expect(building).rejects.toThrow("Two of `debs` in the build file are called imp.deb.");
  });
});

it("leaves no pool on this machine when nobody wants the streams any more", async () => {
  const ending = new AbortController();
  const asked: (readonly string[])[] = [];
  const run: Bench["host"]["run"] = async (argv, options) => {
    if (argv[0] === "timeout") ending.abort(new Error("SIGTERM"));
    options.signal.throwIfAborted();
    asked.push(argv);
    return { exitCode: 1, stdout: "", stderr: "cannot destroy 'impbuild-x': pool is busy" };
  };

  const making = here({ ...bench(), host: { run }, signal: ending.signal }, { pool: "impbuild-x" });

  await expect(making).rejects.toThrow("SIGTERM");
  expect(asked).toEqual([["zpool", "destroy", "-f", "impbuild-x"]]);
  expect(told.join()).toContain("the pool impbuild-x is still there");
});

it.each([
  ["a name", { name: "../v1" }, "", "name: must be a name"],
  ["a version", { version: "v1" }, "", "version: must be a version"],
  ["a revision", { source: "main" }, "", "source: must be the revision"],
  ["a key that is not there", {}, "sign-key: absent\n", "absent cannot be read."],
  ["a base that is not there", {}, "base: v0.json\n", "which the build file names as base, cannot be read."],
])("asks nothing and makes nothing of %s that is no such", async (_what, wrong, text, why) => {
  const { build } = parseBuild("image.yaml", Buffer.from(`debs: [imp.deb]\nepoch: 1\n${text}`));
  if (!build) throw new Error("no build file");
  const names = { name: "v1", version: "1", source: "9fceb02", ...wrong };
  const order = {
    build,
    at: (path: string) => join(folder, path),
    built: "2027-01-10T09:30:00Z",
    output: folder,
    replace: false,
  };

  const building = buildImage({ ...bench(), host: { ...plainHost(), run: pretend } }, { ...order, ...names });

  const thrown: unknown = await building.catch((one: unknown) => one);
  expect((thrown instanceof AggregateError ? thrown.errors : [thrown]).map(String).join()).toContain(why);
  expect(ran).toEqual([]);
});
