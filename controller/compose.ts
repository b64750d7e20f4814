/** The composition root of the agent: the one place that puts its parts together, and takes them apart again. */
import { dirname } from "node:path";
import type { Host } from "../reconcilers/core.ts";
import { incus, incusOff } from "../reconcilers/incus/incus.ts";
import { frr } from "../reconcilers/frr/frr.ts";
import { catalogue } from "../reconcilers/system/catalogue.ts";
import { system } from "../reconcilers/system/system.ts";
import { openInstance, type VppPlaces } from "../reconcilers/vpp/instances.ts";
import { vppOff } from "../reconcilers/vpp/off.ts";
import { vpp } from "../reconcilers/vpp/vpp.ts";
import { Problem } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import { createAgent } from "./agent.ts";
import type { Agent } from "./agent.ts";
import { bootFiles } from "./boot-files.ts";
import { openFailsafe } from "./failsafe.ts";
import type { SecretKeeper } from "./appliance.ts";
import { folderSource } from "./folder-source.ts";
import { frrBootFile } from "./frr-boot-file.ts";
import { takeInstance, takeVpp } from "./hold.ts";
import { gitSource } from "./git.ts";
import { prober } from "./health/probe.ts";
import type { OpenInstance } from "./health/vpp-sight.ts";
import { linuxHost } from "./host/linux.ts";
import { bringImages, clearStaging } from "./images/bring.ts";
import { startNotifications } from "./notify/notify.ts";
import { allOperations } from "./operations/all.ts";
import { operate } from "./operations/operation.ts";
import type { Reconcilers } from "./planes.ts";
import { keepBanner } from "./report/banner.ts";
import { controlSocket, serveControl, statusSocket, type Askable } from "./report/control.ts";
import type { Listening } from "./report/http.ts";
import { logObserver } from "./report/log-observer.ts";
import type { Log } from "./report/log.ts";
import { startMonitoring } from "./report/monitoring.ts";
import type { Monitoring } from "./report/monitoring.ts";
import { maskData } from "./mask.ts";
import { observers } from "./report/observer.ts";
import { openStatusKey, statusKeyFile } from "./report/tls.ts";
import type { Observer } from "./report/observer.ts";
import { tellSystemd, type Supervision } from "./report/systemd.ts";
import { askStatus } from "./rollout/ask.ts";
import { openSecrets } from "./secrets.ts";
import { trialMeans } from "./trial/box.ts";
import { fetchPackage } from "./update/package.ts";
import { updateFolder } from "./update/update.ts";
import { agentVersion } from "./version.ts";
import { loadWanted } from "./wanted.ts";
import { watchVpp } from "./vpp-watch.ts";
import { watch, watchFiles } from "./watch.ts";

/** Every plane that there is. A plane joins here. */
export function allReconcilers(settings: Pick<Settings, "paths" | "system" | "vpp" | "incus">): Reconcilers {
  const { paths } = settings;
  return {
    system: system({ managed: settings.system.mode === "off" ? [] : catalogue, run: paths.run }),
    vpp: settings.vpp.mode === "off" ? vppOff : vpp(vppPlaces(settings)),
    frr: frr({ sockets: paths["frr-sockets"], scratch: `${paths.run}/frr-scratch` }),
    incus: settings.incus.mode === "off" ? incusOff : incus({ socket: paths["incus-socket"] }),
  };
}

/** Where VPP's instances are asked, and what is remembered of them. */
export function vppPlaces({ paths, vpp }: Pick<Settings, "paths" | "vpp">): VppPlaces {
  const { run, "vpp-sockets": folder } = paths;
  const sockets = { core: `${folder}/core-api.sock`, nat: `${folder}/nat-api.sock` };
  return { sockets, run, apiFolder: vpp["api-folder"] };
}

/** Who is told of what the agent does. */
export interface Hearers {
  readonly log: Log;
  /** The newest lines of that log. */
  readonly logged: () => readonly string[];
  readonly listener: Observer;
  readonly supervision: Supervision;
}

/**
 * Runs the agent of this box until the signal aborts. Rejects when it cannot start: AGENT_BUSY when another one runs here,
 * SETTINGS when a key or a folder cannot be used. A page for monitoring that cannot be served is only complained of.
 * `mistakes`: what is wrong with the settings' file by now.
 */
