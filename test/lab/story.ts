/**
 * A whole agent on a simulated appliance with the smallest plane: what a scenario test plays. Generations are made by hand,
 * commits are names; sessions are up when their neighbor line is live and the test says that the peer answers.
 */
import { createHash } from "node:crypto";
import { type BootFile, bootFiles } from "../../controller/boot-files.ts";
import { createAgent, type Agent } from "../../controller/agent.ts";
import { openFailsafe } from "../../controller/failsafe.ts";
import { frrBootFile } from "../../controller/frr-boot-file.ts";
import { SecretStore } from "../../controller/secrets.ts";
import type { AgentParts, Wanted } from "../../controller/turn.ts";
import { loadWanted } from "../../controller/wanted.ts";
import { type CheckResult, type Probe, prober } from "../../controller/health/probe.ts";
import type { Session } from "../../controller/health/sight.ts";
import type { Connection, Host } from "../../reconcilers/core.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import { emptyDesired } from "../../controller/planes.ts";
import { system } from "../../reconcilers/system/system.ts";
import { openInstance, usualSockets, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import { type InstanceName, instances } from "../../reconcilers/vpp/model.ts";
import { incus, incusOff } from "../../reconcilers/incus/incus.ts";
import { vppOff } from "../../reconcilers/vpp/off.ts";
import { vpp } from "../../reconcilers/vpp/vpp.ts";
import { daemons, type Daemon } from "../../reconcilers/frr/model.ts";
import { simFailsafe, type SimFailsafe } from "./failsafe-sim.ts";
import type { SimFrr } from "./frr-sim.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Ask } from "../../controller/rollout/peers.ts";
import type { AgentEvent } from "../../controller/report/observer.ts";
import type { Status } from "../../controller/report/status.ts";
import type { Approver, OfferedTag, Words } from "../../controller/source.ts";
import { checkKey } from "../../schemas/health.ts";
import type { LocalFile } from "../../schemas/local.ts";
import { Policy } from "../../schemas/policy.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Tree } from "../../schemas/tree.ts";
import { Settings } from "../../schemas/settings.ts";
import { simHost, type Sim, type Standing, type StartOptions } from "./host.ts";
import { memoryTree } from "./memory-tree.ts";
import { linePlane, type LinePlane } from "./line-plane.ts";
import { quickTrials } from "./trial-means.ts";
import type { SimVpp } from "./vpp/sim-vpp.ts";
import { simSystemd, type SimSystemd } from "./system-host.ts";

export interface Story {
  readonly sim: Sim;
  readonly plane: LinePlane;
  readonly failsafe: SimFailsafe;
  readonly systemd: SimSystemd;
  /** Peers that answer: "192.0.2.1". */
  readonly answering: Set<string>;
  /** Peers whose operator took the session down just now. */
  readonly ceased: Set<string>;
  readonly events: AgentEvent[];
  /** States in the order in which they were entered. */
  readonly states: string[];
  /** Commits for which the source was asked to prove trust, with the accepted one. */
  readonly accepted: {
    readonly commit: string;
    readonly from: string | undefined;
    readonly vouched: readonly string[];
  }[];
  /** Texts of secrets by sealed form, as loading a commit resolves them: a process knows them only after that. */
  readonly secrets: Map<string, string>;
  /** What on the box takes part in checking a commit. */
  inputs: string;
  /** What the agent fetches; it has it at once unless this rejects. */
  fetchPackage: AgentParts["fetchPackage"];
  /** How the agent brings an image into the pool; it says that it did at once unless this is set. */
  stageImage: AgentParts["stageImage"];
  /** How it clears away what is left of others; there is nothing unless this is set. */
  clearStaging: AgentParts["clearStaging"];
  /** How it keeps others from changing FRR; nobody else does unless this is set. */
  hold: AgentParts["hold"];
  /** What a trial boot needs of the box: it is there, and does nothing, unless this is set. */
  means: AgentParts["means"] | ((host: Host) => AgentParts["means"]);
  /** How often a commit was loaded and checked. */
  loads: number;
  /** Makes this the newest commit, and what it says beside its files. */
  push(commit: string, wanted: Generation | Wanted, words?: Partial<Words>): void;
  /** Tags on the remote that may approve what is wanted, and what reading them gives. */
  readonly tags: { readonly tag: OfferedTag; readonly says: Approver | Problem }[];
  /** The same of files of a sites repository, loaded as an agent does. */
  pushTree(commit: string, tree: Tree): void;
  /** undefined: the repository answers. */
  outage: Problem | undefined;
  /** It lets commits be seen, and never sends a new one whole. */
  stalls: boolean;
  /** The accepted commit can be read without the repository, as from the cache of git. */
  cached: boolean;
  refusal: Problem | undefined;
  /** Starts a new agent, ending the one before. */
  start(options?: StartOptions): Agent;
  agent(): Agent;
  status(): Status;
  /** Closes the agent in an orderly way; resolves once its loop ended. */
  close(): Promise<void>;
  /** Until the newest commit was looked at and nothing is in flight, or the process was killed. */
  rest(): Promise<void>;
}

export interface StoryOptions {
  readonly lines?: readonly string[];
  readonly settings?: object;
  readonly observer?: (status: Status) => void;
  /** What the agent's log says. */
  readonly logged?: () => readonly string[];
  /** Instead of the smallest plane: a simulated FRR, through FRR's own reconciler and prober. */
  readonly frr?: SimFrr;
  /** Simulated instances of VPP; VPP is somebody else's unless given. */
  readonly vpp?: Readonly<Record<InstanceName, SimVpp>>;
  /** A simulated Incus at its socket; Incus is somebody else's unless given. */
  readonly incus?: { connect(): Connection };
  /** Instead of the plane of Incus. */
  readonly incusPlane?: typeof incusOff;
  /** Where other appliances are asked; nobody answers unless given. */
  readonly ask?: Ask;
  readonly isBusy?: () => boolean;
  /** Goes on from a box that stood like this. */
  readonly from?: Standing;
}

const frrSockets = "/var/run/frr";
const incusSocket = "/var/lib/incus/unix.socket";

/** Stories are short; what ended without a result is tried again at once. */
const quick = { "soak-seconds": 5, "grace-seconds": 10, "deadline-seconds": 60, "retry-after-seconds": 0 };

/** A generation with these lines; `neighbor X` lines get a health check. */
export function generation(
  lines: readonly string[],
  more: Partial<Omit<Generation, "policy">> & { readonly policy?: object } = {},
): Generation {
  const config = lines.map((line) => `${line}\n`).join("");
  const peers = lines.flatMap((line) => /^neighbor (\S+)$/.exec(line)?.[1] ?? []);
  return {
    format: 1,
    digest: createHash("sha256")
      .update(JSON.stringify([config, more]))
      .digest("hex"),
    secrets: "0".repeat(64),
    machine: "fra1/r1",
    commit: "c".repeat(40),
    desired: { ...emptyDesired, frr: { config } },
    health: peers.map((peer) => ({ check: "bgp-session", peer, required: true })),
    notManaged: [],
    ...more,
    policy: Policy.parse({ ...quick, ...more.policy }),
  };
}

/** The secrets of a process that just started on this box. */
function openSecrets(): SecretStore {
  return new SecretStore(Buffer.alloc(32, 1), Settings.shape.secrets.parse(undefined));
}

/** How a secret looks on this box. */
export function sealedHere(text: string): string {
  return openSecrets().seal(text);
}

/** Lines of a test, sorted, as one text. */
export function shown(lines: Iterable<string>): string {
  return [...lines].sort().join("\n");
}

export function story(options: StoryOptions = {}): Story {
  const { isBusy, from } = options;
  const sim = simHost({ ...(isBusy && { isBusy }), ...(from && { from }) });
  const plane = linePlane(options.lines);
  plane.serve((path, accept) => sim.listen(path, accept));
  const simulated = options.frr;
  const vpps = options.vpp;
  const systemd = simSystemd(sim);
  systemd.starting = (unit) => {
    if (unit === "frr.service") restartPlane(sim, plane, simulated);
    for (const instance of instances) if (unit === `vpp-${instance}.service`) vpps?.[instance].restart();
  };
  const failsafe = simFailsafe(sim, (unit) => systemd.start(unit));
  for (const daemon of simulated ? daemons : []) {
    sim.listen(`${frrSockets}/${daemon}.vty`, () => listening(simulated, daemon));
  }
  const { incus: containers } = options;
  if (containers) {
    sim.files.set(incusSocket, { text: "", mode: 0o660 });
    sim.listen(incusSocket, () => containers.connect());
  }
  for (const instance of vpps ? instances : []) sim.listen(usualSockets[instance], () => answering(vpps, instance));
  const settings = Settings.parse({
    vpp: { mode: vpps ? "apply" : "off" },
    machine: "fra1/r1",
    repository: { remotes: [{ url: "https://git.example.net/sites.git" }] },
    ...options.settings,
  });
  const commits = new Map<string, Wanted>();
  const trees = new Map<string, Tree>();
  const said = new Map<string, Words>();
  let newest = "";
  let closing = new AbortController();
  let current: { readonly agent: Agent; readonly ended: Promise<void> } | undefined;
  let polls = 0;

  const self: Story = {
    sim,
    plane,
    failsafe,
    systemd,
    answering: new Set(),
    ceased: new Set(),
    events: [],
    states: [],
    accepted: [],
    secrets: new Map(),
    inputs: "",
    fetchPackage: async () => undefined,
    stageImage: async () => undefined,
    clearStaging: async () => undefined,
    hold: async () => ({ [Symbol.asyncDispose]: async () => undefined }),
    means: quickTrials,
    loads: 0,
    outage: undefined,
    stalls: false,
    cached: false,
    refusal: undefined,
    tags: [],
    push(commit, wanted, words) {
      newest = commit;
      if (words) said.set(commit, { retries: [], ignored: [], ...words });
      commits.set(commit, "digest" in wanted ? { generation: { ...wanted, commit }, problems: [] } : wanted);
      polls = 0;
    },
    pushTree(commit, tree) {
      newest = commit;
      trees.set(commit, tree);
      polls = 0;
    },
    start(startOptions) {
      closing = new AbortController();
      polls = 0;
      const secrets = openSecrets();
      const appliance = sim.start(startOptions);
      const readFile = async (path: string) =>
        (await appliance.readFile(path)) ??
        simulated?.file(path) ??
        instances.map((instance) => vpps?.[instance].file(path)).find((text) => text !== undefined);
      const host: Host = { ...appliance, readFile, secrets };
      const files = bootFiles(host, settings.paths.state, [
        simulated ? frrBootFile(host, secrets, bootFile) : linesFile,
      ]);
      const agent = createAgent({
        settings,
        version: "0.0.0",
        host,
        source: {
          head: async (_signal, sought) => {
            if (self.outage) throw self.outage;
            const tags = sought ? self.tags.map(({ tag }) => tag) : [];
            return { commit: newest, remote: "https://git.example.net/sites.git", failed: [], tags };
          },
          approval: async (tag) => {
            const says = self.tags.find((one) => one.tag === tag)?.says;
            if (!says || says instanceof Problem) throw says ?? new Error("no such tag");
            return says;
          },
          accept: async (commit, from, overrides, limit) => {
            if (self.stalls && commit !== from) await aborted(limit);
            if (self.outage && (commit !== from || !self.cached)) throw self.outage;
            self.accepted.push({ commit, from, vouched: [...overrides.commits] });
            if (self.refusal && commit !== from) throw self.refusal;
            const words = commit === from ? undefined : said.get(commit);
            const tree = trees.get(commit) ?? memoryTree({});
            return words ? { ...tree, words } : tree;
          },
        },
        load: async (tree, commit, local) => {
          self.loads += 1;
          if (trees.has(commit)) return loadWanted(tree, commit, local, { settings, host, secrets });
          secrets.learn(Object.fromEntries(self.secrets));
          return above(commits.get(commit) ?? { generation: undefined, problems: [] }, local);
        },
        reconcilers: {
          system: system({ managed: catalogue, run: "/run/imp" }),
          vpp: vpps ? vpp(vppPlaces) : vppOff,
          frr: options.frr ? frr({ sockets: frrSockets }) : plane.reconciler,
          incus: options.incusPlane ?? (options.incus ? incus({ socket: incusSocket }) : incusOff),
        },
        secrets: {
          collect: (text) => secrets.collect(text),
          learn: (collected) => secrets.learn(collected),
          mask: (text) => secrets.mask(text),
          inputs: async () => self.inputs,
        },
        probe: options.frr
          ? prober({
              host,
              sockets: frrSockets,
              dataplane: "dataplane",
              ...(vpps && { vpp: (...asked) => openInstance(host, vppPlaces, ...asked) }),
            })
          : async (candidate, signal) => probe(self, candidate, signal),
        bootFiles: files,
        failsafe: openFailsafe(host, settings, files),
        hold: () => self.hold(),
        fetchPackage: (wanted, signal) => self.fetchPackage(wanted, signal),
        stageImage: (...asked) => self.stageImage(...asked),
        clearStaging: (...asked) => self.clearStaging(...asked),
        means: typeof self.means === "function" ? self.means(host) : self.means,
        ...(options.logged && { logged: options.logged }),
        ask:
          options.ask ??
          (async () => {
            throw new Problem("PEER", "Nobody is there.", { transient: true });
          }),
        observer: {
          event(event) {
            self.events.push(event);
            if (event.type === "polled") polls += 1;
          },
          status(status) {
            if (self.states.at(-1) !== status.state) self.states.push(status.state);
            options.observer?.(status);
          },
        },
      });
      current = { agent, ended: agent.run(closing.signal) };
      return agent;
    },
    agent() {
      if (!current) throw new Error("No agent was started.");
      return current.agent;
    },
    status: () => self.agent().status(),
    async close() {
      closing.abort();
      await current?.ended;
    },
    async rest() {
      const atRest = (): boolean => ["idle", "held", "waiting", "stranded"].includes(self.status().state) && polls >= 2;
      await sim.until(() => sim.isKilled() || atRest(), "at rest");
    },
  };
  failsafe.isFine = (_anchors, peers) => peers.every((peer) => isUp(self, simulated, peer));
  return self;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted", { cause: signal.reason })), { once: true });
  });
}

