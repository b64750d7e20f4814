/** What a candidate boots with, on disk before anything leaves: the boot script lays it in the trial, where no agent has run yet. */
import { sealedSecret } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import type { KeptFile } from "./render-job.ts";

/** `files`: as the image itself keeps them; undefined: as this agent does. Rejects with a Problem, and then nothing may leave. */
export async function keepFiles(
  { host, bootFiles, secrets, state }: Appliance,
  candidate: Generation,
  files: readonly KeptFile[] | undefined,
): Promise<void> {
  if (!files) return bootFiles.keep(candidate, candidate.desired);
  for (const { name, text } of files) {
    if (!isKept(name))
      throw new Problem("IMAGE_REFUSED", `The image keeps a file of the candidate out of place: ${name}`);
    const content = name === "restore" ? placed(text, state) : revealed(text, secrets.collect(text));
    await host.writeFile(`${state}/generations/${candidate.digest}/${name}`, content, { mode: 0o600 });
  }
}

/** Below the generation's folder. */
function isKept(name: string): boolean {
  const parts = name.split("/");
  return (
    name === "restore" ||
    (parts[0] === "files" && parts.length > 1 && !parts.some((one) => ["", ".", ".."].includes(one)))
  );
}

/** The list of files names them as if the agent's folder were "/". */
function placed(list: string, state: string): string {
  return list.replace(
    /^(file \d+ \d+ \d+ )(\/generations\/)/gm,
    (_, words: string, path: string) => `${words}${state}${path}`,
  );
}

function revealed(text: string, texts: Readonly<Record<string, string>>): string {
  return text.replace(sealedSecret, (sealed) => {
    const secret = texts[sealed];
    if (secret !== undefined) return secret;
    throw new Problem("SECRET_UNREADABLE", "A secret of the candidate is not known any more.", {
      remedy: "Put it back, or commit a change of it.",
    });
  });
}
