/** Words of a CLI command of the simulated VPP: options in any order, as VPP takes them. */
import type { Interface, State } from "./state.ts";

/** What VPP prints. Throws Refused. */
export type Command = (vpp: State, words: readonly string[]) => string;
export type Commands = Readonly<Record<string, Command>>;

/** A command that failed, as VPP says it. */
export class Refused extends Error {
  override readonly name = "Refused";
}

export interface Options {
  /** "host-if" → "external"; a flag stands for itself. */
  readonly named: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** `spec` says how many words follow each option: 0 is a flag; more than one are joined with a space. */
export function optionsOf(words: readonly string[], spec: Readonly<Record<string, number>>): Options {
  const named = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    const count = Object.hasOwn(spec, word) ? spec[word] : undefined;
    if (count === undefined) rest.push(word);
    else {
      named.set(word, count === 0 ? word : words.slice(i + 1, i + 1 + count).join(" "));
      i += count;
    }
  }
  return { named, rest };
}

export function interfaceNamed(vpp: State, name: string | undefined): Interface {
  const itf = name === undefined ? undefined : vpp.byName(name);
  if (!itf) throw new Refused(`unknown interface \`${name ?? ""}'`);
  return itf;
}

export function numberNamed({ named }: Options, name: string, byDefault?: number): number {
  const text = named.get(name);
  if (text === undefined && byDefault !== undefined) return byDefault;
  if (text === undefined || !/^\d+$/.test(text)) throw new Refused(`expected a number behind \`${name}'`);
  return Number(text);
}

/** Throws on a return value that is not 0; the message is ours, VPP has a text for each. */
export function must(rv: number): void {
  if (rv !== 0) throw new Refused(`returned ${rv}`);
}

export function noMore(rest: readonly string[]): void {
  if (rest.length > 0) throw new Refused(`unknown input \`${rest.join(" ")}'`);
}