function isUp(self: Story, simulated: SimFrr | undefined, peer: string): boolean {
  if (!simulated) return sessionsOf(self).get(peer)?.up === true;
  return simulated.sessions().some((one) => one.peer === peer && one.state === "Established");
}

/** Each line of a local file is a line of configuration. One does not fit a commit that has it with "not " in front. */
function above(wanted: Wanted, local: readonly LocalFile[]): Wanted {
  const { generation: below, problems } = wanted;
  if (!below) return wanted;
  const lines = below.desired.frr.config.split("\n").filter(Boolean);
  const texts = local.flatMap(({ name, text }) => text.split("\n").map((line, index) => ({ name, line, index })));
  const wrong = texts.find(({ line }) => line === "broken" || lines.includes(`not ${line}`));
  if (wrong) {
    const at = { file: wrong.name, line: wrong.index + 1, column: 1 };
    return { generation: undefined, problems: [...problems, new Problem("SCHEMA", "does not fit", { at })] };
  }
  const added = [...new Set(texts.map(({ line }) => line))].filter((line) => line !== "" && !lines.includes(line));
  if (added.length === 0) return wanted;
  const { health } = generation(added);
  const desired = { ...below.desired, frr: { config: [...lines, ...added, ""].join("\n") } };
  const digest = createHash("sha256")
    .update(JSON.stringify([below.digest, added]))
    .digest("hex");
  return { generation: { ...below, digest, desired, health: [...below.health, ...health] }, problems };
}

