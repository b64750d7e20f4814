/**
 * Whether the box can be reached: the sites repository, and anchors that do not depend on it. Every look opens new
 * sockets, from the management network; what did not answer before a change is not asked for after it.
 */
import type { Host } from "../../reconcilers/core.ts";
import { type Door, doorOf } from "../../schemas/anchor.ts";
import type { Policy } from "../../schemas/policy.ts";
import { parseAddress } from "../../schemas/primitives.ts";
import { asProblem, Problem, type ProblemCode } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { remoteLabel } from "../git/remote.ts";
import type { Source } from "../source.ts";
import { withDeadline } from "../retry.ts";

/** Something outside that may answer. */
export interface Place {
  /** "the gateway 192.0.2.1" */
  readonly name: string;
  /** Its address, where it answers a ping. */
  readonly pinged?: string;
  /** Resolves when anything there answers over a socket that is opened now. */
  readonly answers: (signal: AbortSignal) => Promise<unknown>;
}

/** The places that answered at one time. */
export interface Surroundings {
  /** The sites repository; undefined: it did not answer, or needs no network. */
  readonly git: Place | undefined;
  readonly anchors: readonly Place[];
}

/** Where nothing is known to answer: nothing can be lost. */
export const nowhere: Surroundings = { git: undefined, anchors: [] };

/** One look around, after a change. */
export interface Round {
  /** anchors-lost: all of them, while the repository answers; git-lost: the reverse; cut-off: both. */
  readonly found: "reached" | "git-lost" | "anchors-lost" | "cut-off";
  /** Names of the places that do not answer. */
  readonly lost: readonly string[];
}

/** Where to look for places. */
export interface Whereabouts {
  readonly host: Host;
  readonly remotes: Settings["repository"]["remotes"];
  readonly source: Pick<Source, "head">;
  readonly anchors: Policy["anchors"];
}

const connectLimitMs = 5000;
const headLimitMs = 8000;
const gatewayLimitMs = 2000;
/** Whoever refuses credentials or misses a branch was reached. */
const answeredWith: readonly ProblemCode[] = ["GIT_AUTH", "GIT_REF_MISSING", "GIT_BEHIND"];

/** Finds the places that answer now. What cannot be looked for is not there. */
export async function lookForPlaces(where: Whereabouts, signal: AbortSignal): Promise<Surroundings> {
  const { ways, anchors } = await allPlaces(where, signal);
  const [git, ...kept] = await Promise.all([
    present(ways, signal),
    ...anchors.map((anchor) => present([anchor], signal)),
  ]);
  return { git, anchors: kept.filter((anchor) => anchor !== undefined) };
}

/** Those that answered at another time, in another boot, by their names: whether they answer now does not matter. */
export async function placesCalled(
  where: Whereabouts,
  called: { readonly git: boolean; readonly anchors: readonly string[] },
  signal: AbortSignal,
): Promise<Surroundings> {
  const { ways, anchors } = await allPlaces(where, signal);
  const [first] = ways;
  const anyWay = first && {
    name: first.name,
    answers: (limited: AbortSignal) => Promise.any(ways.map((way) => way.answers(limited))),
  };
  return {
    git: called.git ? anyWay : undefined,
    anchors: anchors.filter(({ name }) => called.anchors.includes(name)),
  };
}

/** Every place that there may be: the ways to the sites repository, none where it needs no network, and the anchors. */
async function allPlaces(
  where: Whereabouts,
  signal: AbortSignal,
): Promise<{ readonly ways: readonly Place[]; readonly anchors: readonly Place[] }> {
  const { host, source } = where;
  const remotes = (where.remotes ?? []).flatMap(({ url }) => {
    const door = remoteDoor(url);
    return door ? [{ label: remoteLabel(url), door }] : [];
  });
  const [first, ...others] = remotes;
  // Another remote on the same machine shows nothing that the first does not.
  const independent = others.filter(({ door }) => door.host !== first?.door.host);
  const name = "the sites repository";
  const [routers, named, doors] = await Promise.all([
    gateways(host, signal),
    Promise.all([
      ...independent.map(({ label, door }) => place(host, `the remote ${label}`, door, signal)),
      ...where.anchors.map((text) => place(host, text, doorOf(text) ?? { host: text }, signal)),
    ]),
    Promise.all(remotes.map(({ door }) => place(host, name, door, signal))),
  ]);
  const atDoors = { name, answers: (limited: AbortSignal) => Promise.any(doors.map((door) => door.answers(limited))) };
  // One behind a jump host takes no connection of ours, but gives a head.
  const atHead = { name, answers: (limited: AbortSignal) => anyHead(host, source, limited) };
  return { ways: first ? [atDoors, atHead] : [], anchors: [...routers, ...named] };
}

/** The first that answers. */
async function present(ways: readonly Place[], signal: AbortSignal): Promise<Place | undefined> {
  for (const way of ways) if (await doesAnswer(way, signal)) return way;
  return undefined;
}

/** Asks again those that answered before. */
export async function lookAround({ git, anchors }: Surroundings, signal: AbortSignal): Promise<Round> {
  const [gitAnswers, ...answers] = await Promise.all(
    [git, ...anchors].map(async (place) => place === undefined || doesAnswer(place, signal)),
  );
  const away = anchors.filter((_, index) => answers[index] !== true).map(({ name }) => name);
  const allAway = anchors.length > 0 && away.length === anchors.length;
  if (git && gitAnswers !== true) return { found: allAway ? "cut-off" : "git-lost", lost: [git.name, ...away] };
  return { found: !allAway ? "reached" : git ? "anchors-lost" : "cut-off", lost: away };
}

