/** `impctl secret …`: the secrets of a sites repository, encrypted to the boxes that use them. No command shows one. */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadFleet } from "../../schemas/load.ts";
import { Problem } from "../../schemas/problem.ts";
import { secretName } from "../../schemas/secret-file.ts";
import { readOperators, type SecretUser } from "../../schemas/secrets.ts";
import type { Tree } from "../../schemas/tree.ts";
import { decrypt, makeIdentity, parseIdentities } from "../age.ts";
import { folderTree } from "../folder.ts";
import { createPrivate, readPrivate } from "../private-file.ts";
import { readSecret, recipientsFor, rekeySecret, writeSecret } from "../secret-files.ts";
import { plain } from "../secrets.ts";
import { printableJson } from "../../schemas/printable.ts";
import { examples } from "./help.ts";
import { countProblems, problemText } from "./problem-text.ts";
import { readSecretInput, type SecretInput } from "./secret-input.ts";
import { findSites, relocate } from "./sites.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

interface Options {
  readonly sites?: string;
  readonly for?: readonly string[];
  readonly generate?: boolean;
  readonly identity?: string;
  readonly output?: string;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal, input: SecretInput = readSecretInput): void {
  defineTexts(command, terminal, input);
  onFiles(command, "rekey [name...]", "encrypt the same texts to the boxes that use them now, by default all", [
    "impctl secret rekey --identity ~/.config/imp/age.key",
    "impctl secret rekey bgp-ibgp --identity /persistent/config/imp/age.key",
  ])
    .requiredOption("-i, --identity <file>", "a private key that can read them; yours, if operators.pub lists it")
    .action((names: readonly string[], options: Options) => rekey(names, options, terminal));
  onFiles(command, "check", "see that every secret is encrypted to exactly the boxes that use it", [
    "impctl secret check",
    "impctl secret check --identity ~/.config/imp/age.key",
  ])
    .option("-i, --identity <file>", "a private key: also see that it can read every secret")
    .action((options: Options) => check(options, terminal));
  add(command, "keygen", "make a private key for this box or for you, and print its public key", [
    "impctl secret keygen",
    "impctl secret keygen --output ~/.config/imp/age.key",
  ])
    .option("-o, --output <file>", "where the private key goes", "/persistent/config/imp/age.key")
    .action((options: Options) => keygen(options, terminal));
}

/** The two that take a text, which comes from standard input or a prompt, never from the command line. */
function defineTexts(command: Command, terminal: Terminal, input: SecretInput): void {
  const random = "let the text be 32 random characters";
  onFiles(command, "set <name>", "make a secret; its text comes from standard input or a prompt", [
    "impctl secret set bgp-transit-a",
    "impctl secret set bgp-ibgp --for fra1/r3 --generate",
  ])
    .option("--for <machine...>", "encrypt it to these appliances as well, which do not use it yet")
    .option("--generate", random)
    .allowExcessArguments()
    .action((_name: string, options: Options, { args }: Command) => setSecret("set", args, options, terminal, input));
  onFiles(command, "rotate <name>", "give a secret a new text; each box that uses it deploys the change", [
    "pass show transit-a | impctl secret rotate bgp-transit-a",
    "impctl secret rotate bgp-ibgp --generate",
  ])
    .option("--generate", random)
    .allowExcessArguments()
    .action((_name: string, options: Options, { args }: Command) =>
      setSecret("rotate", args, options, terminal, input),
    );
}

function add(parent: Command, usage: string, text: string, lines: readonly string[]): Command {
  const description = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  const command = parent.command(usage).summary(text).description(description).option("--json", "write JSON");
  examples(command, lines);
  return command;
}

/** The same for those that work on a checkout. */
function onFiles(parent: Command, usage: string, text: string, lines: readonly string[]): Command {
  const found = "the sites repository, by default found from the current folder";
  return add(parent, usage, text, lines).option("-s, --sites <folder>", found);
}

interface Checkout {
  readonly top: string;
  readonly prefix: string;
  readonly tree: Tree;
  readonly users: readonly SecretUser[];
  /** Only those about secrets. */
  readonly problems: readonly Problem[];
}

async function openCheckout(options: Options, terminal: Terminal): Promise<Checkout> {
  const { path, prefix } = await findSites(options.sites, terminal.folder);
  const tree = folderTree(path);
  const fleet = await loadFleet(tree);
  const users = [...fleet.machines].map(([machine, { loaded }]) => ({
    machine,
    key: loaded?.machine["age-key"],
    uses: loaded?.secrets,
  }));
  const problems = fleet.problems
    .filter((problem) => problem.code.startsWith("SECRET_") || problem.at?.file.startsWith("secrets/"))
    .map((problem) => relocate(problem, prefix));
  return { top: path, prefix, tree, users, problems };
}