function listening(simulated: SimFrr | undefined, daemon: Daemon): Connection {
  if (!simulated?.runs(daemon)) throw new Problem("HOST_FILE", `${daemon} does not listen`, { transient: true });
  return simulated.connect(daemon);
}

const vppPlaces: VppPlaces = { sockets: usualSockets, run: "/run/imp" };

function answering(vpps: StoryOptions["vpp"], instance: InstanceName): Connection {
  if (vpps?.[instance].isRunning !== true) {
    throw new Problem("HOST_FILE", `${instance} does not listen`, { transient: true });
  }
  return vpps[instance].connect();
}

export const bootFile = "/etc/frr/frr.conf";
export const stateFolder = "/persistent/config/imp";

/** A box at rest on which `first` is committed, and where the session with 192.0.2.1 is up. */
export async function committedStory(first: Generation, options: StoryOptions = {}): Promise<Story> {
  const s = story(options);
  s.answering.add("192.0.2.1");
  s.push("one", first);
  s.start();
  await s.rest();
  return s;
}

/** What stands in a file of the box. */
export function textOf({ sim }: Pick<Story, "sim">, path: string): string | undefined {
  const node = sim.files.get(path);
  return node && "text" in node ? node.text : undefined;
}

/** The smallest boot file: the lines. */
const linesFile: BootFile = {
  plane: "frr",
  name: "frr.conf",
  path: bootFile,
  unit: "frr.service",
  mode: 0o640,
  owner: async () => undefined,
  holds: (text, { frr }) => frr.config.split("\n").every((line) => text.split("\n").includes(line)),
  text: (_generation, { frr }) => `${shown(frr.config.split("\n").filter(Boolean))}\n`,
  isOurs: () => true,
};

