/**
 * A candidate as the image that is to run it renders it: what that needs on disk, its own agent knows, not the one that runs. Its impctl
 * runs out of its dataset, which is mounted for it alone: without network, without any right, in a root that nobody can write.
 */
import type { Host } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { LocalFile } from "../../schemas/local.ts";
import { Problem, reviveProblem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Tree } from "../../schemas/tree.ts";
import { readBox } from "../identity.ts";
import { lastLine, type Looked } from "../images/mounted.ts";
import { journalFormat } from "../journal.ts";
import type { SecretStore } from "../secrets.ts";
import { outside } from "./outside.ts";
import { renderFormat, type KeptFile, type RenderAnswer, type RenderJob, type SealedForm } from "./render-job.ts";

/** What is to be rendered. */
export interface StagedRequest {
  readonly tree: Tree;
  readonly commit: string;
  readonly overlays: readonly LocalFile[];
  readonly settings: Pick<Settings, "machine" | "identity" | "system" | "vpp" | "paths"> &
    Partial<Pick<Settings, "incus">>;
  readonly secrets: Pick<SecretStore, "resolve">;
}

export interface StagedRendering {
  readonly generation: Generation;
  /** As it keeps them; secrets are sealed in them. */
  readonly files: readonly KeptFile[];
  /** Warnings. */
  readonly problems: readonly Problem[];
}

const renderMs = 120_000;
/** Bytes of a repository that are sent, and of one file of it. */
const mostBytes = 64 * 1024 * 1024;
const mostFileBytes = 4 * 1024 * 1024;

/**
 * Renders it by the impctl of the dataset. Rejects with IMAGE_REFUSED where that cannot do it, or could not go on from what this agent
 * writes down; with what it says is wrong otherwise, which names the image: an AggregateError where that is more than one thing.
 */
export async function renderStaged(
  host: Host,
  looked: Looked,
  request: StagedRequest,
  signal: AbortSignal,
): Promise<StagedRendering> {
  const { tree, settings, secrets } = request;
  const job = await jobOf(host, request);
  const ask = (more: Partial<RenderJob>) => askImage(host, looked, { ...job, ...more }, signal);
  let answer = await ask({});
  const problems: Problem[] = [];
  if (answer.uses) {
    const resolution = await secrets.resolve(settings.machine, tree, answer.uses);
    problems.push(...resolution.problems);
    const names = [...new Set(answer.uses.map(({ name }) => name))];
    const forms = names.map((name): [string, SealedForm] => {
      return [name, { sealed: resolution.secrets.sealed(name), version: resolution.secrets.version(name) }];
    });
    answer = await ask({ secrets: Object.fromEntries(forms) });
  }
  problems.push(...answer.problems.map((report) => reviveProblem(report)));
  const wrong = problems.filter(({ severity }) => severity === "error").map((problem) => named(problem, looked.name));
  if (wrong.length > 0 || !answer.generation) throw new AggregateError(wrong, `${looked.name} cannot take the commit`);
  return { generation: answer.generation, files: answer.files ?? [], problems };
}

function named(problem: Problem, image: string): Problem {
  const { code, message, remedy, transient, at, path } = problem;
  return new Problem(code, `${image} says: ${message}`, {
    ...(remedy !== undefined && { remedy }),
    ...(at && { at }),
    ...(path !== undefined && { path }),
    transient,
    cause: problem,
  });
}

async function jobOf(host: Host, { tree, commit, overlays, settings }: StagedRequest): Promise<RenderJob> {
  const { machine, identity, system, vpp, incus, paths } = settings;
  const { uuid, macs } = await readBox(host);
  return {
    format: renderFormat,
    commit,
    files: await filesOf(tree),
    overlays: overlays.map(({ kind, name, text }) => ({ kind, name, text })),
    settings: { machine, identity, system, vpp, ...(incus && { incus }) },
    frrConfig: paths["frr-config"],
    box: { ...(uuid !== undefined && { uuid }), macs: [...macs] },
  };
}

/** Every file of the repository: what a newer agent reads of it nobody here knows. */
async function filesOf(tree: Tree): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  let left = mostBytes;
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, kind, size = 0 } of await tree.list(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (kind === "folder" && name !== ".git") folders.push(path);
      if (kind !== "file" || size > mostFileBytes) continue;
      const bytes = await tree.read(path);
      if (!bytes) continue;
      left -= bytes.length;
      if (left < 0) {
        throw new Problem("YAML_HOSTILE", `The sites repository has more than ${mostBytes >> 20} MiB.`, {
          remedy: "Keep what is no part of it elsewhere.",
        });
      }
      files[path] = Buffer.from(bytes).toString("base64");
    }
  }
  return files;
}

/** Mounted for the unit alone; from chroot on there is neither a right nor a file of this system. */
const script = `set -e
mkdir -p "$2"
mount -t zfs -o zfsutil,ro,nosuid,nodev "$1" "$2"
mount -t proc -o ro,nosuid,nodev,noexec proc "$2/proc"
exec chroot --userspec=65534:65534 --groups=65534 "$2" /usr/lib/imp/node /usr/lib/imp/impctl.cjs internal-render`;

const properties = [
  "PrivateNetwork=yes",
  "NoNewPrivileges=yes",
  // For the mounts, and to get rid of all of them.
  "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_SETUID CAP_SETGID",
  "RestrictNamespaces=yes",
  "RestrictAddressFamilies=AF_UNIX",
  "DevicePolicy=closed",
  "DeviceAllow=/dev/zfs rw",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service @mount",
  "SystemCallErrorNumber=EPERM",
  "LockPersonality=yes",
  "KeyringMode=private",
  "LimitCORE=0",
  "MemoryMax=1G",
  "TasksMax=64",
  "CPUWeight=20",
];

async function askImage(
  host: Host,
  { dataset, folder, name }: Looked,
  job: RenderJob,
  signal: AbortSignal,
): Promise<RenderAnswer> {
  const { exitCode, stdout, stderr } = await outside(host, ["sh", "-c", script, "sh", dataset, folder], {
    description: `IMP: ${name} renders what it is to run with`,
    properties,
    timeoutMs: renderMs,
    signal,
    input: JSON.stringify(job),
  });
  const refused = (why: string): Problem =>
    new Problem("IMAGE_REFUSED", `${name} cannot say what it is to run with: ${why}`, {
      remedy: "Build the image with a newer agent.",
    });
  if (exitCode !== 0) throw refused(`${lastLine(stderr) || `exit code ${exitCode}`}.`);
  const answer = answerIn(stdout);
  if (!answer) throw refused("its impctl gives another answer than this one knows.");
  if (answer.journal < journalFormat) {
    throw refused(`its agent (${answer.agent}) does not go on from what this one writes down.`);
  }
  return answer;
}

function answerIn(text: string): RenderAnswer | undefined {
  try {
    const answer = JSON.parse(text) as Partial<RenderAnswer>;
    const { format, agent = "", journal, problems } = answer;
    if (format !== renderFormat || typeof journal !== "number" || !Array.isArray(problems)) return undefined;
    return { ...answer, format, agent, journal, problems };
  } catch {
    return undefined;
  }
}
