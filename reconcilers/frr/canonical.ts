/**
 * What a file becomes in a running FRR: the canonical text that a plan compares with what is live, and every line that FRR
 * would not take, before it is asked to. A scratch FRR says so; where none can run, a table of defaults has to do.
 */
import { isSystemLine } from "../../schemas/frr-line.ts";
import { Problem, type ProblemDetails } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { type Daemon, daemons, type FrrObserved } from "./model.ts";
import { withoutAmbient } from "./outline.ts";
import { outlineOf, printOutline } from "./outline-text.ts";
import { relevantParts } from "./relevant.ts";
import { daemonsOf, takersOf } from "./route.ts";
import type { Scratches } from "./scratches.ts";
import { sealConfig } from "./seal.ts";
import { readMarked, readSource, type Source, type SourceLine, sourceText } from "./source.ts";
import { tableForm } from "./table-form.ts";
import { parseConfig, pathKey } from "./tree.ts";
import { tryOut } from "./trial.ts";
import { joined, unionOf } from "./union.ts";
import { linesOf, partSource } from "./units.ts";
import { isCommand } from "./vty.ts";
import { tidied } from "./words.ts";

export interface FrrFile {
  /** As problems name it. */
  readonly name: string;
  readonly text: string;
}

export interface Canonical {
  readonly config: string;
  /** Lines that FRR does not take; the configuration is nothing to go by while there is one. */
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

const vtyshMs = 60_000;

/** Reads a file of which the canonical form will be asked for, while there is nothing else to do. */
export function readAhead(file: FrrFile, host: Host): void {
  outlineOf(sealedText(file, host));
}

function sealedText({ text }: FrrFile, host: Host): string {
  // Blanks are no part of a secret, and tabs no hiding place for one.
  return sealConfig(tidied(text), (secret) => host.secrets.seal(secret));
}

/**
 * `live`: what it is to be compared with: only what differs is shown to the scratch FRR, which has its daemons, version and
 * defaults. Rejects with FRR_REJECTED when the file cannot be read at all.
 */
export async function canonicalForm(
  file: FrrFile,
  live: FrrObserved,
  scratches: Scratches,
  host: Host,
  signal: AbortSignal,
): Promise<Canonical> {
  const sealed = sealedText(file, host);
  const profile = /^frr defaults (\S+)$/m.exec(sealed)?.[1];
  const running = outlineOf(live.config);
  const read = withoutAmbient(outlineOf(sealed));
  const exact = read.isExact ? read : undefined;
  const relevant = exact && relevantParts(exact, running);
  if ((profile ?? live.profile) === live.profile && relevant?.isSame)
    return { config: live.config, problems: [], notes: [] };
  const source =
    exact && relevant
      ? { lines: linesOf(relevant.part(exact)), doubt: undefined, profile }
      : await sourceOf(file, sealed, host, signal);
  const strangersIn = (lines: readonly SourceLine[]) => strangeLines(lines, live.running, file);
  const strange = strangersIn(source.lines);
  // Only who is told of a line needs to know where it stands.
  const strangers = strange.length > 0 && exact ? strangersIn(readSource(sealed).lines) : strange;
  const problems = [...strangers, ...strangeProfile(source, live, file)];
  if (problems.length > 0) return { config: "", problems, notes: [] };
  const { fed, kept, isSame } = partSource(source.lines, relevant ? relevant.part(running) : parseConfig(live.config));
  if (isSame) return { config: live.config, problems: [], notes: [] };
  const whole = (seen: string) => {
    const shown = unionOf([sourceText(kept), seen].map((text) => outlineOf(text)));
    // The rest is the same on both sides: known to be as FRR prints it.
    return printOutline(exact && relevant ? joined(relevant.rest(exact), shown) : shown);
  };
  if (fed.length === 0) return { config: whole(""), problems: [], notes: [] };
  const takers = takersOf(fed).filter((daemon) => live.running.includes(daemon));
  const wanted = { daemons: takers, profile: live.profile ?? "traditional" };
  const byTable = (why: string) => ({ config: whole(tableForm(fed)), problems: [], notes: [tableNote(why)] });
  const tried = await tryOut(fed, wanted, scratches, host, signal, { dotted: true });
  if ("why" in tried) return byTable(tried.why);
  if (live.version !== undefined && tried.seen.version !== live.version) {
    return byTable(`FRR ${tried.seen.version} is installed, and ${live.version} runs`);
  }
  const places = tried.refused.length > 0 && exact ? placesIn(sealed) : undefined;
  const told = tried.refused.map(({ line, what }) => refusal(file, places?.(line) ?? line.at, what));
  if (told.length > 0) return { config: "", problems: told, notes: [] };
  return { config: whole(tried.seen.config), problems: [], notes: [] };
}

/** Where lines stand in a text that is indented as FRR does it. */
function placesIn(text: string): (line: SourceLine) => number {
  const places = new Map(readSource(text).lines.map(({ context, line, at }) => [pathKey(context, line), at]));
  return ({ context, line }) => places.get(pathKey(context, line)) ?? 0;
}

async function sourceOf(file: FrrFile, sealed: string, host: Host, signal: AbortSignal): Promise<Source> {
  const read = readSource(sealed);
  return read.doubt === undefined ? read : readByFrr(file, sealed, read.doubt, host, signal);
}

function tableNote(why: string): string {
  return `The file was compared by a table of FRR's defaults, and not tried before, because no scratch FRR runs here: ${why}.`;
}

/** What FRR makes of a file whose indentation does not tell. */
async function readByFrr(file: FrrFile, text: string, doubt: number, host: Host, signal: AbortSignal): Promise<Source> {
  const argv = ["vtysh", "--vty_socket", "/nonexistent", "-m", "-f", "-"] as const;
  const marked = await host.run(argv, { timeoutMs: vtyshMs, signal, input: text }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw refusal(file, doubt, "is not indented as FRR prints it, and no vtysh tells where it stands", {
      cause,
      remedy: "Indent the file as `show running-config` does, with `exit` at the end of each context.",
    });
  });
  if (marked.exitCode === 0) return readMarked(marked.stdout, text);
  const [, line = "0", why = ""] = /^line (\d+): (.*)/m.exec(marked.stderr) ?? [];
  throw refusal(file, Number(line), `FRR does not know this line: ${why.trim()}`);
}

