/**
 * An apt of its own for what an image is made of: the build file's sources, in a folder beside the cache, so that it can be asked what
 * would be installed without installing it. This machine's own apt is only asked where it has Debian from.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Build } from "../../schemas/build.ts";
import { Problem } from "../../schemas/problem.ts";
import { lastOf, run, type Bench } from "./bench.ts";

export interface Apt {
  /** Name of a file below etc/apt → its text; the image has the same. */
  readonly files: Readonly<Record<string, string>>;
  /** Where they are; APT_CONFIG is apt.conf there. */
  readonly folder: string;
}

/** Where a suite of Debian is. */
interface Place {
  readonly uri: string;
  readonly suite: string;
}

/** Brings the lists of packages up to date. `at` gives the absolute path of one in the build file. */
export async function openApt(bench: Bench, build: Build, at: (path: string) => string): Promise<Apt> {
  const files = await aptFiles(bench, build, at);
  const folder = join(bench.cache, "apt");
  for (const name of ["etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/apt.conf.d"])
    await mkdir(join(folder, name), { recursive: true });
  for (const name of ["var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg"])
    await mkdir(join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries({ ...absent, ...files }))
    await writeFile(join(folder, "etc/apt", name), text);
  await writeFile(join(folder, "var/lib/dpkg/status"), "");
  await writeFile(join(folder, "apt.conf"), configuration(folder));
  const apt = { files, folder };
  await run(bench, ["apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update"], { env: configured(apt) });
  return apt;
}

/** So that one of an earlier build file is not asked. */
const absent = { "sources.list.d/more.sources": "", "preferences.d/backports": "" };

const configuration = (folder: string): string =>
  `Dir "${folder}";
Dir::State::status "${folder}/var/lib/dpkg/status";
Dir::Etc::TrustedParts "/etc/apt/trusted.gpg.d/";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
`;

/** What apt must be told to be this one. */
export function configured({ folder }: Apt): Readonly<Record<string, string>> {
  return { APT_CONFIG: join(folder, "apt.conf") };
}

async function aptFiles(bench: Bench, build: Build, at: (path: string) => string): Promise<Apt["files"]> {
  const places = build.mirror === undefined ? await ownPlaces(bench, build.suite) : namedPlaces(build, build.mirror);
  const archive = places.find(({ suite }) => suite === build.suite);
  if (archive === undefined)
    throw new Problem("IMAGE_BUILD", `This machine's apt has no source of ${build.suite}.`, {
      remedy: "Name Debian's archive as `mirror`, and its security archive as `security-mirror`, in the build file.",
    });
  const backports = `${build.suite}-backports`;
  if (build.backports.length > 0) places.push({ uri: archive.uri, suite: backports });
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const lines = places.map(({ uri, suite }) => `deb [signed-by=${keyring}] ${uri} ${suite}`);
  const more = await Promise.all(build.sources.map((source) => moreSource(source, at)));
  return {
    "sources.list.d/debian.list": lines.map((line) => `${line} ${build.components.join(" ")}\n`).join(""),
    ...(more.length > 0 && { "sources.list.d/more.sources": more.join("\n") }),
    ...(build.backports.length > 0 && {
      "preferences.d/backports": build.backports
        .map((name) => `Package: ${name}\nPin: release n=${backports}\nPin-Priority: 990\n`)
        .join("\n"),
    }),
  };
}

async function ownPlaces(bench: Bench, suite: string): Promise<Place[]> {
  const format = "$(REPO_URI) $(RELEASE)";
  const text = await run(bench, ["apt-get", "indextargets", "Created-By: Packages", "--format", format]);
  const wanted = [suite, `${suite}-updates`, `${suite}-security`];
  const found = [...new Set(text.split("\n"))].toSorted().map((line) => line.split(" "));
  return found.flatMap(([uri = "", name = ""]) => (wanted.includes(name) ? [{ uri, suite: name }] : []));
}

function namedPlaces(build: Build, mirror: string): Place[] {
  const security = build["security-mirror"];
  return [
    { uri: mirror, suite: build.suite },
    { uri: mirror, suite: `${build.suite}-updates` },
    ...(security === undefined ? [] : [{ uri: security, suite: `${build.suite}-security` }]),
  ];
}

/** deb822, since that may hold the key itself: a path would be one thing here and another one in the image. */
async function moreSource(source: Build["sources"][number], at: (path: string) => string): Promise<string> {
  const { uri, suite, components, key } = source;
  const text = await readFile(at(key), "utf8").catch((cause: unknown) => {
    throw new Problem("IMAGE_BUILD", `The key ${at(key)} of the source ${uri} cannot be read.`, { cause });
  });
  if (!text.startsWith("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
    throw new Problem("IMAGE_BUILD", `${at(key)} is no key in text form.`, {
      remedy: "Write it with `gpg --armor --export`, or `gpg --enarmor` of a keyring file.",
    });
  const lines = text.trim().split("\n");
  const indented = lines.map((line) => ` ${line.trim() === "" ? "." : line.trimEnd()}\n`).join("");
  const parts = components.length > 0 ? `Components: ${components.join(" ")}\n` : "";
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\n${parts}Signed-By:\n${indented}`;
}

/**
 * What installing these packages onto nothing would install, beside the packages without which there is no Debian: a line each of name
 * and version, sorted. Names, or paths of package files. Rejects with IMAGE_BUILD where apt cannot.
 */
export async function resolved(bench: Bench, apt: Apt, names: readonly string[]): Promise<readonly string[]> {
  const always = ["?essential", "?priority(required)", "apt"];
  const argv = ["apt-get", "-q", "--simulate", "install", ...always, ...names] as const;
  const { exitCode, stdout, stderr } = await bench.host.run([...argv], {
    timeoutMs: 300_000,
    signal: bench.signal,
    env: { ...configured(apt), LC_ALL: "C" },
  });
  if (exitCode !== 0) {
    const why = `${stdout}\n${stderr}`
      .split("\n")
      .filter((line) => /^E: | : (Pre)?Depends: | : Conflicts: /.test(line));
    throw new Problem("IMAGE_BUILD", `apt cannot install what the build file asks for: ${lastOf(why.join("\n"))}`, {
      remedy: "Correct packages, backports and sources in the build file.",
    });
  }
  const found = [...stdout.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm)];
  return found.map(([, name = "", version = ""]) => `${name.replace(/:amd64$/, "")} ${version}`).toSorted();
}

/** The version of a package in such a list. */
export function versionIn(list: readonly string[], name: string): string | undefined {
  return list.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
}
