/** What stands at one place of the disk. */
import type { Host } from "../core.ts";
import type { SystemFile } from "./model.ts";

/** "odd": something else than a file. undefined: nothing. */
export async function fileAt(host: Host, path: string): Promise<SystemFile | "odd" | undefined> {
  const found = await host.attributes(path);
  if (!found) return undefined;
  if (found.kind !== "file") return "odd";
  const text = await host.readFile(path);
  return text === undefined ? undefined : { path, text, mode: found.mode, owner: found.owner };
}

/** Whether its bytes are known: what is not UTF-8 is read as U+FFFD, and could not be written back as it was. */
export function isWhole({ text }: SystemFile): boolean {
  return !text.includes("\uFFFD");
}
