/** Whether the secret files of a sites repository fit the machines that use them: who uses what, and who should read it. */
import { Problem, type Position } from "./problem.ts";
import {
  ageRecipient,
  keyAt,
  parseSecretFile,
  secretFileLimit,
  secretName,
  secretPath,
  type Recipients,
} from "./secret-file.ts";
import type { Tree } from "./tree.ts";

/** Keys of people that every secret is encrypted to as well, one "<name> <age1…>" a line, so that they can re-encrypt. */
export const operatorsFile = "secrets/operators.pub";
/** A name that operators.pub lists stands as "operator:<name>" among a file's recipients. */
const operatorPrefix = "operator:";

/** One place where a machine file says `{secret: name}`. */
export interface SecretUse {
  readonly name: string;
  /** Path of the value in the machine file. */
  readonly path: string;
  readonly at?: Position;
}

/** A machine as far as secrets are concerned. */
export interface SecretUser {
  /** "<site>/<appliance>". */
  readonly machine: string;
  /** The box's age public key as its machine file declares it. */
  readonly key: string | undefined;
  /** undefined: the machine file has errors, so nobody knows what it uses. */
  readonly uses: readonly SecretUse[] | undefined;
  /** Of a machine file with errors: what it names all the same. That must exist; who should read it is not judged. */
  readonly named?: readonly SecretUse[] | undefined;
}

/** Keys of operators.pub by "operator:<name>", and what is wrong with the file. */
export async function readOperators(
  tree: Tree,
): Promise<{ readonly recipients: Recipients; readonly problems: readonly Problem[] }> {
  const bytes = await tree.read(operatorsFile);
  const recipients: Record<string, string> = {};
  const problems: Problem[] = [];
  const lines =
    bytes === undefined || bytes.length > secretFileLimit ? [] : new TextDecoder().decode(bytes).split("\n");
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [name = "", key = "", ...rest] = line.trim().split(/\s+/);
    if (secretName.test(name) && ageRecipient.test(key) && rest.length === 0)
      recipients[`${operatorPrefix}${name}`] = key;
    else
      problems.push(
        new Problem("SCHEMA", "not a name and an age public key.", {
          at: { file: operatorsFile, line: index + 1, column: 1 },
          remedy: 'Write "<name> age1…", one a line.',
        }),
      );
  }
  return { recipients, problems };
}

/** Whom `name` must be encrypted to: the machines that use it and the operators. Machines without a key are left out. */
export function recipientsOf(name: string, users: readonly SecretUser[], operators: Recipients): Recipients {
  const recipients: Record<string, string> = { ...operators };
  for (const user of users)
    if (user.key !== undefined && user.uses?.some((use) => use.name === name)) recipients[user.machine] = user.key;
  return recipients;
}

/**
 * Every secret that is used exists and is encrypted to exactly the boxes that use it (errors); every secret that exists
 * is used (warnings). With scope "machine", `users` is that one machine and only the files it uses are read: what
 * others may read is then not judged.
 */
export async function checkSecrets(
  tree: Tree,
  users: readonly SecretUser[],
  scope: "fleet" | "machine",
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const used = new Set(users.flatMap(namedBy).map((use) => use.name));
  const operators = scope === "fleet" ? await readOperators(tree) : { recipients: {}, problems: [] };
  problems.push(...operators.problems);
  for (const name of [...used].toSorted()) {
    const bytes = secretName.test(name) ? await tree.read(secretPath(name)) : undefined;
    if (bytes === undefined) {
      problems.push(...missing(name, users));
      continue;
    }
    const file = parseSecretFile(name, bytes);
    if (file instanceof Problem) problems.push(file);
    else if (!file.local) problems.push(...judge({ name, bytes, file, users, operators: operators.recipients, scope }));
  }
  if (scope === "fleet") problems.push(...(await unused(tree, used, users)));
  return problems;
}

