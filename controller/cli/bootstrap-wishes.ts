/** What an operator wants of a bootstrap: flags, and where somebody sits at the terminal, answers to questions. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { objectOf, remotesOf, type Wishes } from "../bootstrap/draft.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Questions } from "./questions.ts";
import type { Terminal } from "./terminal.ts";

export interface BootstrapOptions {
  readonly settings: string;
  readonly repository?: string;
  readonly branch?: string;
  readonly username?: string;
  readonly tokenFile?: string;
  readonly sshKey?: string;
  readonly caFile?: string;
  readonly serverKey?: string;
  readonly machine?: string;
  readonly allowedSigners?: string;
  readonly unsigned?: boolean;
  readonly mode?: string;
  readonly replace?: string;
  readonly from?: string;
  readonly json?: boolean;
}

/** Rejects with USAGE, naming every flag that is missing, where nobody can be asked. What `before` says is not asked for again. */
export async function wishesOf(
  options: BootstrapOptions,
  before: JsonObject,
  terminal: Terminal,
  questions: Questions,
): Promise<Wishes> {
  refuseOddPairs(options);
  const [first] = remotesOf(before);
  const there = {
    repository: first?.["url"],
    machine: before["machine"],
    signatures: objectOf(before["trust"])["signatures"],
  };
  const machine = options.replace ?? options.machine;
  const missing = [
    ...(options.repository === undefined && there.repository === undefined ? ["--repository <url>"] : []),
    ...(machine === undefined && there.machine === undefined ? ["--machine <site/appliance>"] : []),
    ...(options.allowedSigners === undefined && !options.unsigned && there.signatures === undefined
      ? ["--allowed-signers <file> (or --unsigned)"]
      : []),
  ];
  if (missing.length > 0 && !questions.isAnswered) {
    throw new Problem("USAGE", `There is no terminal to ask at, and these are missing: ${missing.join(", ")}.`, {
      remedy: 'See "impctl help bootstrap".',
    });
  }
  const read = (path: string | undefined) => (path === undefined ? undefined : readNamed(path, terminal));
  const isAsked = (flag: string): boolean => missing.some((one) => one.startsWith(flag));
  const repository = isAsked("--repository")
    ? await answer(questions, "Sites repository (https://…, ssh://…, user@host:path): ")
    : options.repository;
  const typed = isAsked("--repository") ? await credentials(repository ?? "", options, terminal, questions) : {};
  const name = isAsked("--machine") ? await answer(questions, "Machine (<site>/<appliance>): ") : machine;
  return {
    ...given({
      repository,
      branch: options.branch,
      username: options.username,
      token: await read(options.tokenFile),
      sshKey: await read(options.sshKey),
      ca: await read(options.caFile),
      machine: name,
      mode: options.mode,
    }),
    ...typed,
    ...(await signersOf(options, isAsked("--allowed-signers"), terminal, questions)),
  };
}

function refuseOddPairs({ machine, replace, from, allowedSigners, unsigned }: BootstrapOptions): void {
  const odd =
    machine !== undefined && replace !== undefined && machine !== replace
      ? "--machine and --replace name two machines."
      : from !== undefined && replace === undefined
        ? "--from is for --replace: a box that takes another one's place."
        : allowedSigners !== undefined && unsigned
          ? "--allowed-signers and --unsigned contradict each other."
          : undefined;
  if (odd !== undefined) throw new Problem("USAGE", odd, { remedy: 'See "impctl help bootstrap".' });
}

/** Those that have a value. */
function given<T extends Readonly<Record<string, string | undefined>>>(values: T): Partial<Record<keyof T, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<keyof T, string>
  >;
}

async function credentials(
  repository: string,
  options: BootstrapOptions,
  terminal: Terminal,
  questions: Questions,
): Promise<Wishes> {
  if (repository.startsWith("https:") && options.tokenFile === undefined) {
    const username = options.username ?? (await questions.ask("User name (empty: none): "));
    const token = await questions.ask("Token or password (not shown; empty: none): ", "hidden");
    return given({ username: username || undefined, token: token || undefined });
  }
  if (/^https?:|^\//.test(repository) || options.sshKey !== undefined) return {};
  const path = await questions.ask("File with this box's private ssh key (empty: root's own): ");
  return path === "" ? {} : { sshKey: await readNamed(path, terminal) };
}

async function signersOf(
  options: BootstrapOptions,
  isAsked: boolean,
  terminal: Terminal,
  questions: Questions,
): Promise<Wishes> {
  if (options.unsigned) return { signers: "off" };
  const path = isAsked
    ? await answer(questions, 'File with the keys that may sign commits ("none": commits need no signature): ')
    : options.allowedSigners;
  if (path === undefined) return {};
  return isAsked && path === "none" ? { signers: "off" } : { signers: { text: await readNamed(path, terminal) } };
}

/** Asked until there is one. */
async function answer(questions: Questions, question: string): Promise<string> {
  for (;;) {
    const text = await questions.ask(question);
    if (text !== "") return text;
  }
}

async function readNamed(path: string, terminal: Terminal): Promise<string> {
  try {
    return await readFile(resolve(terminal.folder, path), "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("USAGE", `${path} cannot be read: ${why}.`, { remedy: "Nothing was written.", cause });
  }
}
