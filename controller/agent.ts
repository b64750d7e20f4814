/**
 * The only loop. One tick takes whatever a commit of the sites repository asks for from git to the box:
 *
 *     settle (finish or undo what is in flight) → look (poll, load) → converge (plan, gate, deploy) → correct (drift)
 *
 * Everything that an outsider hears goes through the observer, after the fact; nothing here waits for it.
 */
import type { Host } from "../reconcilers/core.ts";
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Tree } from "../schemas/tree.ts";
import type { Appliance, SecretKeeper } from "./appliance.ts";
import { canonicalJson } from "./canonical-json.ts";
import { deploy, resumeCommit, rollBack } from "./deploy.ts";
import { gate } from "./gate.ts";
import type { Prober } from "./health/prove.ts";
import { openJournal } from "./journal.ts";
import { openMemory, whyHeld, withCorrection } from "./ledger.ts";
import type { Target } from "./machine.ts";
import { survey, type Reconcilers, type Survey } from "./planes.ts";
import { startProgress, type Listener } from "./progress.ts";
import type { Observer } from "./report/observer.ts";
import { unknownYet, statusOf, type Known } from "./report/known.ts";
import type { Status } from "./report/status.ts";
import { retryTransient, withDeadline } from "./retry.ts";
import type { Source } from "./source.ts";
import { openStore } from "./store.ts";

/** What a tree asks of this machine; the generation is undefined when a problem is an error. */
export interface Wanted {
  readonly generation: Generation | undefined;
  readonly problems: readonly Problem[];
}

/** Everything that the agent works with. */
export interface AgentParts {
  readonly settings: Settings;
  readonly version: string;
  readonly host: Host;
  readonly source: Source;
  /** Reads, checks and renders this machine from a tree. */
  readonly load: (tree: Tree, commit: string, signal: AbortSignal) => Promise<Wanted>;
  readonly reconcilers: Reconcilers;
  readonly secrets: SecretKeeper;
  readonly probe: Prober;
  readonly layBootFiles: (generation: Generation) => Promise<void>;
  readonly observer: Observer;
}

/** A running agent, for those who ask things of it (operations.ts). */
export interface Agent {
  /** Runs until the signal aborts; then it resolves at once, and the next start ends what was in flight. */
  run(signal: AbortSignal): Promise<void>;
  status(): Status;
  /** Ends the pause between two ticks. */
  nudge(): void;
  /** Resolves when the poll that begins next is over. */
  polled(signal: AbortSignal): Promise<void>;
  /** The next poll looks at the newest commit again, as if it had just arrived. */
  reconsider(): void;
  /** The plan for the newest generation, made anew. */
  plan(signal: AbortSignal): Promise<{ readonly generation: Generation; readonly plan: Survey }>;
  memory(): Appliance["memory"];
}

const pollLimitMs = 60_000;
const fetchLimitMs = 300_000;
const surveyLimitMs = 120_000;
const defaultPollSeconds = 30;

