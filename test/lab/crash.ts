/**
 * Crash tests: a tale is played on a box, on the smallest plane or on FRR, until the agent dies at one effect of it, or the
 * power of the box is cut there. Whatever is left is looked at once somebody started the agent again.
 */
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Box, Ground, Stand } from "./crash-ground.ts";
import type { Moment, StartOptions } from "./host.ts";
import { stateFolder, textOf } from "./story.ts";

export interface Tale {
  readonly name: string;
  readonly ground: Ground;
  /** What is committed, and at rest, before it. */
  readonly committed: Generation | undefined;
  readonly candidate: Generation;
  /** The candidate may never be what is left. */
  readonly candidateIsBad?: true;
  /** What happens before the agent starts whose effects are counted. */
  readonly begin?: (box: Box) => Promise<void>;
  /** What that agent finds beside the candidate. */
  readonly find?: (box: Box) => void;
}

/** No remote answers: what is in flight can only be finished or undone. */
const outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });

const begun = new WeakMap<Tale, Stand>();

/** Where the tale begins that is told. */
async function beginning(tale: Tale): Promise<Stand> {
  const known = begun.get(tale);
  if (known) return known;
  const box = tale.ground.open();
  if (tale.committed) {
    box.push("one", tale.committed);
    box.start();
    await box.rest();
  }
  await tale.begin?.(box);
  box.sim.kill();
  const stand = box.stand();
  begun.set(tale, stand);
  return stand;
}

/** Plays the tale in a world of its own, with the agent that meets it dying as `interrupted` says. */
export async function play(tale: Tale, interrupted: StartOptions = {}): Promise<Box> {
  const box = tale.ground.open(await beginning(tale));
  box.push("two", tale.candidate);
  tale.find?.(box);
  box.start(interrupted);
  await comeToRest(box);
  return box;
}

/** Until nothing is in flight, or the agent was killed; one that rebooted its box is started again. */
async function comeToRest(box: Box): Promise<void> {
  for (let reboots = -1; reboots < box.reboots();) {
    reboots = box.reboots();
    await box.rest();
    if (box.reboots() > reboots) box.start();
  }
}

/** What may become of a box at a crash point. */
export interface Ending {
  readonly name: string;
  readonly moment: Moment;
  /** What happens to what the agent left, before somebody starts the next one. */
  readonly left: (box: Box) => Promise<void>;
}

async function nothing(): Promise<void> {
  // The next agent finds things as they were left.
}

function powerCut(loses?: "unsynced"): Ending["left"] {
  return async (box) => {
    box.sim.reboot(loses && { loses });
    box.startPlane();
  };
}

const endings: readonly Ending[] = [
  { name: "killed before", moment: "before", left: nothing },
  { name: "power cut, losing what was not synced, before", moment: "before", left: powerCut("unsynced") },
  { name: "killed after", moment: "after", left: nothing },
  { name: "power cut after", moment: "after", left: powerCut() },
  { name: "killed half way through", moment: "half", left: nothing },
  // Longer than any deadline of these tales, and than the failsafe waits beyond it.
  { name: "dead for minutes from before", moment: "before", left: (box) => box.sim.pass(180_000) },
  { name: "power cut, losing what was not synced, after", moment: "after", left: powerCut("unsynced") },
];

/** One point at which a box is interrupted. */
interface Point {
  readonly tale: Tale;
  readonly ending: Ending;
  /** Which effect of the agent, from 1, and what it is. */
  readonly at: number;
  readonly effect: string;
}

/**
 * Tries the points of a tale, of each so many one, so that every effect and every ending has its turn. Resolves with what was
 * wrong, and adds the points to those that were `tried`.
 */
export async function tryPoints(tale: Tale, tried: Set<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for (const point of await pointsOf(tale)) {
    const box = await crash(point);
    found.push(...wrong(box, tale).map((what) => `${pointText(point)}: ${what}`));
    tried.add(pointText(point));
    await box.close();
  }
  return found;
}

async function pointsOf(tale: Tale): Promise<readonly Point[]> {
  const box = await play(tale);
  const effects = box.sim.effects();
  await box.close();
  const all = effects.flatMap((effect, index) =>
    endings
      .filter(({ moment }) => moment !== "half" || effect.startsWith("send "))
      .map((ending) => ({ tale, ending, at: index + 1, effect })),
  );
  return all.filter((_, index) => index % tale.ground.every === 0);
}

function pointText({ tale, ending, at, effect }: Point): string {
  return `${tale.ground.name}: ${tale.name}: ${ending.name} effect ${at}: ${effect}`;
}

/** Interrupts a box there, and starts the next agent, which no repository answers. */
async function crash({ tale, ending, at }: Point): Promise<Box> {
  const box = await play(tale, { killAt: at, moment: ending.moment });
  await ending.left(box);
  box.outage = outage;
  box.start();
  await comeToRest(box);
  return box;
}

/**
 * What of the box is not as it must be, a line each: of one piece (I7), in what the tale allows, at rest, without drift (I8), in
 * the boot file (I1), nothing armed.
 */
export function wrong(box: Box, { ground, committed, candidate, candidateIsBad }: Tale): readonly string[] {
  const { state, planes, ...status } = box.status();
  const digest = status.committed?.generation;
  const generation = [committed, ...(candidateIsBad ? [] : [candidate])].find((one) => one?.digest === digest);
  const held = ground.holding(generation);
  const journal =
    /"to":\{"at":"([a-z-]+)"/.exec(textOf(box, `${stateFolder}/journal/current.json`) ?? "")?.[1] ?? "idle";
  const drift = planes.frr?.drift ?? 0;
  return [
    ...(generation?.digest === digest ? [] : [`it says that it has ${digest}`]),
    ...difference("runs", box.runs(), held),
    ...difference("starts with", box.starts(), held),
    ...[state, journal].filter((one) => !["idle", "held"].includes(one)).map((one) => `it is ${one}`),
    ...(drift === 0 ? [] : [`${drift} steps drifted`]),
    ...(box.sim.files.has("/run/imp/armed") ? ["the failsafe is armed"] : []),
    ...box.faults(),
  ];
}

function difference(what: string, found: string, wanted: string): readonly string[] {
  if (found === wanted) return [];
  const [is, must] = [found.split("\n"), wanted.split("\n")];
  const only = (some: string[], others: string[]): string =>
    some.filter((line) => !others.includes(line)).join(", ") || "nothing";
  return [`it ${what} ${only(is, must)} too much, and lacks ${only(must, is)}`];
}
