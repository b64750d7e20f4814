/**
 * The package of another agent, on its way here: fetched, and checked before anything of it is used. First its digest, then its
 * signature, and only then what dpkg reads in it.
 */
import type { Host, RunResult } from "../../reconcilers/core.ts";
import type { AgentPackage } from "../../schemas/images.ts";
import { printable } from "../../schemas/printable.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { paced } from "../images/pace.ts";
import { fileName, placesOf } from "../images/place.ts";
import { readInto } from "../images/reader.ts";
import { withDeadline } from "../retry.ts";
import type { Trust } from "../trust.ts";
import { checkSigned } from "../trust.ts";

/** What an owner of a key says with a signature for it: this may run as the agent. */
export const packageNamespace = "imp-package";
/** Bytes; more is not fetched. */
const mostBytes = 2 ** 28;
/** For the package, the one that is made of what is installed, and its files while it is made. */
const roomBytes = 2 ** 29;
/** The loop waits for it: who needs longer has the package brought to the box, and names its path. */
const fetchLimitMs = 240_000;
const programMs = 60_000;
/** A server that says nothing for so long is left. */
const idleMs = 60_000;
const name = "imp";

export interface Fetching {
  readonly host: Host;
  /** Root's alone. */
  readonly folder: string;
  readonly trust: Trust;
  readonly images: Settings["images"];
}

/** Where it is put. */
export function packageFile(folder: string): string {
  return `${folder}/new.deb`;
}

/** Resolves once the package stands in the folder, is the one that is named, and is signed. Rejects with a Problem else. */
export async function fetchPackage(
  { host, folder, trust, images }: Fetching,
  wanted: AgentPackage,
  signal: AbortSignal,
): Promise<void> {
  const file = packageFile(folder);
  const digest = wanted.digest.replace("sha256:", "");
  const run = (...argv: [string, ...string[]]): Promise<RunResult> => host.run(argv, { timeoutMs: programMs, signal });
  await mustEnd(run("mkdir", "-p", "-m", "700", folder), `${folder} cannot be made`);
  if ((await digestOf(file, run)) !== digest) {
    await mustHaveRoom(host, folder);
    await bring({ host, folder, trust, images }, wanted.package, file, signal);
    const found = await digestOf(file, run);
    if (found !== digest) {
      await host.remove(file);
      const remedy = "Find out who changed it, or correct its digest in images.yaml.";
      throw refused(wanted, `is not what images.yaml names: its digest is sha256:${found ?? "?"}`, remedy);
    }
  }
  await mustBeSigned({ host, folder, trust }, wanted, file, signal);
  await mustBe(wanted, file, run);
}

/** What stands here already is not fetched again. */
async function digestOf(file: string, run: Run): Promise<string | undefined> {
  const { exitCode, stdout } = await run("sha256sum", file);
  return exitCode === 0 ? /^\\?([0-9a-f]{64}) /.exec(stdout)?.[1] : undefined;
}

type Run = (...argv: [string, ...string[]]) => Promise<RunResult>;

async function mustHaveRoom(host: Host, folder: string): Promise<void> {
  const free = await host.freeBytes(folder);
  if (free >= roomBytes) return;
  const mebibytes = (bytes: number): number => Math.floor(bytes / 2 ** 20);
  throw new Problem(
    "UPDATE",
    `Only ${mebibytes(free)} MiB are free in ${folder}, and ${mebibytes(roomBytes)} are needed for another agent.`,
    { remedy: "Make room on the persistent data set." },
  );
}

async function bring({ host, images }: Fetching, from: string, file: string, signal: AbortSignal): Promise<void> {
  if (!from.startsWith("/")) return download(host, images, from, file, signal);
  // What does not end is stopped by the limit of the file's size, which counts blocks of 512 bytes.
  const script = '[ -f "$2" ] || { echo "it is no plain file" >&2; exit 1; }; ulimit -f "$1" && exec cp -- "$2" "$3"';
  const argv: [string, ...string[]] = ["sh", "-c", script, "sh", `${mostBytes / 512}`, from, file];
  const running = host.run(argv, { timeoutMs: fetchLimitMs, signal });
  await mustEnd(running, `The agent's package cannot be fetched from ${from}`);
}

/** As images are fetched: from the mirrors first, with their credentials and authorities, and no faster than the settings say. */
async function download(
  host: Host,
  images: Settings["images"],
  from: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const pace = paced(host, images["bytes-per-second"]);
  let last: Problem | undefined;
  for (const place of await placesOf(from, images)) {
    try {
      return await withDeadline(host, fetchLimitMs, signal, "Fetching the agent's package", (limited) =>
        readInto(place, fileName(from), file, mostBytes, { signal: limited, idleMs, pace }),
      );
    } catch (thrown) {
      signal.throwIfAborted();
      last = asProblem(thrown);
    }
  }
  throw new Problem("UPDATE", `The agent's package cannot be fetched from ${from}: ${last?.message ?? ""}`, {
    transient: true,
    remedy: "It is tried again in some minutes.",
    cause: last,
  });
}

async function mustEnd(running: Promise<RunResult>, what: string): Promise<void> {
  const { exitCode, stderr } = await running;
  if (exitCode === 0) return;
  const why = printable(stderr.trim().split("\n").at(-1) ?? "").slice(0, 200) || `exit code ${exitCode}`;
  throw new Problem("UPDATE", `${what}: ${why}`, { transient: true, remedy: "It is tried again in some minutes." });
}

async function mustBeSigned(
  { host, folder, trust }: Omit<Fetching, "images">,
  { version, signature }: AgentPackage,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const verdict = await checkSigned(
    {
      name: `version ${version} of the agent`,
      signature: signature.endsWith("\n") ? signature : `${signature}\n`,
      payload: { file },
      instead: `sign the package with a key that is there (ssh-keygen -Y sign -n ${packageNamespace})`,
    },
    { trust: { ...trust, namespace: packageNamespace }, host, folder, signal },
  );
  if ("problem" in verdict) throw verdict.problem;
}

/** What dpkg reads in it. */
async function mustBe(wanted: AgentPackage, file: string, run: Run): Promise<void> {
  const fields = await run("dpkg-deb", "-f", file, "Package", "Version", "Architecture");
  const own = (await run("dpkg", "--print-architecture")).stdout.trim();
  const value = (key: string): string => new RegExp(`^${key}: (.*)$`, "m").exec(fields.stdout)?.[1] ?? "nothing";
  const found = [value("Package"), value("Version"), value("Architecture")];
  const expected = [name, wanted.version, own];
  if (fields.exitCode === 0 && found.join(" ") === expected.join(" ")) return;
  const remedy = "Name the right package in images.yaml, with its version.";
  throw refused(wanted, `is ${printable(found.join(" "))}, not ${expected.join(" ")}`, remedy);
}

function refused({ package: from }: AgentPackage, what: string, remedy: string): Problem {
  return new Problem("UPDATE", `${from} ${what}.`, { remedy });
}

/** The version of the agent's package that dpkg holds for whole; undefined: it was not installed as one. */
export async function installedVersion(host: Host, signal: AbortSignal): Promise<string | undefined> {
  const argv = ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", name] as const;
  const { exitCode, stdout } = await host.run(argv, { timeoutMs: programMs, signal });
  return exitCode === 0 ? /^ii +(\S+)$/.exec(stdout)?.[1] : undefined;
}
