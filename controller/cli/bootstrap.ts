/** `impctl bootstrap`: asks, tries, and only then writes the agent's settings and keys, and starts it. */
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { Option } from "commander";
import type { Command } from "commander";
import type { Host } from "../../reconcilers/core.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { parseSettings } from "../../schemas/settings-file.ts";
import type { Settings } from "../../schemas/settings.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { parseYaml } from "../../schemas/yaml.ts";
import { boxPatch } from "../bootstrap/box-patch.ts";
import { draftOf, objectOf, remotesOf, type Wishes } from "../bootstrap/draft.ts";
import { examine } from "../bootstrap/examine.ts";
import { ageKeyOf, install, start, type Before, type Prepared } from "../bootstrap/install.ts";
import { pinServer, sameFingerprint, type Vouch } from "../bootstrap/server-key.ts";
import { findStandIn, keep, unpack, type StandIn } from "../bootstrap/stand-in.ts";
import { readNics } from "../hardware.ts";
import { linuxHost } from "../host/linux.ts";
import { readBox } from "../identity.ts";
import { readOwn } from "../private-file.ts";
import { showBootstrap, type Bootstrapped } from "./bootstrap-text.ts";
import { wishesOf, type BootstrapOptions } from "./bootstrap-wishes.ts";
import { examples } from "./help.ts";
import { processQuestions, type Questions } from "./questions.ts";
import { defaultSettingsFile } from "./settings.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal, questions: Questions = processQuestions): void {
  command
    .option("--repository <url>", "the sites repository: https://…, ssh://…, user@host:path, or an absolute path")
    .option("--branch <name>", "the branch that this box follows (default: main)")
    .option("--username <name>", "for https, where the server wants one beside the token")
    .option("--token-file <file>", "for https: a file with a token or password; it is copied")
    .option("--ssh-key <file>", "for ssh: this box's private key; it is copied")
    .option("--ca-file <file>", "for https: PEM of the authority to trust beside the system's; it is copied")
    .option("--server-key <fingerprint>", "the server's host key or certificate, where nothing else vouches for it")
    .option("--machine <machine>", 'which appliance of the repository this box is, "<site>/<appliance>"')
    .option("--allowed-signers <file>", "who may sign commits, as ssh-keygen's ALLOWED SIGNERS; it is copied")
    .option("--unsigned", "commits need no signature")
    .addOption(
      new Option("--mode <mode>", "observe: plan and report, never change anything").choices(["apply", "observe"]),
    )
    .option("--replace <machine>", "this box takes the place of that one")
    .option("--from <folder>", "with --replace: a clone or a bundle to go on with until the repository answers")
    .option("--settings <file>", "where the agent's settings go", defaultSettingsFile)
    .option("--json", "write JSON")
    .action(async (options: BootstrapOptions) => bootstrap(options, terminal, questions));
  examples(
    command,
    [
      "impctl bootstrap",
      "impctl bootstrap --repository https://git.example.net/noc/sites.git --token-file token --machine fra1/r2 --allowed-signers signers",
      "impctl bootstrap --token-file new-token",
      "impctl bootstrap --replace fra1/r2 --from /mnt/sites",
    ],
    `At a terminal it asks for what is missing. It fetches, looks for the machine file and compares its identity with this box before it
writes anything. Run again it changes only what is asked; the settings as they were are kept as agent.yaml.before.`,
  );
}

async function bootstrap(options: BootstrapOptions, terminal: Terminal, questions: Questions): Promise<void> {
  const file = resolve(terminal.folder, options.settings);
  const before = await readBefore(file);
  const wishes = await wishesOf(options, before.settings, terminal, questions);
  const host = linuxHost({ seal: () => "", reveal: () => undefined });
  const scratch = await mkdtemp(join(tmpdir(), "impctl-bootstrap-"));
  const leave = (): never => {
    // Copies of keys are there, which nobody is to find.
    rmSync(scratch, { recursive: true, force: true });
    process.exit(exitCodes.problem);
  };
  for (const name of endings) process.once(name, leave);
  try {
    const tried = await tryOut({ options, wishes, before, scratch, host, file, terminal, questions });
    const systemctl = terminal.environment["IMPCTL_SYSTEMCTL"] ?? "systemctl";
    if (tried.standIn?.bundle !== undefined) await keep(join(scratch, "from.git"), tried.standIn.path);
    const written = await install(host, file, before, tried);
    await start(host, systemctl, terminal.signal);
    showBootstrap({ ...tried.found, written }, options.json === true, terminal);
  } finally {
    for (const name of endings) process.off(name, leave);
    await rm(scratch, { recursive: true, force: true });
  }
}

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Empty where there is no file: an image may bring one that only lacks what is asked for. */
async function readBefore(file: string): Promise<Before> {
  const bytes = await readOwn(file, "SETTINGS");
  if (!bytes) return { settings: {}, text: undefined };
  const { document, problems } = parseYaml(file, bytes);
  if (!document) throw new AggregateError(problems, `${file} is wrong`);
  return { settings: document.value, text: Buffer.from(bytes).toString("utf8") };
}

interface Attempt {
  readonly options: BootstrapOptions;
  readonly wishes: Wishes;
  readonly before: Before;
  /** A folder for this user alone, which is removed in the end. */
  readonly scratch: string;
  readonly host: Host;
  readonly file: string;
  readonly terminal: Terminal;
  readonly questions: Questions;
}

interface Tried extends Prepared {
  readonly standIn: StandIn | undefined;
  readonly found: Omit<Bootstrapped, "written">;
}

