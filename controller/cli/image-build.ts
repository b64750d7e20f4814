/** `impctl image build`: makes an image of a build file. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { parseBuild } from "../../schemas/build-file.ts";
import type { Build } from "../../schemas/build.ts";
import { printableJson } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { buildTools, mustHaveTools, said } from "../image-build/tools.ts";
import { built } from "../images/written.ts";
import { benchOf, defaultCache, imageCommand } from "./image-command.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly file: string;
  readonly imageVersion?: string;
  readonly source?: string;
  readonly output: string;
  readonly cache: string;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export function defineBuild(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "build <name>", "make an image of a build file: streams, and a manifest that is signed", [
    "impctl image build imp-v1.4.0",
    "impctl image build imp-v1.4.0 --file router.yaml --output /srv/images",
  ])
    .option("-f, --file <file>", "the build file", "image.yaml")
    .option("--image-version <version>", "its version; by default what the name ends with, from its first digit on")
    .option("--source <revision>", "the revision that it is built from; by default git's, of the build file's folder")
    .option("-o, --output <folder>", "where streams and manifest go", ".")
    .option("--cache <folder>", "what was made before, and what is fetched", defaultCache)
    .option("--replace", "replace another image of that name that lies there")
    .addHelpText(
      "after",
      "\nNeeds root on a Debian machine. Streams are made by this machine's ZFS, or in a throw-away virtual machine.\n" +
        "SOURCE_DATE_EPOCH is the time of all that is made; by default that of git's last commit there.\n",
    )
    .action((name: string, options: Options) => build(name, options, terminal));
}

async function build(name: string, options: Options, terminal: Terminal): Promise<void> {
  const path = resolve(terminal.folder, options.file);
  const folder = dirname(path);
  const asked = await readBuild(path, options.file);
  const version = options.imageVersion ?? /\d.*$/.exec(name)?.[0];
  if (version === undefined)
    throw new Problem("USAGE", `The name ${name} does not end with a version.`, { remedy: "Give --image-version." });
  const source = options.source ?? revisionOf(folder);
  mustHaveTools(buildTools());
  const epoch = terminal.environment["SOURCE_DATE_EPOCH"] ?? said("git", ["log", "-1", "--format=%ct"], folder).stdout;
  const environment = { ...terminal.environment, ...(epoch !== undefined && { SOURCE_DATE_EPOCH: epoch }) };
  const at = built(environment);
  const { buildImage } = await import("../image-build/build.ts");
  const bench = benchOf(terminal, options.cache, Date.parse(at) / 1000);
  const output = resolve(terminal.folder, options.output);
  const pathOf = (of: string): string => resolve(folder, of);
  const replace = options.replace === true;
  const order = { build: asked, at: pathOf, name, version, source, built: at, output, replace };
  const { manifest, digest, signed } = await buildImage(bench, order);
  if (options.json) return terminal.out(printableJson(JSON.stringify({ manifest, digest, signed }, undefined, 2)));
  terminal.out(`${name}:\n  manifest: ${manifest}\n  digest: ${digest}`);
  if (!signed) terminal.err("impctl: it is not signed: name a sign-key in the build file, or use `impctl image sign`.");
}

/** `name`: what problems call it. */
async function readBuild(path: string, name: string): Promise<Build> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new Problem("USAGE", `There is no build file ${name}.`, {
      remedy: "Name it with --file; docs/image-build.md shows one.",
      cause,
    });
  });
  const { build: asked, problems } = parseBuild(name, bytes);
  if (!asked) throw new AggregateError(problems, `${name} is wrong`);
  return asked;
}

function revisionOf(folder: string): string {
  const [revision, changes] = [
    ["rev-parse", "HEAD"],
    ["status", "--porcelain", "--untracked-files=no"],
  ].map((words) => said("git", words, folder));
  if (revision?.stdout !== undefined && changes?.stdout !== undefined)
    return changes.stdout === "" ? revision.stdout : `${revision.stdout}-dirty`;
  const why = revision?.why ?? changes?.why ?? "";
  throw new Problem("USAGE", `git does not say what revision ${folder} is of: ${why}`, {
    remedy: "Give --source, in hex.",
  });
}
