/**
 * What happened on this box, deployment by deployment, out of the lines of the journal's history. Pure: whoever has the
 * lines has the story, also when the agent is dead.
 */
import type { Impact, PlaneName } from "../reconcilers/core.ts";
import type { Happening, HistoryRecord, OperatorRecord, Recorded } from "./journal.ts";
import {
  inFlight,
  type Deployment,
  type Failure,
  type Purpose,
  type Rung,
  type StateName,
  type Verdict,
} from "./machine.ts";

/** One deployment from arming to its end. Times are wall clock, spans are milliseconds. */
export interface Story {
  readonly kind: "deployment";
  readonly id: string;
  readonly at: number;
  readonly purpose: Purpose;
  readonly commit: string;
  readonly generation: string;
  /** The generation to go back to; undefined: nothing was committed. */
  readonly from?: string;
  readonly worstImpact?: Impact;
  /** For how long everything had to be green, and how long it could take from arming on. */
  readonly soakMs?: number;
  readonly deadlineMs?: number;
  /** The boot environment that was booted for it, once. */
  readonly trial?: string;
  readonly steps: number;
  readonly stepsDone: number;
  /** In the order in which they began; `back`: on the way back. */
  readonly runs: readonly StoryRun[];
  readonly phases: readonly { readonly phase: StateName; readonly ms: number }[];
  /** undefined: in flight, or nobody wrote down how it ended. */
  readonly outcome: "committed" | "rolled-back" | "stranded" | undefined;
  readonly endedAt?: number;
  readonly verdict?: Verdict;
  /** Whether it is never tried again by itself. */
  readonly held?: boolean;
  readonly failure?: Failure & { readonly at: number };
  /** From the failure to what is committed, read back. */
  readonly backMs?: number;
  /** How often going back failed, what was tried beyond planning, and why that was given up. */
  readonly failedBacks: number;
  readonly rungs: readonly Rung[];
  readonly abandoned?: string;
}

export interface StoryRun {
  readonly plane: PlaneName;
  readonly back: boolean;
  readonly total: number;
  /** The first of its steps, as people read them. */
  readonly does: readonly string[];
}

/** What an operator told the agent. */
export interface Told {
  readonly kind: "operator";
  readonly at: number;
  readonly asked: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly generation?: string;
  /** Why nothing came of it. */
  readonly refused?: string;
}

/** A generation is not tried because it failed here before; or that is over without another deployment. */
export interface Hold {
  readonly kind: "hold" | "hold-over";
  readonly at: number;
  readonly generation: string;
  readonly reason?: string;
}

/** Something that is neither of them, in a sentence. */
export interface News {
  readonly kind: "news";
  readonly at: number;
  readonly happened: Happening["happened"];
  readonly text: string;
}

export type Entry = Story | Told | Hold | News;

/** A record with its place in time. */
type Stamp = Pick<HistoryRecord, "at" | "uptime" | "boot">;

/** Every entry, oldest first; a deployment stands where it began. */
export function tell(records: readonly Recorded[]): readonly Entry[] {
  const entries: Entry[] = [];
  const begun = new Map<string, Telling>();
  let current: Telling | undefined;
  for (const record of records) {
    if ("asked" in record) addWord(entries, told(record));
    else if ("happened" in record)
      entries.push({ kind: "news", at: record.at, happened: record.happened, text: record.text });
    else {
      const deployment = inFlight(record.to);
      if (deployment) {
        current = begun.get(deployment.id) ?? startTelling(deployment, record);
        if (!begun.has(deployment.id)) entries.push(current.story());
        begun.set(deployment.id, current);
      }
      if (deployment || inFlightNames.has(record.from)) current?.add(record);
      if (!deployment) entries.push(...holds(record));
    }
  }
  return entries.map((entry) => (entry.kind === "deployment" ? (begun.get(entry.id)?.story() ?? entry) : entry));
}

/** States from which an event can end a deployment without a trace of it in the next state. */
const inFlightNames: ReadonlySet<StateName> = new Set(["committing", "rolling-back"]);

function told({ at, asked, details, generation, refused }: OperatorRecord): Told {
  const more = { ...(generation !== undefined && { generation }), ...(refused !== undefined && { refused }) };
  return { kind: "operator", at, asked, details, ...more };
}

