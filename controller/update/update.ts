/**
 * Another version of the agent, where the machine file names one: beside deployments, never during one. The agent fetches and
 * checks the package, then leaves everything to imp-update, which ends this process and may outlive the next one too.
 */
import { emptyDesired } from "../planes.ts";
import type { RunResult } from "../../reconcilers/core.ts";
import type { AgentPackage } from "../../schemas/images.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { askGate } from "../gate/ask.ts";
import { inFlight } from "../machine.ts";
import type { Turn } from "../turn.ts";
import { orderText, parseResult, resultText } from "./order.ts";
import { installedVersion } from "./package.ts";
import { withResult } from "./record.ts";

/** A package of the catalogue, by its name there. */
export interface WantedAgent extends AgentPackage {
  readonly name: string;
}

/** How far the agent is from being the one that is wanted; while it is, there is none. */
export interface UpdateStatus {
  readonly name: string;
  readonly version: string;
  /** Of the package: "sha256:…". */
  readonly digest: string;
  /** installing: nothing else begins. failed: it is not tried again. */
  readonly state: "waiting" | "installing" | "failed";
  readonly reason?: string;
  readonly unblock?: string;
}

export interface Updates {
  /** While another version is being installed nothing may begin. Takes up what came of it. */
  isUnderWay(turn: Turn): Promise<boolean>;
  /** Orders what is wanted, where the gate lets it pass. Rejects with a Problem where it cannot be had. */
  look(turn: Turn): Promise<void>;
}

const unit = "imp-update.service";
const limitMs = 30_000;
/** For fetching and checking. */
const fetchingMs = 600_000;
/** How long one that could not be had, or ended without a verdict, is not tried again. */
const againMs = 600_000;
/** How often imp-update is started for one order by one agent. */
const mostStarts = 3;

/** What it does to traffic. */
const nothingToDo = { steps: [], worstImpact: undefined, foreign: 0, problems: [], before: emptyDesired };

/** Where order, result and packages are. */
export function updateFolder(cache: string): string {
  return `${cache}/update`;
}

export function startUpdates(): Updates {
  let starts = 0;
  let refusal: { readonly key: string; readonly problem: Problem; readonly until: number } | undefined;

  /** Rejects as fetchPackage does, and for some time with the same again. */
  async function fetch({ parts, appliance, signal }: Turn, wanted: WantedAgent): Promise<void> {
    const { host } = parts;
    const key = JSON.stringify(wanted);
    if (refusal?.key === key && host.uptime() < refusal.until) throw refusal.problem;
    try {
      appliance.listener.event({ type: "alive", withinMs: fetchingMs });
      await parts.fetchPackage(wanted, signal);
      refusal = undefined;
    } catch (thrown) {
      signal.throwIfAborted();
      refusal = { key, problem: asProblem(thrown), until: host.uptime() + againMs };
      throw thrown;
    }
  }

  return {
    async isUnderWay(turn) {
      const { host, settings } = turn.parts;
      const folder = updateFolder(settings.paths.cache);
      const order = await host.readFile(`${folder}/order`);
      if (order === undefined) return false;
      const text = await host.readFile(`${folder}/result`);
      if (text !== undefined) {
        await takeUp(turn, folder, text);
        starts = 0;
        return false;
      }
      turn.publish({ update: ordered(order, turn) });
      if (await isRunning(turn)) return true;
      starts += 1;
      if (starts > mostStarts || !(await isStarted(turn))) {
        await host.remove(`${folder}/order`);
        turn.publish({ update: undefined });
        turn.appliance.listener.complain(
          new Problem("UPDATE", `${unit} does not do what was ordered, so that the agent stays as it is.`, {
            remedy: `See \`systemctl status ${unit}\` and ${folder}/log.`,
          }),
        );
        return false;
      }
      return true;
    },

    async look(turn) {
      const { parts, appliance, signal, known, publish } = turn;
      const { host, settings } = parts;
      const { wanted } = known();
      const { agent, generation } = wanted ?? {};
      if (!agent || !generation || inFlight(appliance.progress.state())) return publish({ update: undefined });
      const before = await installedVersion(host, signal);
      if (before === agent.version) return publish({ update: undefined });
      const { name, version, digest } = agent;
      const tell = (state: UpdateStatus["state"], said: Pick<UpdateStatus, "reason" | "unblock"> = {}): void =>
        publish({ update: { name, version, digest, state, ...said } });
      const folder = updateFolder(settings.paths.cache);
      if (before === undefined) throw notInstalled(name);
      const record = appliance.memory.ledger().updates[hex(digest)];
      if (record?.verdict === "bad") {
        tell("failed", { reason: record.reason });
        throw failed(agent, record.reason, folder);
      }
      const since = record?.verdict === "inconclusive" ? host.now() - record.at : againMs;
      if (since >= 0 && since < againMs) return tell("waiting", soon(record?.reason));
      const shut = await shutBy(turn);
      if (shut) return tell("waiting", { reason: shut.reason, unblock: shut.unblock });
      tell("waiting", { reason: "Its package is fetched." });
      await fetch(turn, agent);
      const later = await shutBy(turn);
      if (later) return tell("waiting", { reason: later.reason, unblock: later.unblock });
      const { paths, failsafe } = settings;
      const order = orderText({ version, digest: hex(digest), before, run: paths.run, failsafe: failsafe.mode });
      // What an earlier one left would be gone on from, to the version before that.
      for (const name of ["phase", "before.deb", "result"]) await host.remove(`${folder}/${name}`);
      await host.writeFile(`${folder}/order`, order, { mode: 0o600 });
      tell("installing");
      await isStarted(turn);
    },
  };
}

