/** Checks of what systemd runs: the units, the failsafe that watches, the agent that answers. */
import { asProblem, Problem } from "../../schemas/problem.ts";
import { bootFiles } from "../boot-files.ts";
import { openFailsafe } from "../failsafe.ts";
import { agentVersion } from "../version.ts";
import { advice, fault, ok, programMs, skipped, together } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const unitChecks: readonly Check[] = [
  { code: "units", look: units },
  { code: "failsafe", look: failsafe },
  { code: "agent", look: agent },
];

/** Without these nothing is applied, or nothing comes up at the next boot. */
const vital = ["imp-boot.service", "imp-failsafe.service", "imp-agent.service"];
/** What 90-imp.preset enables beside them, but for the serial console, whose port is the operator's. No harm where one is not installed. */
const preset = [
  "imp-deadline.service",
  "imp-netns.service",
  "imp-nics.service",
  "imp-containers.service",
  "imp-management.service",
  "imp-update.service",
  "vpp-core.service",
  "vpp-nat.service",
  "frr.service",
  "systemd-networkd.service",
  "systemd-resolved.service",
  "ssh.service",
];
/** Others that must not fail. */
const others = ["imp-failsafe-act.service", "rsyslog.service"];
/** They run, or stay active, for as long as the box does, whatever the machine file says. */
const lasting = [...vital, "imp-netns.service", "imp-nics.service", "systemd-networkd.service", "ssh.service"];

async function units({ host }: Patient, signal: AbortSignal): Promise<Finding> {
  const properties =
    "--property=Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts,Job,ActiveEnterTimestampMonotonic";
  const argv = ["systemctl", "show", properties, ...vital, ...preset, ...others] as const;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: programMs, signal });
  if (exitCode !== 0) return skipped(`systemd cannot be asked: ${stderr.trim().split("\n")[0] ?? ""}`);
  const blocks = stdout.split("\n\n").map((block) => new Map(block.split("\n").map((line) => keyAndValue(line))));
  const uptime = Number((await host.readFile("/proc/uptime"))?.split(" ")[0] ?? Number.NaN);
  return together(
    blocks.flatMap((block) => unit(block, uptime)),
    ok("No unit is masked or failed; all that the box needs start by themselves."),
  );
}

function keyAndValue(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Seconds that a unit has to stay up after it was started anew several times, so that it is not taken for one that keeps ending. */
const steadySeconds = 60;

/** Started anew again and again, which no state of systemd's says: "active" now, and gone in a second. */
function keepsEnding(shown: ReadonlyMap<string, string>, uptime: number): boolean {
  if (shown.get("SubState") === "auto-restart") return true;
  if (!(Number(shown.get("NRestarts")) > 2)) return false;
  const started = Number(shown.get("ActiveEnterTimestampMonotonic")) / 1e6;
  // With a job, an inactive one waits for what it starts after.
  const isBetween = ["activating", "deactivating"].includes(shown.get("ActiveState") ?? "") || shown.has("Job");
  return isBetween || uptime - started < steadySeconds;
}

/** `uptime` in seconds. */
function unit(shown: ReadonlyMap<string, string>, uptime: number): readonly Finding[] {
  const id = shown.get("Id") ?? "";
  const [load, active, file] = ["LoadState", "ActiveState", "UnitFileState"].map((name) => shown.get(name) ?? "");
  const isVital = vital.includes(id);
  if (load === "masked") return [fault(`${id} is masked.`, `systemctl unmask ${id} && systemctl enable --now ${id}.`)];
  if (load === "not-found") return isVital ? [fault(`${id} is not installed.`, "Install the imp package again.")] : [];
  if (active === "failed") return [fault(`${id} has failed.`, `journalctl -b -u ${id}, then systemctl restart ${id}.`)];
  if (keepsEnding(shown, uptime))
    return [fault(`${id} ends as soon as it is started.`, `journalctl -b -u ${id} says why.`)];
  if (!others.includes(id) && file === "disabled") {
    return [fault(`${id} does not start by itself.`, `systemctl enable --now ${id}.`)];
  }
  if (lasting.includes(id) && active === "inactive") {
    const first = id === "imp-agent.service" ? "It waits for settings: impctl bootstrap. Else " : "";
    return [fault(`${id} does not run.`, `${first}systemctl start ${id}.`)];
  }
  return [];
}

async function failsafe({ host, settings }: Patient, signal: AbortSignal): Promise<Finding> {
  if (settings.failsafe.mode === "off")
    return advice("The failsafe is switched off.", "On a router, take failsafe: { mode: off } out of agent.yaml.");
  const problem = await openFailsafe(host, settings, bootFiles(host, settings.paths.state, [])).check(signal);
  if (!problem) return ok("The failsafe watches.");
  return fault(
    `${problem.message.replace(/\.?$/, ".")} Nothing is armed meanwhile.`,
    problem.remedy ?? "systemctl restart imp-failsafe.",
  );
}

async function agent({ agentVersion: ask }: Patient, signal: AbortSignal): Promise<Finding> {
  const version = await ask(signal).catch((thrown: unknown) => asProblem(thrown));
  if (version instanceof Problem) return fault(version.message, "systemctl status imp-agent, journalctl -u imp-agent.");
  if (version === agentVersion) return ok(`The agent answers (${version}).`);
  return advice(
    `The agent that runs is ${version}; what is installed is ${agentVersion}.`,
    "systemctl restart imp-agent, when no deployment is in flight.",
  );
}
