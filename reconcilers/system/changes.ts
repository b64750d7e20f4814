/** How two versions of a file differ, a line each, for people. */
import { diffLines } from "../text-diff.ts";
import type { SystemFile } from "./model.ts";

/** "- …" only before, "+ …" only after; nothing when all of it is equal. */
export function changesOf(before: SystemFile | undefined, after: SystemFile | undefined): readonly string[] {
  const lines = diffLines(linesOf(before), linesOf(after));
  return [
    ...lines.flatMap(({ sign, text }) => (sign === " " ? [] : [`${sign} ${text}`])),
    ...(before && after && rightsOf(before) !== rightsOf(after)
      ? [`- (${rightsOf(before)})`, `+ (${rightsOf(after)})`]
      : []),
  ];
}

/** Whether there is nothing to tell. */
export function isSame(one: SystemFile, other: SystemFile): boolean {
  return one.text === other.text && rightsOf(one) === rightsOf(other);
}

const noEnd = "(the last line has no end)";

function linesOf(file: SystemFile | undefined): readonly string[] {
  if (file === undefined || file.text === "") return [];
  return file.text.endsWith("\n") ? file.text.slice(0, -1).split("\n") : [...file.text.split("\n"), noEnd];
}

function rightsOf({ mode, owner }: SystemFile): string {
  return `mode ${mode.toString(8).padStart(4, "0")}, owner ${owner.uid}:${owner.gid}`;
}
