/**
 * Probation: for a time after a commit, what was well then must stay well. A regression that lasts raises an alert and a
 * hold until it is over, another commit comes or an operator takes it as it is; policy may let it lead back. Pure; the part
 * of the tick that looks is watch-health.ts.
 */
import type { Generation } from "../reconcilers/generation.ts";
import { greenKeys } from "./health/green.ts";
import { isAbout } from "./health/judge.ts";
import type { Probe } from "./health/probe.ts";
import type { Deployment } from "./machine.ts";
import { isOver, term, type Clock, type Term } from "./term.ts";

/** As the ledger has it, from a commit on. */
export interface Probation {
  readonly deployment: string;
  readonly generation: string;
  readonly term: Term;
  /** How long everything must be well again before a regression counts as over. */
  readonly soakMs: number;
  /** Keys of the required checks that were green at the commit; undefined where nobody could tell: the first look says. */
  readonly green?: readonly string[];
  readonly regressed?: Regression;
  /** Where policy goes back to, if it does: once, never further. */
  readonly to?: string;
}

export interface Regression {
  /** Wall clock. */
  readonly since: number;
  readonly keys: readonly string[];
  /** One sentence. */
  readonly reason: string;
}

/** The probation of a generation that is committed now; undefined where policy has none. */
export function probationOf(
  { digest, policy }: Generation,
  { id, purpose, from }: Pick<Deployment, "id" | "purpose" | "from">,
  soakMs: number,
  green: readonly string[] | undefined,
  clock: Clock,
): Probation | undefined {
  const hours = policy["probation-hours"];
  if (hours === 0) return undefined;
  const begun = { deployment: id, generation: digest, term: term(clock, hours * 3_600_000), soakMs };
  const to = purpose === "deploy" && policy["on-regression"] === "roll-back" && from !== digest ? from : undefined;
  return { ...begun, ...(green && { green }), ...(to !== undefined && { to }) };
}

/** What a running agent remembers between two looks, by uptime. A restart begins anew. */
export interface Patience {
  readonly redSince: ReadonlyMap<string, number>;
  /** Since when nothing is red of what regressed. */
  readonly wellSince: number | undefined;
}

export const noPatience: Patience = { redSince: new Map(), wellSince: undefined };

export interface Judgement {
  /** undefined: it is over. */
  readonly probation: Probation | undefined;
  readonly patience: Patience;
  /** What there is to say, in a sentence. */
  readonly happened?: { readonly what: "regressed" | "recovered"; readonly text: string };
}

/** What may be red, and for how long. */
export interface Mercy {
  readonly graceMs: number;
  /** Sessions, as subjects of checks, that another appliance takes down and that this one is about to follow. */
  readonly excused: ReadonlySet<string>;
  readonly clock: Clock;
}

/** What a look at the appliance makes of a probation. */
export function judgeProbation(
  probation: Probation,
  patience: Patience,
  probe: Probe,
  { graceMs, excused, clock }: Mercy,
): Judgement {
  const { green, regressed } = probation;
  if (!green) return { probation: { ...probation, green: greenKeys(probe) }, patience: noPatience };
  const now = clock.uptime();
  const red = green.filter((key) => isRed(probe, key, excused));
  const redSince = new Map(red.map((key) => [key, patience.redSince.get(key) ?? now]));
  const lasting = red.filter((key) => now - (redSince.get(key) ?? now) >= graceMs);
  const waiting: Patience = { redSince, wellSince: undefined };
  if (regressed) {
    if (red.length > 0) return { probation: grown(probation, regressed, lasting, probe), patience: waiting };
    const wellSince = patience.wellSince ?? now;
    if (now - wellSince < probation.soakMs) return { probation, patience: { redSince, wellSince } };
    const { regressed: _over, ...well } = probation;
    const text = `What was well at the commit is well again: ${list(regressed.keys)}.`;
    return { probation: well, patience: waiting, happened: { what: "recovered", text } };
  }
  if (isOver(probation.term, clock)) return { probation: undefined, patience: noPatience };
  if (lasting.length === 0) return { probation, patience: waiting };
  const found: Regression = { since: clock.now(), keys: lasting, reason: reasonOf(lasting, probe) };
  return {
    probation: { ...probation, regressed: found },
    patience: waiting,
    happened: { what: "regressed", text: found.reason },
  };
}

/** The ledger's probation when an operator takes what regressed as it is: it is no longer watched. */
export function accepted({ regressed, green, ...rest }: Probation): Probation {
  return { ...rest, ...(green && { green: green.filter((key) => regressed?.keys.includes(key) !== true) }) };
}

/** What cannot be told is neither; nor is what the other side took down itself. */
function isRed({ results, sessions }: Probe, key: string, excused: ReadonlySet<string>): boolean {
  const result = results.get(key);
  if (result?.ok !== false || isAbout(result.check, excused)) return false;
  return result.check.check !== "bgp-session" || sessions.get(result.check.peer)?.ceasedMsAgo === undefined;
}

/** The same regression, with what became red since; the ledger is not written for anything less. */
function grown(probation: Probation, before: Regression, lasting: readonly string[], probe: Probe): Probation {
  const isNew = lasting.some((key) => !before.keys.includes(key));
  if (!isNew) return probation;
  const keys = [...new Set([...before.keys, ...lasting])];
  return { ...probation, regressed: { ...before, keys, reason: reasonOf(keys, probe) } };
}

function reasonOf(keys: readonly string[], { results }: Probe): string {
  const [first = ""] = keys;
  const more = keys.length > 1 ? ` and ${keys.length - 1} more` : "";
  return `Well at the commit and not now: ${first} (${results.get(first)?.detail ?? "not looked at"})${more}.`;
}

function list(keys: readonly string[]): string {
  return keys.length > 3 ? `${keys.slice(0, 3).join(", ")} and ${keys.length - 3} more` : keys.join(", ");
}