/** Everything but writing. */
async function tryOut(attempt: Attempt): Promise<Tried> {
  const { options, before, scratch, host, file, terminal } = attempt;
  const { signal } = terminal;
  const { state: kept } = objectOf(before.settings["paths"]);
  const state = typeof kept === "string" ? kept : "/persistent/config/imp";
  const standIn =
    options.from === undefined
      ? undefined
      : await findStandIn(resolve(terminal.folder, options.from), `${state}/from.git`);
  if (standIn?.bundle !== undefined) await unpack(host, standIn.bundle, join(scratch, "from.git"), signal);
  const { pins, notes } = await pinned(attempt, standIn !== undefined);
  const wishes: Wishes = { ...attempt.wishes, ...pins, ...(standIn && { from: standIn.path }) };
  const draft = draftOf(before.settings, wishes, state);
  const settings = settingsOf(file, draft.settings);

  const trial = draftOf(before.settings, wishes, scratch);
  for (const [path, text] of trial.files) await writeFile(path, text, { mode: 0o600 });
  const from = standIn && (standIn.bundle === undefined ? standIn.path : join(scratch, "from.git"));
  const hardware = { box: await readBox(host), nics: await readNics(host, settings.dataplane, signal) };
  const examined = await examine(trialOf(file, trial.settings, scratch, from), host, hardware, signal);
  const { mismatch } = examined;
  if (mismatch && options.replace === undefined) {
    throw new Problem(mismatch.code, mismatch.message, {
      remedy: `Name another machine; or, if this box takes its place: impctl bootstrap --replace ${settings.machine}.`,
    });
  }
  const key = await ageKeyOf(settings.secrets["age-key"]);
  const patch = boxPatch(examined, hardware, key.recipient);
  return {
    draft,
    key,
    folders: [settings.paths.state, settings.paths.cache],
    standIn,
    found: {
      settings: file,
      machine: settings.machine,
      branch: settings.repository.branch,
      isReplaced: options.replace !== undefined,
      from: standIn?.path,
      repository: settings.repository.remotes?.[0]?.url,
      isAgeKeyNew: key.made !== undefined,
      ageKey: key.recipient,
      examined,
      patch: [...patch].map(([name, value]) => ({ file: name, yaml: yamlText(value) })),
      notes,
    },
  };
}

/** Rejects with an AggregateError of all problems. */
function settingsOf(file: string, value: JsonObject): Settings {
  const { settings, problems } = parseSettings(file, new TextEncoder().encode(yamlText(value)));
  if (!settings) throw new AggregateError(problems, `${file} would be wrong`);
  return settings;
}

/** The same without a trace on the box; what stands in for the repository is asked alone. */
function trialOf(file: string, value: JsonObject, scratch: string, from: string | undefined): Settings {
  const repository = { ...objectOf(value["repository"]), ...(from !== undefined && { remotes: [{ url: from }] }) };
  return settingsOf(file, {
    ...value,
    repository,
    paths: { ...objectOf(value["paths"]), cache: join(scratch, "cache") },
  });
}

/** With a folder that stands in for the server, one that cannot be reached is only told. */
async function pinned(
  { options, wishes, before, host, terminal, questions }: Attempt,
  isReplaceable: boolean,
): Promise<{ readonly pins: Wishes; readonly notes: readonly string[] }> {
  const [one] = remotesOf(before.settings);
  const first = wishes.repository === undefined || wishes.repository === one?.["url"] ? one : undefined;
  const text = (key: string): string | undefined => (typeof first?.[key] === "string" ? first[key] : undefined);
  const url = wishes.repository ?? text("url");
  if (url === undefined) return { pins: {}, notes: [] };
  const caFile = text("ca-file");
  const ca = wishes.ca ?? (caFile === undefined ? undefined : await readFile(caFile, "utf8"));
  const vouch = voucher(options.serverKey, terminal, questions);
  try {
    const server = { url, ca, knownHosts: text("known-hosts-file"), isNamed: options.serverKey !== undefined };
    return { pins: await pinServer(host, server, vouch, terminal.signal), notes: [] };
  } catch (thrown) {
    const problem = asProblem(thrown);
    if (!isReplaceable || problem.code !== "GIT_UNREACHABLE") throw thrown;
    return { pins: {}, notes: [`${problem.message}. Run it once more when it can be, so that its key is looked at.`] };
  }
}

function voucher(serverKey: string | undefined, terminal: Terminal, questions: Questions): Vouch {
  return async (server, fingerprints) => {
    const shown = fingerprints.join(", ");
    if (serverKey !== undefined) {
      const found = fingerprints.find((one) => sameFingerprint(one, serverKey));
      if (found !== undefined) return found;
      throw new Problem("GIT_AUTH", `${server} shows another key than the one that was named: ${shown}`, {
        remedy: "Ask whoever runs it before you go on.",
      });
    }
    if (!questions.isAnswered) {
      throw new Problem("USAGE", `Nothing vouches for the key of ${server}: ${shown}.`, {
        remedy: "Compare it with what whoever runs the server says, and give it as --server-key.",
      });
    }
    terminal.err(
      `Nothing vouches for the key of ${server}. Its fingerprints:\n${fingerprints.map((one) => `  ${one}`).join("\n")}`,
    );
    const answer = await questions.ask(
      "Compare with what whoever runs it says. Type the right one, or yes for the first: ",
    );
    const chosen = answer === "yes" ? fingerprints[0] : fingerprints.find((one) => sameFingerprint(one, answer));
    if (chosen !== undefined) return chosen;
    throw new Problem("GIT_AUTH", `Nobody vouched for the key of ${server}.`, { remedy: "Nothing was written." });
  };
}
