/** The steps from what stands on the disk to what is to stand there. Pure, total, linear in the number of lines. */
import { Problem } from "../../schemas/problem.ts";
import { type Foreign, type Impact, type Plan, type Step, worstImpact } from "../core.ts";
import { type Activation, chain, type Managed } from "./catalogue.ts";
import { changesOf, isSame } from "./changes.ts";
import { isWhole } from "./file-at.ts";
import type { FileStep, SystemDesired, SystemFile, SystemObserved, SystemStep, UnitStep } from "./model.ts";

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
  const due = new Set(observed.pending);
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
    for (const unit of one.units) due.add(unit);
    steps.push(fileStep(one, there, file));
  }
  const installed = chain.filter(({ unit }) => !observed.missing.includes(unit));
  const needed = new Set(managed.filter(({ path }) => wanted.has(path)).flatMap(({ units }) => units));
  const problems = [
    ...observed.odd.filter((path) => wanted.has(path)).map(inTheWay),
    ...unknown.map(notWhole),
    ...observed.missing.filter((unit) => steps.length > 0 && needed.has(unit)).map(notInstalled),
  ];
  return {
    steps: [...steps, ...installed.filter(({ unit }) => due.has(unit)).map(unitStep)],
    foreign,
    problems,
    notes,
  };
}

/** The units that a plan starts or reloads. */
export function unitsOf(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => ("unit" in step && typeof step.unit === "string" ? [step.unit] : []));
}

function byPath(files: readonly SystemFile[]): ReadonlyMap<string, SystemFile> {
  return new Map(files.map((file) => [file.path, file]));
}

/** A file disturbs as much as what reads it. */
function fileStep({ path, units }: Managed, there: SystemFile | undefined, file: SystemFile | undefined): FileStep {
  return {
    id: `system${path}`,
    kind: file === undefined ? "remove" : there === undefined ? "add" : "set",
    impact: impactOf(units),
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

function unitStep({ unit, verb, impact }: Activation): UnitStep {
  return { id: `system/${unit}`, kind: verb, impact, needs: [], provides: [], releases: [], unit };
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
