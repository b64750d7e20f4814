/** The steps from what stands on the disk to what is to stand there. Pure, total, linear in the number of lines. */
import { Problem } from "../../schemas/problem.ts";
import { type Foreign, type Impact, type Plan, type Step, worstImpact } from "../core.ts";
import { type Activation, chain, type Managed } from "./catalogue.ts";
import { changesOf, isSame } from "./changes.ts";
import { isWhole } from "./file-at.ts";
import type {
  FileStep,
  PendingUnit,
  SystemDesired,
  SystemFile,
  SystemObserved,
  SystemStep,
  UnitStep,
} from "./model.ts";

/** Implements Reconciler.plan. Files first, then each unit once that has to read one of them, in the order of the chain. */
export function planSystem(
  managed: readonly Managed[],
  desired: SystemDesired,
  observed: SystemObserved,
  owned: readonly SystemDesired[],
): Plan<SystemStep> {
  const [wanted, found] = [byPath(desired.files), byPath(observed.files)];
  const ours = new Set(owned.flatMap(({ files }) => files.map(({ path }) => path)));
  const steps: FileStep[] = [];
  const foreign: Foreign[] = [];
  const notes: string[] = [];
  const unknown: string[] = [];
  const spared = sparedBy(managed, wanted, found, observed.pending, ours);
  const due = new Set(observed.pending.map(({ unit }) => unit));
  for (const one of managed) {
    const { path } = one;
    const [file, there] = [wanted.get(path), found.get(path)];
    if (!file && there && !ours.has(path)) foreign.push({ id: `system${path}`, text: path });
    if (!file && (!there || !ours.has(path))) continue;
    if (there && file && isSame(there, file)) continue;
    if (there && file && !ours.has(path)) {
      notes.push(takesOver(path));
      if (!isWhole(there)) unknown.push(path);
    }
    const readers = one.units.filter((unit) => !spared.has(unit));
    for (const unit of readers) due.add(unit);
    steps.push(fileStep(path, readers, there, file));
  }
  const installed = chain.filter(({ unit }) => !observed.missing.includes(unit));
  const again = installed.filter(({ unit }) => due.has(unit) && !spared.has(unit));
  const needed = new Set(managed.filter(({ path }) => wanted.has(path)).flatMap(({ units }) => units));
  const problems = [
    ...observed.odd.filter((path) => wanted.has(path)).map(inTheWay),
    ...unknown.map(notWhole),
    ...observed.missing.filter((unit) => steps.length > 0 && needed.has(unit)).map(notInstalled),
  ];
  return {
    steps: [...steps, ...again.map((one) => unitStep(one, mayFail(one, observed)))],
    foreign,
    problems,
    notes: [...notes, ...installed.filter((one) => needed.has(one.unit) && isIdle(one, observed)).map(doesNotRun)],
  };
}

/** The units that a plan starts or reloads. */
export function unitsOf(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => ("unit" in step && typeof step.unit === "string" ? [step.unit] : []));
}

/** Units that still run with what is to stand there in the end, and were never asked to read what stood there meanwhile. */
function sparedBy(
  managed: readonly Managed[],
  wanted: ReadonlyMap<string, SystemFile>,
  found: ReadonlyMap<string, SystemFile>,
  pending: readonly PendingUnit[],
  ours: ReadonlySet<string>,
): ReadonlySet<string> {
  const isRead = (read: ReadonlyMap<string, SystemFile>, { path }: Managed): boolean => {
    const [was, will] = [read.get(path), wanted.get(path) ?? (ours.has(path) ? undefined : found.get(path))];
    return was && will ? isSame(was, will) : was === will;
  };
  // What reloads may have been told to by somebody, and nobody could see that. What disturbs nothing need not be spared.
  const sparable = chain.filter(({ verb, impact }) => verb === "restart" && impact !== "hitless");
  const restarted = new Set(sparable.map(({ unit }) => unit));
  const still = pending.filter(({ unit, isAsked, read }) => {
    if (isAsked || !read || !restarted.has(unit)) return false;
    const files = byPath(read);
    return managed.filter(({ units }) => units.includes(unit)).every((one) => isRead(files, one));
  });
  return new Set(still.map(({ unit }) => unit));
}

/** What disturbs nothing, and did not work before either. */
function mayFail(one: Activation, observed: SystemObserved): boolean {
  const wasAsked = observed.pending.some(({ unit, isAsked }) => unit === one.unit && isAsked);
  return one.impact === "hitless" && (wasAsked || isIdle(one, observed));
}

/** Whether it would run if all were well: what reloads may be started by others only when they need it. */
function isIdle({ unit, verb, impact }: Activation, { down }: SystemObserved): boolean {
  return impact === "hitless" && verb === "restart" && down.includes(unit);
}

function byPath(files: readonly SystemFile[]): ReadonlyMap<string, SystemFile> {
  return new Map(files.map((file) => [file.path, file]));
}

/** A file disturbs as much as what reads it. */
function fileStep(
  path: string,
  readers: readonly string[],
  there: SystemFile | undefined,
  file: SystemFile | undefined,
): FileStep {
  return {
    id: `system${path}`,
    kind: file === undefined ? "remove" : there === undefined ? "add" : "set",
    impact: impactOf(readers),
    needs: [],
    provides: [],
    releases: [],
    path,
    ...(file && { file }),
    changes: changesOf(there, file),
  };
}

function impactOf(units: readonly string[]): Impact {
  return worstImpact(chain.filter(({ unit }) => units.includes(unit))) ?? "hitless";
}

function unitStep({ unit, verb, impact }: Activation, lenient: boolean): UnitStep {
  const step = { id: `system/${unit}`, kind: verb, impact, needs: [], provides: [], releases: [], unit };
  return lenient ? { ...step, mayFail: true } : step;
}

function doesNotRun({ unit }: Activation): string {
  return `${unit} does not run. Where it does not start either, nobody reads what the machine file asks of it.`;
}

function takesOver(path: string): string {
  return `${path} was not made by impctl, and is replaced. Going back puts it back as it was.`;
}

function notInstalled(unit: string): Problem {
  return new Problem(
    "SYSTEM_UNIT",
    `${unit} is not installed, and would have to read what the machine file asks for.`,
    {
      remedy: "Deploy an image that has it, or take what it is for out of the machine file.",
    },
  );
}

function inTheWay(path: string): Problem {
  return new Problem("SYSTEM_FILE", `${path} is to be a file, and is a link, a folder or a device.`, {
    remedy: "Remove it by hand, or put a file in its place.",
  });
}

function notWhole(path: string): Problem {
  return new Problem("SYSTEM_FILE", `${path} has bytes that are not UTF-8, and could not be put back as it was.`, {
    remedy: "Convert it (iconv -f latin1 -t utf-8), or remove it by hand.",
  });
}
