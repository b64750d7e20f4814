/** What stands on the disk of this box, for when its agent is dead. */
import { Problem } from "../../schemas/problem.ts";
import { linuxHost } from "../host/linux.ts";
import { openPast, type Past } from "../past.ts";
import { openSecrets } from "../secrets.ts";
import { askAgent, type AgentOptions, type Question } from "./agent-client.ts";
import { defaultSettingsFile, readSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

export interface PastOptions extends AgentOptions {
  readonly settings: string;
}

/** The option that says where the disk's paths are. */
export const settingsOption = ["--settings <file>", "where to read when no agent runs", defaultSettingsFile] as const;

/** The agent's answer; where none runs, the same from the disk, which is said on standard error. */
export async function askPast<T>(
  { socket, settings, json }: PastOptions,
  question: Question,
  terminal: Terminal,
  read: (past: Past) => Promise<T>,
): Promise<T> {
  try {
    return (await askAgent(socket, question, terminal.signal)) as T;
  } catch (thrown) {
    const isDead = thrown instanceof Problem && thrown.code === "AGENT_UNREACHABLE" && thrown.transient;
    const found = isDead ? await readSettings(settings, terminal).catch(() => undefined) : undefined;
    if (!found) throw thrown;
    const host = linuxHost(await openSecrets(found.secrets, "lookOnly"));
    const answer = await read(openPast(host, found.paths.state));
    if (!json) terminal.err("No agent runs here; this is what stands on the disk.");
    return answer;
  }
}
