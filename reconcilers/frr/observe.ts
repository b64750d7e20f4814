/** Reads what FRR runs: every daemon's configuration through its vty socket, made one, with secrets sealed at once. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { headKind } from "./grammar.ts";
import { incarnationOf } from "./incarnation.ts";
import { daemons, type Daemon, type FrrObserved } from "./model.ts";
import { daemonsOf, isEven } from "./route.ts";
import { sealConfig } from "./seal.ts";
import { type Context, firstIn, headOf, isStretch, linesIn, withoutAmbient } from "./outline.ts";
import { outlineOf, printOutline } from "./outline-text.ts";
import { unionOf } from "./union.ts";
import { pathKey } from "./tree.ts";
import { rejection, tryVty } from "./vty.ts";
import { configByVtysh } from "./vtysh.ts";
import { joinedVersion, versionIn, type Way, wayFor } from "./way.ts";

interface Answer {
  readonly daemon: Daemon;
  readonly version: string;
  readonly config: string;
  /** Of zebra. */
  readonly vrfs?: readonly string[] | undefined;
}

export interface ObserveOptions {
  /**
   * OSPF's areas all in one spelling, for who compares with a file of somebody else; what the machine file's rendering or a raw
   * line spells stays so otherwise.
   */
  readonly dotted?: boolean;
  /** The one that is right for the version unless given. */
  readonly way?: Way;
  /** What was read before, and the daemons that were told something since: others that still run are not read again. */
  readonly since?: { readonly observed: FrrObserved; readonly told: ReadonlySet<Daemon> };
}

/** What an observation was made from. */
interface Reading {
  readonly answers: readonly Answer[];
  /** undefined: nobody can tell whether daemons started anew since. */
  readonly incarnation: string | undefined;
}
const readings = new WeakMap<FrrObserved, Reading>();

/** Rejects with FRR_UNREACHABLE when a daemon that listens does not answer in time. */
export async function observeFrr(
  host: Host,
  sockets: string,
  signal: AbortSignal,
  { dotted = false, way, since }: ObserveOptions = {},
): Promise<FrrObserved> {
  const incarnation = await incarnationOf(host, sockets).catch(() => undefined);
  const before = since && readings.get(since.observed);
  const isSameRun = incarnation !== undefined && before?.incarnation === incarnation;
  const known = (daemon: Daemon) =>
    isSameRun && !since?.told.has(daemon) ? before.answers.find((one) => one.daemon === daemon) : undefined;
  const sealed = (config: string, hasAreas: boolean) => {
    const text = sealConfig(config, (secret) => host.secrets.seal(secret));
    return hasAreas ? dottedAreas(text) : text;
  };
  const isOspf = (daemon: Daemon) => daemon === "ospfd" || daemon === "ospf6d";
  const asked = await Promise.all(
    daemons.map(async (daemon) => {
      const answer = known(daemon) ?? (await ask(host, sockets, daemon, signal));
      if (!answer) return undefined;
      const text = sealed(answer.config, dotted && isOspf(daemon));
      // Read while others are still printing.
      outlineOf(text);
      return { answer, text };
    }),
  );
  const answered = asked.filter((one) => one !== undefined);
  const answers = answered.map(({ answer }) => answer);
  const texts = answered.map(({ text }) => text);
  const version = joinedVersion(answers.map((answer) => answer.version));
  // Some of it may be with daemons that only vtysh knows.
  if (version !== undefined && (way ?? wayFor(version)) === "vtysh") {
    texts.splice(0, Infinity, sealed(await configByVtysh(host, sockets, signal), dotted));
  }
  const merged = unionOf(texts.map((text) => withoutAmbient(outlineOf(text))));
  const observed = {
    version,
    running: answers.map((answer) => answer.daemon),
    config: printOutline(merged),
    incomplete: texts.length === answers.length ? incompleteLines(answers, merged) : [],
    vrfs: answers.find(({ daemon }) => daemon === "zebra")?.vrfs,
    profile: answers.map(({ config }) => /^frr defaults (\S+)$/m.exec(config)?.[1]).find((one) => one !== undefined),
  };
  readings.set(observed, { answers, incarnation });
  return observed;
}

async function ask(host: Host, sockets: string, daemon: Daemon, signal: AbortSignal): Promise<Answer | undefined> {
  const session = await tryVty(host, sockets, daemon, signal);
  if (!session) return undefined;
  try {
    const asked = ["show version", "show running-config", ...(daemon === "zebra" ? ["show vrf"] : [])];
    const [version, config, vrfs] = await session.send(asked, signal, 120_000);
    const refused = config && rejection({ ...config, text: "" });
    if (!config || refused !== undefined) {
      throw new Problem("FRR_UNREACHABLE", `FRR's ${daemon} does not show its configuration: ${refused ?? "nothing"}.`);
    }
    return {
      daemon,
      version: versionIn(version?.text ?? ""),
      config: config.text,
      ...(vrfs?.status === 0 && { vrfs: [...vrfs.text.matchAll(/^vrf (\S+) id \d/gm)].map(([, name = ""]) => name) }),
    };
  } finally {
    session.close();
  }
}

/** OSPF prints an area as it was typed: as a number, or dotted. */
function dottedAreas(text: string): string {
  return text.replaceAll(/^( +(?!description )(?:.* )?area )(\d+)(?= |$)/gm, (_, before: string, area: string) => {
    return before + [24, 16, 8, 0].map((shift) => (Number(area) >>> shift) & 255).join(".");
  });
}

/** A daemon prints an interface's description only where it has something to say of the interface itself. */
function isPrintedByFew(path: readonly string[], line: string): boolean {
  return line.startsWith("description ") && path[0]?.startsWith("interface ") === true;
}

function incompleteLines(answers: readonly Answer[], merged: Context): readonly string[] {
  const bit = new Map(answers.map(({ daemon }, index) => [daemon, 1 << index]));
  const incomplete: string[] = [];
  const look = (context: Context): void => {
    const { path } = context;
    const missing = (line: string, holders: number) => {
      if (headKind(path, line) === "group" || isPrintedByFew(path, line)) return false;
      return daemonsOf(path, line).some((daemon) => ((bit.get(daemon) ?? 0) & ~holders) !== 0);
    };
    for (const part of context.parts) {
      if (!isStretch(part)) {
        if (missing(headOf(part), part.holders)) incomplete.push(pathKey(path, headOf(part)));
        look(part);
      } else if (isEven(path, part)) {
        if (missing(firstIn(part), part.holders)) incomplete.push(...linesIn(part).map((line) => pathKey(path, line)));
      } else {
        const some = linesIn(part).filter((line) => missing(line, part.holders));
        incomplete.push(...some.map((line) => pathKey(path, line)));
      }
    }
  };
  look(merged);
  return incomplete;
}