async function setSecret(
  verb: "set" | "rotate",
  [name = "", ...excess]: readonly string[],
  options: Options,
  terminal: Terminal,
  input: SecretInput,
): Promise<void> {
  // Nothing of what was given is repeated: it may be the text in the wrong place, which is why this is not left to the
  // parser of the command line.
  if (excess.length > 0)
    throw new Problem("USAGE", `secret ${verb} takes one name and nothing else.`, {
      remedy: "The text comes from standard input; if it stood on the command line, choose another one.",
    });
  if (!secretName.test(name))
    throw new Problem("USAGE", "that is no name of a secret.", {
      remedy: "Up to 63 of a-z 0-9 . _ - with a letter or digit first. The text itself comes from standard input.",
    });
  const checkout = await openCheckout(options, terminal);
  const there = await readSecret(checkout.tree, name).catch(() => ({ local: undefined }));
  if (verb === "set" && there !== undefined)
    throw new Problem("USAGE", `the secret ${name} exists.`, { remedy: `To replace its text: secret rotate ${name}.` });
  if (verb === "rotate" && there === undefined)
    throw new Problem("SECRET_MISSING", `there is no secret ${name}.`, { remedy: `To make it: secret set ${name}.` });
  if (there?.local)
    throw new Problem("USAGE", `the text of ${name} is in the local folder of each box, not in the repository.`, {
      remedy: "Change it there; or remove the file and set it anew to move it into the repository.",
    });
  const operators = await readOperators(checkout.tree);
  if (operators.problems[0]) throw operators.problems[0];
  const recipients = recipientsFor(name, checkout.users, options.for ?? [], operators.recipients);
  const text = options.generate ? randomBytes(24).toString("base64url") : await input(name, terminal);
  await writeSecret(checkout.top, name, plain(name, text), recipients);
  const to = Object.keys(recipients).toSorted();
  if (options.json) terminal.out(JSON.stringify({ name, recipients: to }));
  else terminal.out(`${checkout.prefix}secrets/${name}.yaml is encrypted to ${to.join(", ")}`);
}

async function rekey(named: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const checkout = await openCheckout(options, terminal);
  const identities = await identitiesOf(options, terminal);
  const operators = await readOperators(checkout.tree);
  if (operators.problems[0]) throw operators.problems[0];
  const names = named.length > 0 ? named : await existing(checkout.tree, usedNames(checkout.users));
  const done: Record<string, string> = {};
  for (const name of names) {
    const recipients = recipientsFor(name, checkout.users, [], operators.recipients);
    done[name] = await rekeySecret(checkout, name, recipients, identities);
    if (!options.json) terminal.out(`${name}: ${done[name]}`);
  }
  if (options.json) terminal.out(JSON.stringify(done));
  else if (Object.values(done).includes("rekeyed"))
    terminal.err("A box that was dropped may have read the text before: rotate it if that matters.");
}

async function check(options: Options, terminal: Terminal): Promise<void> {
  const { tree, users, problems: found } = await openCheckout(options, terminal);
  const problems = [...found];
  if (options.identity !== undefined) {
    const identities = await identitiesOf(options, terminal);
    for (const name of await existing(tree, usedNames(users))) {
      try {
        const file = await readSecret(tree, name);
        if (file && !file.local) plain(name, await decrypt(file.data, identities, `${name} cannot be decrypted`));
      } catch (thrown) {
        // A file that is no secret file was found already.
        if (!(thrown instanceof Problem)) throw thrown;
        if (thrown.code === "SECRET_UNREADABLE") problems.push(thrown);
      }
    }
  }
  if (problems.some((problem) => problem.severity === "error")) terminal.exitCode = exitCodes.problem;
  if (options.json) return terminal.out(printableJson(JSON.stringify({ problems }, undefined, 2)));
  for (const problem of problems) terminal.out(problemText(problem, terminal));
  terminal.out(
    problems.length > 0 ? countProblems(problems) : "every secret is encrypted to exactly the boxes that use it",
  );
}

async function keygen(options: Options, terminal: Terminal): Promise<void> {
  const path = resolve(terminal.folder, options.output ?? "age.key");
  const { identity, recipient } = await makeIdentity();
  const text = `# public key: ${recipient}\n${identity}\n`;
  if (!(await createPrivate(path, text, "HOST_FILE")))
    throw new Problem("USAGE", `${path} exists; a private key is never overwritten.`, {
      remedy: "Move it away first; what is encrypted to it alone needs it.",
    });
  terminal.out(options.json ? JSON.stringify({ path, recipient }) : recipient);
  if (!options.json) terminal.err(`The private key is in ${path}. For a box, put the public key above as "age-key".`);
}

async function identitiesOf(options: Options, terminal: Terminal): Promise<readonly string[]> {
  const path = resolve(terminal.folder, options.identity ?? "");
  const text = await readPrivate(path, "SECRET_UNREADABLE");
  if (text === undefined) throw new Problem("USAGE", `there is no file ${path}.`, { remedy: "Name your private key." });
  return parseIdentities(text, path);
}

function usedNames(users: readonly SecretUser[]): readonly string[] {
  return [...new Set(users.flatMap((user) => user.uses ?? []).map((use) => use.name))].toSorted();
}

/** Those of the names that have a file. */
async function existing(tree: Tree, names: readonly string[]): Promise<readonly string[]> {
  const files = new Set((await tree.list("secrets")).map((entry) => entry.name));
  return names.filter((name) => files.has(`${name}.yaml`));
}