/** What two looks in a row say; undefined: they do not agree, or there were no two yet. */
export function believed(rounds: readonly Round[]): Round | undefined {
  const [before, last] = rounds.slice(-2);
  if (!before || !last || before.found !== last.found) return undefined;
  return { found: last.found, lost: last.lost.filter((name) => before.lost.includes(name)) };
}

async function doesAnswer(place: Place, signal: AbortSignal): Promise<boolean> {
  try {
    await place.answers(signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function anyHead(host: Host, source: Whereabouts["source"], signal: AbortSignal): Promise<void> {
  try {
    await withDeadline(host, headLimitMs, signal, "Reaching the sites repository", (limited) => source.head(limited));
  } catch (thrown) {
    if (!answeredWith.includes(asProblem(thrown).code)) throw thrown;
  }
}

/** Names are resolved here, once: after the change nothing may depend on a resolver that is away. */
async function place(host: Host, name: string, door: Door, signal: AbortSignal): Promise<Place> {
  const { port } = door;
  if (port === undefined) return { name, pinged: door.host, answers: (limited) => ping(host, door.host, limited) };
  const addresses = await addressesOf(host, door.host, signal);
  return {
    name,
    answers: (limited) =>
      withDeadline(host, connectLimitMs, limited, `Connecting to ${name}`, (soon) =>
        Promise.any(addresses.map((address) => host.reach(address, port, soon))),
      ),
  };
}

const mostAddresses = 4;

async function addressesOf(host: Host, name: string, signal: AbortSignal): Promise<readonly string[]> {
  if (!("error" in parseAddress(name))) return [name];
  try {
    const found = await host.run(["getent", "ahosts", name], { timeoutMs: connectLimitMs, signal });
    const addresses = new Set(found.stdout.split("\n").flatMap((line) => /^(\S+)\s+STREAM/.exec(line)?.[1] ?? []));
    return addresses.size > 0 ? [...addresses].slice(0, mostAddresses) : [name];
  } catch {
    signal.throwIfAborted();
    return [name];
  }
}

/** A deployment waits for it before it is armed: whoever needs longer is no anchor. */
const pingSeconds = "0.7";

async function ping(host: Host, address: string, signal: AbortSignal): Promise<void> {
  const argv = ["ping", "-n", "-c", "1", "-W", pingSeconds, address] as const;
  const { exitCode, stdout } = await host.run(argv, { timeoutMs: connectLimitMs, signal });
  if (exitCode !== 0 && !refuses(address, stdout)) throw new Problem("HEALTH", `${address} does not answer`);
}

/** A router that limits how often it answers may refuse an echo: whoever says so itself is there. */
function refuses(address: string, said: string): boolean {
  const [bare = address] = address.split("%");
  return [" ", ":", "%"].some((end) => said.includes(`\nFrom ${bare}${end}`));
}

/** The default routers of the management network, IPv4 and IPv6. */
async function gateways(host: Host, signal: AbortSignal): Promise<readonly Place[]> {
  const families = await Promise.all(
    ["-4", "-6"].map(async (family) => {
      try {
        const argv = ["ip", family, "-j", "route", "show", "default"] as const;
        const { exitCode, stdout } = await host.run(argv, { timeoutMs: gatewayLimitMs, signal });
        return exitCode === 0 ? gatewaysIn(stdout) : [];
      } catch {
        signal.throwIfAborted();
        return [];
      }
    }),
  );
  const addresses = [...new Set(families.flat())];
  return Promise.all(addresses.map((address) => place(host, `the gateway ${address}`, { host: address }, signal)));
}

/** Reads `ip -j route show default`; a link-local router comes with its interface. */
export function gatewaysIn(text: string): readonly string[] {
  let routes: unknown;
  try {
    routes = JSON.parse(text === "" ? "[]" : text);
  } catch {
    return [];
  }
  if (!Array.isArray(routes)) return [];
  return routes.flatMap((route: { readonly gateway?: unknown; readonly dev?: unknown } | null) => {
    const { gateway, dev } = route ?? {};
    if (typeof gateway !== "string") return [];
    return [gateway.startsWith("fe80:") ? `${gateway}%${String(dev)}` : gateway];
  });
}

/** Where a remote listens, by its URL; undefined for one on this machine. */
export function remoteDoor(url: string): Door | undefined {
  if (url.startsWith("/")) return undefined;
  const parsed = /^[a-z]+:\/\//i.test(url) ? URL.parse(url) : undefined;
  if (parsed) {
    const usual = { "http:": 80, "https:": 443, "ssh:": 22 }[parsed.protocol];
    const port = parsed.port === "" ? usual : Number(parsed.port);
    const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
    return port === undefined || host === "" ? undefined : { host, port };
  }
  // user@host:path
  const host = /^(?:[^@/]*@)?(?:\[([^\]]+)\]|([^:/[\]]+)):/.exec(url);
  const name = host?.[1] ?? host?.[2];
  return name === undefined ? undefined : { host: name, port: 22 };
}
