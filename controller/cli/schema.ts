/** `impctl schema`: JSON Schema of the documents of a sites repository, for editors. */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Argument } from "commander";
import type { Command } from "commander";
import { documentNames, jsonSchema } from "../../schemas/json-schema.ts";
import type { DocumentName } from "../../schemas/json-schema.ts";
import { Problem } from "../../schemas/problem.ts";
import { examples } from "./help.ts";
import { plural } from "../plural.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly output?: string;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .addArgument(new Argument("[document]", "one kind of document").choices(documentNames).default("machine"))
    .option("-o, --output <folder>", "write all of them there, one <document>.json each")
    .option("--json", "accepted for regularity: it is JSON anyway")
    .action(async (document: DocumentName, options: Options) => {
      if (options.output === undefined) terminal.out(JSON.stringify(jsonSchema(document), undefined, 1));
      else await writeAll(resolve(terminal.folder, options.output), options, terminal);
    });
  examples(
    command,
    ["impctl schema > machine.json", "impctl schema fleet", "impctl schema --output sites/.schema"],
    "An editor with a YAML language server reads: # yaml-language-server: $schema=../.schema/machine.json",
  );
}

async function writeAll(folder: string, options: Options, terminal: Terminal): Promise<void> {
  await makeFolder(folder);
  const files = documentNames.map((name) => join(folder, `${name}.json`));
  for (const [index, name] of documentNames.entries()) {
    await writeFile(files[index] ?? "", `${JSON.stringify(jsonSchema(name), undefined, 1)}\n`);
  }
  terminal.out(options.json ? JSON.stringify({ files }) : `wrote ${plural(files.length, "schema")} to ${folder}`);
}

/** Only the last folder of the path: Node's recursive mkdir turns for ever where the kernel has no room for one, as in /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("HOST_FILE", `${folder} cannot be made: ${why}.`, {
      remedy: "Name a folder that can be.",
      cause,
    });
  }
}
