/**
 * The other side of staged-render.ts: renders what a commit asks of this machine, from standard input to standard output. It runs without
 * any right in a root that it cannot write: all that it needs it is told.
 */
import { text } from "node:stream/consumers";
import type { Host } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { sealedSecret } from "../../reconcilers/core.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { SecretUse } from "../../schemas/secrets.ts";
import type { Tree, TreeEntry } from "../../schemas/tree.ts";
import { bootFiles } from "../boot-files.ts";
import { canonicalJson } from "../canonical-json.ts";
import { frrBootFile } from "../frr-boot-file.ts";
import { boxHost } from "../identity.ts";
import { journalFormat } from "../journal.ts";
import { unresolvedSecrets } from "../secrets.ts";
import { agentVersion } from "../version.ts";
import { loadWanted } from "../wanted.ts";
import { renderFormat, type KeptFile, type RenderAnswer, type RenderJob } from "./render-job.ts";

/** Does the job on standard input; a failure is an answer. */
export async function runRenderChild(): Promise<void> {
  const answer = await answered(await text(process.stdin), (path) => readHere(path));
  await new Promise((resolve) => process.stdout.write(canonicalJson(answer), resolve));
}

/** `here`: files of the root that it runs in. Never rejects. */
export async function answered(
  job: string,
  here: (path: string) => Promise<string | undefined>,
): Promise<RenderAnswer> {
  const about = { format: renderFormat, agent: agentVersion, journal: journalFormat } as const;
  try {
    return { ...about, ...(await rendered(JSON.parse(job) as RenderJob, here)) };
  } catch (thrown) {
    return { ...about, problems: [asProblem(thrown).toJSON()] };
  }
}

async function rendered(
  { commit, files, overlays, settings, frrConfig, box, secrets }: RenderJob,
  here: (path: string) => Promise<string | undefined>,
): Promise<Pick<RenderAnswer, "uses" | "problems" | "generation" | "files">> {
  let uses: readonly SecretUse[] | undefined;
  const known = {
    resolve: async (_machine: string, _tree: Tree, used: readonly SecretUse[]) => {
      if (used.some(({ name }) => secrets?.[name] === undefined)) uses = used;
      return {
        secrets: {
          sealed: (name: string) => secrets?.[name]?.sealed ?? unresolvedSecrets.sealed(name),
          version: (name: string) => secrets?.[name]?.version ?? unresolvedSecrets.version(name),
        },
        problems: [],
      };
    },
  };
  const host = boxHost({ uuid: box.uuid, macs: new Set(box.macs) });
  const { generation, problems } = await loadWanted(treeOf(files), commit, overlays, {
    settings,
    host,
    secrets: known,
  });
  const reports = problems.map((problem) => problem.toJSON());
  // What could not be resolved is not there, which whoever has the secrets says.
  if (uses !== undefined && secrets === undefined) return { uses, problems: [] };
  if (!generation) return { problems: reports };
  return { problems: reports, generation, files: await keptFiles(generation, frrConfig, here) };
}

/** What this agent would keep with the generation. */
async function keptFiles(
  generation: Generation,
  frrConfig: string,
  here: (path: string) => Promise<string | undefined>,
): Promise<readonly KeptFile[]> {
  const written = new Map<string, KeptFile>();
  const folder = `/generations/${generation.digest}`;
  const host: Pick<Host, "readFile" | "writeFile" | "secrets"> = {
    readFile: async (path) => (path.startsWith("/generations/") ? written.get(path)?.text : here(path)),
    writeFile: async (path, content, options) => {
      const name = path.slice(folder.length + 1);
      written.set(path, { name, text: content, mode: options?.mode ?? 0o644 });
    },
    secrets: { seal: (secret) => secret, reveal: (sealed) => sealed },
  };
  // A generation is committed by the one who keeps it: its files are found by its text.
  written.set(`${folder}/generation.json`, { name: "generation.json", text: canonicalJson(generation), mode: 0o600 });
  // Sealed forms stand for themselves.
  const collect = (sealed: string) => Object.fromEntries([...sealed.matchAll(sealedSecret)].map(([one]) => [one, one]));
  const outside = host as Host;
  await bootFiles(outside, "", [frrBootFile(outside, { collect }, frrConfig)]).keep(generation, generation.desired);
  return [...written.values()].filter(({ name }) => name !== "generation.json");
}

async function readHere(path: string): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  return readFile(path, "utf8").catch(() => undefined);
}

function treeOf(files: RenderJob["files"]): Tree {
  return {
    revision: undefined,
    read: async (path) => (Object.hasOwn(files, path) ? Buffer.from(files[path] ?? "", "base64") : undefined),
    list: async (folder) => {
      const prefix = folder === "" ? "" : `${folder}/`;
      const entries = new Map<string, TreeEntry>();
      for (const path of Object.keys(files).filter((one) => one.startsWith(prefix))) {
        const [name = "", ...rest] = path.slice(prefix.length).split("/");
        entries.set(name, { name, kind: rest.length > 0 ? "folder" : "file" });
      }
      return [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}