export async function runAgent(
  settings: Settings,
  { log, logged, listener, supervision }: Hearers,
  signal: AbortSignal,
  mistakes: () => readonly Problem[],
): Promise<void> {
  const secrets = await openSecrets(settings.secrets);
  const host = linuxHost(secrets);
  const { paths } = settings;
  const files = bootFiles(host, paths.state, [frrBootFile(host, secrets, paths["frr-config"])]);
  const { folder } = settings.repository;
  const warn = (what: string) => (problem: unknown) => log.warn(what, { problem });
  const at = settings["listen-tls"];
  const key = (limited: AbortSignal) => openStatusKey(host, statusKeyFile(settings.paths), limited);
  const secure = at === undefined ? undefined : { at, key };
  const monitoring = startMonitoring(settings.listen, agentVersion, host, warn("monitoring"), secure);
  const mask = (text: string) => secrets.mask(text);
  const notifications = startNotifications({ settings, version: agentVersion, host, log, mask });
  const systemd = tellSystemd(host, supervision, warn("systemd"));
  const banner = keepBanner(host, dirname(paths.run), warn("banner"));
  try {
    const told = [monitoring.observer, systemd.observer, banner.observer];
    const heard = [...told, logObserver(log), notifications.observer, listener];
    const observer = observers(heard, warn("an observer failed"));
    const reconcilers = allReconcilers(settings);
    const isOurs = settings.vpp.mode === "apply";
    const vpp: OpenInstance | undefined = isOurs
      ? (...asked) => openInstance(host, vppPlaces(settings), ...asked)
      : undefined;
    const agent = createAgent({
      settings,
      version: agentVersion,
      host,
      source:
        folder === undefined
          ? gitSource(settings, host, { note: (note) => log.warn("repository", { note }) })
          : folderSource(folder),
      load: (tree, commit, local) => loadWanted(tree, commit, local, { settings, host, secrets }),
      reconcilers,
      secrets,
      probe: prober({
        host,
        sockets: paths["frr-sockets"],
        dataplane: settings.dataplane,
        ...(vpp && { vpp }),
        ...(settings.incus.mode === "apply" && { incus: paths["incus-socket"] }),
      }),
      bootFiles: files,
      failsafe: openFailsafe(host, settings, files),
      hold: () => hold(settings),
      fetchPackage: (wanted, limited) =>
        fetchPackage({ ...settings, host, folder: updateFolder(paths.cache) }, wanted, limited),
      stageImage: bringImages(host, settings),
      clearStaging: clearStaging(host, paths),
      means: trialMeans({ host, settings, secrets, reconcilers, vpp }),
      observer,
      logged,
      mistakes,
      ask: askStatus,
    });
    await serveAndRun(agent, settings, { host, secrets, log, monitoring, signal });
  } finally {
    notifications.close();
    await Promise.all([systemd.close(), banner.close()]);
    await monitoring.close();
  }
}

interface Serving {
  readonly host: Host;
  readonly secrets: SecretKeeper;
  readonly log: Log;
  readonly monitoring: Monitoring;
  readonly signal: AbortSignal;
}

/** What else of this program may change, as the agent does: FRR always, VPP where it is the agent's. */
async function hold({ paths, vpp }: Settings): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  held.use(await takeInstance("frr", paths["frr-sockets"], "agent"));
  if (vpp.mode === "apply") held.use(await takeVpp(vppPlaces({ paths, vpp }).sockets, "agent"));
  return held.move();
}

async function serveAndRun(agent: Agent, settings: Settings, serving: Serving): Promise<void> {
  const { machine, mode, repository } = settings;
  const { log, monitoring, signal } = serving;
  const offered = askable(agent, serving);
  // First of all: whoever holds the control socket is the one agent of this box.
  const control = await serveControl(controlSocket(settings), offered);
  const reading = await serveReaders(settings, offered, serving);
  try {
    log.info("started", { version: agentVersion, machine, mode });
    const tellPages = async () => log.info("serving", { at: (await monitoring.listening)?.address });
    void tellPages();
    if (repository.folder !== undefined) watch([repository.folder], () => agent.polls.hasten(), signal);
    if (settings.system.mode === "apply") {
      const files = catalogue.map(({ path }) => path);
      // What the agent writes itself is nobody's hand.
      watchFiles("/etc", files, () => void (isAtRest(agent) && agent.polls.nudge()), signal);
    }
    if (settings.vpp.mode === "apply") {
      watchVpp(serving.host, vppPlaces(settings), () => void (isAtRest(agent) && agent.polls.nudge()), signal);
    }
    await agent.run(signal);
    log.info("stopped");
  } finally {
    await reading?.close();
    await control.close();
  }
}

function isAtRest(agent: Agent): boolean {
  return ["idle", "held", "waiting"].includes(agent.status().state);
}

/** For those who may only look. That it cannot be had keeps nobody from anything else. */
async function serveReaders(
  settings: Settings,
  offered: readonly Askable[],
  { host, log, signal }: Serving,
): Promise<Listening | undefined> {
  const only = offered.filter(({ changes }) => !changes);
  try {
    return await serveControl(
      statusSocket(settings),
      only,
      await groupNumber(host, settings["operators-group"], signal),
    );
  } catch (problem) {
    signal.throwIfAborted();
    log.warn("nobody but root can look", { problem });
    return undefined;
  }
}

async function groupNumber(host: Host, name: string | undefined, signal: AbortSignal): Promise<number | undefined> {
  if (name === undefined) return undefined;
  const { stdout } = await host.run(["getent", "group", name], { timeoutMs: 5000, signal });
  const number = Number(/^[^:]*:[^:]*:(\d+):/.exec(stdout)?.[1] ?? NaN);
  if (Number.isInteger(number)) return number;
  throw new Problem("SETTINGS", `This box has no group ${name}.`, {
    path: "operators-group",
    remedy: `groupadd --system ${name}, and restart the agent.`,
  });
}

/** The operations on `agent`; what an operator tells it stands in the log too, however it ends. */
function askable(agent: Agent, { log, secrets }: Serving): readonly Askable[] {
  return allOperations.map((operation) => ({
    name: operation.name,
    changes: operation.changes,
    answer: async (asked, signal) => {
      if (operation.changes)
        log.warn("an operator intervened", { asked: operation.name, ...(operation.record?.(asked) ?? asked) });
      try {
        return maskData(await operate(agent, operation, asked, signal), (text) => secrets.mask(text));
      } catch (problem) {
        if (operation.changes) log.warn("an operator was answered with a problem", { asked: operation.name, problem });
        throw problem;
      }
    },
  }));
}