function namedBy({ uses, named }: SecretUser): readonly SecretUse[] {
  return uses ?? named ?? [];
}

function missing(name: string, users: readonly SecretUser[]): Problem[] {
  const uses = users.flatMap(namedBy).filter((use) => use.name === name);
  return uses.map(
    (use) =>
      new Problem("SECRET_MISSING", `there is no secret ${JSON.stringify(name)} (${secretPath(name)}).`, {
        ...(use.at && { at: use.at }),
        path: use.path,
        remedy: secretName.test(name)
          ? `Make it: impctl secret set ${name}.`
          : "A secret's name has up to 63 of a-z 0-9 . _ - and starts with a letter or digit.",
      }),
  );
}

interface Judged {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly file: { readonly recipients: Recipients };
  readonly users: readonly SecretUser[];
  readonly operators: Recipients;
  readonly scope: "fleet" | "machine";
}

/** Compares whom a file names with whom it should. */
function judge({ name, bytes, file, users, operators, scope }: Judged): Problem[] {
  const wanted = recipientsOf(name, users, operators);
  const unknown = new Set(users.filter((user) => user.uses === undefined).map((user) => user.machine));
  const problem = (who: string, message: string) =>
    new Problem("SECRET_RECIPIENTS", message, {
      at: keyAt(secretPath(name), bytes, file.recipients[who] === undefined ? "recipients" : who),
      path: "recipients",
      remedy: `Run: impctl secret rekey ${name}.`,
    });
  const problems: Problem[] = keyless(name, users);
  for (const [who, key] of Object.entries(wanted)) {
    const has = file.recipients[who];
    if (has === undefined) problems.push(problem(who, `is not encrypted to ${who}, which needs it.`));
    else if (has !== key) problems.push(problem(who, `is encrypted to a key that ${who} does not declare (any more).`));
  }
  if (scope === "machine") return problems;
  for (const who of Object.keys(file.recipients))
    if (wanted[who] === undefined && !unknown.has(who))
      problems.push(problem(who, `is encrypted to ${who}, which does not use it.`));
  return problems;
}

/** Machines that use an encrypted secret but declare no key that it could be encrypted to. */
function keyless(name: string, users: readonly SecretUser[]): Problem[] {
  return users.flatMap((user) => {
    const use = user.uses?.find((candidate) => candidate.name === name);
    if (user.key !== undefined || use === undefined) return [];
    return new Problem("SECRET_RECIPIENTS", `${user.machine} uses ${name}, but its machine file declares no age key.`, {
      ...(use.at && { at: use.at }),
      path: use.path,
      remedy: 'Run "impctl secret keygen" on the box and put the public key into the machine file as "age-key".',
    });
  });
}

async function unused(tree: Tree, used: ReadonlySet<string>, users: readonly SecretUser[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  // A machine file with errors hides what it uses: better no warning than a wrong one.
  const whole = users.every((user) => user.uses !== undefined);
  for (const entry of await tree.list("secrets")) {
    const at = { file: `secrets/${entry.name}`, line: 1, column: 1 };
    if (entry.kind !== "file")
      problems.push(
        new Problem("YAML_HOSTILE", `is a ${entry.kind === "other" ? "special file" : entry.kind}, not a file.`, {
          at,
          remedy: "Remove it.",
        }),
      );
    else if (entry.name.endsWith(".yaml")) {
      const name = entry.name.slice(0, -".yaml".length);
      if (used.has(name)) continue;
      if (whole)
        problems.push(
          new Problem("ADVICE", "no machine uses this secret.", {
            at,
            severity: "warning",
            remedy: "Remove the file.",
          }),
        );
      // Nobody uses it, yet a password pasted in the clear must not go unnoticed.
      const file = parseSecretFile(name, (await tree.read(at.file)) ?? new Uint8Array());
      if (file instanceof Problem) problems.push(file);
    }
  }
  return problems;
}