function refusal(file: FrrFile, line: number, what: string, details: ProblemDetails = {}): Problem {
  return new Problem("FRR_REJECTED", what, { ...details, at: { file: file.name, line, column: 1 } });
}

/** First words of what belongs to daemons that nobody here configures. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^router (isis|ripng|rip|eigrp|babel|openfabric)\b/, "$1"],
  [/^(?:mpls ldp|l2vpn)\b/, "ldp"],
  [/^(?:segment-routing)\b/, "path"],
  [/^pbr-map\b/, "pbr"],
  [/^(?:ip|ipv6) (?:pim|igmp|msdp|multicast|mld)\b/, "pim"],
  [/^vrrp\b/, "vrrp"],
  [/^(?:ip|ipv6) nhrp\b/, "nhrp"],
  [/^(?:ip|ipv6) router (isis|openfabric)\b/, "$1"],
];

/** Lines that no daemon here is to take: it does not run, nobody here configures it, or they are not of routing. */
function strangeLines(lines: readonly SourceLine[], running: readonly Daemon[], file: FrrFile): readonly Problem[] {
  return lines.flatMap(({ context, line, at }) => {
    if (!isCommand(line)) {
      return [refusal(file, at, `"${line.slice(0, 40)}…" is longer than FRR reads, or no text`)];
    }
    if (isSystemLine(line)) {
      const details = { remedy: "Take it out of the file, or write its words in full if it is of routing." };
      return [refusal(file, at, `"${line}" is for FRR's own settings or the system's, or no configuration`, details)];
    }
    if (context.length > 0 && !/^(?:interface|vrf) /.test(context[0] ?? "")) return [];
    const positive = line.replace(/^no /, "");
    const other = others.find(([pattern]) => pattern.test(positive));
    if (other) {
      const name = positive.replace(other[0], other[1]).split(" ")[0];
      const what = `"${line}" is for FRR's ${name}d, which is not configured here: only ${daemons.join(", ")} are`;
      return [refusal(file, at, what)];
    }
    const takers = daemonsOf(context, line);
    if (takers.some((daemon) => running.includes(daemon))) return [];
    const details = { at: { file: file.name, line: at, column: 1 }, remedy: "Start it, or take its lines out." };
    return [
      new Problem("FRR_DAEMON_MISSING", `"${line}" is for FRR's ${takers.join(" or ")}, which does not run.`, details),
    ];
  });
}

function strangeProfile({ profile }: Source, live: FrrObserved, file: FrrFile): readonly Problem[] {
  if (profile === undefined || live.profile === undefined || profile === live.profile) return [];
  return [
    new Problem("FRR_REJECTED", `${file.name} wants "frr defaults ${profile}", and FRR runs with ${live.profile}.`, {
      remedy: `Start the daemons with -F ${profile}: what they take for granted does not change while they run.`,
    }),
  ];
}
