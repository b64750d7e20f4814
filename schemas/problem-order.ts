/** Problems as they are shown: by place, each once. */
import type { Problem } from "./problem.ts";

/** By file, line and column; those without a place first. The same words at the same place are one problem. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [keyOf(problem), problem]));
  return [...once.values()].toSorted(compare);
}

/** The same value can be reached by two paths (a shared list alone and in a machine): their ends are alike. */
function keyOf({ at, path, message, code }: Problem): string {
  const end = path?.slice(path.lastIndexOf(".") + 1);
  return at ? `${at.file}:${at.line}:${at.column} ${end} ${message}` : `${code} ${path} ${message}`;
}

function compare(a: Problem, b: Problem): number {
  const [one, other] = [a.at?.file ?? "", b.at?.file ?? ""];
  if (one !== other) return one < other ? -1 : 1;
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}
