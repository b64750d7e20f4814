/** `impctl import`: a machine file from what the seed platform's configuration tool kept of a router. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadMachine } from "../../schemas/load.ts";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { readRouterJson } from "../../schemas/router-json.ts";
import { draftedText } from "../drafted.ts";
import { importRouter } from "../import/import.ts";
import { loneTree } from "../lone-tree.ts";
import { examples } from "./help.ts";
import { problemText } from "./problem-text.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("<file>", "router.json, as that tool wrote it")
    .option("--json", "write JSON")
    .action(async (file: string, { json }: { readonly json?: boolean }) => importFile(file, json === true, terminal));
  examples(
    command,
    ["impctl import router.json > sites/fra1/r1.yaml", "impctl import router.json --json | jq .left"],
    `The file begins with what router.json says and it cannot, and with advice, as comments. What is wrong with it as a machine file
is told with the place in what was written; exit code 1 then. Nothing is changed anywhere: \`impctl plan\` on the box shows what
the file would do there.`,
  );
}

async function importFile(file: string, json: boolean, terminal: Terminal): Promise<void> {
  const { router, unknown, problems } = readRouterJson(file, await bytesOf(resolve(terminal.folder, file)));
  if (!router) throw new AggregateError(problems, `${file} is no router.json`);
  const imported = importRouter(router, unknown);
  const text = draftedText(`Imported from ${file}.`, imported);
  const judged = await loadMachine(loneTree("import/router", text), "import/router");
  if (!judged.loaded) terminal.exitCode = exitCodes.problem;
  if (json) {
    terminal.out(printableJson(JSON.stringify({ ...imported, problems: judged.problems }, undefined, 2)));
    return;
  }
  terminal.out(printableLines(text));
  for (const problem of judged.problems) terminal.err(problemText(problem, terminal));
}

async function bytesOf(file: string): Promise<Uint8Array> {
  return readFile(file).catch((thrown: unknown) => {
    throw new Problem("USAGE", `${file} cannot be read`, {
      remedy: "Name the router.json of the appliance, by default /persistent/config/router.json.",
      cause: thrown,
    });
  });
}
