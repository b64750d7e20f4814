/**
 * What a file becomes in a running FRR: the canonical text that a plan compares with what is live, and every line that FRR
 * would not take, before it is asked to. A scratch FRR says so; where none can run, a table of defaults has to do.
 */
import { Problem, type ProblemDetails } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { loadSource } from "./load.ts";
import { type Daemon, daemons, type FrrObserved } from "./model.ts";
import { observeFrr } from "./observe.ts";
import { daemonsOf, takersOf } from "./route.ts";
import { openScratch, type Scratch, type ScratchOptions } from "./scratch.ts";
import { sealConfig } from "./seal.ts";
import {
  readMarked,
  readSource,
  type Source,
  type SourceLine,
  opensAtTop,
  opensContext,
  sourceText,
} from "./source.ts";
import { tableForm } from "./table-form.ts";
import { isSameConfig, mergeConfigs, parseConfig, parseExact, printConfig } from "./tree.ts";
import { isAmbient } from "./grammar.ts";
import { partSource } from "./units.ts";

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

/**
 * `live`: what it is to be compared with: only what differs is shown to the scratch FRR, which has its daemons, version and
 * defaults. `folder`: where scratch instances live. Rejects with FRR_REJECTED when the file cannot be read at all.
 */
export async function canonicalForm(
  file: FrrFile,
  live: FrrObserved,
  folder: string,
  host: Host,
  signal: AbortSignal,
): Promise<Canonical> {
  const sealed = sealConfig(file.text, (secret) => host.secrets.seal(secret));
  const profile = /^frr defaults (\S+)$/m.exec(sealed)?.[1];
  if ((profile ?? live.profile) === live.profile && isAsPrinted(sealed, live))
    return { config: live.config, problems: [], notes: [] };
  const read = readSource(sealed);
  const source = read.doubt === undefined ? read : await readByFrr(file, sealed, read.doubt, host, signal);
  const strangers = [...strangeLines(source.lines, live.running, file), ...strangeProfile(source, live, file)];
  if (strangers.length > 0) return { config: "", problems: strangers, notes: [] };
  const { fed, kept, isSame } = partSource(source.lines, parseConfig(live.config));
  if (isSame) return { config: live.config, problems: [], notes: [] };
  if (fed.length === 0) return { config: sourceText(kept), problems: [], notes: [] };
  const takers = takersOf(fed).filter((daemon) => live.running.includes(daemon));
  const options = { folder, daemons: takers, profile: live.profile ?? "traditional" };
  const tried = await tryOut(fed, file, options, host, signal);
  if ("why" in tried) return byTable(source.lines, tried.why);
  if (tried.problems.length > 0) return { config: "", problems: tried.problems, notes: [] };
  if (live.version !== undefined && tried.seen.version !== live.version) {
    return byTable(source.lines, `FRR ${tried.seen.version} is installed, and ${live.version} runs`);
  }
  return { config: printConfig(mergeConfigs([sourceText(kept), tried.seen.config])), problems: [], notes: [] };
}

/** What most files are most of the time: what runs, as FRR prints it. */
function isAsPrinted(text: string, live: FrrObserved): boolean {
  const exact = parseExact(text, opensAtTop)?.filter(({ line }) => !isAmbient([], line));
  return exact !== undefined && isSameConfig(exact, parseConfig(live.config));
}

type Tried = { readonly why: string } | { readonly problems: readonly Problem[]; readonly seen: FrrObserved };

/** More than one round is only for those that find something. */
const mostRounds = 4;

async function tryOut(
  lines: readonly SourceLine[],
  file: FrrFile,
  options: ScratchOptions,
  host: Host,
  signal: AbortSignal,
): Promise<Tried> {
  const careful = new Set<string>();
  let seen: FrrObserved | undefined;
  for (let round = 0; round < mostRounds; round += 1) {
    const scratch = await openScratch(host, options, signal);
    if ("why" in scratch) return scratch;
    try {
      if (round === 0) {
        const unknown = await unknownLines(lines, scratch, host, signal);
        const problems = unknown.map(({ at, line }) => refusal(file, at, `FRR does not know "${line}"`));
        if (problems.length > 0)
          return { problems, seen: await observeFrr(host, scratch.sockets, signal, { dotted: true }) };
      }
      const loaded = await loadSource(lines, careful, options.daemons, host, scratch.sockets, signal);
      seen = await observeFrr(host, scratch.sockets, signal, { dotted: true });
      if (loaded.failed.length === 0) {
        const told = loaded.rejected.map(({ line, why }) =>
          refusal(file, line.at, `FRR rejects "${line.line}": ${why}`),
        );
        return { problems: told, seen };
      }
      for (const name of loaded.failed) careful.add(name);
    } finally {
      await scratch.close();
    }
  }
  throw new Problem("FRR_REJECTED", `FRR rejects lines of ${file.name}, and others each time.`);
}

function byTable(lines: readonly SourceLine[], why: string): Canonical {
  const note = `The file was compared by a table of FRR's defaults, and not tried before, because no scratch FRR runs here: ${why}.`;
  return { config: tableForm(lines), problems: [], notes: [note] };
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

/** Lines that no daemon here takes: it does not run, or nobody here configures it. */
function strangeLines(lines: readonly SourceLine[], running: readonly Daemon[], file: FrrFile): readonly Problem[] {
  return lines.flatMap(({ context, line, at }) => {
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

/** `vtysh -C` names all that it does not know: it has its own table of commands. */
async function unknownLines(
  lines: readonly SourceLine[],
  { sockets }: Scratch,
  host: Host,
  signal: AbortSignal,
): Promise<readonly SourceLine[]> {
  const path = `${sockets}/candidate.conf`;
  const typed: string[] = [];
  const from: SourceLine[] = [];
  let current: readonly string[] = [];
  for (const one of lines) {
    const { context, line } = one;
    let common = 0;
    while (common < context.length && context[common] === current[common]) common += 1;
    const out = current.slice(common).map(() => "exit");
    for (const text of [...out, ...context.slice(common), line]) {
      typed.push(text);
      from.push(one);
    }
    current = opensContext(context, line) ? [...context, line] : context;
  }
  await host.writeFile(path, `${typed.join("\n")}\n`, { mode: 0o600 });
  const argv = ["vtysh", "--vty_socket", "/nonexistent", "-C", "-f", path] as const;
  const checked = await host.run(argv, { timeoutMs: vtyshMs, signal });
  if (checked.exitCode === 0) return [];
  const bad = [...checked.stderr.matchAll(/^line (\d+): /gm)].map((match) => from[Number(match[1]) - 1]);
  return [...new Set(bad)].filter((line) => line !== undefined);
}
