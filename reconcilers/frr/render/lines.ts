/** What the renderers of FRR's nouns share: what they are given, and contexts as text. */
import { applies, type ProgramVersions, type When } from "../../../schemas/when.ts";

/** What rendering depends on beside the machine. */
export interface RenderContext {
  readonly versions: ProgramVersions;
  /** The sealed form of a secret, by its name. */
  readonly seal: (name: string) => string;
  /** What FRR calls an interface: the name of its linux-cp tap. */
  readonly linux: (ref: string) => string;
}

/** A context with its lines, indented, or nothing where there are no lines. */
export function block(head: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [head, ...lines.map((line) => ` ${line}`)];
}

/** The line when the condition holds, for lists of lines. */
export function when(condition: unknown, line: string): readonly string[] {
  return condition ? [line] : [];
}

/** A line with its value, when there is one. */
export function valued(value: string | number | undefined, line: string): readonly string[] {
  return value === undefined ? [] : [`${line} ${value}`];
}

/** The named parts that apply to these versions. */
export function applying<T extends { readonly when?: When | undefined }>(
  parts: Readonly<Record<string, T>>,
  versions: ProgramVersions,
): readonly (readonly [string, T])[] {
  return Object.entries(parts).filter(([, part]) => applies(part.when, versions));
}
