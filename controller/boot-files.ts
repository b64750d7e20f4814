/** The files from which the planes start at boot, without the agent: always those of the committed generation. */
import type { Host } from "../reconcilers/core.ts";
import { sealedSecret } from "../reconcilers/core.ts";
import type { Generation } from "../reconcilers/generation.ts";
import { Problem } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";

/** Writes what differs, readable by root and the file's group only, since secrets stand in it. */
export async function layBootFiles(host: Host, paths: Settings["paths"], generation: Generation): Promise<void> {
  const text = frrBootFile(host, generation);
  const path = paths["frr-config"];
  if ((await host.readFile(path)) !== text) await host.writeFile(path, text, { mode: 0o640 });
}

/** What `vtysh -b` reads at FRR's start. */
function frrBootFile(host: Host, { desired, digest }: Generation): string {
  const config = desired.frr.config.replace(sealedSecret, (sealed) => {
    const text = host.secrets.reveal(sealed);
    if (text !== undefined) return text;
    throw new Problem("SECRET_UNREADABLE", `A secret of generation ${digest.slice(0, 12)} is not known any more.`, {
      remedy: "Put it back, or commit a change of it.",
    });
  });
  const head = `! Written by impctl from generation ${digest.slice(0, 12)}. Changes made here are lost.`;
  return `${head}\nfrr defaults traditional\n!\n${config.replace(/\n*$/, "\n")}`;
}
