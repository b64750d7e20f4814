/** `impctl image ls`: the images that machine files may name, and which appliances do. */
import type { Command } from "commander";
import { loadFleet } from "../../schemas/load.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { readShared } from "../../schemas/shared.ts";
import { openSites } from "../../schemas/sites.ts";
import { folderTree } from "../folder.ts";
import { imageCommand } from "./image-command.ts";
import { findSites, relocate } from "./sites.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly sites?: string;
  readonly json?: boolean;
}

export function defineList(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "ls", "list the images of images.yaml, and which appliances run them", [
    "impctl image ls",
    "impctl image ls --sites sites --json",
  ])
    .option("-s, --sites <folder>", "the sites repository, by default found from the current folder")
    .action((options: Options) => list(options, terminal));
}

async function list(options: Options, terminal: Terminal): Promise<void> {
  const { path, prefix } = await findSites(options.sites, terminal.folder);
  const tree = folderTree(path);
  const shared = await readShared(openSites(tree));
  const wrong = shared.problems.filter(({ at }) => at?.file === "images.yaml");
  if (wrong.length > 0)
    throw new AggregateError(
      wrong.map((problem) => relocate(problem, prefix)),
      "images.yaml is wrong",
    );
  const { machines } = await loadFleet(tree);
  const images = [...shared.images].map(([name, image]) => ({
    name,
    ...image,
    appliances: [...machines].flatMap(([machine, { loaded }]) => (loaded?.machine.image === name ? [machine] : [])),
  }));
  if (options.json) return terminal.out(printableJson(JSON.stringify({ images }, undefined, 2)));
  if (images.length === 0) return terminal.out("images.yaml names no image");
  for (const { name, description, manifest, versions, appliances } of images) {
    const programs = Object.entries(versions).map(([program, version]) => `${program} ${version}`);
    const used = appliances.length === 0 ? "no appliance" : appliances.join(", ");
    const lines = [terminal.style("bold", printable(name)), ...(description === undefined ? [] : [`  ${description}`])];
    lines.push(`  manifest  ${manifest}`);
    if (programs.length > 0) lines.push(`  has       ${programs.join(", ")}`);
    lines.push(`  runs on   ${used}`);
    terminal.out(lines.map((line, index) => (index === 0 ? line : printable(line))).join("\n"));
  }
}
