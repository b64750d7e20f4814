/**
 * What a trial needs to know of the box as it was before it left: kept beside the candidate, since whoever proves it, or looks for
 * why it came back, is another agent in another boot.
 */
import type { Host } from "../../reconcilers/core.ts";
import type { Baseline } from "../health/baseline.ts";
import type { Touched } from "../health/judge.ts";
import type { Probe } from "../health/probe.ts";
import { placesCalled, type Whereabouts } from "../health/reach.ts";

export interface Kept {
  /** Of which deployment. */
  readonly deployment: string;
  readonly baseline: Baseline;
  readonly touched: Touched;
  readonly wellBefore?: readonly string[];
  /** Crashes that were known then. */
  readonly crashes: readonly string[];
}

type Pairs<T> = readonly (readonly [string, T])[];
type MapOf<M> = M extends ReadonlyMap<string, infer T> ? T : never;

/** The same as plain data. */
interface Written {
  readonly deployment: string;
  readonly results: Pairs<MapOf<Probe["results"]>>;
  readonly sessions: Pairs<MapOf<Probe["sessions"]>>;
  readonly links?: Pairs<MapOf<NonNullable<Probe["links"]>>>;
  readonly routes?: Probe["routes"];
  readonly silent: Probe["silent"];
  readonly anchors: readonly string[];
  readonly up: readonly string[];
  readonly git: boolean;
  readonly places: readonly string[];
  readonly policies: readonly string[];
  readonly interfaces: readonly string[];
  readonly wellBefore?: readonly string[];
  readonly crashes: readonly string[];
}

function pathOf(state: string, generation: string): string {
  return `${state}/generations/${generation}/trial.json`;
}

export async function keep(host: Host, state: string, generation: string, kept: Kept): Promise<void> {
  const { deployment, baseline, touched, wellBefore, crashes } = kept;
  const { probe, around } = baseline;
  const written: Written = {
    deployment,
    results: [...probe.results],
    sessions: [...probe.sessions],
    ...(probe.links && { links: [...probe.links] }),
    ...(probe.routes && { routes: probe.routes }),
    silent: probe.silent,
    anchors: baseline.anchors,
    up: baseline.sessions,
    git: around.git !== undefined,
    places: around.anchors.map(({ name }) => name),
    policies: [...touched.policies],
    interfaces: [...touched.interfaces],
    ...(wellBefore && { wellBefore }),
    crashes,
  };
  await host.writeFile(pathOf(state, generation), `${JSON.stringify(written)}\n`, { mode: 0o600 });
}

async function read(host: Host, state: string, generation: string, deployment: string): Promise<Written | undefined> {
  try {
    const written = JSON.parse((await host.readFile(pathOf(state, generation))) ?? "") as Written;
    return written.deployment === deployment ? written : undefined;
  } catch {
    return undefined;
  }
}

/** The crashes that were known before the deployment; none where that is lost. */
export async function crashesBefore(
  host: Host,
  state: string,
  deployment: { readonly generation: string; readonly id: string },
): Promise<readonly string[]> {
  return (await read(host, state, deployment.generation, deployment.id))?.crashes ?? [];
}

/** What was kept for the deployment, its places to be asked from here; undefined: it is lost, and nothing can be compared. */
export async function readKept(
  state: string,
  deployment: { readonly generation: string; readonly id: string },
  where: Whereabouts,
  signal: AbortSignal,
): Promise<Kept | undefined> {
  const written = await read(where.host, state, deployment.generation, deployment.id);
  if (!written) return undefined;
  const { results, sessions, links, routes, silent, anchors, up, git, places, wellBefore, crashes } = written;
  const probe: Probe = {
    results: new Map(results),
    sessions: new Map(sessions),
    ...(links && { links: new Map(links) }),
    ...(routes && { routes }),
    silent,
  };
  const around = await placesCalled(where, { git, anchors: places }, signal);
  return {
    deployment: written.deployment,
    baseline: { probe, around, anchors, sessions: up },
    touched: { policies: new Set(written.policies), interfaces: new Set(written.interfaces) },
    ...(wellBefore && { wellBefore }),
    crashes,
  };
}

/** Writes down that the kernel of this trial is about to be entered: all that comes before is still what runs here. */
export async function noteEntering(host: Host, state: string, deployment: string): Promise<void> {
  await host.writeFile(`${state}/trial-entered`, `${deployment}\n`, { mode: 0o600 });
}

/** Whether its kernel may have been entered. */
export async function mayHaveEntered(host: Host, state: string, deployment: string): Promise<boolean> {
  return (await host.readFile(`${state}/trial-entered`))?.trim() === deployment;
}