/** Makes an agent. It does nothing until `run`. */
export function createAgent(parts: AgentParts): Agent {
  const { settings, host, source, observer } = parts;
  const { state: folder } = settings.paths;
  let known: Known = unknownYet(settings, parts.version, host.now());
  let box: Appliance | undefined;
  let pause = new AbortController();
  let poll = Promise.withResolvers<void>();
  let again = false;

  const listener: Listener = {
    event: (event) => tell(() => observer.event?.(event)),
    changed: () => publish({}),
    complain: (problem) => publish({ complaints: [...known.complaints, problem] }),
  };

  /** Adds to what is known and shows it; I6: whatever an observer does, the loop goes on. */
  function publish(news: Partial<Known>): void {
    known = { ...known, ...news };
    if (box) known = { ...known, state: box.progress.state(), ledger: box.memory.ledger() };
    tell(() => observer.status?.(statusOf(known)));
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      box = await open(signal);
      for (;;) {
        listener.event({ type: "alive", withinMs: 2 * pollMs() + fetchLimitMs });
        await tick(box, signal);
        await rest(signal);
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
  }

  /** Before anything else: what does the journal say was going on? A journal that cannot be read freezes the box. */
  async function open(signal: AbortSignal): Promise<Appliance> {
    for (;;) {
      try {
        const journal = openJournal(host, `${folder}/journal`);
        const memory = await openMemory(host, `${folder}/journal/ledger.json`);
        const state = (await journal.read()) ?? { at: "idle" as const, since: host.now() };
        const store = openStore(host, folder);
        const committed = await store.committed();
        const progress = startProgress(host, journal, listener, state);
        const { reconcilers, secrets, probe, layBootFiles } = parts;
        const opened = { host, reconcilers, secrets, probe, layBootFiles, store, memory, progress, listener };
        if (committed) secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
        await progress.move({ type: "restarted" });
        known = { ...known, committed, frozen: undefined };
        return opened;
      } catch (thrown) {
        signal.throwIfAborted();
        publish({ frozen: asProblem(thrown) });
        await rest(signal);
      }
    }
  }

  async function tick(appliance: Appliance, signal: AbortSignal): Promise<void> {
    publish({ complaints: [] });
    try {
      if (!(await settle(appliance, signal))) return poll.resolve();
      await look(appliance, signal);
      await converge(appliance, signal);
      await correct(appliance, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const problem = asProblem(thrown);
      listener.complain(problem);
      if (appliance.progress.state().at !== "planning") return;
      await appliance.progress.move({ type: "must-wait", why: "blocked", reason: problem.message });
    }
  }

  /** Finishes what was proven, undoes what was not. False while that does not succeed: nothing else may begin. */
  async function settle(appliance: Appliance, signal: AbortSignal): Promise<boolean> {
    const { progress, store, layBootFiles } = appliance;
    if (progress.state().at === "committing") await resumeCommit(appliance, signal);
    if (progress.state().at === "rolling-back") await rollBack(appliance, signal);
    if (progress.state().at === "rolling-back") return false;
    const committed = await store.committed();
    publish({ committed });
    // I1: whatever happened while nobody watched, the box boots what it committed.
    if (committed) await layBootFiles(committed).catch((thrown: unknown) => listener.complain(asProblem(thrown)));
    return true;
  }

  /** One question to the sites repository, over a new connection. */
  const poke = (limited: AbortSignal) => source.head(limited);

  /** One poll of the sites repository; a commit that is new is checked, loaded and rendered. */
  async function look({ memory }: Appliance, signal: AbortSignal): Promise<void> {
    const polling = poll;
    poll = Promise.withResolvers();
    try {
      const head = await withDeadline(host, pollLimitMs, signal, "Polling the sites repository", poke);
      const isNew = head.commit !== known.wanted?.commit;
      publish({ git: { remote: head.remote, lastPollAt: host.now() } });
      // What is wrong with a commit may be put right on the box: a secret, a key, the wrong disk.
      if (isNew || again || !known.wanted?.generation) await take(memory, head.commit, signal);
      again = false;
      listener.event({ type: "polled", result: isNew ? "fetched" : "unchanged" });
    } catch (thrown) {
      signal.throwIfAborted();
      const problem = asProblem(thrown);
      publish({ git: { ...known.git, lastPollAt: host.now(), lastError: problem } });
      listener.event({ type: "polled", result: problem.code });
    } finally {
      polling.resolve();
    }
  }

  async function take(memory: Appliance["memory"], commit: string, signal: AbortSignal): Promise<void> {
    const { accepted, overrides } = memory.ledger();
    const vouched = { rewrite: overrides.rewrite, commits: new Set(overrides.commits) };
    const tree = await withDeadline(host, fetchLimitMs, signal, "Fetching the sites repository", (limited) =>
      source.accept(commit, accepted, vouched, limited),
    );
    // The anchor moves before anything is done with the commit: from here on only its descendants are accepted.
    await memory.remember((ledger) => ({ ...ledger, accepted: commit, overrides: { rewrite: false, commits: [] } }));
    const wanted = await withDeadline(host, fetchLimitMs, signal, "Loading the machine", (limited) =>
      parts.load(tree, commit, limited),
    );
    publish({ wanted: { commit, ...wanted } });
  }

  /** Towards what the newest commit asks for. */
  async function converge(appliance: Appliance, signal: AbortSignal): Promise<void> {
    const { progress, memory } = appliance;
    const candidate = known.wanted?.generation;
    if (!known.wanted || !candidate || candidate.digest === known.committed?.digest) {
      publish({ planned: undefined });
      if (known.wanted && "target" in progress.state()) await progress.move({ type: "nothing-to-do" });
      return;
    }
    const target: Target = { purpose: "deploy", commit: known.wanted.commit, generation: candidate.digest };
    const held = whyHeld(memory.ledger(), candidate.digest);
    if (held !== undefined) return progress.move({ type: "must-hold", target, reason: held });

    const state = progress.state();
    if (state.at !== "waiting" || JSON.stringify(state.target) !== JSON.stringify(target)) {
      await progress.move({ type: "wanted", target });
    }
    await planAndDeploy(appliance, target, candidate, signal);
    publish({ committed: await appliance.store.committed() });
  }

  async function planAndDeploy(
    appliance: Appliance,
    target: Target,
    candidate: Generation,
    signal: AbortSignal,
  ): Promise<void> {
    const { progress, memory, probe } = appliance;
    const { committed } = known;
    const wait = (why: "blocked" | "not-adopted", reason: string) => progress.move({ type: "must-wait", why, reason });
    let plan: Survey;
    let baseline: Awaited<ReturnType<Prober>>;
    try {
      plan = await surveyed(candidate, committed, signal);
      baseline = await withDeadline(host, surveyLimitMs, signal, "Taking the baseline", (limited) =>
        probe(candidate, limited),
      );
    } catch (thrown) {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
      return wait("blocked", asProblem(thrown).message);
    }
    publish({ planned: { plan, at: host.now() } });
    const [problem] = plan.problems;
    if (problem) return wait("blocked", problem.message);
    if (!committed && plan.foreign > 0 && !memory.ledger().adopted) {
      return wait("not-adopted", `Nothing was ever committed here, and ${plan.foreign} objects are already there.`);
    }
    const { worstImpact } = plan;
    const { purpose } = target;
    const policy = candidate.policy;
    const shut = gate({ mode: settings.mode, policy, purpose, worstImpact, now: host.now() });
    if (shut) return progress.move({ type: "must-wait", ...shut });
    const reach = known.git.lastError ? undefined : poke;
    await deploy(appliance, { target, candidate, committed, plan, baseline, reach }, signal);
  }

  /** Measures drift from the committed generation, and brings it back. */
  async function correct(appliance: Appliance, signal: AbortSignal): Promise<void> {
    const { progress, memory } = appliance;
    const { committed, wanted } = known;
    if (!committed || progress.state().at === "rolling-back")
      return publish({ drift: undefined, correction: undefined });
    const same = wanted?.generation?.digest === committed.digest ? wanted.generation : undefined;
    // The same question rendered anew by a newer agent is brought in like drift.
    const candidate = same && canonicalJson(same.desired) !== canonicalJson(committed.desired) ? same : committed;
    const plan = await surveyed(candidate, committed, signal);
    publish({ drift: { plan, at: host.now() }, correction: undefined });
    if (plan.steps.length === 0 && candidate === committed) return;

    const policy = wanted?.generation?.policy ?? committed.policy;
    const { worstImpact } = plan;
    const shut = gate({ mode: settings.mode, policy, purpose: "correct", worstImpact, now: host.now() });
    const [problem] = plan.problems;
    if (shut ?? problem) return publish({ correction: shut?.reason ?? problem?.message });
    const allowed = withCorrection(memory.ledger(), host.bootId(), host.uptime());
    if (!allowed) return publish({ correction: "Drift was corrected three times within the hour already." });
    await memory.remember((ledger) => ({ ...ledger, corrections: allowed.corrections }));

    const target: Target = { purpose: "correct", commit: committed.commit, generation: committed.digest };
    await progress.move({ type: "wanted", target });
    const baseline = { results: new Map(), sessions: new Map() };
    await deploy(appliance, { target, candidate, committed, plan, baseline, reach: undefined }, signal);
    const after = await appliance.store.committed();
    publish({ committed: after });
    if (after) publish({ drift: { plan: await surveyed(after, after, signal), at: host.now() } });
  }

  async function surveyed(
    candidate: Generation,
    committed: Generation | undefined,
    signal: AbortSignal,
  ): Promise<Survey> {
    const owned = committed ? [committed.desired] : [];
    return retryTransient(host, { retries: 2, pauseMs: 1000, signal }, () =>
      withDeadline(host, surveyLimitMs, signal, "Observing", (limited) =>
        survey(parts.reconcilers, host, candidate.desired, owned, limited),
      ),
    );
  }

  function pollMs(): number {
    const policy = known.wanted?.generation?.policy ?? known.committed?.policy;
    return 1000 * (settings.repository["poll-seconds"] ?? policy?.["poll-seconds"] ?? defaultPollSeconds);
  }

  /** The pause between two ticks: jitter keeps a fleet from asking all at once; a nudge ends it. */
  async function rest(signal: AbortSignal): Promise<void> {
    const awake = AbortSignal.any([signal, pause.signal]);
    try {
      await host.sleep(pollMs() * (0.9 + 0.2 * Math.random()), awake);
    } catch (thrown) {
      if (!awake.aborted) throw thrown;
    }
    signal.throwIfAborted();
    if (pause.signal.aborted) pause = new AbortController();
  }

  return {
    run,
    status: () => statusOf(known),
    nudge: () => pause.abort(),
    async polled(signal) {
      await withDeadline(host, fetchLimitMs, signal, "The poll", () => poll.promise);
    },
    reconsider() {
      again = true;
    },
    async plan(signal) {
      const generation = known.wanted?.generation ?? known.committed;
      if (!generation) throw new Problem("AGENT_BUSY", "No commit was loaded yet.", { transient: true });
      return { generation, plan: await surveyed(generation, known.committed, signal) };
    },
    memory() {
      if (!box) throw known.frozen ?? new Problem("AGENT_BUSY", "The agent is still starting.", { transient: true });
      return box.memory;
    },
  };
}

/** I6: what listens can neither stop nor slow the loop. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch {
    // the composition root wraps observers so that their faults are logged; a fault beyond that has nobody to hear it
  }
}
