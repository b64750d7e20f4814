/**
 * Shows lines to a scratch FRR: which of them it does not take, and how it prints the others. Secrets stay here: a stand-in
 * is as good.
 */
import { Problem } from "../../schemas/problem.ts";
import { type Host, sealedSecret } from "../core.ts";
import { loadByVtysh, loadSource } from "./load.ts";
import type { FrrObserved } from "./model.ts";
import { observeFrr } from "./observe.ts";
import type { ScratchOptions } from "./scratch.ts";
import type { Scratches } from "./scratches.ts";
import { opensContext } from "./openers.ts";
import type { SourceLine } from "./source.ts";
import { versionOf, wayFor } from "./way.ts";

export interface Refused {
  readonly line: SourceLine;
  /** What is to be said of it, with the line in it. */
  readonly what: string;
}

export type Tried = { readonly why: string } | { readonly refused: readonly Refused[]; readonly seen: FrrObserved };

const vtyshMs = 60_000;
/** More than one round is only for those that find something. */
const mostRounds = 4;

/**
 * `why`: no scratch FRR runs here. `dotted`: as observeFrr has it. Rejects with FRR_REJECTED when it refuses other lines
 * each time.
 */
export async function tryOut(
  lines: readonly SourceLine[],
  wanted: Pick<ScratchOptions, "daemons" | "profile">,
  scratches: Scratches,
  host: Host,
  signal: AbortSignal,
  { dotted = false } = {},
): Promise<Tried> {
  const shown = { ...host, secrets: standIns(lines, host) };
  const careful = new Set<string>();
  for (let round = 0; round < mostRounds; round += 1) {
    const scratch = await scratches.take(wanted, signal);
    if ("why" in scratch) return scratch;
    let isClean = false;
    try {
      const version = (await versionOf(shown, scratch.sockets, signal)) ?? "";
      const loaded =
        wayFor(version) === "sockets"
          ? await loadSource(lines, careful, wanted.daemons, shown, scratch.sockets, signal)
          : await loadByVtysh(lines, shown, scratch.sockets, signal);
      const seen = await observeFrr(shown, scratch.sockets, signal, { dotted });
      if (loaded.failed.length === 0) {
        isClean = loaded.rejected.length === 0;
        const refused = loaded.rejected.map(({ line, why }) => ({ line, what: `FRR rejects "${line.line}": ${why}` }));
        return { refused, seen };
      }
      const unknown = round === 0 ? await unknownLines(lines, scratch.sockets, host, signal) : [];
      if (unknown.length > 0) {
        return { refused: unknown.map((line) => ({ line, what: `FRR does not know "${line.line}"` })), seen };
      }
      for (const name of loaded.failed) careful.add(name);
    } finally {
      await (isClean ? scratch.release() : scratch.close());
    }
  }
  throw new Problem("FRR_REJECTED", "A scratch FRR rejects lines of the configuration, and others each time.");
}

/**
 * Of every sealed secret a number, as long as FRR's shortest key may be: 8 characters, of OSPF. What the lines had so that
 * nobody saw a secret in it is sealed as FRR prints it.
 */
function standIns(lines: readonly SourceLine[], host: Host): Host["secrets"] {
  const known = [...new Set(lines.flatMap(({ line }) => line.match(sealedSecret) ?? []))];
  const numbers = new Map(known.map((sealed, index) => [sealed, `s${String(index).padStart(7, "0")}`]));
  const sealed = new Map([...numbers].map(([secret, number]) => [number, secret]));
  return { seal: (text) => sealed.get(text) ?? host.secrets.seal(text), reveal: (secret) => numbers.get(secret) };
}

/** `vtysh -C` names all that it does not know: it has its own table of commands. */
async function unknownLines(
  lines: readonly SourceLine[],
  sockets: string,
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
