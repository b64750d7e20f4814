/** The end of a bootstrap, and its only part that changes something: keys and settings are written, and the agent starts. */
import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Host } from "../../reconcilers/core.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { Problem } from "../../schemas/problem.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { makeIdentity, parseIdentities, recipientOf } from "../age.ts";
import { canonicalJson } from "../canonical-json.ts";
import { createPrivate, readPrivate } from "../private-file.ts";
import type { Draft } from "./draft.ts";

/** This box's key for secrets. */
export interface AgeKey {
  readonly path: string;
  readonly recipient: string;
  /** What has to be written; undefined: it is there already. */
  readonly made: string | undefined;
}

/** The key that is there, or one that nobody has written yet. */
export async function ageKeyOf(path: string): Promise<AgeKey> {
  const text = await readPrivate(path, "SETTINGS");
  if (text !== undefined) {
    const [identity = ""] = parseIdentities(text, path);
    return { path, recipient: await recipientOf(identity), made: undefined };
  }
  const { identity, recipient } = await makeIdentity();
  return { path, recipient, made: `# public key: ${recipient}\n${identity}\n` };
}

export interface Before {
  /** Empty where there is no file. */
  readonly settings: JsonObject;
  readonly text: string | undefined;
}

/** What is to be written. */
export interface Prepared {
  readonly draft: Draft;
  readonly key: AgeKey;
  /** Absolute: the agent's unit does not start without them. */
  readonly folders: readonly string[];
}

/** Writes what differs from what is there, the settings last, all of it for root alone; gives the paths that were written. */
export async function install(
  host: Pick<Host, "readFile" | "writeFile">,
  file: string,
  before: Before,
  { draft, key, folders }: Prepared,
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const folder of folders) await makeFolder(folder);
  const texts = new Map<string, string>();
  if (key.made !== undefined) {
    if (!(await createPrivate(key.path, key.made, "HOST_FILE")))
      throw new Problem("AGENT_BUSY", `Somebody else made ${key.path} meanwhile.`, { remedy: "Run it once more." });
    written.push(key.path);
  }
  for (const [path, text] of draft.files) if ((await host.readFile(path)) !== text) texts.set(path, text);
  if (before.text === undefined || canonicalJson(before.settings) !== canonicalJson(draft.settings)) {
    // Its comments are lost to whoever writes YAML anew.
    if (before.text !== undefined) texts.set(`${file}.before`, before.text);
    texts.set(file, yamlText(draft.settings));
  }
  await writeAll(host, texts);
  return [...written, ...texts.keys()];
}

/** All of them or none, where writing fails: a new token is of no use to settings that name another repository. In this order. */
async function writeAll(host: Pick<Host, "writeFile">, texts: ReadonlyMap<string, string>): Promise<void> {
  const paths = [...texts.keys()];
  try {
    for (const [path, text] of texts) await host.writeFile(`${path}.new`, text, { mode: 0o600 });
  } catch (thrown) {
    for (const path of paths) await rm(`${path}.new`, { force: true });
    throw thrown;
  }
  for (const path of paths) {
    await rename(`${path}.new`, path);
    await using folder = await open(dirname(path));
    await folder.sync();
  }
}

/** What is above it is everybody's, whatever the umask says. */
async function makeFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = dirname(path); made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("HOST_FILE", `${path} cannot be made: ${why}.`, { remedy: "Run it as root.", cause });
  }
}

export const startedUnits = ["imp-failsafe.service", "imp-agent.service"] as const;

/** Now and at every boot. `systemctl` is the program. */
export async function start(host: Pick<Host, "run">, systemctl: string, signal: AbortSignal): Promise<void> {
  const argv = [systemctl, "enable", "--now", ...startedUnits] as const;
  const { exitCode, stderr } = await host.run(argv, { timeoutMs: 90_000, signal });
  if (exitCode === 0) return;
  throw new Problem("HOST_COMMAND", `All is written, but the agent does not start: ${stderr.trim() || exitCode}.`, {
    remedy: `journalctl -u imp-agent; then: systemctl enable --now ${startedUnits.join(" ")}.`,
  });
}
