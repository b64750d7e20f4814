/** `impctl doctor`: everything that the agent relies on, and how to mend what is not well. Needs no agent. */
import type { Command } from "commander";
import { printable, printableJson } from "../../schemas/printable.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { parseSettings } from "../../schemas/settings-file.ts";
import type { Settings } from "../../schemas/settings.ts";
import { allChecks } from "../doctor/all.ts";
import { diagnose } from "../doctor/check.ts";
import type { Diagnosis, Patient, Severity } from "../doctor/check.ts";
import { folderSource } from "../folder-source.ts";
import { gitSource } from "../git.ts";
import { linuxHost } from "../host/linux.ts";
import { plural } from "../plural.ts";
import { controlSocket } from "../report/control.ts";
import type { Status } from "../report/status.ts";
import { askAgent } from "./agent-client.ts";
import { examples } from "./help.ts";
import { readSettings, settingsOptions, type SettingsOptions } from "./settings.ts";
import { exitCodes } from "./terminal.ts";
import type { Style, Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  settingsOptions(command).action(async (options: SettingsOptions) => doctor(options, terminal));
  examples(
    command,
    ["impctl doctor", "impctl doctor --json | jq '.checks[] | select(.severity == \"fault\")'"],
    `Run it as root. It changes nothing, but for a file in the agent's folders that it removes again. What does not apply to this box is
skipped, with the reason. Exit code 0 when all is well, 2 with advice, 3 with a fault.`,
  );
}

async function doctor(options: SettingsOptions, terminal: Terminal): Promise<void> {
  const found = await diagnose(allChecks, await patientOf(options.settings, terminal), terminal.signal);
  if (options.json) terminal.out(printableJson(JSON.stringify({ checks: found }, undefined, 2)));
  else terminal.out(doctorText(found, terminal));
  const has = (severity: Severity): boolean => found.some((one) => one.severity === severity);
  terminal.exitCode = has("fault") ? exitCodes.attention : has("advice") ? exitCodes.changes : exitCodes.ok;
}

async function patientOf(file: string, terminal: Terminal): Promise<Patient> {
  const { settings, unusable } = await readSettings(file, terminal).then(
    (settings) => ({ settings, unusable: [] }),
    (thrown: unknown) => ({
      settings: defaults(),
      unusable: (thrown instanceof AggregateError ? thrown.errors : [thrown]).map(asProblem),
    }),
  );
  // FRR's secrets are read in passing; none of them is shown or compared.
  const host = linuxHost({ seal: () => "<secret:0000000000000000>", reveal: () => undefined });
  const { folder } = settings.repository;
  const source = folder === undefined ? gitSource(settings, host) : folderSource(folder);
  return {
    host,
    file,
    settings,
    unusable,
    head: (signal) => source.head(signal),
    agentVersion: async (signal) => (await statusOf(settings, signal)).agentVersion,
    isUpdateWanted: async (signal) => (await statusOf(settings, signal)).update !== undefined,
    vppApi: "/usr/share/vpp/api",
    vppRun: "/run/vpp",
  };
}

async function statusOf(settings: Settings, signal: AbortSignal): Promise<Status> {
  return (await askAgent(controlSocket(settings), { method: "GET", path: "/status" }, signal)) as Status;
}

/** Where things are unless somebody says otherwise. */
function defaults(): Settings {
  const text = "machine: site/appliance\nrepository: { folder: / }\n";
  const { settings } = parseSettings("the defaults", new TextEncoder().encode(text));
  if (settings) return settings;
  throw new Problem("INTERNAL", "The defaults of the settings are no settings.");
}

const styles: Readonly<Record<Severity, Style>> = { ok: "green", skipped: "dim", advice: "yellow", fault: "red" };

function doctorText(found: readonly Diagnosis[], terminal: Terminal): string {
  const wide = Math.max(...found.map(({ code }) => code.length));
  const lines = found.flatMap(({ code, severity, text, remedy }) => [
    `${terminal.style(styles[severity], severity.padEnd(7))}  ${code.padEnd(wide)}  ${printable(text)}`,
    ...(remedy === undefined ? [] : [`${" ".repeat(9 + wide)}  -> ${printable(remedy)}`]),
  ]);
  const count = (severity: Severity): number => found.filter((one) => one.severity === severity).length;
  const [faults, advices] = [count("fault"), count("advice")];
  const last =
    faults + advices === 0
      ? terminal.style("green", "All is well.")
      : [faults > 0 ? plural(faults, "fault") : "", advices > 0 ? `advice on ${plural(advices, "thing")}` : ""]
          .filter((part) => part !== "")
          .join(", ");
  return [...lines, last].join("\n");
}
