/** The story of a deployment for people: plain words, a fact a line. Pure. */
import type { Timeline } from "../health/timeline.ts";
import { plural } from "../plural.ts";
import type { Story, StoryRun } from "../story.ts";
import { spanText } from "../term.ts";

/** What happened in one deployment: what it was to do, what failed, since when, what was done, how long each part took. */
export function storyText(story: Story, timeline: Timeline = []): readonly string[] {
  const { failure } = story;
  const row = (name: string, text: string | undefined): readonly string[] =>
    text === undefined ? [] : [`${name.padEnd(12)} ${text}`];
  return [
    ...row("deployment", story.id),
    ...row("outcome", outcome(story)),
    ...row("what", asked(story)),
    ...row("when", when(story)),
    ...row("limits", limits(story)),
    ...row("failed", failure && `${failure.trigger} at ${time(failure.at)}: ${failure.reason}`),
    ...checks(timeline),
    ...row("then", failure && wayBack(story)),
    ...changes(
      story.runs.filter((run) => !run.back),
      "changed",
      `${story.stepsDone} of ${plural(story.steps, "step")} done`,
    ),
    ...changes(
      story.runs.filter((run) => run.back),
      "undone",
      "on the way back",
    ),
    ...row("took", phases(story)),
  ];
}

function outcome({ outcome, verdict, held }: Story): string {
  const words = {
    committed: "committed",
    "rolled-back": "rolled back",
    stranded: "stranded: going back did not succeed",
  };
  const ended = outcome === undefined ? "not ended" : words[outcome];
  const then = held === true ? ", and never tried again by itself" : "";
  return `${ended}${verdict ? `, verdict ${verdict}` : ""}${then}`;
}

function asked({ purpose, commit, generation, from, worstImpact, trial }: Story): string {
  const target = `generation ${short(generation)} of commit ${short(commit)}`;
  const booted = trial === undefined ? "" : `, in a trial boot of ${trial}`;
  const impact = `${booted}${worstImpact ? `, worst impact ${worstImpact}` : ""}`;
  if (purpose === "correct") return `back to what is committed, ${target}${impact}`;
  const ordered = purpose === "roll-back" ? "as an operator or policy ordered, back to " : "";
  return `${ordered}${target}, before it ${from === undefined ? "nothing was committed" : `generation ${short(from)}`}${impact}`;
}

function when({ at, endedAt }: Story): string {
  return `${time(at)}${endedAt === undefined ? "" : `, over after ${span(endedAt - at)}`}`;
}

function limits({ soakMs, deadlineMs }: Story): string | undefined {
  if (soakMs === undefined || deadlineMs === undefined) return undefined;
  return `all green for ${span(soakMs)}, within ${span(deadlineMs)} of arming`;
}

/** More tells nothing that the evidence does not. */
const toldMoments = 15;

/** What became red, and green again, from when on. */
function checks(timeline: Timeline): readonly string[] {
  let before = new Set<string>();
  const told = timeline.flatMap(({ at, afterMs, red }) => {
    const now = new Set(red.map(({ key }) => key));
    const better = [...before].filter((key) => !now.has(key)).map((key) => `green again: ${key}`);
    const worse = red.filter(({ key }) => !before.has(key)).map(({ reason }) => `red: ${reason}`);
    before = now;
    return [...worse, ...better].map((what) => `  ${time(at)} (${span(afterMs)} after arming) ${what}`);
  });
  if (told.length === 0) return [];
  const more = told.length - toldMoments;
  return [
    "checks",
    ...told.slice(0, toldMoments),
    ...(more > 0 ? [`  and ${plural(more, "more change")}: timeline.json`] : []),
  ];
}

function wayBack({ from, outcome, backMs, failedBacks, rungs, abandoned }: Story): string {
  const to = from === undefined ? "what was there before" : `generation ${short(from)}`;
  const failed = failedBacks > 0 ? ` It failed ${failedBacks} times.` : "";
  const beyond = rungs.length > 0 ? ` Beyond planning: ${rungs.join(", ")}.` : "";
  const tried = `${failed}${beyond}`;
  if (outcome === "stranded")
    return `It tried to go back to ${to}.${tried} Given up: ${abandoned ?? "nothing helped."}`;
  if (outcome !== "rolled-back") return `It is going back to ${to}.${tried}`;
  return `It went back to ${to}, read back and verified ${span(backMs ?? 0)} after the failure.${tried}`;
}

function changes(runs: readonly StoryRun[], name: string, note: string): readonly string[] {
  if (runs.length === 0) return [];
  const steps = runs.flatMap(({ plane, total, does }) => [
    ...does.map((step) => `  ${plane.padEnd(8)} ${step}`),
    ...(total > does.length ? [`  ${plane.padEnd(8)} and ${plural(total - does.length, "more step")}`] : []),
  ]);
  return [`${name.padEnd(12)} ${note}`, ...steps];
}

function phases({ phases }: Story): string | undefined {
  const shown = phases.map(({ phase, ms }) => `${phase} ${span(ms)}`);
  return shown.length === 0 ? undefined : shown.join(", ");
}

/** "2026-01-05 12:01:04" */
export function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

export function short(digest: string): string {
  return digest.slice(0, 12);
}

/** "0.4 s", "74 s", "12 min": short ones more exactly. */
export function span(ms: number): string {
  // Uptime has fractions: what was seen as it was armed is not before it.
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : spanText(ms);
}
