/**
 * The only loop. One tick takes whatever a commit of the sites repository asks for from git to the box:
 *
 *     settle (finish or undo what is in flight) → look (look.ts: poll, load) → converge (converge.ts: plan, gate/,
 *     deploy.ts) → correct (correct.ts: drift)
 *
 * Everything that an outsider hears goes through the observer, after the fact; nothing here waits for it.
 */
import { asProblem, Problem } from "../schemas/problem.ts";
import { answers, type Answers } from "./answers.ts";
import type { Appliance } from "./appliance.ts";
import { resumeCommit } from "./commit.ts";
import { bootedEnvironment } from "./environment.ts";
import { converge } from "./converge.ts";
import { correct } from "./correct.ts";
import { endBreakGlass, glassEnds } from "./break-glass.ts";
import { endOverlays, overlayEnds } from "./overlay.ts";
import { startStaging } from "./images/stage.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { isResumed } from "./going-back.ts";
import { rollBack } from "./roll-back.ts";
import { openJournal, type Spoken } from "./journal.ts";
import { startEvidence } from "./evidence/evidence.ts";
import { openMemory } from "./ledger.ts";
import { lookAtEnvironments } from "./look-environments.ts";
import { maskData } from "./mask.ts";
import { openPast, type Past } from "./past.ts";
import { openPolls, type Polls } from "./polls.ts";
import { described } from "./planes.ts";
import { startProgress, type Listener } from "./progress.ts";
import { checksStatus } from "./report/checks.ts";
import { unknownYet, type Known } from "./report/known.ts";
import { statusOf } from "./report/status-of.ts";
import type { Status } from "./report/status.ts";
import { goodSince } from "./rollout/good.ts";
import { retryTransient } from "./retry.ts";
import { openPeers } from "./rollout/peers.ts";
import { begin, takeStock } from "./start.ts";
import { openStore } from "./store.ts";
import type { Clock } from "./term.ts";
import { drillIfOrdered } from "./trial/drill.ts";
import { resumeTrial } from "./trial/resume.ts";
import { startHealthWatch } from "./watch-health.ts";
import { fetchLimitMs, type AgentParts, type Turn } from "./turn.ts";
import { startUpdates } from "./update/update.ts";

/** A running agent, for those who ask things of it (operations.ts). */
export interface Agent extends Answers {
  /** Runs until the signal aborts; then it resolves at once, and the next start ends what was in flight. */
  run(signal: AbortSignal): Promise<void>;
  status(): Status;
  readonly polls: Polls;
  /** What operators' terms are counted by. */
  readonly clock: Clock;
  readonly past: Past;
  /** Resolves once an operator's word stands in the history. */
  note(word: Spoken): Promise<void>;
}

const defaultPollSeconds = 30;
/** Between two looks at what becomes of another version of the agent: all else waits for it. */
const updateMs = 3000;
/** For what is written beside the loop to be finished when it ends. */
const closingMs = 2000;

