/** Which CPUs VPP's threads run on. CPU 0 is left to Linux, the agent and interrupts. */
import type { Machine } from "../../../schemas/machine.ts";

/** VPP's own words: one CPU for the main thread, "2-5,8" for the workers. Nothing: VPP runs unpinned, without workers. */
export interface Threads {
  readonly main?: number | undefined;
  readonly workers?: string | undefined;
}

/** From how many CPUs on the NAT instance has some of its own. */
const enoughForTwo = 8;
/** Of the CPUs that are VPP's, what the core instance takes where there are enough for two. */
const coreShare = 0.6;

/** What is written counts; an instance of which nothing is written is placed by the number of CPUs, where that is written. */
export function placeThreads({ cpu, nat }: Pick<Machine, "cpu" | "nat">): {
  readonly core: Threads;
  readonly nat: Threads;
} {
  const [core, second] = [cpu?.core ?? {}, cpu?.nat ?? {}];
  const [isCoreWritten, isNatWritten] = [isWritten(core), isWritten(second)];
  const taken = new Set([...numbersOf(core), ...numbersOf(second)]);
  const free = Array.from({ length: cpu?.count ?? 0 }, (_, number) => number).filter(
    (number) => number > 0 && !taken.has(number),
  );
  const natHasSome = nat !== undefined && !isNatWritten && (cpu?.count ?? 0) >= enoughForTwo;
  const forCore = isCoreWritten ? 0 : natHasSome ? Math.round(free.length * coreShare) : free.length;
  return {
    core: isCoreWritten ? core : threadsOn(free.slice(0, forCore)),
    nat: isNatWritten ? second : natHasSome ? threadsOn(free.slice(forCore)) : {},
  };
}

function isWritten({ main, workers }: Threads): boolean {
  return main !== undefined || workers !== undefined;
}

function numbersOf({ main, workers }: Threads): readonly number[] {
  const ranges = (workers?.split(",") ?? []).map((range) => range.split("-").map(Number));
  const all = ranges.flatMap(([from = 0, to = from]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
  return main === undefined ? all : [main, ...all];
}

/** The first is the main thread's, the others are the workers'. */
function threadsOn([main, ...workers]: readonly number[]): Threads {
  if (main === undefined) return {};
  return workers.length === 0 ? { main } : { main, workers: ranges(workers) };
}

/** "2-5,8" of 2, 3, 4, 5, 8. */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
