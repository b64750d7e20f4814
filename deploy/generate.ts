/**
 * Writes what is generated from the schemas, the problem table and the command line: sites/.schema/*.json, docs/problems.md,
 * docs/agent.md, docs/cli.md, docs/state-machine.md, docs/reasons.md, docs/metrics.md,
 * reconcilers/vpp/api/messages.ts and known.ts. A unit test fails while they are not what this would write: `npm run generate`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DocumentName, jsonSchema } from "../schemas/json-schema.ts";
import { problemCodes } from "../schemas/problem.ts";
import { fleetRules } from "../schemas/semantics/fleet-rules.ts";
import { machineRules } from "../schemas/semantics/machine-rules.ts";
import { agentPage } from "./agent-page.ts";
import { cliPage } from "./cli-page.ts";
import { metricsPage } from "./metrics-page.ts";
import { reasonsPage } from "./reasons-page.ts";
import { stateMachinePage } from "./state-machine-page.ts";
import { vppKnown, vppMessages } from "./vpp-messages.ts";

const editorDocuments = [
  "machine",
  "site",
  "fleet",
  "images",
  "customer",
  "policies",
] as const satisfies DocumentName[];

/** Path from the top of the checkout → content. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...editorDocuments.map(
      (document) => [`sites/.schema/${document}.json`, `${JSON.stringify(jsonSchema(document), null, 1)}\n`] as const,
    ),
    ["docs/problems.md", problemsPage()] as const,
    ["docs/validation.md", validationPage()] as const,
    ["docs/agent.md", agentPage()] as const,
    ["docs/cli.md", await cliPage()] as const,
    ["docs/state-machine.md", stateMachinePage()] as const,
    ["docs/reasons.md", reasonsPage()] as const,
    ["docs/metrics.md", await metricsPage()] as const,
    ["reconcilers/vpp/api/messages.ts", vppMessages()] as const,
    ["reconcilers/vpp/api/known.ts", vppKnown()] as const,
  ]);
}

function problemsPage(): string {
  return [
    "# Problems",
    "",
    "Everything that can go wrong and that an operator is to read has a code. The codes are stable: they stand in",
    "`--json` output, in the status and in metrics. This page is generated: `npm run generate`.",
    "",
    "| Code | Meaning |",
    "|---|---|",
    ...Object.entries(problemCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    "",
  ].join("\n");
}

function validationPage(): string {
  const table = (rules: Readonly<Record<string, { severity: string; rule: string; remedy: string }>>): string[] => [
    "| Rule | | What must hold | Where it does not |",
    "|---|---|---|---|",
    ...Object.entries(rules).map(
      ([name, { severity, rule, remedy }]) => `| \`${name}\` | ${severity} | ${rule} | ${remedy} |`,
    ),
  ];
  return [
    "# Validation",
    "",
    "`impctl validate` looks at a sites repository at three levels and prints every problem at once, each with its file, line",
    "and column: the schema of each value, the rules across the values of one appliance, and the rules across appliances.",
    "The schema is described in your editor (`impctl schema`); the rules are these. An error makes the tree invalid: it",
    "certainly cannot work, or cannot be meant. A warning does not. This page is generated: `npm run generate`.",
    "",
    "## One appliance",
    "",
    ...table(machineRules),
    "",
    "## Across appliances",
    "",
    ...table(fleetRules),
    "",
  ].join("\n");
}

if (import.meta.main) {
  const top = join(import.meta.dirname, "..");
  for (const [path, content] of await generated()) {
    await mkdir(dirname(join(top, path)), { recursive: true });
    await writeFile(join(top, path), content);
  }
}