/** That it was refused belongs to the word itself, which stands before it. */
function addWord(entries: Entry[], word: Told): void {
  const what = JSON.stringify([word.asked, word.details]);
  const isSame = (one: Entry) =>
    one.kind === "operator" && one.refused === undefined && JSON.stringify([one.asked, one.details]) === what;
  const place = word.refused === undefined ? -1 : entries.findLastIndex(isSame);
  const before = entries[place];
  if (before) entries[place] = { ...word, at: before.at };
  else entries.push(word);
}

function holds({ at, event, from, to }: HistoryRecord): readonly Hold[] {
  if (event.type === "must-hold" && to.at === "held") {
    return [{ kind: "hold", at, generation: to.target.generation, reason: to.reason }];
  }
  return from === "held" && to.at === "idle" ? [{ kind: "hold-over", at, generation: "" }] : [];
}

/** A deployment whose lines are still coming. */
interface Telling {
  add(record: HistoryRecord): void;
  story(): Story;
}

function startTelling(deployment: Deployment, first: HistoryRecord): Telling {
  const { id, purpose, commit, generation, from, worstImpact, soakMs, deadlineMs, steps, startedAt, trial } =
    deployment;
  let entered: Stamp = first;
  let failed: Stamp = first;
  let story: Story = {
    kind: "deployment",
    id,
    at: startedAt,
    purpose,
    commit,
    generation,
    ...(from !== undefined && { from }),
    ...(worstImpact && { worstImpact }),
    ...(soakMs !== undefined && { soakMs }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(trial && { trial: trial.name }),
    steps,
    stepsDone: 0,
    outcome: undefined,
    runs: [],
    phases: [],
    failedBacks: 0,
    rungs: [],
  };
  return {
    story: () => story,
    add(record) {
      const done = inFlight(record.to)?.stepsDone ?? story.stepsDone;
      const hadFailed = story.failure !== undefined;
      story = { ...story, stepsDone: Math.max(done, story.stepsDone), ...changed(story, record) };
      if (story.failure && !hadFailed) failed = record;
      if (story.failure && story.outcome === "rolled-back") story = { ...story, backMs: between(failed, record) };
      if (record.from === record.to.at || record.event.type === "armed") return;
      story = { ...story, phases: [...story.phases, { phase: record.from, ms: between(entered, record) }] };
      entered = record;
    },
  };
}

/** Uptime tells within a boot, the wall clock beyond. */
function between(earlier: Stamp, later: Stamp): number {
  return Math.max(0, earlier.boot === later.boot ? later.uptime - earlier.uptime : later.at - earlier.at);
}

/** What one line adds to the story. */
function changed(story: Story, { at, event, to }: HistoryRecord): Partial<Story> {
  switch (event.type) {
    case "run-started": {
      const { plane, steps, does } = event.run;
      const run = { plane, back: to.at === "rolling-back", total: steps.length, does: does ?? steps };
      return { runs: [...story.runs, run] };
    }
    case "failed":
      return { failure: { ...event.failure, at } };
    case "restarted":
      return to.at === "rolling-back" && !story.failure ? { failure: { ...to.failure, at } } : {};
    case "rollback-failed":
      return { failedBacks: story.failedBacks + 1 };
    case "rung-started":
      return { rungs: [...story.rungs, event.rung] };
    case "resumed":
      return { outcome: undefined };
    case "abandoned":
      return { outcome: "stranded", endedAt: at, abandoned: event.reason };
    case "rolled-back": {
      const { failure, purpose } = story;
      const verdict = purpose === "correct" ? undefined : failure?.verdict;
      return { outcome: "rolled-back", endedAt: at, held: event.hold, ...(verdict && { verdict }) };
    }
    case "committed":
      return { outcome: "committed", endedAt: at, ...(story.purpose !== "correct" && { verdict: "good" as const }) };
    default:
      return {};
  }
}

/**
 * The deployment that `which` names: an id, or the beginning of one, of a generation's digest or of a commit (the newest of
 * several then). Without a name the newest one. undefined: there is none.
 */
export function find(entries: readonly Entry[], which: string | undefined): Story | undefined {
  const stories = entries.filter((entry) => entry.kind === "deployment");
  if (which === undefined) return stories.at(-1);
  const begins = (one: Story): boolean => [one.id, one.generation, one.commit].some((name) => name.startsWith(which));
  return stories.find(({ id }) => id === which) ?? stories.findLast(begins);
}
