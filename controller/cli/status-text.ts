/** The status document for people, on one screen: what is wanted, what runs, what is going on, why, and until when. */
import { printableData } from "../../schemas/printable.ts";
import type { ProblemReport } from "../../schemas/problem.ts";
import type { ShownGlass } from "../break-glass.ts";
import { endText } from "../overlay.ts";
import { sizeText } from "../size.ts";
import { plural } from "../plural.ts";
import { causesOf, complaintsOf, needSomebody, type Cause } from "../report/causes.ts";
import { rowsText, type Row } from "../report/rows.ts";
import type { DeploymentStatus, Status } from "../report/status.ts";
import { spanText } from "../term.ts";
import { moment, outlook } from "./why-text.ts";
import type { Style, Terminal } from "./terminal.ts";

/** Of a list only the first are shown: the rest is where the row says. */
const shown = 4;

/** `now` is wall clock in milliseconds: the document holds times, people want to know how long ago. */
export function statusText(document: Status, now: number, terminal: Terminal): string {
  // It quotes others: authors of commits, remotes, daemons.
  const status = printableData(document);
  const { desired, committed, failsafe, git, overrides, breakGlass, endedOverlay, evidence } = status;
  const style = (name: Style, text: string): string => terminal.style(name, text);
  const rows: readonly Row[] = [
    ["machine", `${style("bold", status.machine)} (agent ${status.agentVersion}, mode ${status.mode})`],
    ["in sync", status.inSync ? style("green", "yes") : style("yellow", "no")],
    ["wanted", desired && `${revision(desired)}${status.verdict ? `, ${status.verdict} here` : ""}`],
    ["running", committed && `${revision(committed)}, committed ${ago(committed.at, now)} ago`],
    ["state", `${status.state} for ${ago(status.since, now)}`],
    ...why(status, now, terminal),
    ["deployment", status.deployment && deployment(status.deployment, now)],
    ["boot", boot(status, terminal)],
    ["break-glass", breakGlass && style("red", glass(breakGlass, now))],
    ...(status.overlays ?? []).map(({ kind, name, until, reason }): Row => {
      const text = `${name} ${until === undefined ? "ended, still live" : `until ${moment(until, now)}`} (${reason})`;
      return [kind === "drain" ? "drained" : "local", style("yellow", text)];
    }),
    ["ended", endedOverlay && `${ago(endedOverlay.at, now)} ago: ${endText(endedOverlay)}`],
    ["update", update(status)],
    ["image", image(status)],
    ["failsafe", failsafe && style(failsafe === "quiet" ? "green" : "yellow", failsafe)],
    ...checks(status, now, terminal),
    ...planes(status, now),
    ["probation", probation(status, now, terminal)],
    ["last", status.lastDeployment && deployment(status.lastDeployment, now)],
    ["evidence", evidence ? `of ${plural(evidence, "failed deployment")}: impctl history` : undefined],
    ["repository", repository(git, now)],
    ["vouched", overrides && vouched(overrides)],
    ...complaintsOf(status)
      .slice(1)
      .map((one): Row => ["problem", `${style("red", one.code)} ${problem(one)}`]),
    ...status.warnings.map((one): Row => ["warning", `${style("yellow", one.code)} ${problem(one)}`]),
  ];
  return rowsText(rows, terminal.columns);
}

/** As `impctl why` tells it, in short: what is in the way in full, what else there is in a line each. */
function why(status: Status, now: number, terminal: Terminal): readonly Row[] {
  const [cause, ...others] = causesOf(status);
  const also = others.map(({ why: code, reason }): Row => ["also", `${code}: ${reason}`]);
  if (cause.why === "in-sync")
    return [["looked at", cause.next === undefined ? undefined : moment(cause.next, now)], ...also];
  const style = (text: string): string => (needSomebody.includes(cause.why) ? terminal.style("red", text) : text);
  return [["why", style(`${cause.why}: ${cause.reason}`)], ...details(cause), ...outlook(cause, now), ...also];
}

function details({ details: all = [] }: Cause): readonly Row[] {
  return list(all, "impctl why");
}

function list(all: readonly string[], where: string): readonly Row[] {
  const more = all.length - shown;
  return [...all.slice(0, shown), ...(more > 0 ? [`and ${more} more: ${where}`] : [])].map((one) => ["", `  ${one}`]);
}

function update({ update: wanted }: Status): string | undefined {
  if (!wanted) return undefined;
  const { name, version, state, reason, unblock } = wanted;
  const more = [reason, unblock].filter((one) => one !== undefined).join(" ");
  return `the agent is to be ${name} (${version}), ${state}${more === "" ? "" : `: ${more}`}`;
}

function image({ image: wanted }: Status): string | undefined {
  if (!wanted) return undefined;
  const { name, state, bytes, size, reason, unblock } = wanted;
  const part =
    bytes === undefined || size === undefined ? "" : `, ${Math.floor((100 * bytes) / size)} % of ${sizeText(size)}`;
  const more = [reason, unblock].filter((one) => one !== undefined).join(" ");
  return `${name}, ${state}${part}${more === "" ? "" : `: ${more}`}`;
}

