/** Reads what FRR runs: every daemon's configuration through its vty socket, made one, with secrets sealed at once. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { headKind, isAmbient } from "./grammar.ts";
import { daemons, type Daemon, type FrrObserved } from "./model.ts";
import { daemonsOf } from "./route.ts";
import { sealConfig } from "./seal.ts";
import { filterConfig, mergeConfigs, parseConfig, pathKey, printConfig, walk } from "./tree.ts";
import { rejection, tryVty } from "./vty.ts";

interface Answer {
  readonly daemon: Daemon;
  readonly version: string;
  readonly config: string;
}

/** Rejects with FRR_UNREACHABLE when a daemon that listens does not answer in time. */
export async function observeFrr(host: Host, sockets: string, signal: AbortSignal): Promise<FrrObserved> {
  const asked = await Promise.all(daemons.map((daemon) => ask(host, sockets, daemon, signal)));
  const answers = asked.filter((answer) => answer !== undefined);
  const texts = answers.map(({ config, daemon }) => {
    const sealed = sealConfig(config, (secret) => host.secrets.seal(secret));
    return daemon === "ospfd" || daemon === "ospf6d" ? dottedAreas(sealed) : sealed;
  });
  const merged = filterConfig(mergeConfigs(texts), (path, line) => !isAmbient(path, line));
  const versions = [...new Set(answers.map((answer) => answer.version))];
  return {
    // Daemons of different versions (an upgrade without a restart) are as unsupported as an unknown one.
    version: versions.length === 0 ? undefined : versions.join(" and "),
    running: answers.map((answer) => answer.daemon),
    config: printConfig(merged),
    incomplete: incompleteLines(answers, texts),
    profile: answers.map(({ config }) => /^frr defaults (\S+)$/m.exec(config)?.[1]).find((one) => one !== undefined),
  };
}

async function ask(host: Host, sockets: string, daemon: Daemon, signal: AbortSignal): Promise<Answer | undefined> {
  const session = await tryVty(host, sockets, daemon, signal);
  if (!session) return undefined;
  try {
    const [version, config] = await session.send(["show version", "show running-config"], signal, 120_000);
    const refused = config && rejection({ ...config, text: "" });
    if (!config || refused !== undefined) {
      throw new Problem("FRR_UNREACHABLE", `FRR's ${daemon} does not show its configuration: ${refused ?? "nothing"}.`);
    }
    return {
      daemon,
      version: /^FRRouting (\d+(?:\.\d+)*)/m.exec(version?.text ?? "")?.[1] ?? "unknown",
      config: config.text,
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

function incompleteLines(answers: readonly Answer[], texts: readonly string[]): readonly string[] {
  const holders = new Map<string, Set<Daemon>>();
  const takers = new Map<string, readonly Daemon[]>();
  answers.forEach(({ daemon }, index) => {
    walk(parseConfig(texts[index] ?? ""), (path, { line }) => {
      if (isAmbient(path, line) || headKind(path, line) === "group") return;
      const key = pathKey(path, line);
      let set = holders.get(key);
      if (!set) {
        set = new Set();
        holders.set(key, set);
        takers.set(key, daemonsOf(path, line));
      }
      set.add(daemon);
    });
  });
  const running = new Set(answers.map((answer) => answer.daemon));
  const lacks = (key: string, set: ReadonlySet<Daemon>) =>
    (takers.get(key) ?? []).some((daemon) => running.has(daemon) && !set.has(daemon));
  return [...holders].filter(([key, set]) => lacks(key, set)).map(([key]) => key);
}
