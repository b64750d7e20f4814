/** What a bootstrap tells: what it found, what it wrote, and what happens next. */
import { printable, printableJson, printableLines } from "../../schemas/printable.ts";
import type { Examined } from "../bootstrap/examine.ts";
import { startedUnits } from "../bootstrap/install.ts";
import { remoteLabel } from "../git/remote.ts";
import { problemText } from "./problem-text.ts";
import type { Terminal } from "./terminal.ts";

export interface Bootstrapped {
  /** The settings' file. */
  readonly settings: string;
  readonly machine: string;
  readonly branch: string;
  readonly isReplaced: boolean;
  /** The folder that stands in for the repository. */
  readonly from: string | undefined;
  readonly repository: string | undefined;
  readonly isAgeKeyNew: boolean;
  /** Public. */
  readonly ageKey: string;
  readonly examined: Examined;
  /** What the machine file lacks. */
  readonly patch: readonly { readonly file: string; readonly yaml: string }[];
  readonly notes: readonly string[];
  /** Paths. */
  readonly written: readonly string[];
}

export function showBootstrap(found: Bootstrapped, json: boolean, terminal: Terminal): void {
  const { examined, patch } = found;
  const { commit, remote, signer, problems, missing } = examined;
  const identity = identityOf(examined);
  const repository = found.repository === undefined ? undefined : remoteLabel(found.repository);
  const next = nextSteps(found);
  if (json) {
    const { settings, machine, branch, from, ageKey, notes, written } = found;
    const shown = { settings, machine, repository, branch, from, commit, remote, signer, identity };
    const rest = { "age-key": ageKey, written, started: startedUnits, patch, missing, notes, problems, next };
    return terminal.out(printableJson(JSON.stringify({ ...shown, ...rest }, undefined, 2)));
  }
  const rows: readonly (readonly [string, string])[] = [
    [
      "repository",
      `${remote}, ${found.branch} at ${commit.slice(0, 12)}${signer === undefined ? "" : `, signed by ${signer}`}`,
    ],
    ["machine", found.machine],
    ["identity", identityWords[identity]],
    ["age key", `${found.ageKey} (${found.isAgeKeyNew ? "made now" : "as it was"})`],
    [
      "settings",
      found.written.length === 0 ? `${found.settings}, as they were` : `written: ${found.written.join(", ")}`,
    ],
    ["started", startedUnits.join(", ")],
  ];
  for (const [name, text] of rows) terminal.out(`${terminal.style("bold", name.padEnd(10))}  ${printable(text)}`);
  for (const problem of problems) terminal.err(problemText(problem, terminal));
  for (const name of missing)
    terminal.err(printable(`interfaces.${name}: this box has no such NIC; see "impctl hardware".`));
  for (const note of found.notes) terminal.err(printable(note));
  for (const { file, yaml } of patch)
    terminal.out(printableLines(`\n# ${file}: put this over what stands there; null takes away\n${yaml}`));
  terminal.out(`\n${terminal.style("bold", "Next")}\n${next.map((step) => `  - ${printable(step)}`).join("\n")}`);
}

const identityWords = {
  fits: "the machine file is for this box",
  undeclared: "the machine file does not say which box it is for",
  other: "the machine file is for another box: it must be changed to this one's before the agent takes it",
} as const;

function identityOf({ identity, mismatch }: Examined): keyof typeof identityWords {
  return mismatch ? "other" : identity ? "fits" : "undeclared";
}

function nextSteps({ patch, from, repository, machine, isReplaced, examined }: Bootstrapped): readonly string[] {
  const where = from === undefined ? "commit and push it" : `commit it in ${from}`;
  const url = repository === undefined ? "the repository" : remoteLabel(repository);
  return [
    ...(patch.length > 0 ? [`Put the lines above into the file of ${machine}, and ${where}.`] : []),
    ...(patch.some(({ yaml }) => yaml.includes("age-key:"))
      ? ["Then encrypt its secrets to this box: impctl secret rekey --identity <your key>."]
      : []),
    ...(examined.mismatch ? ["Until then the agent refuses the machine file, and changes nothing."] : []),
    ...(from === undefined
      ? []
      : [
          `The agent goes on with ${from} until ${url} answers. Push the same commits there: what it offers must descend from them.`,
          `When it answers, let the folder go: impctl bootstrap --repository ${url}.`,
        ]),
    ...(isReplaced ? ["The file of the box that was replaced has no use any more: keep it switched off."] : []),
    "The agent plans what the machine file asks for. An empty box it brings there by itself; on one that was configured by hand it waits for: impctl adopt --accept.",
    "Look with: impctl status, impctl plan, impctl doctor.",
  ];
}