/** The plane starts anew, with what its boot file says. */
export function restartPlane(sim: Sim, plane: LinePlane, simulated: SimFrr | undefined): void {
  const node = sim.files.get(bootFile);
  const text = node && "text" in node ? node.text : "";
  if (simulated) {
    for (const daemon of daemons) simulated.stop(daemon);
    for (const daemon of daemons) simulated.start(daemon);
    simulated.load(text);
    return;
  }
  plane.restarts += 1;
  plane.hangs = false;
  plane.live.clear();
  for (const line of text.split("\n").filter(Boolean)) plane.live.add(line);
}

/** By peer. */
function sessionsOf(self: Story): ReadonlyMap<string, Session> {
  const sessions = new Map<string, Session>();
  for (const line of self.plane.live) {
    const peer = /^neighbor (\S+)$/.exec(line)?.[1];
    if (peer === undefined) continue;
    const up = self.answering.has(peer) && !self.plane.live.has(`shutdown ${peer}`);
    sessions.set(peer, {
      peer,
      up,
      state: up ? "Established" : "Active",
      prefixes: up ? 100 : 0,
      established: 1,
      dropped: 0,
      ceasedMsAgo: self.ceased.has(peer) ? 500 : undefined,
    });
  }
  return sessions;
}

async function probe(self: Story, candidate: Generation, signal: AbortSignal): Promise<Probe> {
  signal.throwIfAborted();
  const sessions = sessionsOf(self);
  const results = new Map<string, CheckResult>();
  for (const check of candidate.health) {
    const ok = check.check === "bgp-session" && sessions.get(check.peer)?.up === true;
    results.set(checkKey(check), { check, ok, detail: ok ? "Established" : "not Established" });
  }
  return { results, sessions, silent: [] };
}