/** Makes an agent. It does nothing until `run`. */
export function createAgent(parts: AgentParts): Agent {
  const { settings, host, observer } = parts;
  const { state: folder } = settings.paths;
  let known: Known = unknownYet(settings, parts.version, host);
  let box: Appliance | undefined;
  const journal = openJournal(host, `${folder}/journal`);
  const polls = openPolls(host, pollMs);
  let complaints: readonly Problem[] = [];

  const evidence = startEvidence({
    host,
    folder,
    log: () => parts.logged?.() ?? [],
    status,
    describe: (plan) => described(parts.reconcilers, plan),
    mask: (text) => parts.secrets.mask(text),
    complain: (problem) => listener.complain(problem),
    counted: (bundles) => publish({ bundles }),
  });

  const housekeeping = startHousekeeping();
  const health = startHealthWatch();
  const updates = startUpdates();
  const staging = startStaging();
  const listener: Listener = {
    event(event) {
      tell(() => observer.event?.(event));
      if (event.type === "checked") publish({ checks: event.results && checksStatus(event.results, host.now()) });
      if (event.type === "looked") sawRed(event.red);
      if (event.type === "deployment-ended") {
        const last = box?.memory.ledger().lastDeployment;
        evidence.ended(last);
        housekeeping.ended(last);
      }
    },
    changed() {
      publish({});
      const state = box?.progress.state();
      if (state?.at === "stranded") evidence.stranded(state.deployment.id);
    },
    happened: (news) => void note(news).catch((thrown: unknown) => listener.complain(asProblem(thrown))),
    complain(problem) {
      complaints = [...complaints, problem];
      const others = known.complaints.filter((one) => one.toString() !== problem.toString());
      publish({ complaints: [...others, problem] });
    },
    // Drift was measured against the one before.
    committed: (generation) => publish({ committed: generation, drift: undefined }),
  };

  const note = (word: Spoken): Promise<void> => {
    const told = maskData(word, (text) => parts.secrets.mask(text));
    return journal.note({ at: host.now(), uptime: host.uptime(), boot: host.bootId(), ...told });
  };

  /** A look comes every second while proving: only what is new is shown. */
  function sawRed(red: readonly string[]): void {
    if (known.checks?.green === undefined && JSON.stringify(known.checks?.red) === JSON.stringify(red)) return;
    publish({ checks: { at: host.now(), red } });
  }

  /** Adds to what is known and shows it; I6: whatever an observer does, the loop goes on. */
  function publish(news: Partial<Known>): void {
    known = { ...known, ...news };
    known = { ...known, failsafeArmed: parts.failsafe.isArmed() };
    if (box) known = { ...known, state: box.progress.state(), ledger: box.memory.ledger() };
    // Before that nothing is known, but why it cannot be.
    else if (!known.frozen) return;
    known = { ...known, good: goodSince(known, known.good, host) };
    tell(() => observer.status?.(status()));
  }

  function status(): Status {
    // What an operator just said stands in the ledger before the loop looks at it again.
    const now = { ...known, mistakes: parts.mistakes?.() ?? [], ...(box && { ledger: box.memory.ledger() }) };
    return maskData(statusOf(now), (text) => parts.secrets.mask(text));
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      box = await open(signal);
      evidence.missed(box.memory.ledger().lastDeployment);
      publish({});
      for (;;) {
        listener.event({ type: "alive", withinMs: 2 * pollMs() + fetchLimitMs });
        await tick(box, signal);
        await rest(signal);
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
      await evidence.settled(closingMs);
    }
  }

  /** Before anything else: what does the journal say was going on? A journal that cannot be read freezes the box. */
  async function open(signal: AbortSignal): Promise<Appliance> {
    for (;;) {
      try {
        const memory = await openMemory(host, `${folder}/journal/ledger.json`);
        const state = (await journal.read()) ?? { at: "idle" as const, since: host.now() };
        const environment = await bootedEnvironment(host, signal);
        const store = openStore(host, folder, environment);
        const committed = await store.committed();
        const progress = startProgress(host, journal, listener, state);
        const opened: Appliance = {
          ...parts,
          peers: openPeers(parts.ask, host),
          environment,
          state: folder,
          runFolder: settings.paths.run,
          store,
          memory,
          progress,
          listener,
          witness: evidence.witness,
        };
        if (committed) parts.secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
        await begin(opened, signal);
        known = { ...known, committed, frozen: undefined };
        return opened;
      } catch (thrown) {
        signal.throwIfAborted();
        publish({ frozen: asProblem(thrown) });
        listener.event({ type: "alive", withinMs: 2 * pollMs() });
        polls.skip();
        await rest(signal);
      }
    }
  }

  async function tick(appliance: Appliance, signal: AbortSignal): Promise<void> {
    complaints = [];
    await host.freeBytes(folder).catch(cannotRecord);
    try {
      const turn: Turn = { parts, appliance, signal, known: () => known, repository: polls, publish, note };
      if (!(await settle(turn))) return polls.skip();
      await lookAtEnvironments(turn);
      await endBreakGlass(turn);
      await endOverlays(turn);
      if (!isOrdered(appliance) && !polls.isNudged()) await polls.poll(turn);
      if (appliance.progress.state().at === "stranded") return;
      try {
        if (await updates.isUnderWay(turn)) return;
        await converge(turn);
        await drillIfOrdered(turn);
        await correct(turn);
        await housekeeping.look(turn);
        staging.look(turn);
        await updates.look(turn);
      } finally {
        await health.look(turn);
      }
    } catch (thrown) {
      signal.throwIfAborted();
      const problem = asProblem(thrown);
      listener.complain(problem);
      if (!["planning", "staging"].includes(appliance.progress.state().at)) return;
      const unblock = problem.remedy ?? "It is planned again at the next poll.";
      await appliance.progress.move({ type: "must-wait", why: "blocked", reason: problem.message, unblock });
    } finally {
      // What the tick before complained of stands until this one did not: in between nobody knows better.
      publish({ complaints });
    }
  }

  /** While there is nothing to record, nobody else would notice. */
  function cannotRecord(cause: unknown): void {
    const remedy = "Check that the file system is mounted and writable.";
    listener.complain(
      new Problem("JOURNAL", `Nothing can be recorded here: ${asProblem(cause).message}.`, { cause, remedy }),
    );
  }

  /** An operator's order needs no repository, and does not wait for one that does not answer. */
  function isOrdered({ memory, progress }: Appliance): boolean {
    return memory.ledger().order !== undefined && progress.state().at !== "waiting";
  }

  /** Finishes what was proven, undoes what was not. False while that does not succeed: nothing else may begin. */
  async function settle(turn: Turn): Promise<boolean> {
    const { appliance } = turn;
    const { progress, memory } = appliance;
    if (isResumed(progress.state(), memory.ledger())) await progress.move({ type: "resumed" });
    if (["trial-booting", "committing", "rolling-back"].includes(progress.state().at)) await finish(turn);
    if (progress.state().at === "rolling-back") return false;
    if (progress.state().at !== "stranded") publish({ committed: await takeStock(appliance) });
    return true;
  }

  /** What a start found in flight. It waits for who else changes FRR, but not for long: it may be what forwards again. */
  async function finish(turn: Turn): Promise<void> {
    const { appliance, signal } = turn;
    const { progress, hold } = appliance;
    await using _ = await retryTransient(host, { retries: 2, pauseMs: 5000, signal }, hold).catch((thrown: unknown) => {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
      return undefined;
    });
    if (progress.state().at === "trial-booting") await resumeTrial(turn);
    if (progress.state().at === "committing") await resumeCommit(appliance, signal);
    if (progress.state().at === "rolling-back") await rollBack(appliance, signal);
  }

  function pollMs(): number {
    const policy = known.wanted?.generation?.policy ?? known.committed?.policy;
    return 1000 * (settings.repository["poll-seconds"] ?? policy?.["poll-seconds"] ?? defaultPollSeconds);
  }

  /** The pause between two ticks: jitter, never beyond the interval, keeps a fleet from asking all at once. */
  async function rest(signal: AbortSignal): Promise<void> {
    const ms = restMs();
    publish({ nextLookAt: host.now() + ms });
    await polls.rest(ms, signal);
    publish({ nextLookAt: undefined });
  }

  /** What ends a wait before the next poll is not overslept. */
  function restMs(): number {
    const ms = (known.update?.state === "installing" ? updateMs : pollMs()) * (0.8 + 0.2 * Math.random());
    const state = box?.progress.state();
    const againAt = state?.at === "waiting" ? state.againAt : undefined;
    const waits = againAt === undefined ? [] : [againAt - host.now()];
    const ledger = box?.memory.ledger();
    const ends = ledger ? [...overlayEnds(ledger, host), ...glassEnds(ledger, host)] : [];
    return Math.min(ms, ...[...waits, ...ends].map((left) => Math.max(1000, left)));
  }

  return {
    run,
    status,
    clock: host,
    polls,
    ...answers({ parts, listener, known: () => known, box: () => box }),
    note,
    past: openPast(host, folder),
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
