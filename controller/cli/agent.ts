/** `impctl agent`: the agent of this box, in the foreground, until SIGTERM or SIGINT. */
import { resolve } from "node:path";
import { Option } from "commander";
import type { Command } from "commander";
import { asProblem, type Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { runAgent } from "../compose.ts";
import { createLog, recentLines } from "../report/log.ts";
import type { Log, Recent } from "../report/log.ts";
import type { Observer } from "../report/observer.ts";
import { watch } from "../watch.ts";
import { examples } from "./help.ts";
import { defaultSettingsFile, readSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly settings: string;
  readonly log: "json" | "text";
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .option("--settings <file>", "the agent's settings", defaultSettingsFile)
    .addOption(new Option("--log <format>", "how to log to standard output").choices(["json", "text"]).default("json"))
    .option("--verbose", "log every step and phase")
    .option("--json", "short for --log json")
    .action(async (options: Options) => agent(options, terminal));
  examples(
    command,
    ["impctl agent", "impctl agent --settings ./agent.yaml --log text"],
    `It ends at once on SIGTERM; a deployment in flight is rolled back by the next start. A change of the settings file takes
effect when no deployment is in flight.`,
  );
}

async function agent(options: Options, terminal: Terminal): Promise<void> {
  const recent = recentLines();
  const log = createLog({
    format: options.json ? "json" : options.log,
    write: (line) => {
      recent.add(line);
      terminal.out(line);
    },
    now: () => Date.now(),
    debug: options.verbose ?? false,
    journal: terminal.environment["JOURNAL_STREAM"] !== undefined,
  });
  let settings = await readSettings(options.settings, terminal);
  for (;;) {
    const changed = await runUntilChanged(settings, options.settings, { log, recent }, terminal);
    if (!changed) return;
    settings = changed;
    log.info("settings changed");
  }
}

/** Runs until the process is to end (undefined) or new settings are there and nothing is in flight. */
async function runUntilChanged(
  settings: Settings,
  file: string,
  { log, recent }: { readonly log: Log; readonly recent: Recent },
  terminal: Terminal,
): Promise<Settings | undefined> {
  const ending = new AbortController();
  const signal = AbortSignal.any([terminal.signal, ending.signal]);
  let [changed, inFlight]: [Settings | undefined, boolean] = [undefined, false];
  let mistakes: readonly Problem[] = [];
  const endWhenIdle = () => {
    if (changed && !inFlight) ending.abort(new Error("the settings changed"));
  };
  const listener: Observer = {
    status(status) {
      inFlight = status.deployment !== undefined;
      endWhenIdle();
    },
    // The watch only makes it faster: a change of owner or mode, say, it does not see.
    event(event) {
      if (event.type === "alive") void reread();
    },
  };
  const reread = async (): Promise<void> => {
    try {
      const read = await readSettings(file, terminal);
      mistakes = [];
      changed = JSON.stringify(read) === JSON.stringify(settings) ? undefined : read;
      endWhenIdle();
    } catch (problems) {
      const told = new Set(mistakes.map(String));
      mistakes = (problems instanceof AggregateError ? problems.errors : [problems]).map(asProblem);
      for (const problem of mistakes.filter((one) => !told.has(String(one))))
        log.error("the changed settings are not used", { problem });
    }
  };
  watch([resolve(terminal.folder, file)], () => void reread(), signal);
  try {
    const supervision = { environment: terminal.environment, ending: terminal.signal };
    const hearers = { log, logged: () => recent.lines(), listener, supervision };
    await runAgent(settings, hearers, signal, () => mistakes);
  } finally {
    ending.abort();
  }
  return terminal.signal.aborted ? undefined : changed;
}