function soon(reason = ""): Pick<UpdateStatus, "reason" | "unblock"> {
  return { reason, unblock: `It is tried again within ${againMs / 60_000} minutes of that.` };
}

function hex(digest: string): string {
  return digest.replace("sha256:", "");
}

/** Why the gate does not let anything pass that disturbs no traffic. */
async function shutBy(turn: Turn): Promise<{ readonly reason: string; readonly unblock: string } | undefined> {
  const { wanted, committed } = turn.known();
  if (!wanted?.generation) return undefined;
  // It is no deployment of the generation: what is shown of that one's way through the gate stays.
  const candidate = { ...wanted.generation };
  const { policy } = candidate;
  const asked = { purpose: "deploy", policy, candidate, committed, plan: nothingToDo } as const;
  return (await askGate(turn, asked)).shut;
}

/** The result is remembered and told before it is taken away: it is never lost, and may be told twice. */
async function takeUp({ parts, appliance, note, publish }: Turn, folder: string, text: string): Promise<void> {
  const { host } = parts;
  const result = parseResult(text);
  if (result) {
    await appliance.memory.remember((ledger) => withResult(ledger, result));
    const happened = result.ended === "installed" ? "agent-updated" : "agent-update-failed";
    await note({ happened, text: resultText(result) });
  }
  publish({ update: undefined });
  await host.remove(`${folder}/order`);
  await host.remove(`${folder}/result`);
}

async function isRunning(turn: Turn): Promise<boolean> {
  const said = await systemctl(turn, "show", "--value", "-p", "ActiveState", unit);
  return ["active", "activating", "deactivating", "reloading"].includes(said?.stdout.trim() ?? "");
}

/** Whether systemd began with it. */
async function isStarted(turn: Turn): Promise<boolean> {
  return (await systemctl(turn, "start", "--no-block", unit))?.exitCode === 0;
}

async function systemctl({ parts, signal }: Turn, ...words: readonly string[]): Promise<RunResult | undefined> {
  try {
    return await parts.host.run(["systemctl", ...words], { timeoutMs: limitMs, signal });
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** As an order says that another agent gave, before this one was up. */
function ordered(order: string, { known }: Turn): UpdateStatus {
  const { agent } = known().wanted ?? {};
  const value = (key: string): string => new RegExp(`^${key} (.*)$`, "m").exec(order)?.[1] ?? "";
  const [version, digest] = [value("version"), `sha256:${value("sha256")}`];
  return { name: agent?.digest === digest ? agent.name : version, version, digest, state: "installing" };
}

function notInstalled(name: string): Problem {
  return new Problem("UPDATE", `The agent is to be ${name}, but this one was not installed as a package.`, {
    remedy: "Install the package once by hand, or take `agent` out of the machine file.",
  });
}

function failed({ name, version }: WantedAgent, reason: string, folder: string): Problem {
  return new Problem("UPDATE", `${name} (${version}) was tried here, and is not tried again: ${reason}`, {
    remedy: `Name another one as \`agent\`, or \`impctl retry --reason\`. ${folder}/log has what was said.`,
  });
}