function boot({ boot: seen }: Status, terminal: Terminal): string | undefined {
  if (!seen) return undefined;
  const { pool, health, availableBytes, running = "?", next, chosenByHand } = seen;
  const room = `${pool} ${health === "ONLINE" ? health : terminal.style("red", health)}, ${sizeText(availableBytes)} free`;
  if (next === undefined) return `${running} runs, ${terminal.style("red", "nothing boots next")}; ${room}`;
  if (chosenByHand)
    return `${terminal.style("yellow", `${running} runs, chosen by hand, ${next} boots next`)}; ${room}`;
  return `${running} runs${next === running ? ", and boots next" : `, ${next} boots next`}; ${room}`;
}

function checks({ checks: seen }: Status, now: number, terminal: Terminal): readonly Row[] {
  if (!seen) return [];
  const { at, red, green, unknown = 0 } = seen;
  const counts = [
    ...(green === undefined ? [] : [`${green} green`]),
    red.length > 0 ? terminal.style("red", `${red.length} red`) : "none red",
    ...(unknown > 0 ? [`${unknown} not known yet`] : []),
  ];
  return [["checks", `${counts.join(", ")}, ${ago(at, now)} ago`], ...list(red, "impctl status --json")];
}

function planes({ planes: all }: Status, now: number): readonly Row[] {
  return Object.entries(all).flatMap(([name, plane]): readonly Row[] => {
    const { drift, cause, fate, foreign, lastObservedAt, steps = [] } = plane;
    const by = cause === "restart" ? "it started anew" : `somebody changed it, ${fate}`;
    const differs =
      drift === undefined ? "drift not measured yet" : drift === 0 ? "no drift" : `${drift} steps of drift`;
    const text = `${differs}${cause ? ` (${by})` : ""}, ${foreign} foreign, observed ${ago(lastObservedAt, now)} ago`;
    const back = steps.slice(0, shown).map((step): Row => ["", `  back: ${step}`]);
    const more = back.length === 0 ? 0 : (drift ?? 0) - back.length;
    return [[name, text], ...back, ["", more > 0 ? `  and ${more} more: impctl drift show` : undefined]];
  });
}

function probation({ probation: term }: Status, now: number, terminal: Terminal): string | undefined {
  if (!term) return undefined;
  const { regressed, until, watched } = term;
  if (regressed) return terminal.style("red", `worse since ${ago(regressed.since, now)}: ${regressed.reason}`);
  return `until ${moment(until, now)}: ${plural(watched, "check")} must stay green`;
}

function glass({ reason, until, deviations }: ShownGlass, now: number): string {
  const seen = deviations === 0 ? "nothing seen yet" : `${plural(deviations, "difference")} recorded`;
  return `by hand until ${moment(until, now)} (${reason}), ${seen}`;
}

function problem({ file, line, column, path, message, remedy }: ProblemReport): string {
  const place = file === undefined ? "" : `${file}:${line}:${column}: `;
  const next = remedy === undefined ? "" : `${/[.!?]$/.test(message) ? "" : "."} ${remedy}`;
  return `${place}${path === undefined ? "" : `${path}: `}${message}${next}`;
}

function deployment(one: DeploymentStatus, now: number): string {
  const ended = one.endedAt === undefined ? `started ${ago(one.startedAt, now)} ago` : `${ago(one.endedAt, now)} ago`;
  const outcome = one.outcome ?? `${one.stepsDone} of ${one.steps} steps`;
  const impact = one.worstImpact ? `, worst impact ${one.worstImpact}` : "";
  const { soakSeconds: soak, deadlineSeconds: deadline } = one;
  const limits = soak === undefined || deadline === undefined ? "" : `, soak ${soak} s, deadline ${deadline} s`;
  const cause = one.trigger ? ` (${one.trigger}${one.reason ? `: ${one.reason}` : ""})` : "";
  const trial = one.trial ? `, trial of ${one.trial.name} by ${one.trial.method}` : "";
  return `${revision(one)} ${outcome}${cause}${impact}${trial}${limits}, ${ended}`;
}

function repository({ remote, lastPollAt, lastError }: Status["git"], now: number): string | undefined {
  if (lastPollAt === undefined && !lastError) return undefined;
  const polled = lastPollAt === undefined ? "never polled" : `polled ${ago(lastPollAt, now)} ago`;
  return `${remote ? `${remote}, ` : ""}${polled}${lastError ? `, ${lastError.code}` : ""}`;
}

function vouched({ rewrite, commits }: NonNullable<Status["overrides"]>): string {
  const what = [...(rewrite ? ["a rewritten history"] : []), ...commits.map((commit) => `commit ${short(commit)}`)];
  return `for ${what.join(", ")}, until the next commit is accepted`;
}

function revision({ commit, generation }: { readonly commit: string; readonly generation?: string }): string {
  return `commit ${short(commit)}${generation ? ` (generation ${short(generation)})` : ""}`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}

/** "4 s", "12 min", "3 h", "5 d". */
function ago(at: number, now: number): string {
  return spanText(now - at);
}
